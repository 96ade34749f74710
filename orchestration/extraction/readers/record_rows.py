"""Records, each a mapping of column names to values with their places, as the rows of one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from orchestration.extraction.grid import Cell, Grid, Sheet, Workbook
from orchestration.extraction.readers.cells import build_grid


class Shown(NamedTuple):
    """A value as it is printed, where it stands, and its number if the file holds one."""

    text: str
    locator: str
    number: Decimal | None = None
    stored: float | None = None


Record = dict[str, Shown]


def workbook_of_records(records: Sequence[Record], name: str, notes: Sequence[str] = ()) -> Workbook:
    """A workbook of one sheet: row 1 holds the column names in the order in which the records bring them.

    `notes` are texts that belong to the records and stand beside them.
    """
    grid = replace(_grid_of_records(records, name), notes=tuple(notes))
    return Workbook(name, (Sheet(None, False, lambda: grid),))


def _grid_of_records(records: Sequence[Record], name: str) -> Grid:
    first: Record = {}
    for record in records:
        if not record.keys() <= first.keys():
            first = first | {key: shown for key, shown in record.items() if key not in first}
    columns = {key: number for number, key in enumerate(first)}
    header = [Cell(0, columns[key], key, locator=shown.locator) for key, shown in first.items()]
    rows = {0: header}
    for number, record in enumerate(records, start=1):
        row = [
            Cell(number, columns[key], shown.text, shown.number, shown.stored, shown.locator)
            for key, shown in record.items()
        ]
        rows[number] = sorted(row, key=_column)
    return build_grid(name, None, rows, merged=())


def _column(cell: Cell) -> int:
    return cell.column
