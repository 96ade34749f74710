"""From the files of a dataset to observations: one row per printed cell, each with its address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, Grid, read_grid, tidy
from orchestration.extraction.layout import Figure, TableReader
from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.printed_values import PrintedValue, read_printed
from orchestration.landing.catalogue import Dataset, Edition
from orchestration.landing.declarations import DatasetDeclaration, RecordLayout, TableLayout

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
)
_REQUIRED = ("indicator", "ref_area", "time_period", "reporting_area")


def read_edition(dataset: Dataset, edition: Edition, names: TerritoryNames) -> list[Observation]:
    """The observations of one edition, keyed as the columns of `raw.observations`, in reading order.

    Raises `FrontierError` that names file, sheet and cell when the file does not fit its layout, or when
    two cells claim the same figure.
    """
    grid = read_grid(edition.file, edition.relative_file)
    declaration = dataset.declaration
    if declaration.layout:
        rows = list(_table_observations(dataset.name, declaration, declaration.layout, grid, names, edition))
    elif declaration.records:
        rows = list(_record_observations(declaration.records, grid, edition))
    else:
        raise FrontierError(f"{dataset.name} declares no layout for tables.")
    _check_unique(grid, rows)
    return rows


def _table_observations(
    name: str,
    declaration: DatasetDeclaration,
    layout: TableLayout,
    grid: Grid,
    names: TerritoryNames,
    edition: Edition,
) -> Iterator[Observation]:
    for figure in TableReader(name, layout, names).figures(grid):
        printed = _read(grid, figure, layout)
        members = figure.members
        for dimension in _REQUIRED:
            if dimension not in members:
                raise FrontierError(
                    f"{grid.place(figure.cell)}: the layout of {name} gives this figure no {dimension}: "
                    "complete dataset.yml."
                )
        measure = declaration.measures.get(members["indicator"])
        if measure is None:
            raise FrontierError(
                f"{name}: dataset.yml has no entry under `measures` for the indicator {members['indicator']!r}."
            )
        yield _observation(edition, grid, figure, printed) | {
            **members,
            "unit": measure.unit,
            "unit_mult": measure.unit_mult,
            "population_group": members.get("population_group", "total"),
        }


def _read(grid: Grid, figure: Figure, layout: TableLayout) -> PrintedValue:
    try:
        return read_printed(figure.cell.text, layout.numbers, layout.symbols, layout.value_footnotes)
    except ValueError as error:
        raise FrontierError(
            f"{grid.place(figure.cell)} (row {figure.row_label!r}, column {figure.column_label!r}): {error}. "
            "Correct the file, or declare the symbol in dataset.yml."
        ) from error


def _record_observations(layout: RecordLayout, grid: Grid, edition: Edition) -> Iterator[Observation]:
    header = [layout.id_column, *layout.attributes]
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
            yield _observation(edition, grid, figure, printed) | {
                "indicator": f"claim.{column}",
                "unit": "number" if column in layout.numeric else "text",
                "unit_mult": 0,
                "record_id": row[0].text,
            }


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


def _observation(edition: Edition, grid: Grid, figure: Figure, printed: PrintedValue) -> Observation:
    computed = edition.origin.computed_by_quoting_work
    return {
        "edition_id": edition.edition_id,
        "dataset": edition.dataset,
        "edition": edition.name,
        "file": edition.relative_file,
        "file_sha256": edition.origin.sha256,
        "sheet": grid.sheet,
        "cell": figure.cell.address,
        "row_label": figure.row_label,
        "column_label": figure.column_label,
        "block_label": figure.block_label,
        "raw_text": figure.cell.text,
        "value": printed.value,
        "stored_value": figure.cell.stored,
        "obs_status": printed.status,
        "footnotes": printed.footnotes,
        "decimals": printed.decimals,
        "is_computed_by_quoting_work": figure.column_label.rsplit(" | ", 1)[-1] in computed,
    }


def _check_unique(grid: Grid, rows: list[Observation]) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        key = "|".join(str(row.get(part) or "") for part in ("edition_id", *FIGURE_KEY))
        if key in seen:
            raise FrontierError(
                f"{grid.file}: the cells {seen[key]} and {row['cell']} both claim to be {row['indicator']} of "
                f"{row.get('ref_area')} in {row.get('time_period')} ({row['row_label']!r}, "
                f"{row['column_label']!r}): a row or a column stands twice, or the layout maps two to one."
            )
        seen[key] = row["cell"]
        row["observation_id"] = hashlib.sha256(key.encode()).hexdigest()[:20]
