"""Excel workbooks since 2007: what cells show, what a workbook hides, and what it must not do to us."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet
from reader_files import at, open_bytes, read_bytes, saved, texts, with_part

from orchestration.errors import FrontierError
from orchestration.extraction.grid import CellRange

SHEET = "xl/worksheets/sheet1.xml"


def book_of(write: Callable[[Worksheet], object], **formats: str) -> bytes:
    """A workbook whose one sheet `write` fills; `formats` are number formats by address."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    write(sheet)
    for address, code in formats.items():
        sheet[address].number_format = code
    return saved(book.save)


def sheet_of(*rows: str, around: str = "") -> bytes:
    """A workbook whose sheet data is written as XML."""
    data = f"<sheetData>{''.join(rows)}</sheetData>{around}".encode()
    workbook = book_of(lambda sheet: sheet.append(["x"]))
    return with_part(
        workbook, SHEET, lambda xml: re.sub(rb"<sheetData>.*</sheetData>", lambda _: data, xml, flags=re.DOTALL)
    )


def test_numbers_show_their_format_and_keep_what_is_stored(tmp_path: Path) -> None:
    grid = read_bytes(tmp_path, book_of(lambda s: s.append([-0.39927, 1997, 24517.4]), A1="0.00", C1="#,##0"))
    assert texts(grid) == [["-0.40", "1997", "24,517"]]
    assert [cell.number for cell in grid.rows[0]] == [Decimal("-0.40"), Decimal(1997), Decimal(24517)]
    assert [cell.stored for cell in grid.rows[0]] == [-0.39927, 1997.0, 24517.4]


@pytest.mark.parametrize(
    ("code", "shown"),
    [("0.00", "0.13"), ("0.00%", "12.50%"), ("#,##0.00", "0.13"), ("0.0000", "0.1250"), ("# ?/?", "1/8")],
)
def test_formats_of_the_standard_and_of_the_file(tmp_path: Path, code: str, shown: str) -> None:
    assert texts(read_bytes(tmp_path, book_of(lambda s: s.append([0.125]), A1=code))) == [[shown]]


def test_texts_plain_rich_inline_and_with_escapes(tmp_path: Path) -> None:
    rich = CellRichText("Туркестанская", TextBlock(InlineFont(vertAlign="superscript"), " 1"))
    grid = read_bytes(tmp_path, book_of(lambda s: s.append(["    из стран СНГ ", rich, "a\nb"])))
    assert texts(grid) == [["    из стран СНГ ", "Туркестанская 1", "a\nb"]]
    runs = '<r><t>Қа</t></r><rPh><t>ka</t></rPh><r><t xml:space="preserve">зақ </t></r>'
    inline = f'<c r="B1" t="inlineStr"><is>{runs}</is></c>'
    escaped = '<c r="C1" t="str"><v>a_x000D_\nb_x0041_</v></c>'
    assert texts(read_bytes(tmp_path, sheet_of(f'<row r="1">{inline}{escaped}</row>'))) == [["", "Қазақ ", "a\nbA"]]


def test_booleans_errors_and_dates(tmp_path: Path) -> None:
    def write(sheet: Worksheet) -> None:
        sheet.append([True, "#N/A", dt.date(2019, 4, 19), dt.datetime(2019, 4, 19, 12, 30)])  # noqa: DTZ001

    grid = read_bytes(tmp_path, book_of(write))
    assert texts(grid) == [["TRUE", "#N/A", "2019-04-19", "2019-04-19 12:30:00"]]
    assert {cell.number for cell in grid.rows[0]} == {None}
    iso = '<row r="1"><c r="A1" t="d"><v>2019-04-19</v></c></row>'
    assert texts(read_bytes(tmp_path, sheet_of(iso))) == [["2019-04-19"]]


def test_dates_of_a_1904_workbook(tmp_path: Path) -> None:
    def write(sheet: Worksheet) -> None:
        sheet.parent.epoch = CALENDAR_MAC_1904
        sheet.append([36891])

    assert texts(read_bytes(tmp_path, book_of(write, A1="yyyy-mm-dd"))) == [["2005-01-01"]]


def test_the_computed_value_of_a_formula_is_read(tmp_path: Path) -> None:
    number, text = '<c r="A1"><f>1+1</f><v>2</v></c>', '<c r="B1" t="str"><f>""</f><v></v></c>'
    error = '<c r="C1" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    assert texts(read_bytes(tmp_path, sheet_of(f'<row r="1">{number}{text}{error}</row>'))) == [["2", "", "#DIV/0!"]]


def test_a_formula_without_value_is_refused_when_its_sheet_is_read(tmp_path: Path) -> None:
    workbook = open_bytes(tmp_path, book_of(lambda s: s.append([1, "=A1*2"])))
    with pytest.raises(FrontierError, match=r"table\.bin, sheet 'Sheet', cell B1: a formula without a computed value"):
        workbook.sheets[0].read()


def test_merged_hidden_and_trimmed(tmp_path: Path) -> None:
    def write(sheet: Worksheet) -> None:
        sheet["B2"] = "Прибыло"
        sheet.merge_cells("B2:D3")
        sheet["A4"] = "Всего"
        sheet["D4"] = 5
        sheet["F9"].number_format = "0.00"
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions["C"].hidden = True
        sheet.merge_cells("A8:B9")

    grid = read_bytes(tmp_path, book_of(write))
    assert grid.merged == (CellRange(1, 1, 2, 3),)
    assert grid.hidden_rows == {3}
    assert grid.hidden_columns == {2}
    assert texts(grid) == [[""] * 4, ["", "Прибыло", "", ""], [""] * 4, ["Всего", "", "", "5"]]
    assert at(grid, "D4").number == 5


def test_rows_and_cells_without_numbers_count_on(tmp_path: Path) -> None:
    rows = ["<row><c><v>1</v></c><c><v>2</v></c></row>", '<row r="4"><c r="C4"><v>3</v></c><c><v>4</v></c></row>']
    grid = read_bytes(tmp_path, sheet_of(*rows))
    assert [cell.address for row in grid.rows for cell in row if cell.text] == ["A1", "B1", "C4", "D4"]


def test_prefixed_elements_are_read(tmp_path: Path) -> None:
    def prefix(xml: bytes) -> bytes:
        return re.sub(rb"<(/?)(?!\?)([A-Za-z])", rb"<\1x:\2", xml).replace(b"xmlns=", b"xmlns:x=")

    content = with_part(book_of(lambda s: s.append(["а", 1.25]), B1="0.0"), SHEET, prefix)
    assert texts(read_bytes(tmp_path, content)) == [["а", "1.3"]]


def test_noughts_that_the_sheet_does_not_show_are_blank(tmp_path: Path) -> None:
    def write(sheet: Worksheet) -> None:
        sheet.append([0, 4])
        sheet.sheet_view.showZeros = False

    grid = read_bytes(tmp_path, book_of(write))
    assert texts(grid) == [["", "4"]]
    assert at(grid, "A1").stored == 0.0


def test_sheets_are_read_only_when_asked_for_and_hidden_ones_are_told(tmp_path: Path) -> None:
    def write(sheet: Worksheet) -> None:
        sheet.append(["первый"])
        for title, state in (("второй", "hidden"), ("третий", "veryHidden")):
            other = sheet.parent.create_sheet(title)
            other.append([title])
            other.sheet_state = state

    broken = with_part(book_of(write), "xl/worksheets/sheet2.xml", lambda xml: xml[:-40])
    workbook = open_bytes(tmp_path, broken)
    assert [(one.name, one.is_hidden) for one in workbook.sheets] == [
        ("Sheet", False),
        ("второй", True),
        ("третий", True),
    ]
    assert texts(workbook.sheets[2].read()) == [["третий"]]
    with pytest.raises(
        FrontierError, match=r"table\.bin, in its part xl/worksheets/sheet2\.xml, is cut off or damaged"
    ):
        workbook.sheets[1].read()


def test_a_workbook_without_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"table\.bin holds no cell"):
        open_bytes(tmp_path, saved(openpyxl.Workbook().save))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_workbook_is_refused(tmp_path: Path, share: float) -> None:
    content = book_of(lambda s: [s.append([row, row / 7]) for row in range(500)])
    with pytest.raises(FrontierError, match="zip archive .* cut off or damaged"):
        open_bytes(tmp_path, content[: int(len(content) * share)])


def test_a_workbook_with_a_damaged_part_is_refused(tmp_path: Path) -> None:
    content = bytearray(book_of(lambda s: [s.append([row * 1.37]) for row in range(300)]))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        start = archive.getinfo(SHEET).header_offset + 200
    content[start : start + 40] = bytes(40)
    with pytest.raises(FrontierError, match=r"table\.bin.* (damaged|zip archive)"):
        read_bytes(tmp_path, bytes(content))


@pytest.mark.parametrize(
    "row",
    [
        '<row r="x"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1,5</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
        '<row r="1"><c r="A1" s="-"><v>1</v></c></row>',
    ],
)
def test_nonsense_inside_a_workbook_is_damage(tmp_path: Path, row: str) -> None:
    with pytest.raises(FrontierError, match=r"table\.bin is cut off or damaged"):
        read_bytes(tmp_path, sheet_of(row))


def test_a_cell_far_from_the_table_does_not_fill_the_memory(tmp_path: Path) -> None:
    rows = ['<row r="1"><c r="A1"><v>1</v></c></row>', '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>']
    with pytest.raises(FrontierError, match="sheet 'Sheet' spans more than"):
        read_bytes(tmp_path, sheet_of(*rows))


def test_an_archive_that_unpacks_without_measure_is_refused(tmp_path: Path) -> None:
    bomb = with_part(book_of(lambda s: s.append([1])), "xl/styles.xml", lambda _: b"<a>" + bytes(40_000_000))
    with pytest.raises(FrontierError, match="would unpack from .* no honest workbook"):
        read_bytes(tmp_path, bomb)


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    doctype = f'<!DOCTYPE worksheet [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'.encode()

    def attack(xml: bytes) -> bytes:
        return doctype + xml.replace(b"</sheetData>", b'<row r="9"><c r="A9" t="str"><v>&e;</v></c></row></sheetData>')

    with pytest.raises(FrontierError, match="declares an XML document type"):
        read_bytes(tmp_path, with_part(book_of(lambda s: s.append([1])), SHEET, attack))
