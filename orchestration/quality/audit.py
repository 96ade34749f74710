"""The audit of a candidate: every check is run, its results are stored, and findings come out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.landing.catalogue import Dataset
from orchestration.modelling.dbt_runner import NodeResult
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.column_checks import column_findings
from orchestration.quality.comparison_findings import claim_findings, definition_findings, deletion_findings
from orchestration.quality.expectations.results import CheckResult, check_rows
from orchestration.quality.findings import Finding, read_findings, remember, write_findings
from orchestration.quality.identities.evaluation import evaluate
from orchestration.quality.identities.findings import identity_findings
from orchestration.quality.identities.rules import load_identities
from orchestration.quality.survey_margins import margin_results
from orchestration.quality.survey_notices import notice_findings
from orchestration.quality.waivers import apply_waivers, load_waivers

if TYPE_CHECKING:
    import duckdb

# Their failures are findings of their own, with cells, before the suite sees them.
_SUITES_WITH_OWN_FINDINGS = {"identities", "columns"}


def evaluate_identities(connection: duckdb.DuckDBPyConnection, expectations: Path) -> int:
    """Evaluate the declared identities into `audit.identity_term` and `audit.identity_result`; instances judged."""
    for table in ("audit.identity_term", "audit.identity_result"):
        create_declared_table(connection, table)
    evaluate(connection, load_identities(expectations / "identities.yml"))
    row = connection.execute("select count(*) from audit.identity_result").fetchone()
    return row[0] if row else 0


def evaluate_survey_margins(connection: duckdb.DuckDBPyConnection, catalogue: Iterable[Dataset]) -> int:
    """Compute quotas and printed margins of every survey edition into `audit.survey_margin`; how many."""
    table = create_declared_table(connection, "audit.survey_margin")
    rows = []
    for dataset in catalogue:
        survey = dataset.declaration.survey
        if survey is None:
            continue
        for edition in dataset.editions:
            for result in margin_results(connection, survey, edition.edition_id):
                row = asdict(result)
                rows.append({"edition_id": edition.edition_id, "margin_id": row.pop("id")} | row)
    return insert_rows(connection, table, rows)


def collect_findings(
    connection: duckdb.DuckDBPyConnection,
    expectations: Path,
    failed_tests: Iterable[NodeResult],
    last_release: Path | None,
    release_id: str,
    today: dt.date,
) -> list[Finding]:
    """Findings of identities, column values, definitions, claims, dbt tests, deletions and notices, with the waivers applied.

    Writes them, and the verdict of each identity, so that the expectations judge what is left. First and
    last sight are remembered from the last release.
    """
    findings = [
        *identity_findings(connection, load_identities(expectations / "identities.yml")),
        *column_findings(connection),
        *definition_findings(connection),
        *claim_findings(connection),
        *(_test_finding(test) for test in failed_tests),
        *deletion_findings(connection, last_release),
        *notice_findings(connection),
    ]
    judged = apply_waivers(findings, load_waivers(expectations / "waivers.yml"), today)
    judged = remember(judged, _findings_of(last_release), release_id)
    write_findings(connection, judged)
    connection.execute(
        """
        update audit.identity_result as results
        set verdict = findings.state
        from audit.finding as findings
        where results.rule_id = findings.rule_id
            and results.instance = findings.instance
            and findings.state in ('waived', 'explained')
        """
    )
    return judged


def store_check_results(connection: duckdb.DuckDBPyConnection, results: list[CheckResult], release_id: str) -> None:
    """Store the results of the expectations in `audit.check_result`.

    A critical or warning expectation that fails becomes a finding too.
    """
    insert_rows(connection, create_declared_table(connection, "audit.check_result"), check_rows(results))
    failed = [
        _check_finding(result, release_id)
        for result in results
        if not result.is_success and result.severity != "info" and result.suite not in _SUITES_WITH_OWN_FINDINGS
    ]
    if failed:
        write_findings(connection, [*read_findings(connection), *failed])


def _check_finding(result: CheckResult, release_id: str) -> Finding:
    return Finding(
        rule=f"{result.suite}.{result.expectation}",
        instance=f"table={result.table} column={result.column or ''} check={result.check_id}",
        severity="error" if result.severity == "critical" else "warning",
        message=f"{result.meaning} {result.why}",
        first_seen=release_id,
        last_seen=release_id,
    )


def _test_finding(test: NodeResult) -> Finding:
    return Finding(
        rule="dbt_test",
        instance=f"test={test.name}",
        severity="error",
        message=f"The structural test {test.name} failed: {test.message.strip()}",
    )


def _findings_of(database: Path | None) -> list[Finding]:
    if database is None:
        return []
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        return read_findings(connection)
