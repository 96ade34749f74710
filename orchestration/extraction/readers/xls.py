"""Excel 97-2003 workbooks: cells under their number formats, merged ranges, hidden rows, columns and sheets."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, CellRange, Grid, Sheet, Workbook
from orchestration.extraction.readers.cells import CellSettings, build_grid, number_cell
from orchestration.extraction.readers.damage import blank, damage_refused, protected
from orchestration.extraction.readers.number_format import show_text
from orchestration.landing.declarations import FileReading

if TYPE_CHECKING:
    import xlrd
    from xlrd.sheet import Cell as ExcelCell
    from xlrd.sheet import Sheet as ExcelSheet

_TEXT, _NUMBERS, _BOOLEAN, _ERROR = 1, (2, 3), 4, 5
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def open_content(content: bytes, name: str, reading: FileReading) -> Workbook:  # noqa: ARG001
    """The workbook of these bytes; `FrontierError` when it is damaged, protected or without any cell."""
    book = _open_book(content, name)
    pages = book.sheets()
    if not any(value != "" for page in pages for row in range(page.nrows) for value in page.row_values(row)):
        raise blank(name)
    return Workbook(name, tuple(_sheet(name, book, page) for page in pages))


def _open_book(content: bytes, name: str) -> xlrd.Book:
    import xlrd

    try:
        with damage_refused(name):
            return xlrd.open_workbook(
                file_contents=content, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
            )
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError) as error:
        if "encrypted" in str(error):
            raise protected(name) from error
        raise FrontierError(
            f"{name} starts as an Excel 97-2003 workbook but is cut off or damaged ({error}). Fetch or copy the file "
            "again."
        ) from error


def _sheet(file: str, book: xlrd.Book, page: ExcelSheet) -> Sheet:
    return Sheet(page.name, bool(page.visibility), lambda: _read_grid(file, book, page))


def _read_grid(file: str, book: xlrd.Book, page: ExcelSheet) -> Grid:
    codes = [book.format_map[style.format_key].format_str for style in book.xf_list]
    settings = CellSettings(is_1904=bool(book.datemode), shows_zeros=getattr(page, "show_zero_values", 1) != 0)
    with damage_refused(file):
        rows = {
            row: [_cell(row, column, cell, codes, settings) for column, cell in enumerate(page.row(row))]
            for row in range(page.nrows)
        }
    merged = (
        CellRange(first_row, first_column, end_row - 1, end_column - 1)
        for first_row, end_row, first_column, end_column in page.merged_cells
    )
    return build_grid(
        file,
        page.name,
        rows,
        merged=merged,
        hidden_rows=[number for number, info in page.rowinfo_map.items() if info.hidden or info.height == 0],
        hidden_columns=[number for number, info in page.colinfo_map.items() if info.hidden or info.width == 0],
    )


def _cell(row: int, column: int, cell: ExcelCell, codes: list[str], settings: CellSettings) -> Cell:
    kind, value = cell.ctype, cell.value
    if kind in _NUMBERS:
        return number_cell(row, column, value, codes[cell.xf_index or 0], settings)
    if kind == _TEXT:
        return Cell(row, column, show_text(value, codes[cell.xf_index or 0]))
    if kind == _BOOLEAN:
        return Cell(row, column, "TRUE" if value else "FALSE")
    return Cell(row, column, _ERRORS.get(value, "#ERROR!") if kind == _ERROR else "")
