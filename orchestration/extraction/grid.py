"""The grid of cells: one interface to the cells of a printed table, whatever file it came in."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its zero-based place and what a person sees in it.

    `text` is the value under its number format. `number` is the number that this text shows, where the
    file stores a number rather than text; `stored` is that number with every digit the file holds.
    `locator` replaces the spreadsheet address in files that have no rows and columns of their own: a
    JSON Pointer (RFC 6901) or an XPath.
    """

    row: int
    column: int
    text: str
    number: Decimal | None = None
    stored: float | None = None
    locator: str | None = None

    @property
    def address(self) -> str:
        """Spreadsheet address, such as B7, or the locator of a file that is no spreadsheet."""
        return self.locator or cell_address(self.row, self.column)

    @property
    def is_blank(self) -> bool:
        """Whether a person sees nothing in the cell."""
        return not self.text.strip()


@dataclass(frozen=True, slots=True)
class CellRange:
    """A merged range: zero-based first and last row and column, the last ones included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet, every row as wide as the widest; a delimited file has one sheet without a name.

    `merged` is None where the file cannot tell which cells are merged (delimited text). `hidden_rows`
    and `hidden_columns` hold zero-based numbers. `notes` are texts that belong to the table and stand in no
    cell, such as the headings above a table of a page.
    """

    file: str
    sheet: str | None
    rows: tuple[tuple[Cell, ...], ...]
    merged: tuple[CellRange, ...] | None = None
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()

    def place(self, cell: Cell) -> str:
        """Where a cell stands, for people: file, sheet and address."""
        return f"{self.name}, cell {cell.address}"

    @property
    def name(self) -> str:
        """File and sheet, for people."""
        return f"{self.file}, sheet {self.sheet!r}" if self.sheet else self.file


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook, read when it is asked for."""

    name: str | None
    is_hidden: bool
    read: Callable[[], Grid] = field(repr=False)


@dataclass(frozen=True)
class Workbook:
    """What a file holds: its sheets in their order. Files other than spreadsheets have one sheet.

    `kind` is the file's format as its bytes tell it, one of those that a dataset may declare.
    """

    file: str
    sheets: tuple[Sheet, ...]
    kind: str = ""


def cell_address(row: int, column: int) -> str:
    """A1 address of a zero-based place."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def tidy(text: str) -> str:
    """The text of a label without the accidents of typesetting: NFC, single spaces, no outer blanks."""
    return " ".join(unicodedata.normalize("NFC", text).split())
