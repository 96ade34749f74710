"""Excel workbooks since 2007: cells under their number formats, merged ranges, hidden rows, columns and sheets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, CellRange, Grid, Sheet, Workbook, cell_address
from orchestration.extraction.readers.cells import CellSettings, build_grid, check_size, number_cell
from orchestration.extraction.readers.damage import blank, damage_refused
from orchestration.extraction.readers.number_format import show_text
from orchestration.extraction.readers.packages import Package
from orchestration.extraction.readers.xlsx_parts import (
    BookParts,
    column_number,
    is_true,
    read_book_parts,
    read_number_formats,
    read_shared_strings,
    rich_text,
    unescape,
)
from orchestration.extraction.readers.xml_reading import XmlElement, local_name
from orchestration.landing.declarations import FileReading

_HAS_CELLS = re.compile(rb"<(?:\w+:)?(?:v|t|f)[\s>]")
_MOST_COLUMNS = 16_384
_RANGE = re.compile(r"\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?")


def open_content(content: bytes, name: str, reading: FileReading) -> Workbook:  # noqa: ARG001
    """The workbook of these bytes, its sheets read when asked for.

    Raises `FrontierError` when a part is damaged or missing, or when no sheet has a cell; and when a sheet
    is read, for a formula without a value.
    """
    package = Package(content, name)
    with damage_refused(name):
        parts = read_book_parts(package)
        has_cells = any(package.contains(page.part, _HAS_CELLS) for page in parts.pages)
    if not has_cells:
        raise blank(name)
    book = _Book(package, parts)
    sheets = [Sheet(page.name, page.is_hidden, partial(_read_grid, book, page.name, page.part)) for page in parts.pages]
    return Workbook(name, tuple(sheets))


@dataclass(frozen=True)
class _Book:
    """What all sheets share; read once, when the first sheet is."""

    package: Package
    parts: BookParts

    @cached_property
    def strings(self) -> list[str]:
        return read_shared_strings(self.package, self.parts.strings_part)

    @cached_property
    def formats(self) -> list[str]:
        return read_number_formats(self.package, self.parts.styles_part)


def _read_grid(book: _Book, name: str, part: str) -> Grid:
    page = _Page(book, name, CellSettings(is_1904=book.parts.is_1904, shows_zeros=True))
    with damage_refused(book.package.file):
        for element in book.package.elements(part, "row", "col", "mergeCell", "sheetView"):
            page.add(local_name(element), element)
    return build_grid(
        book.package.file,
        name,
        page.rows,
        merged=page.merged,
        hidden_rows=page.hidden_rows,
        hidden_columns=page.hidden_columns,
    )


@dataclass
class _Page:
    """A sheet in the reading."""

    book: _Book
    name: str
    settings: CellSettings
    rows: dict[int, list[Cell]] = field(default_factory=dict)
    merged: list[CellRange] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    next_row: int = 0
    cells: int = 0

    def add(self, kind: str, element: XmlElement) -> None:
        """Take in one element of the sheet."""
        if kind == "row":
            self._add_row(element)
        elif kind == "mergeCell":
            self._add_merged(element.get("ref", ""))
        elif kind == "col":
            if is_true(element.get("hidden")) or element.get("width") == "0":
                last = min(int(element.get("max", "1")), _MOST_COLUMNS)
                self.hidden_columns.extend(range(int(element.get("min", "1")) - 1, last))
        elif element.get("showZeros") in ("0", "false"):
            self.settings = replace(self.settings, shows_zeros=False)

    def _add_row(self, element: XmlElement) -> None:
        number = int(element.get("r") or self.next_row + 1) - 1
        self.next_row = number + 1
        if is_true(element.get("hidden")) or element.get("ht") == "0":
            self.hidden_rows.append(number)
        row: list[Cell] = []
        column = -1
        for item in element:
            reference = item.get("r")
            column = column_number(reference) if reference else column + 1
            cell = self._cell(number, column, item)
            if cell is not None:
                row.append(cell)
        if row:
            self.rows[number] = row
            self.cells += len(row)
            check_size(self.book.package.file, self.name, self.cells)

    def _add_merged(self, reference: str) -> None:
        match = _RANGE.fullmatch(reference)
        if match:
            first, top, last, bottom = match.groups()
            self.merged.append(
                CellRange(
                    int(top) - 1,
                    column_number(first),
                    int(bottom or top) - 1,
                    column_number(last or first),
                )
            )

    def _cell(self, row: int, column: int, item: XmlElement) -> Cell | None:
        text: str | None = None
        has_formula = False
        for child in item:
            kind = local_name(child)
            if kind == "v":
                text = child.text
            elif kind == "f":
                has_formula = True
            elif kind == "is":
                text = rich_text(child)
        data_type = item.get("t", "n")
        if not text:
            if has_formula and data_type != "str":
                raise FrontierError(
                    f"{self.book.package.file}, sheet {self.name!r}, cell {cell_address(row, column)}: a formula "
                    "without a computed value. Open the file in a spreadsheet program, let it compute, and save it."
                )
            return None
        return self._typed_cell(row, column, text, data_type, _index(item.get("s", "0")))

    def _typed_cell(self, row: int, column: int, text: str, data_type: str, style: int) -> Cell:
        formats = self.book.formats
        code = formats[style] if style < len(formats) else "General"
        if data_type == "n":
            return number_cell(row, column, float(text), code, self.settings)
        if data_type == "s":
            return Cell(row, column, show_text(self.book.strings[_index(text)], code))
        if data_type == "str":
            return Cell(row, column, show_text(unescape(text), code))
        if data_type == "b":
            return Cell(row, column, "TRUE" if is_true(text) else "FALSE")
        return Cell(row, column, show_text(text, code) if data_type == "inlineStr" else text)


def _index(text: str) -> int:
    """A number of something in a list, which counts from 0."""
    number = int(text)
    if number < 0:
        raise ValueError(f"the index {text}")
    return number
