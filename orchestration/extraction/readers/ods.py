"""OpenDocument spreadsheets: what cells show, their merged ranges, hidden rows, columns and sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, CellRange, Grid, Sheet, Workbook, cell_address
from orchestration.extraction.readers.cells import build_grid, check_size
from orchestration.extraction.readers.damage import blank, damage_refused, protected
from orchestration.extraction.readers.packages import Package
from orchestration.extraction.readers.shown_numbers import number_shown
from orchestration.extraction.readers.xml_reading import XmlElement
from orchestration.landing.declarations import FileReading

_CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_UNSEEN = {f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_TEXT}note", f"{_TEXT}ruby-text"}
_NUMERIC = {"float", "percentage", "currency"}


def open_content(content: bytes, name: str, reading: FileReading) -> Workbook:  # noqa: ARG001
    """The workbook of these bytes, its sheets read when asked for.

    Raises `FrontierError` when it is protected or damaged, or when no sheet has a cell that shows something.
    """
    package = Package(content, name)
    if package.has(_MANIFEST) and package.contains(_MANIFEST, re.compile(rb"encryption-data")):
        raise protected(name)
    if not package.contains(_CONTENT, re.compile(rb"<(?:\w+:)?p[\s>]")):
        raise blank(name)
    with damage_refused(name):
        return Workbook(name, tuple(_sheets(package)))


def _sheets(package: Package) -> Iterator[Sheet]:
    hidden_styles: set[str] = set()
    for element in package.elements(_CONTENT, "style", "table-row", "table"):
        if element.tag == f"{_STYLE}style":
            if any(part.get(f"{_TABLE}display") == "false" for part in element):
                hidden_styles.add(element.get(f"{_STYLE}name", ""))
        elif _is_sheet(element):
            title = element.get(f"{_TABLE}name", "")
            is_hidden = element.get(f"{_TABLE}style-name") in hidden_styles
            yield Sheet(title, is_hidden, partial(_read_grid, package, title))


def _read_grid(package: Package, sheet: str) -> Grid:
    page = _Page(package.file, sheet)
    with damage_refused(package.file):
        for element in package.elements(_CONTENT, "table", "table-row", "table-column"):
            if not _is_in_sheet(element, sheet):
                continue
            if element.tag == f"{_TABLE}table-row":
                page.add_row(element)
            elif element.tag == f"{_TABLE}table-column":
                page.add_column(element)
            else:
                break
    return build_grid(
        package.file,
        sheet,
        page.rows,
        merged=page.merged,
        hidden_rows=page.hidden_rows,
        hidden_columns=page.hidden_columns,
    )


def _is_sheet(element: XmlElement | None) -> bool:
    """Whether an element is a sheet; tables inside cells are none."""
    parent = element.getparent() if element is not None and element.tag == f"{_TABLE}table" else None
    return parent is not None and parent.tag == f"{_OFFICE}spreadsheet"


def _is_in_sheet(element: XmlElement, sheet: str) -> bool:
    """Whether an element is the sheet of this name or a part of it."""
    table = element if element.tag == f"{_TABLE}table" else next(element.iterancestors(f"{_TABLE}table"), None)
    return table is not None and _is_sheet(table) and table.get(f"{_TABLE}name") == sheet


@dataclass
class _Page:
    """A sheet in the reading."""

    file: str
    sheet: str
    rows: dict[int, list[Cell]] = field(default_factory=dict)
    merged: list[CellRange] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    next_row: int = 0
    next_column: int = 0
    cells: int = 0

    def add_column(self, element: XmlElement) -> None:
        """Take in the description of one or more columns."""
        repeated = int(element.get(f"{_TABLE}number-columns-repeated", "1"))
        if element.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            self.hidden_columns.extend(range(self.next_column, self.next_column + min(repeated, 1 << 14)))
        self.next_column += repeated

    def add_row(self, element: XmlElement) -> None:
        """Take in a row, as often as it is repeated; blank rows are only counted."""
        repeated = int(element.get(f"{_TABLE}number-rows-repeated", "1"))
        if element.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            self.hidden_rows.extend(range(self.next_row, self.next_row + min(repeated, 1 << 20)))
        row = list(self._cells(element))
        if row:
            self.cells += repeated * len(row)
            check_size(self.file, self.sheet, self.cells)
            for number in range(self.next_row, self.next_row + repeated):
                self.rows[number] = [Cell(number, c.column, c.text, c.number, c.stored) for c in row]
        self.next_row += repeated

    def _cells(self, element: XmlElement) -> Iterator[Cell]:
        column = 0
        for item in element:
            if item.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            repeated = int(item.get(f"{_TABLE}number-columns-repeated", "1"))
            if item.tag == f"{_TABLE}table-cell":
                self._add_merged(item, column)
                cell = self._cell(item, column)
                if cell is not None:
                    check_size(self.file, self.sheet, repeated)
                    for number in range(column, column + repeated):
                        yield Cell(cell.row, number, cell.text, cell.number, cell.stored)
            column += repeated

    def _add_merged(self, item: XmlElement, column: int) -> None:
        height = int(item.get(f"{_TABLE}number-rows-spanned", "1"))
        width = int(item.get(f"{_TABLE}number-columns-spanned", "1"))
        if height > 1 or width > 1:
            self.merged.append(CellRange(self.next_row, column, self.next_row + height - 1, column + width - 1))

    def _cell(self, item: XmlElement, column: int) -> Cell | None:
        paragraphs = [child for child in item if child.tag == f"{_TEXT}p"]
        data_type = item.get(f"{_OFFICE}value-type")
        if not paragraphs:
            if item.get(f"{_TABLE}formula") and data_type is None:
                raise FrontierError(
                    f"{self.file}, sheet {self.sheet!r}, cell {cell_address(self.next_row, column)}: a formula without "
                    "a computed value. Open the file in a spreadsheet program, let it compute, and save it."
                )
            return None
        text = "\n".join("".join(_pieces(paragraph)) for paragraph in paragraphs)
        value = item.get(f"{_OFFICE}value")
        if data_type not in _NUMERIC or not value:
            return Cell(self.next_row, column, text)
        stored = float(value)
        return Cell(self.next_row, column, text, number_shown(text, stored), stored)


def _pieces(element: XmlElement) -> Iterator[str]:
    yield _as_shown(element.text)
    for child in element:
        if child.tag == f"{_TEXT}s":
            yield " " * min(int(child.get(f"{_TEXT}c", "1")), 1000)
        elif child.tag == f"{_TEXT}tab":
            yield "\t"
        elif child.tag == f"{_TEXT}line-break":
            yield "\n"
        elif child.tag not in _UNSEEN:
            yield from _pieces(child)
        yield _as_shown(child.tail)


def _as_shown(text: str | None) -> str:
    """Runs of blanks in the XML are one blank; more are written as elements of their own."""
    return re.sub(r"[ \t\r\n]+", " ", text) if text else ""
