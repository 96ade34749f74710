"""Building a grid from the cells that a reader finds: even rows, blank margins trimmed, within limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, CellRange, Grid
from orchestration.extraction.readers.number_format import show_number

MOST_CELLS = 5_000_000


@dataclass(frozen=True)
class CellSettings:
    """What a workbook and a sheet settle for all their numbers: where dates start, whether noughts show."""

    is_1904: bool
    shows_zeros: bool


def number_cell(row: int, column: int, value: float, code: str, settings: CellSettings) -> Cell:
    """A cell that stores a number under a number format."""
    if not value and not settings.shows_zeros:
        return Cell(row, column, "", None, value)
    shown = show_number(value, code, is_1904=settings.is_1904)
    return Cell(row, column, shown.text, shown.number, value)


def build_grid(
    file: str,
    sheet: str | None,
    cells: Mapping[int, Sequence[Cell]],
    *,
    merged: Iterable[CellRange] | None = None,
    hidden_rows: Iterable[int] = (),
    hidden_columns: Iterable[int] = (),
) -> Grid:
    """A grid of the cells found: by the number of their row, and within it in the order of their columns.

    Blank rows and columns after the last cell that shows something are left out, with the merged ranges
    and hidden numbers that only lie there; leading ones stay, so that addresses are true. Raises
    `FrontierError` for a sheet so large that its blanks alone would fill the memory.
    """
    height = width = 0
    for number, row in cells.items():
        for cell in reversed(row):
            if not cell.is_blank:
                height = max(height, number + 1)
                width = max(width, cell.column + 1)
                break
    check_size(file, sheet, height * width)
    return Grid(
        file,
        sheet,
        tuple(_even(number, cells.get(number, ()), width) for number in range(height)),
        merged=None if merged is None else tuple(_within(merged, height, width)),
        hidden_rows=frozenset(number for number in hidden_rows if number < height),
        hidden_columns=frozenset(number for number in hidden_columns if number < width),
    )


def check_size(file: str, sheet: str | None, cells: int) -> None:
    """Refuse a sheet so large that its blanks alone would fill the memory."""
    if cells > MOST_CELLS:
        place = f"{file}, sheet {sheet!r}" if sheet else file
        raise FrontierError(
            f"{place} spans more than the {MOST_CELLS:,} cells that are read. Delete stray cells far from the table, "
            "or split the file."
        )


def _even(number: int, row: Sequence[Cell], width: int) -> tuple[Cell, ...]:
    if len(row) >= width and (not width or row[width - 1].column == width - 1):
        return tuple(row[:width])
    by_column = {cell.column: cell for cell in row}
    return tuple(by_column.get(column) or Cell(number, column, "") for column in range(width))


def _within(ranges: Iterable[CellRange], height: int, width: int) -> Iterator[CellRange]:
    for one in sorted(ranges, key=lambda one: (one.first_row, one.first_column)):
        if one.first_row < height and one.first_column < width:
            last_row, last_column = min(one.last_row, height - 1), min(one.last_column, width - 1)
            yield CellRange(one.first_row, one.first_column, last_row, last_column)
