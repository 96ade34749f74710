"""Corrections: printed values that a steward overrides, read from `expectations/corrections.yml`.

The landed cell keeps its print; the models take the corrected value. A correction holds as long as the cell prints
just what the steward saw in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from orchestration.errors import FrontierError
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.findings import Finding, FindingCell
from orchestration.quality.steward_files import Decision, Words, read_entries

if TYPE_CHECKING:
    import duckdb

CORRECTIONS = "corrections.yml"
STALE = "correction_is_stale"
_TABLE = "raw.corrections"
_MOST_DECIMALS = 8

Number = Annotated[str, StringConstraints(pattern=rf"^-?\d{{1,18}}(\.\d{{1,{_MOST_DECIMALS}}})?$")]
"""A number as text, in quotes in YAML, so that its decimals are kept: "19.90"."""


class Correction(Decision):
    """A value that stands for what a cell prints: in one edition, or from an edition on.

    `expect` is the text that the steward saw in the cell, `value` the number in its place, both before any power of
    ten of the table is applied.
    """

    dataset: Words
    edition: Words | None = None
    from_edition: Words | None = None
    to_edition: Words | None = Field(default=None, description="The last edition in which the error is printed.")
    sheet: str | None = None
    cell: Words
    expect: str
    value: Number
    evidence: Words

    @model_validator(mode="after")
    def _says_in_which_editions(self) -> Self:
        if (self.edition is None) == (self.from_edition is None) or (self.edition and self.to_edition):
            raise ValueError("name either the edition, or the first (from_edition) and perhaps the last (to_edition)")
        return self

    @property
    def decimals(self) -> int:
        return len(self.value.partition(".")[2])

    @property
    def place(self) -> str:
        editions = self.edition or f"{self.from_edition} to {self.to_edition or 'the newest'}"
        sheet = f" [{self.sheet}]" if self.sheet is not None else ""
        return f"{self.dataset}@{editions}{sheet} {self.cell}"


CORRECTION_LIST = TypeAdapter(list[Correction])
"""The form of `corrections.yml`."""


@dataclass(frozen=True)
class _Cell:
    """A landed cell, with what a correction is compared with."""

    observation_id: str
    dataset: str
    edition: str
    edition_id: str
    file: str
    sheet: str | None
    cell: str
    raw_text: str
    value: Decimal | None
    decimals: int | None
    record_id: str | None


def load_corrections(path: Path) -> list[Correction]:
    """Read the corrections; none when there is no file.

    A `FrontierError` names the entry that does not fit, and the cell that two entries correct.
    """
    corrections = read_entries(path, CORRECTION_LIST)
    seen: set[tuple[str | None, ...]] = set()
    for one in corrections:
        key = (one.dataset, one.edition or one.from_edition, one.sheet, one.cell)
        if key in seen:
            raise FrontierError(f"{path} corrects {one.place} twice: keep one of the entries.")
        seen.add(key)
    return corrections


def apply_corrections(connection: duckdb.DuckDBPyConnection, corrections: Iterable[Correction]) -> int:
    """Write `raw.corrections`: one row per cell whose print a correction expects; how many.

    Raises `FrontierError` when two corrections stand for one cell.
    """
    table = create_declared_table(connection, _TABLE)
    rows: dict[str, dict[str, Any]] = {}
    for correction in corrections:
        for cell in _cells(connection, correction):
            if cell.observation_id in rows:
                raise FrontierError(
                    f"{CORRECTIONS} corrects {cell.file} {cell.cell} twice, the second time as {correction.place}: "
                    "keep one of the entries."
                )
            if _objection(correction, cell) is None:
                rows[cell.observation_id] = _row(correction, cell)
    return insert_rows(connection, table, rows.values())


def _row(correction: Correction, cell: _Cell) -> dict[str, Any]:
    taken = ("observation_id", "edition_id", "dataset", "edition", "file", "sheet", "cell", "raw_text")
    said = ("reason", "evidence", "decided_by", "decided_on")
    return (
        {name: getattr(cell, name) for name in taken}
        | {name: getattr(correction, name) for name in said}
        | {
            "corrected_text": correction.value,
            "corrected_value": Decimal(correction.value),
            "decimals": correction.decimals,
        }
    )


def correction_findings(connection: duckdb.DuckDBPyConnection, corrections: Iterable[Correction]) -> list[Finding]:
    """One error per correction that no longer corrects what is printed, and per edition where it does not."""
    findings = []
    for correction in corrections:
        cells = _cells(connection, correction)
        if not cells:
            findings.append(_stale(correction, _why_nothing(connection, correction), None))
        for cell in cells:
            objection = _objection(correction, cell)
            if objection:
                findings.append(_stale(correction, objection, cell))
    return findings


def _cells(connection: duckdb.DuckDBPyConnection, correction: Correction) -> list[_Cell]:
    """The landed cells at the address of a correction, in each of its editions."""
    first, last = correction.edition or correction.from_edition, correction.edition or correction.to_edition
    rows = connection.execute(
        f"""
        with editions as (
            select edition_id, edition, row_number() over (order by released_on, edition_id) as place
            from raw.editions where dataset = $dataset
        )
        select {", ".join(f"observations.{name}" for name in _Cell.__dataclass_fields__)}
        from raw.observations as observations
        inner join editions on observations.edition_id = editions.edition_id
        where observations.cell = $cell and observations.sheet is not distinct from $sheet
            and editions.place >= (select place from editions where edition = $first)
            and editions.place <= coalesce(
                (select place from editions where edition = $last), (select max(place) from editions)
            )
            and ($last is null or exists (select 1 from editions where edition = $last))
        order by editions.place
        """,
        {
            "dataset": correction.dataset,
            "cell": correction.cell,
            "sheet": correction.sheet,
            "first": first,
            "last": last,
        },
    ).fetchall()
    return [_Cell(*row) for row in rows]


def _objection(correction: Correction, cell: _Cell) -> str | None:
    """Why a correction cannot stand for a cell; None when it can."""
    if cell.record_id is not None:
        return "the cell belongs to a list of records, not to a table of figures. Correct the list, remove this entry"
    if cell.raw_text != correction.expect:
        if (cell.value, cell.decimals) == (Decimal(correction.value), correction.decimals):
            return (
                f"{cell.file} prints {cell.raw_text!r} now, no longer {correction.expect!r}: the agency has fixed its "
                "print. Remove this entry, or end it with the last edition in which the error stands (to_edition)"
            )
        return (
            f"{cell.file} prints {cell.raw_text!r}, not {correction.expect!r} as expected. Look at the print: remove "
            "this entry if it is right now, else decide again and bring expect and value up to date"
        )
    if (cell.value, cell.decimals) == (Decimal(correction.value), correction.decimals):
        return f"{cell.file} prints just this value ({cell.raw_text!r}), so it corrects nothing. Remove this entry"
    return None


def _why_nothing(connection: duckdb.DuckDBPyConnection, correction: Correction) -> str:
    editions = [
        edition
        for (edition,) in connection.execute(
            "select edition from raw.editions where dataset = ? order by released_on, edition_id", [correction.dataset]
        ).fetchall()
    ]
    if not editions:
        return f"no edition of a dataset {correction.dataset!r} is landed. Correct the name, or remove this entry"
    named = (correction.edition, correction.from_edition, correction.to_edition)
    unknown = [one for one in named if one is not None and one not in editions]
    if unknown:
        return (
            f"{correction.dataset} has no edition {unknown[0]!r}; it has {', '.join(editions)}. Correct the name, or "
            "remove this entry"
        )
    return "no figure is read from that cell. Correct sheet and cell (frontier source names them), or remove this entry"


def _stale(correction: Correction, why: str, cell: _Cell | None) -> Finding:
    return Finding(
        rule=STALE,
        instance=f"correction={correction.place}" + (f" edition_id={cell.edition_id}" if cell else ""),
        severity="error",
        dataset=correction.dataset,
        edition=cell.edition if cell else correction.edition or correction.from_edition,
        cells=(FindingCell(cell.observation_id, cell.file, cell.sheet, cell.cell, cell.raw_text),) if cell else (),
        message=(
            f"{CORRECTIONS}: the correction of {correction.place} from {correction.expect!r} to {correction.value} "
            f"does not hold: {why}."
        ),
    )
