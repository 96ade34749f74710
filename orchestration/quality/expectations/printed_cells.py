"""Leads what a suite found back to print: the cells of rows, and the broken identities with theirs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.quality.findings import FindingCell

if TYPE_CHECKING:
    import duckdb

OBSERVATION_ID = "observation_id"
# What a cell says of itself: no values to be repeated beside it.
CELL_COLUMNS = frozenset({OBSERVATION_ID, "file", "sheet", "cell", "raw_text"})
_CELLS_IN_WORDS = 12
# What a finding says after the rule: here the cells, with what is expected of the suspects, stand by themselves.
_AFTER_RULE = " Not so in "
_PER_CENT = 100


@dataclass(frozen=True)
class FailingCell:
    """A printed cell whose row does not meet an expectation; `values` are the judged ones, where the print differs."""

    cell: FindingCell
    values: str = ""

    @property
    def in_words(self) -> str:
        words = f"{self.cell.place} printed {quote(self.cell.raw_text)}"
        return f"{words}: {self.values}" if self.values else words


@dataclass(frozen=True)
class BrokenIdentity:
    """An instance of an identity that is broken: its rule in words, what is left over, and the cells, suspects first.

    Suspects are cells with the values that would restore the identity. `finding_id` leads to the place in the
    report; it is None, and there are no cells, where the audit has not been written.
    """

    statement: str
    left_over: str | None
    cells: tuple[FindingCell, ...] = ()
    suspects: tuple[FindingCell, ...] = ()
    finding_id: str | None = None

    @property
    def in_words(self) -> str:
        """One line that names every cell, or the first dozen of many."""
        sheets: dict[str, list[str]] = {}
        for cell in self.cells[:_CELLS_IN_WORDS]:
            expected = self.expected(cell)
            mark = f" (suspect, {expected})" if expected else ""
            sheet = cell.place.removesuffix(f" {cell.cell}")
            sheets.setdefault(sheet, []).append(f"{cell.cell} {quote(cell.raw_text)}{mark}")
        shown = [f"{sheet} {', '.join(cells)}" for sheet, cells in sheets.items()]
        if len(self.cells) > _CELLS_IN_WORDS:
            shown.append(f"{len(self.cells) - _CELLS_IN_WORDS} more")
        left_over = f"Left over: {self.left_over}" if self.left_over else ""
        cells = f"Cells: {' and '.join(shown)}" if shown else ""
        return ". ".join(part for part in (self.statement, left_over, cells) if part)

    def expected(self, cell: FindingCell) -> str | None:
        """What the print of a suspect would have to be, in words; None of a cell that is not suspected."""
        from orchestration.quality.report.writing import expected_in_words

        suspects = {one.observation_id: one for one in self.suspects}
        suspect = suspects.get(cell.observation_id)
        return None if suspect is None else expected_in_words(suspect)


def quote(text: str | None) -> str:
    """The text of a cell as a sentence shows it."""
    return f"“{text}”" if text else "nothing"


def find_cells(connection: duckdb.DuckDBPyConnection, ids: Collection[str]) -> dict[str, list[FindingCell]]:
    """The landed cells of observations by id; one id has several where it was given twice."""
    found: dict[str, list[FindingCell]] = {}
    if not ids or not _has(connection, "raw", "observations"):
        return found
    rows = connection.execute(
        "select observation_id, file, sheet, cell, raw_text from raw.observations "
        "where observation_id in (select unnest(?)) order by file, sheet, length(cell), cell",
        [sorted(ids)],
    ).fetchall()
    for observation_id, *place in rows:
        found.setdefault(observation_id, []).append(FindingCell(observation_id, *place))
    return found


def find_breaks(
    connection: duckdb.DuckDBPyConnection, instances: Sequence[dict[str, Any]]
) -> dict[tuple[str, str], BrokenIdentity]:
    """What the audit says of broken instances, by rule and instance.

    An instance has `rule_id`, `instance`, `kind`, `gap_low` and `gap_high` of audit.identity_result.
    """
    keys = [f"{one['rule_id']}|{one['instance']}" for one in instances]
    stored = _read_breaks(connection, keys) if keys else {}
    breaks = {}
    for one in instances:
        rule, instance = one["rule_id"], one["instance"]
        statement, finding_id, cells = stored.get((rule, instance), (f"{rule} {instance}", None, []))
        suspects = tuple(cell for role, cell in cells if role == "suspect")
        suspected = {cell.observation_id for cell in suspects}
        parts = [cell for role, cell in cells if role == "cell"]
        breaks[rule, instance] = BrokenIdentity(
            statement=statement,
            left_over=_say_left_over(one),
            cells=tuple(sorted(parts, key=lambda cell: cell.observation_id not in suspected)),
            suspects=suspects,
            finding_id=finding_id,
        )
    return breaks


_Stored = dict[tuple[str, str], tuple[str, str, list[tuple[str, FindingCell]]]]


def _read_breaks(connection: duckdb.DuckDBPyConnection, keys: list[str]) -> _Stored:
    if not _has(connection, "audit", "finding"):
        return {}
    stored: _Stored = {}
    for finding_id, rule, instance, message, role, *cell in connection.execute(
        """
        select
            found.finding_id, found.rule_id, found.instance, found.message, cells.role,
            cells.observation_id, cells.file, cells.sheet, cells.cell, cells.raw_text,
            cells.expected_low, cells.expected_high
        from audit.finding as found
        left join audit.finding_cell as cells on found.finding_id = cells.finding_id
        where found.rule_id || '|' || found.instance in (select unnest(?))
        order by found.finding_id, cells.role, cells.position
        """,
        [keys],
    ).fetchall():
        statement = message.partition(_AFTER_RULE)[0].removesuffix(".")
        _, _, cells = stored.setdefault((rule, instance), (statement, finding_id, []))
        if role is not None:
            cells.append((role, FindingCell(*cell)))
    return stored


def _say_left_over(instance: dict[str, Any]) -> str | None:
    low, high = instance["gap_low"], instance["gap_high"]
    if low is None or high is None:
        return None
    # A percentage is compared as percentage times base with a hundred times the count: a count is what is left over.
    scale = _PER_CENT if instance["kind"] == "ratio" else 1
    shown = [f"{end / scale:.2f}".rstrip("0").rstrip(".") for end in (low, high)]
    return shown[0] if shown[0] == shown[1] else f"{shown[0]} to {shown[1]}"


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    row = connection.execute(
        "select count(*) from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    return bool(row and row[0])
