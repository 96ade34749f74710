"""Tables of HTML pages: spans, breaks, encodings, and what stands around the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_files import open_bytes, read_bytes, texts

from orchestration.errors import FrontierError
from orchestration.extraction.grid import CellRange


def page_of(body: str, head: str = '<meta charset="utf-8">', encoding: str = "utf-8") -> bytes:
    return f"<html><head>{head}<title>Миграция</title></head><body>{body}</body></html>".encode(encoding)


def test_spans_are_merged_ranges_with_their_value_in_the_first_cell(tmp_path: Path) -> None:
    rows = [
        '<tr><th rowspan="2">Территория</th><th colspan="2">Прибыло</th></tr>',
        "<tr><th>2004</th><th>2005</th></tr>",
        "<tr><td>Россия</td><td>119,1</td><td>177,2</td></tr>",
    ]
    grid = read_bytes(tmp_path, page_of(f"<table>{''.join(rows)}</table>"))
    assert texts(grid) == [["Территория", "Прибыло", ""], ["", "2004", "2005"], ["Россия", "119,1", "177,2"]]
    assert grid.merged == (CellRange(0, 0, 1, 0), CellRange(0, 1, 0, 2))
    assert [cell.address for cell in grid.rows[1]] == ["A2", "B2", "C2"]


def test_every_table_is_a_sheet_and_inner_tables_are_their_own(tmp_path: Path) -> None:
    inner = "<table><tr><td>1</td></tr></table>"
    body = f"<table><tr><td>слева {inner}</td><td>справа</td></tr></table><table><tr><td>2</td></tr></table>"
    workbook = open_bytes(tmp_path, page_of(body))
    assert [sheet.name for sheet in workbook.sheets] == ["table 1", "table 2", "table 3"]
    assert [texts(sheet.read()) for sheet in workbook.sheets] == [[["слева", "справа"]], [["1"]], [["2"]]]
    assert (
        workbook.sheets[1].read().place(workbook.sheets[1].read().rows[0][0]) == "table.bin, sheet 'table 2', cell A1"
    )


def test_breaks_paragraphs_and_blanks(tmp_path: Path) -> None:
    cells = [
        "<td><p>Центральный<br>федеральный\n   округ</p></td>",
        "<td>&nbsp;&nbsp;Белгородская&nbsp;область</td>",
        "<td><b>17,8</b><sup>3)</sup><!-- нет --><script>var x</script></td>",
        "<td><p>один</p><p>два</p></td>",
        "<td>&minus;0,5</td>",
    ]
    grid = read_bytes(tmp_path, page_of(f"<table><tbody><tr>{''.join(cells)}</tr></tbody></table>"))
    assert texts(grid) == [
        ["Центральный федеральный округ", "\xa0\xa0Белгородская\xa0область", "17,83)", "один два", "\u22120,5"]
    ]


def test_the_caption_is_the_first_row(tmp_path: Path) -> None:
    grid = read_bytes(tmp_path, page_of("<table><caption>тысяч человек</caption><tr><td>1</td><td>2</td></tr></table>"))
    assert texts(grid) == [["тысяч человек", ""], ["1", "2"]]


def test_headings_around_the_tables_are_notes(tmp_path: Path) -> None:
    body = (
        "<h2>4.3. ЧИСЛЕННОСТЬ<br>НАСЕЛЕНИЯ</h2><p>(тысяч человек)</p><table><tr><td>1</td></tr></table>"
        "<p>Вторая</p><table><tr><td>2</td></tr></table><p>1) Оценка.</p>"
    )
    grids = [sheet.read() for sheet in open_bytes(tmp_path, page_of(body, head="")).sheets]
    assert grids[0].notes[-2:] == ("4.3. ЧИСЛЕННОСТЬ НАСЕЛЕНИЯ", "(тысяч человек)")
    assert grids[1].notes == ("Вторая", "1) Оценка.")


def test_hidden_rows_are_told(tmp_path: Path) -> None:
    rows = '<tr><td>1</td></tr><tr style="Display: none"><td>2</td></tr><tr hidden><td>3</td></tr><tr><td>4</td></tr>'
    assert read_bytes(tmp_path, page_of(f"<table>{rows}</table>")).hidden_rows == {1, 2}


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ('<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=windows-1251">', "cp1251"),
        ("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>", "koi8-r"),
        ('<meta charset="windows-1251">', "utf-8"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
    ],
)
def test_the_encoding_comes_from_the_bytes_or_the_page(tmp_path: Path, head: str, encoding: str) -> None:
    grid = read_bytes(
        tmp_path,
        page_of("<table><tr><td>Қазақстан</td></tr></table>".replace("Қ", "К").replace("қ", "к"), head, encoding),
    )
    assert texts(grid) == [["Казакстан"]]


def test_an_encoding_that_is_nowhere_told_must_be_declared(tmp_path: Path) -> None:
    content = page_of("<table><tr><td>Россия</td></tr></table>", head="", encoding="cp1251")
    with pytest.raises(FrontierError, match="Declare its encoding"):
        open_bytes(tmp_path, content)
    assert texts(read_bytes(tmp_path, content, encoding="cp1251")) == [["Россия"]]


def test_rows_that_span_beyond_the_table_and_broken_spans(tmp_path: Path) -> None:
    rows = '<tr><td rowspan="99">а</td><td colspan="0">б</td></tr><tr><td rowspan="x">в</td></tr>'
    grid = read_bytes(tmp_path, page_of(f"<table>{rows}</table>"))
    assert texts(grid) == [["а", "б"], ["", "в"]]
    assert grid.merged == (CellRange(0, 0, 1, 0),)


def test_spans_without_measure_do_not_fill_the_memory(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match="spans more than"):
        open_bytes(tmp_path, page_of('<table><tr><td rowspan="65000" colspan="1000">x</td></tr></table>'))


@pytest.mark.parametrize("body", ["<p>Сервис недоступен</p>", "<table><tr><td> </td></tr></table>", ""])
def test_a_page_without_cells_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(FrontierError, match=r"table\.bin is an HTML page with the title .* without a table of cells"):
        open_bytes(tmp_path, page_of(body))


def test_a_page_of_xhtml_is_a_page(tmp_path: Path) -> None:
    start = '<?xml version="1.0" encoding="windows-1251"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x.dtd">'
    content = (
        f'{start}<html xmlns="http://www.w3.org/1999/xhtml"><body><table><tr><td>Омск</td></tr></table></body></html>'
    )
    assert texts(read_bytes(tmp_path, content.encode("cp1251"))) == [["Омск"]]
