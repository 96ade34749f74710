"""Findings: what the checks found, with the cells that take part, the suspects, and what a steward reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from orchestration.modelling.declared_tables import create_declared_table, insert_rows

if TYPE_CHECKING:
    import duckdb

Severity = Literal["error", "warning", "info"]
State = Literal["open", "waived", "explained"]


@dataclass(frozen=True)
class FindingCell:
    """A printed cell in a finding; a suspect has the values that would restore every identity."""

    observation_id: str | None
    file: str
    sheet: str | None
    cell: str
    raw_text: str
    expected_low: float | None = None
    expected_high: float | None = None

    @property
    def place(self) -> str:
        return f"{self.file} {self.cell}" if self.sheet is None else f"{self.file} [{self.sheet}] {self.cell}"


@dataclass(frozen=True)
class Finding:
    """Something that disagrees. `instance` says what it is about; the id depends on rule and instance only.

    `extent` says in words how much it concerns, such as "3 values", where the cells alone do not.
    """

    rule: str
    instance: str
    severity: Severity
    message: str
    dataset: str | None = None
    edition: str | None = None
    cells: tuple[FindingCell, ...] = ()
    suspects: tuple[FindingCell, ...] = ()
    state: State = "open"
    decision: str | None = None
    first_seen: str | None = None
    last_seen: str | None = None
    extent: str | None = None
    owner: str | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(f"{self.rule}|{self.instance}".encode()).hexdigest()[:12]
        object.__setattr__(self, "id", digest)

    @property
    def is_blocking(self) -> bool:
        """Whether the gate refuses a release because of it."""
        return self.severity == "error" and self.state == "open"


def write_findings(connection: duckdb.DuckDBPyConnection, findings: Iterable[Finding]) -> None:
    """Replace `audit.finding` and `audit.finding_cell` with these findings."""
    findings = list(findings)
    insert_rows(connection, create_declared_table(connection, "audit.finding"), map(_finding_row, findings))
    cells = [row for finding in findings for row in _cell_rows(finding)]
    insert_rows(connection, create_declared_table(connection, "audit.finding_cell"), cells)


def _finding_row(finding: Finding) -> dict[str, Any]:
    stored = {name: getattr(finding, name) for name in _STORED}
    return {"finding_id": finding.id, "rule_id": finding.rule, "instance": finding.instance} | stored


def _cell_rows(finding: Finding) -> list[dict[str, Any]]:
    rows = []
    for role, cells in (("cell", finding.cells), ("suspect", finding.suspects)):
        for position, cell in enumerate(cells, start=1):
            rows.append(
                {
                    "finding_id": finding.id,
                    "role": role,
                    "position": position,
                    "observation_id": cell.observation_id,
                    "file": cell.file,
                    "sheet": cell.sheet,
                    "cell": cell.cell,
                    "raw_text": cell.raw_text,
                    "expected_low": cell.expected_low,
                    "expected_high": cell.expected_high,
                }
            )
    return rows


# Columns of `audit.finding` that have the name of their attribute.
_STORED = (
    "severity", "state", "owner", "dataset", "edition", "extent", "message", "decision", "first_seen", "last_seen",
)  # fmt: skip
_ORDER = "case severity when 'error' then 0 when 'warning' then 1 else 2 end, state, rule_id, instance"


def read_findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """The findings of a database, errors first; none when it has no audit."""
    cells: dict[tuple[str, str], list[FindingCell]] = {}
    for finding_id, role, *cell in connection.execute(
        "select finding_id, role, observation_id, file, sheet, cell, raw_text, expected_low, expected_high "
        "from audit.finding_cell order by finding_id, role, position"
    ).fetchall():
        cells.setdefault((finding_id, role), []).append(FindingCell(*cell))
    found = connection.execute(f"select * from audit.finding order by {_ORDER}")
    columns = [name for name, *_ in found.description or ()]
    return [_read_finding(dict(zip(columns, row, strict=True)), cells) for row in found.fetchall()]


def _read_finding(row: dict[str, Any], cells: dict[tuple[str, str], list[FindingCell]]) -> Finding:
    # A release of an earlier version of the product may lack a column.
    stored: dict[str, Any] = {name: row.get(name) for name in _STORED}
    return Finding(
        rule=row["rule_id"],
        instance=row["instance"],
        cells=tuple(cells.get((row["finding_id"], "cell"), ())),
        suspects=tuple(cells.get((row["finding_id"], "suspect"), ())),
        **stored,
    )


def remember(findings: Iterable[Finding], before: Iterable[Finding], release: str) -> list[Finding]:
    """The findings with the releases in which they were first and last seen."""
    first = {finding.id: finding.first_seen for finding in before}
    return [replace(finding, first_seen=first.get(finding.id) or release, last_seen=release) for finding in findings]


def as_json(finding: Finding) -> dict[str, Any]:
    """The finding in the shape that `frontier findings --format json` prints."""
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity,
        "state": finding.state,
        "owner": finding.owner,
        "dataset": finding.dataset,
        "edition": finding.edition,
        "cells": [_cell_json(cell) for cell in finding.cells],
        "suspects": [
            {**_cell_json(cell), "expected_low": cell.expected_low, "expected_high": cell.expected_high}
            for cell in finding.suspects
        ],
        "extent": finding.extent,
        "message": finding.message,
        "decision": finding.decision,
        "first_seen": finding.first_seen,
        "last_seen": finding.last_seen,
    }


def _cell_json(cell: FindingCell) -> dict[str, Any]:
    return {"file": cell.file, "sheet": cell.sheet, "cell": cell.cell, "raw_text": cell.raw_text}
