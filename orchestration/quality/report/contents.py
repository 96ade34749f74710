"""What the report of a release or a refused candidate says: findings with their decisions and tables, and changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from orchestration.quality.findings import Finding, FindingCell, read_findings
from orchestration.quality.report.changes import Changes, read_changes
from orchestration.quality.report.printed_tables import Drawing, Sheets

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from orchestration.quality.waivers import Waiver

_MOST_DRAWN = 300
_ANSWER = re.compile(r"^variable .*, row \d+$")
_WITHHELD = "What is stored there is an answer of a person and not shown here; frontier findings names it."
_CELL_LIST = " Cells: "
_SAID_ABOVE = {"dataset", "edition", "edition_id", "check"}


@dataclass(frozen=True)
class Correction:
    """A printed value that the steward overrides, with its cell drawn."""

    observation_id: str
    dataset: str
    edition: str
    file: str
    sheet: str | None
    cell: str
    raw_text: str
    corrected_text: str
    reason: str
    evidence: str
    decided_by: str
    decided_on: str
    drawings: tuple[Drawing, ...] = ()


@dataclass(frozen=True)
class ShownFinding:
    """A finding, the waiver that covers it, its tables, and the cells that no table shows.

    `sentence` is its message, without answers of persons; where the tables show the cells, without the list of them
    and the folders of their files.
    """

    finding: Finding
    sentence: str
    waiver: Waiver | None
    drawings: tuple[Drawing, ...]
    cells_in_words: tuple[FindingCell, ...]

    @property
    def about(self) -> str:
        """What distinguishes it from others of its rule and edition: "ref_area=KZ time_period=2000"."""
        parts = self.finding.instance.split(" ")
        return " ".join(part for part in parts if part.partition("=")[0] not in _SAID_ABOVE)

    @property
    def suspects(self) -> dict[str, FindingCell]:
        return {cell.observation_id: cell for cell in self.finding.suspects if cell.observation_id}

    @property
    def parts(self) -> set[str]:
        return {cell.observation_id for cell in self.finding.cells if cell.observation_id}


@dataclass(frozen=True)
class Group:
    """Findings of one rule in one dataset; the first `unfolded` of them are shown at once."""

    dataset: str | None
    title: str | None
    rule: str
    findings: tuple[ShownFinding, ...]
    unfolded: int


@dataclass(frozen=True)
class Section:
    """Findings that mean the same to a steward, such as those that are waived."""

    id: str
    title: str
    lead: str
    groups: tuple[Group, ...]

    @property
    def count(self) -> int:
        return sum(len(group.findings) for group in self.groups)


@dataclass(frozen=True)
class SuiteResult:
    """A suite of expectations: how many there are, how many do not hold, and the release since which one does not."""

    suite: str
    table: str
    expectations: int
    failed: int
    failing_since: str | None


@dataclass(frozen=True)
class Report:
    """All that the page shows."""

    release_id: str
    is_refused: bool
    blocking: int
    sections: tuple[Section, ...]
    corrections: tuple[Correction, ...]
    changes: Changes
    suites: tuple[SuiteResult, ...]


# id, title, what it means, the severities and the state of its findings, and how many of a group are unfolded
_SECTIONS = (
    ("errors", "Errors", "Each of these blocks a release until it is mended, corrected or waived.", "error", "open", 3),
    ("warnings", "Warnings", "These block nothing. Look at them.", "warning", "open", 3),
    ("notes", "Notes", "Differences that nobody has to decide on.", "info", "open", 1),
    ("waived", "Waived", "A steward has decided that these do not block, as long as just these cells print just this.",
     None, "waived", 1),
    ("explained", "Explained", "A definition, or a second source that counts by other rules, explains these.",
     None, "explained", 0),
)  # fmt: skip


def read_report(
    connection: duckdb.DuckDBPyConnection, release_id: str, last: Path | None, waivers: Sequence[Waiver]
) -> Report:
    """Read from an audited database what its report says; it is compared with the database of the last release."""
    findings = read_findings(connection)
    blocking = sum(one.is_blocking for one in findings)
    corrections = _rows(connection, _CORRECTIONS_SQL, Correction) if _has(connection, "raw", "corrections") else []
    drawn = [one for one in findings if one.cells or one.suspects][:_MOST_DRAWN]
    wanted = {cell.observation_id for one in drawn for cell in (*one.cells, *one.suspects)}
    wanted |= {one.observation_id for one in corrections[:_MOST_DRAWN]}
    sheets = Sheets(connection, sorted(one for one in wanted if one))
    surveys, titles = _datasets(connection)
    by_id = {waiver.finding: waiver for waiver in waivers}
    shown = [_show(one, by_id.get(one.id), sheets, one.dataset in surveys) for one in findings]
    return Report(
        release_id=release_id,
        is_refused=blocking > 0,
        blocking=blocking,
        sections=tuple(_sections(shown, titles)),
        corrections=tuple(
            Correction(**(vars(one) | {"drawings": tuple(sheets.draw([one.observation_id]))})) for one in corrections
        ),
        changes=read_changes(connection, findings, last, is_complete=not blocking),
        suites=tuple(_rows(connection, _SUITES_SQL, SuiteResult)) if _has(connection, "audit", "check_history") else (),
    )


def _show(finding: Finding, waiver: Waiver | None, sheets: Sheets, is_survey: bool) -> ShownFinding:
    # Suspects first, so that a drawing that cannot show every cell shows them.
    cells = {
        cell.observation_id: None for cell in (*finding.suspects, *finding.cells) if cell.observation_id is not None
    }
    answers = [cell for cell in finding.cells if is_survey and _ANSWER.match(cell.cell)]
    message = finding.message
    in_words = tuple(cell for cell in finding.cells if cell.observation_id not in sheets)
    if not in_words and finding.cells:
        message = _shorten(message.partition(_CELL_LIST)[0], finding.cells)
    if answers:
        message = f"{answers[0].place}: the reader of the file found it out of order. {_WITHHELD}"
    return ShownFinding(
        finding=finding,
        sentence=message,
        waiver=waiver if finding.state == "waived" else None,
        drawings=() if is_survey else tuple(sheets.draw(cells)),
        cells_in_words=() if is_survey else in_words,
    )


def _shorten(message: str, cells: Iterable[FindingCell]) -> str:
    for file in sorted({cell.file for cell in cells}, key=len, reverse=True):
        message = message.replace(file, file.rpartition("/")[2])
    return message


def _sections(shown: Iterable[ShownFinding], titles: dict[str, str]) -> Iterable[Section]:
    ordered = sorted(shown, key=lambda one: (one.finding.dataset or "", one.finding.rule))
    for section_id, title, lead, severity, state, unfolded in _SECTIONS:
        own = [one for one in ordered if one.finding.state == state and severity in (None, one.finding.severity)]
        groups = tuple(
            Group(dataset, titles.get(dataset or ""), rule, tuple(members), unfolded)
            for (dataset, rule), members in groupby(own, key=lambda one: (one.finding.dataset, one.finding.rule))
        )
        if groups:
            yield Section(section_id, title, lead, groups)


def _datasets(connection: duckdb.DuckDBPyConnection) -> tuple[set[str], dict[str, str]]:
    """Ids of the surveys, and the title of every dataset."""
    rows = connection.execute("select dataset, kind, title_en from raw.datasets").fetchall()
    return {name for name, kind, _ in rows if kind == "survey"}, {name: title for name, _, title in rows}


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    # A candidate that was refused early has no results, a release of an earlier version no corrections.
    row = connection.execute(
        "select count(*) from duckdb_tables() where database_name = current_database() "
        "and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    return bool(row and row[0])


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, form: type[Any]) -> list[Any]:
    return [form(*row) for row in connection.execute(sql).fetchall()]


_CORRECTIONS_SQL = """
    select
        observation_id, dataset, edition, file, sheet, cell, raw_text, corrected_text, reason, evidence, decided_by,
        cast(decided_on as varchar)
    from raw.corrections
    order by dataset, edition, sheet, cell
"""
_SUITES_SQL = """
    select
        results.suite, any_value(results.table_name), count(*), count(*) filter (where not results.is_success),
        min(stays.first_seen) filter (where not results.is_success)
    from audit.check_result as results
    left join (
        select check_result_id, max_by(first_seen, last_seen) as first_seen
        from audit.check_history
        group by check_result_id
    ) as stays on results.check_result_id = stays.check_result_id
    group by results.suite
    order by 4 desc, 1
"""
