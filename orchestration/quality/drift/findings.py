"""Findings of drift: what a candidate changes against the last release that nobody may overlook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.quality.drift.coverage import coverage_findings, missing_findings
from orchestration.quality.drift.magnitudes import magnitude_findings, reading_findings
from orchestration.quality.drift.surveys import survey_findings

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from orchestration.quality.drift.rules import DriftRules
    from orchestration.quality.findings import Finding

LAST = "last_release"


def drift_findings(
    connection: duckdb.DuckDBPyConnection, rules: DriftRules, last_release: Path | None
) -> list[Finding]:
    """Findings of coverage, magnitudes, readings, missing values and survey files; none before the first release."""
    if last_release is None:
        return []
    path = str(last_release).replace("'", "''")
    connection.execute(f"attach '{path}' as {LAST} (read_only)")
    try:
        return [
            *coverage_findings(connection, rules.coverage),
            *missing_findings(connection, rules.missing),
            *magnitude_findings(connection, rules.magnitude),
            *reading_findings(connection, rules.reading),
            *survey_findings(connection, rules.survey),
        ]
    finally:
        connection.execute(f"detach {LAST}")
