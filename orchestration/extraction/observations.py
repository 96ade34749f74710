"""From the files of a dataset to observations: one row per printed cell, each with its address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, Grid, tidy
from orchestration.extraction.layout import Figure, TableReader
from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.printed_values import PrintedValue, read_cell, read_printed
from orchestration.extraction.readers import open_workbook
from orchestration.extraction.tables import Table, find_tables
from orchestration.landing.catalogue import Dataset, Edition
from orchestration.landing.declarations import DatasetDeclaration, RecordLayout

Observation = dict[str, Any]

# The natural key of a figure: what it is about, whoever prints it.
FIGURE_KEY = (
    "indicator",
    "ref_area",
    "counterpart_area",
    "reporting_area",
    "time_period",
    "population_group",
    "record_id",
    "sex",
    "age",
    "citizenship",
    "variant",
)
_ABSENT = ("L", "M", "N", "O", "Q")
_REQUIRED = ("indicator", "ref_area", "time_period", "reporting_area")


def read_edition(dataset: Dataset, edition: Edition, names: TerritoryNames) -> list[Observation]:
    """The observations of one edition, keyed as the columns of `raw.observations`, in reading order.

    Raises `FrontierError` that names file, sheet and cell when the file does not fit its layout, or when
    two cells claim the same figure.
    """
    declaration = dataset.declaration
    workbook = open_workbook(edition.file, edition.relative_file, declaration.file)
    rows: list[Observation] = []
    if declaration.layout:
        for table in find_tables(workbook, declaration):
            rows += _table_observations(dataset.name, declaration, table, names, edition)
    elif declaration.records:
        rows += _record_observations(declaration.records, workbook.sheets[0].read(), edition)
    else:
        raise FrontierError(f"{dataset.name} declares no layout for tables.")
    _give_ids(workbook.file, rows)
    return rows


def _table_observations(
    name: str, declaration: DatasetDeclaration, table: Table, names: TerritoryNames, edition: Edition
) -> Iterator[Observation]:
    grid, layout = table.grid, table.layout
    common = _edition_columns(edition, grid)
    for figure in TableReader(name, layout, names).figures(table.workbook, grid, table.rows, table.fixed):
        members = _with_covers(figure, edition, grid)
        for dimension in _REQUIRED:
            if dimension not in members:
                raise FrontierError(
                    f"{grid.place(figure.cell)}: the layout of {name} gives this figure no {dimension}: "
                    "complete dataset.yml, or say under `covers` in the edition's origin.yml what the publication "
                    "states around the file."
                )
        measure = declaration.measures.get(members["indicator"])
        if measure is None:
            raise FrontierError(
                f"{name}: dataset.yml has no entry under `measures` for the indicator {members['indicator']!r}."
            )
        yield (
            common
            | _printed_columns(edition, figure, _read(table, figure, members))
            | members
            | {
                "unit": measure.unit,
                "unit_mult": int(members.get("unit_mult", measure.unit_mult)),
                "population_group": members.get("population_group", "total"),
            }
        )


def _with_covers(figure: Figure, edition: Edition, grid: Grid) -> dict[str, str]:
    """The members of a figure with those that its publication states around the file; they must not differ."""
    covers = edition.origin.covers.members()
    for dimension, member in covers.items():
        stated = figure.members.get(dimension, member)
        if stated != member:
            raise FrontierError(
                f"{grid.place(figure.cell)}: the table gives this figure the {dimension} {stated!r}, the origin.yml of "
                f"{edition.edition_id} says {member!r} under `covers`: correct origin.yml."
            )
    return covers | figure.members


def _read(table: Table, figure: Figure, members: dict[str, str]) -> PrintedValue:
    try:
        printed = read_cell(figure.cell, table.layout, table.workbook.kind)
    except ValueError as error:
        raise FrontierError(
            f"{table.grid.place(figure.cell)} (row {figure.row_label!r}, column {figure.column_label!r}): {error}. "
            "Correct the file, or declare the symbol in dataset.yml."
        ) from error
    for rule in table.layout.not_recorded:
        if rule.concerns(members, figure.cell.text):
            return PrintedValue(None, None, rule.status, printed.footnotes)
    return printed


def _record_observations(layout: RecordLayout, grid: Grid, edition: Edition) -> Iterator[Observation]:
    header = [layout.id_column, *layout.attributes]
    common = _edition_columns(edition, grid)
    _check_record_header(grid, header)
    for row in grid.rows[1:]:
        _check_record(grid, row, header)
        for cell, column in zip(row[1 : len(header)], header[1:], strict=True):
            if not cell.text.strip():
                continue
            figure = Figure(cell, row[0].text, column, None, {})
            printed = PrintedValue(None, None, "A", None)
            if column in layout.numeric:
                try:
                    printed = read_printed(cell.text, layout.numbers, {}, None)
                except ValueError as error:
                    raise FrontierError(f"{grid.place(cell)} (column {column!r}): {error}.") from error
            yield (
                common
                | _printed_columns(edition, figure, printed)
                | {
                    "indicator": f"claim.{column}",
                    "unit": "number" if column in layout.numeric else "text",
                    "unit_mult": 0,
                    "record_id": row[0].text,
                }
            )


def _check_record_header(grid: Grid, expected: list[str]) -> None:
    header = [tidy(cell.text) for cell in grid.rows[0]]
    wanted = expected + [""] * (len(header) - len(expected))
    if header == wanted:
        return
    wrong = next((index for index, text in enumerate(header) if text != wanted[index]), len(header))
    place = grid.place(grid.rows[0][wrong]) if wrong < len(header) else f"{grid.file}, row 1"
    raise FrontierError(f"{place}: the header must read {expected}: correct the file or dataset.yml.")


def _check_record(grid: Grid, row: tuple[Cell, ...], header: list[str]) -> None:
    """A record needs its id, and every text needs a header over it."""
    for cell in row[len(header) :]:
        if cell.text.strip():
            raise FrontierError(
                f"{grid.place(cell)}: {cell.text!r} stands under no header: put a text that holds a comma in "
                "quotation marks, or check the file."
            )
    if not row[0].text.strip() and any(cell.text.strip() for cell in row):
        raise FrontierError(f"{grid.place(row[0])}: the record has no {header[0]}: give it one.")


def _edition_columns(edition: Edition, grid: Grid) -> Observation:
    return {
        "edition_id": edition.edition_id,
        "dataset": edition.dataset,
        "edition": edition.name,
        "file": edition.relative_file,
        "file_sha256": edition.origin.sha256,
        "sheet": grid.sheet,
    }


def _printed_columns(edition: Edition, figure: Figure, printed: PrintedValue) -> Observation:
    computed = edition.origin.computed_by_quoting_work
    cell = figure.cell
    marks = " ".join(dict.fromkeys(one for one in (printed.footnotes, figure.footnotes) if one)) or None
    return {
        "cell": cell.address,
        "row_label": figure.row_label,
        "column_label": figure.column_label,
        "block_label": figure.block_label,
        "raw_text": cell.text,
        "value": printed.value,
        "stored_value": cell.stored if has_more_digits(cell) else None,
        # A symbol says why there is no number, unless the table has a column that does; a number has the
        # status that the table gives it.
        "obs_status": figure.status if printed.value is not None or figure.status in _ABSENT else printed.status,
        "footnotes": marks,
        "decimals": printed.decimals,
        "is_computed_by_quoting_work": figure.column_label.rsplit(" | ", 1)[-1] in computed,
    }


def has_more_digits(cell: Cell) -> bool:
    """Whether the file holds more digits of a cell's number than the cell shows."""
    return cell.stored is not None and cell.number is not None and float(cell.number) != cell.stored


def _give_ids(file: str, rows: list[Observation]) -> None:
    """Give every observation its id; a `FrontierError` when two cells claim the same figure."""
    seen: dict[str, str] = {}
    for row in rows:
        key = "|".join([str(row.get(part) or "") for part in ("edition_id", *FIGURE_KEY)])
        if key in seen:
            raise FrontierError(
                f"{file}: the cells {seen[key]} and {row['cell']} both claim to be {row['indicator']} of "
                f"{row.get('ref_area')} in {row.get('time_period')} ({row['row_label']!r}, "
                f"{row['column_label']!r}): a row or a column stands twice, or the layout maps two to one."
            )
        seen[key] = row["cell"]
        row["observation_id"] = hashlib.sha256(key.encode()).hexdigest()[:20]
