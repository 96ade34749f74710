"""Tables of HTML pages: each table is a sheet, with its spanned cells as merged ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, CellRange, Grid, Sheet, Workbook, tidy
from orchestration.extraction.readers.cells import build_grid, check_size
from orchestration.extraction.readers.page_notes import notes_by_table
from orchestration.extraction.readers.text_encoding import decode_text
from orchestration.extraction.readers.xml_reading import XmlElement
from orchestration.landing.declarations import FileReading

_META_CHARSET = re.compile(rb"""<meta[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)""")
_HEAD = 4096
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_BLOCKS = {"address", "blockquote", "br", "center", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
_BLOCKS |= {"li", "ol", "p", "pre", "ul"}
_UNSEEN = {"script", "style", "template", "noscript", "table"}
# The limits of the HTML standard.
_MOST_COLUMNS = 1000
_MOST_ROWS = 65534


def open_content(content: bytes, name: str, reading: FileReading) -> Workbook:
    """A sheet for each table of the page, in the order of the page, named `table 1`, `table 2`, ….

    A caption is the first row of its table; what the page says around it are its notes. Raises `FrontierError`
    when the encoding is not to be found, or when no table has a cell that shows something.
    """
    from lxml import html

    text = decode_text(content, name, reading.encoding or _declared_encoding(content))
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    page = html.document_fromstring(text.encode("utf-8"), parser=parser, ensure_head_body=True)
    tables = zip(page.iter("table"), notes_by_table(page), strict=True)
    grids = [
        replace(_read_table(table, name, f"table {number}"), notes=notes)
        for number, (table, notes) in enumerate(tables, start=1)
    ]
    if not any(grid.rows for grid in grids):
        title = tidy(page.findtext(".//title") or "")
        called = f" with the title {title!r}" if title else ""
        raise FrontierError(
            f"{name} is an HTML page{called} without a table of cells: fetch it again, or check its address."
        )
    return Workbook(name, tuple(_sheet(grid) for grid in grids))


def _declared_encoding(content: bytes) -> str | None:
    match = _META_CHARSET.search(content, 0, _HEAD) or _XML_ENCODING.match(content)
    return match.group(1).decode("ascii") if match else None


def _sheet(grid: Grid) -> Sheet:
    return Sheet(grid.sheet, False, lambda: grid)


def _read_table(table: XmlElement, file: str, name: str) -> Grid:
    rows: dict[int, list[Cell]] = {}
    merged: list[CellRange] = []
    hidden: list[int] = []
    taken: set[tuple[int, int]] = set()
    captions = [one for one in table if one.tag == "caption"]
    first_row = len(captions)
    for number, caption in enumerate(captions):
        rows[number] = [Cell(number, 0, _text(caption))]
    for number, row in enumerate(_rows(table), start=first_row):
        column = 0
        rows[number] = []
        if _is_hidden(row):
            hidden.append(number)
        for item in row:
            if item.tag not in ("td", "th"):
                continue
            while (number, column) in taken:
                column += 1
            height, width = _span(item, "rowspan", _MOST_ROWS), _span(item, "colspan", _MOST_COLUMNS)
            rows[number].append(Cell(number, column, _text(item)))
            if height > 1 or width > 1:
                merged.append(CellRange(number, column, number + height - 1, column + width - 1))
                check_size(file, name, len(taken) + height * width)
                taken.update((number + i, column + j) for i in range(height) for j in range(width))
            column += width
    return build_grid(file, name, rows, merged=merged, hidden_rows=hidden)


def _rows(table: XmlElement) -> Iterator[XmlElement]:
    """The rows of a table, without those of tables inside it."""
    for part in table:
        if part.tag == "tr":
            yield part
        elif part.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in part if row.tag == "tr")


def _is_hidden(element: XmlElement) -> bool:
    return "hidden" in element.attrib or bool(_HIDDEN.search(element.get("style", "")))


def _span(item: XmlElement, attribute: str, most: int) -> int:
    match = re.match(r"\s*(\d+)", item.get(attribute, "1"))
    return min(max(int(match.group(1)), 1), most) if match else 1


def _text(item: XmlElement) -> str:
    """What a person reads in an element: breaks and paragraphs are blanks, other blanks as a browser shows them."""
    text = _BLANKS.sub(" ", "".join(_pieces(item)))
    return text.strip(" ")


def _pieces(element: XmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _UNSEEN:
            is_block = child.tag in _BLOCKS
            if is_block:
                yield " "
            yield from _pieces(child)
            if is_block:
                yield " "
        yield child.tail or ""
