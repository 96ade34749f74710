"""OpenDocument spreadsheets: what cells show, and what a workbook hides or repeats."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from reader_files import at, open_bytes, read_bytes, saved, texts, with_part

from orchestration.errors import FrontierError
from orchestration.extraction.grid import CellRange

CONTENT = "content.xml"
SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"))
)


def book_of(*tables: str, styles: str = "") -> bytes:
    """A workbook whose tables are written as XML."""
    body = (
        f"<office:document-content {SPACES}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    return with_part(saved(OpenDocumentSpreadsheet().write), CONTENT, lambda _: body.encode())


def table(*rows: str, name: str = "Лист", before: str = "", style: str = "") -> str:
    return f'<table:table table:name="{name}" table:style-name="{style}">{before}{"".join(rows)}</table:table>'


def row(*cells: str, **attributes: str) -> str:
    described = "".join(f' table:{key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f"<table:table-row{described}>{''.join(cells)}</table:table-row>"


def text(content: str, attributes: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{content}</text:p></table:table-cell>'


def number(value: float, shown: str, kind: str = "float") -> str:
    return (
        f'<table:table-cell office:value-type="{kind}" office:value="{value}"><text:p>{shown}</text:p>'
        "</table:table-cell>"
    )


BLANK = "<table:table-cell/>"


@pytest.mark.parametrize(
    ("value", "shown", "expected"),
    [
        (-0.39927, "-0,40", "-0.40"),
        (-0.39927, "\u22120.40", "-0.40"),
        (1234567.0, "1\u00a0234\u00a0567", "1234567"),
        (1234.0, "1.234", "1234"),
        (1.234, "1.234", "1.234"),
        (1234.5, "1,234.5", "1234.5"),
        (0.125, "12,5%", "12.5"),
        (0.0, "-", None),
        (5.0, "не число", None),
        (1234.5, "(1 234,5)", "-1234.5"),
    ],
)
def test_a_number_is_the_one_that_the_text_shows(
    tmp_path: Path, value: float, shown: str, expected: str | None
) -> None:
    cell = at(read_bytes(tmp_path, book_of(table(row(number(value, shown))))), "A1")
    assert cell.text == shown
    assert cell.stored == value
    assert cell.number == (None if expected is None else Decimal(expected))


def test_texts_with_blanks_breaks_and_notes(tmp_path: Path) -> None:
    indented = text('<text:s text:c="4"/>из стран<text:line-break/>СНГ<text:span>1)</text:span>')
    noted = (
        '<table:table-cell office:value-type="string">'
        "<office:annotation><text:p>примечание</text:p></office:annotation>"
        "<text:p>Всего</text:p><text:p>человек</text:p></table:table-cell>"
    )
    grid = read_bytes(tmp_path, book_of(table(row(indented, noted))))
    assert texts(grid) == [["    из стран\nСНГ1)", "Всего\nчеловек"]]


def test_repeats_covered_cells_and_hidden_parts(tmp_path: Path) -> None:
    columns = '<table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>'
    spanned = text("Прибыло", 'table:number-columns-spanned="2" table:number-rows-spanned="2"')
    covered = "<table:covered-table-cell/>"
    rows = [
        row(spanned, covered, text("x")),
        row(covered, covered, text("y")),
        row(text("а", 'table:number-columns-repeated="3"'), number_rows_repeated="2"),
        row(text("z"), visibility="filter"),
    ]
    grid = read_bytes(tmp_path, book_of(table(*rows, before=columns)))
    assert texts(grid) == [["Прибыло", "", "x"], ["", "", "y"], ["а"] * 3, ["а"] * 3, ["z", "", ""]]
    assert grid.merged == (CellRange(0, 0, 1, 1),)
    assert grid.hidden_rows == {4}
    assert grid.hidden_columns == {2}
    assert at(grid, "B4").text == "а"


def test_endless_blank_repeats_are_trimmed(tmp_path: Path) -> None:
    wide = '<table:table-cell table:number-columns-repeated="16384"/>'
    rows = [row(BLANK, text("x"), wide), row(wide, number_rows_repeated="1048574")]
    assert texts(read_bytes(tmp_path, book_of(table(*rows)))) == [["", "x"]]


def test_endless_repeats_of_a_text_do_not_fill_the_memory(tmp_path: Path) -> None:
    rows = [row(text("x", 'table:number-columns-repeated="16384"'), number_rows_repeated="1048576")]
    with pytest.raises(FrontierError, match="spans more than"):
        read_bytes(tmp_path, book_of(table(*rows)))


def test_sheets_and_the_hidden_ones_among_them(tmp_path: Path) -> None:
    styles = '<style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>'
    first, second = table(row(text("a")), name="A"), table(row(text("b")), name="Б", style="ta2")
    workbook = open_bytes(tmp_path, book_of(first, second, styles=styles))
    assert [(sheet.name, sheet.is_hidden) for sheet in workbook.sheets] == [("A", False), ("Б", True)]
    assert [texts(sheet.read()) for sheet in workbook.sheets] == [[["a"]], [["b"]]]


def test_header_rows_and_groups_are_rows(tmp_path: Path) -> None:
    rows = [
        f"<table:table-header-rows>{row(text('год'))}</table:table-header-rows>",
        f"<table:table-row-group>{row(text('2005'))}{row(text('2006'))}</table:table-row-group>",
    ]
    assert texts(read_bytes(tmp_path, book_of(table(*rows)))) == [["год"], ["2005"], ["2006"]]


def test_a_formula_without_value_is_refused(tmp_path: Path) -> None:
    rows = [row(text("x"), '<table:table-cell table:formula="of:=[.A1]"/>')]
    with pytest.raises(FrontierError, match="sheet 'Лист', cell B1: a formula without a computed value"):
        read_bytes(tmp_path, book_of(table(*rows)))


def test_nonsense_inside_a_workbook_is_damage(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"table\.bin is cut off or damaged"):
        read_bytes(tmp_path, book_of(table(row(text("x"), number_rows_repeated="много"))))


def test_a_workbook_without_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match="holds no cell"):
        open_bytes(tmp_path, book_of(table(row(BLANK))))


def test_a_workbook_protected_by_a_password_is_refused(tmp_path: Path) -> None:
    mark = b"<manifest:encryption-data/></manifest:manifest>"
    content = with_part(
        book_of(table(row(text("x")))),
        "META-INF/manifest.xml",
        lambda xml: xml.replace(b"</manifest:manifest>", mark),
    )
    with pytest.raises(FrontierError, match="password"):
        open_bytes(tmp_path, content)


def test_entities_are_refused(tmp_path: Path) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    content = with_part(book_of(table(row(text("x")))), CONTENT, lambda xml: laughs + xml.replace(b">x<", b">&b;<"))
    with pytest.raises(FrontierError, match="declares an XML document type"):
        open_bytes(tmp_path, content).sheets[0].read()
