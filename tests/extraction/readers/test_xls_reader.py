"""Excel 97-2003 workbooks: what cells show, and what a workbook hides."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlwt
from reader_files import at, open_bytes, read_bytes, saved, texts

from orchestration.errors import FrontierError
from orchestration.extraction.grid import CellRange


def book_of(*sheets: list[tuple[int, int, Any, str]], **settings: Any) -> bytes:
    """A workbook of cells: row, column, value, number format."""
    book = xlwt.Workbook()
    for number, cells in enumerate(sheets):
        sheet = book.add_sheet(f"Лист{number + 1}")
        for row, column, value, code in cells:
            sheet.write(row, column, value, xlwt.easyxf(num_format_str=code))
        if number == 0:
            settings.get("change", lambda _: None)(sheet)
    settings.get("change_book", lambda _: None)(book)
    return saved(book.save)


def test_a_number_shows_its_format_and_keeps_what_is_stored(tmp_path: Path) -> None:
    grid = read_bytes(tmp_path, book_of([(6, 1, -0.39927, "0.00"), (6, 2, 1997.0, "General")]))
    rounded, year = at(grid, "B7"), at(grid, "C7")
    assert (rounded.text, rounded.number, rounded.stored) == ("-0.40", Decimal("-0.40"), -0.39927)
    assert (year.text, year.number, year.stored) == ("1997", Decimal(1997), 1997.0)


def test_a_dash_in_the_format_shows_no_number(tmp_path: Path) -> None:
    cell = at(read_bytes(tmp_path, book_of([(0, 0, 0.0, "[=0]\\-;General")])), "A1")
    assert (cell.text, cell.number, cell.stored) == ("-", None, 0.0)


def test_text_is_exact_with_its_indentation(tmp_path: Path) -> None:
    grid = read_bytes(tmp_path, book_of([(0, 0, "    из стран СНГ ", "General"), (1, 0, "\xa0\xa0в границах", "@")]))
    assert texts(grid) == [["    из стран СНГ "], ["\xa0\xa0в границах"]]
    assert at(grid, "A1").number is None
    assert at(grid, "A1").stored is None


def test_dates_booleans_and_blanks(tmp_path: Path) -> None:
    cells = [(0, 0, dt.date(2019, 4, 19), "dd.mm.yyyy"), (0, 1, True, "General"), (0, 2, None, "0.00")]
    grid = read_bytes(tmp_path, book_of([*cells, (0, 3, "x", "General")]))
    assert texts(grid) == [["2019-04-19", "TRUE", "", "x"]]
    assert at(grid, "A1").number is None
    assert at(grid, "A1").stored == 43574.0


def test_errors_show_as_such(tmp_path: Path) -> None:
    def write_error(sheet: xlwt.Worksheet) -> None:
        sheet.row(0).set_cell_error(0, 42)

    grid = read_bytes(tmp_path, book_of([(0, 1, "x", "General")], change=write_error))
    assert texts(grid) == [["#N/A", "x"]]


def test_dates_of_a_1904_workbook(tmp_path: Path) -> None:
    def count_from_1904(book: xlwt.Workbook) -> None:
        book.dates_1904 = True

    content = book_of([(0, 0, 36891.0, "yyyy-mm-dd")], change_book=count_from_1904)
    assert texts(read_bytes(tmp_path, content)) == [["2005-01-01"]]


def test_merged_ranges_hold_their_value_in_the_first_cell(tmp_path: Path) -> None:
    def merge(sheet: xlwt.Worksheet) -> None:
        sheet.write_merge(0, 1, 1, 3, "Прибыло")

    grid = read_bytes(tmp_path, book_of([(2, 0, "Всего", "General"), (2, 3, 5.0, "0")], change=merge))
    assert grid.merged == (CellRange(0, 1, 1, 3),)
    assert texts(grid) == [["", "Прибыло", "", ""], ["", "", "", ""], ["Всего", "", "", "5"]]


def test_hidden_rows_columns_and_sheets_are_told(tmp_path: Path) -> None:
    def hide(sheet: xlwt.Worksheet) -> None:
        sheet.row(1).hidden = True
        sheet.col(2).hidden = True

    def hide_sheet(book: xlwt.Workbook) -> None:
        book.get_sheet(1).visibility = 1

    cells = [(row, column, 1.0, "0") for row in range(3) for column in range(4)]
    workbook = open_bytes(tmp_path, book_of(cells, cells, change=hide, change_book=hide_sheet))
    assert [(sheet.name, sheet.is_hidden) for sheet in workbook.sheets] == [("Лист1", False), ("Лист2", True)]
    grid = workbook.sheets[0].read()
    assert grid.hidden_rows == {1}
    assert grid.hidden_columns == {2}
    assert len(grid.rows) == 3


def test_noughts_that_the_sheet_does_not_show_are_blank(tmp_path: Path) -> None:
    def hide_noughts(sheet: xlwt.Worksheet) -> None:
        sheet.show_zero_values = 0

    grid = read_bytes(tmp_path, book_of([(0, 0, 0.0, "0"), (0, 1, 4.0, "0")], change=hide_noughts))
    assert texts(grid) == [["", "4"]]
    assert (at(grid, "A1").number, at(grid, "A1").stored) == (None, 0.0)


def test_leading_blanks_stay_and_trailing_ones_go(tmp_path: Path) -> None:
    cells = [(2, 1, "x", "General"), (5, 4, None, "0.00"), (6, 0, "  ", "General")]
    grid = read_bytes(tmp_path, book_of(cells))
    assert texts(grid) == [["", ""], ["", ""], ["", "x"]]
    assert [cell.address for cell in grid.rows[2]] == ["A3", "B3"]


def test_a_workbook_without_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"table\.bin holds no cell"):
        open_bytes(tmp_path, book_of([(0, 0, None, "0.00")], []))


def test_a_workbook_protected_by_a_password_is_refused(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    book.add_sheet("a").write(0, 0, "x")
    stream = book.get_biff_data()
    length = 4 + int.from_bytes(stream[2:4], "little")
    protection = b"\x2f\x00\x06\x00" + b"\0\0\x12\x34\x56\x78"
    with pytest.raises(FrontierError, match="password"):
        open_bytes(tmp_path, stream[:length] + protection + stream[length:])


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_a_truncated_workbook_is_refused(tmp_path: Path, share: float) -> None:
    content = book_of([(row, column, row / 7, "0.00") for row in range(200) for column in range(9)])
    with pytest.raises(FrontierError, match="cut off or damaged"):
        open_bytes(tmp_path, content[: int(len(content) * share)])
