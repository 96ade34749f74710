"""The grid of cells: one interface to the cells of a printed table, whatever file it came in."""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import FrontierError


@dataclass(frozen=True)
class Cell:
    """A cell: its zero-based place, the text a person sees, and the number stored behind it, if any."""

    row: int
    column: int
    text: str
    stored: float | None = None

    @property
    def address(self) -> str:
        """Spreadsheet address, such as B7."""
        return cell_address(self.row, self.column)


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet, every row as wide as the widest; a delimited file has one sheet without a name."""

    file: str
    sheet: str | None
    rows: tuple[tuple[Cell, ...], ...]

    def place(self, cell: Cell) -> str:
        """Where a cell stands, for people: file, sheet and address."""
        sheet = f", sheet {self.sheet}" if self.sheet else ""
        return f"{self.file}{sheet}, cell {cell.address}"


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


def read_grid(path: Path, name: str) -> Grid:
    """Read the cells of a file; `name` is what error messages call it.

    Raises `FrontierError` when the file has no cells or is of a kind that has no reader.
    """
    if path.suffix.lower() not in {".csv"}:
        raise FrontierError(f"{name}: there is no reader for files of the kind {path.suffix or 'without ending'}.")
    return _read_delimited(path, name)


def _read_delimited(path: Path, name: str) -> Grid:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FrontierError(f"{name} is not UTF-8 text (byte {error.start}): save it as UTF-8.") from error
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise FrontierError(f"{name} is not a readable delimited file: {error}.") from error
    width = max((len(line) for line in lines), default=0)
    rows = tuple(
        tuple(Cell(row, column, line[column] if column < len(line) else "") for column in range(width))
        for row, line in enumerate(lines)
    )
    if not any(cell.text.strip() for row in rows for cell in row):
        raise FrontierError(f"{name} holds no cells: put the published file back.")
    return Grid(name, None, rows)
