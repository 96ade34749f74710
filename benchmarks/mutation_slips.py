"""The slips of pen and press that the mutation benchmark puts into printed cells, one at a time."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from orchestration.extraction.printed_values import read_printed

if TYPE_CHECKING:
    from orchestration.landing.catalogue import Dataset
    from orchestration.landing.layout_declaration import TableLayout

_DIGITS = "0123456789"
_MINUS_SIGNS = "-−–"
_MARKS = ".,"


@dataclass(frozen=True)
class Printed:
    """A cell as printed: where it stands, its text, and the number that its table reads in it."""

    cell_id: str
    dataset: str
    edition_id: str
    file: str
    sheet: str | None
    address: str
    raw_text: str
    value: Decimal
    decimals: int

    @property
    def row(self) -> str:
        """The row of the address, with the file and sheet: `…/table_4.csv||17`."""
        return f"{self.file}|{self.sheet or ''}|{self.address.lstrip('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}"

    @property
    def column(self) -> str:
        return self.address.rstrip(_DIGITS)


@dataclass(frozen=True)
class Change:
    """What a cell prints after a slip."""

    cell_id: str
    raw_text: str
    value: Decimal
    decimals: int


@dataclass(frozen=True)
class Mutation:
    """A table with one slip: of a kind, aimed at a cell, and every cell that prints something else through it."""

    kind: str
    dataset: str
    edition_id: str
    changes: tuple[Change, ...]


def text_slips(text: str, pick: random.Random, replacements: int) -> Iterator[tuple[str, str]]:
    """Every slip within a text, with its kind; of each digit only some of its nine replacements."""
    places = [place for place, letter in enumerate(text) if letter in _DIGITS]
    for place in places:
        others = [digit for digit in _DIGITS if digit != text[place]]
        for digit in sorted(pick.sample(others, replacements)):
            yield "digit replaced", text[:place] + digit + text[place + 1 :]
    for one, other in zip(places, places[1:], strict=False):
        letters = list(text)
        letters[one], letters[other] = letters[other], letters[one]
        yield "neighbours transposed", "".join(letters)
    if len(places) > 1:
        for place in places:
            yield "digit dropped", text[:place] + text[place + 1 :]
    if text[:1] in _MINUS_SIGNS:
        yield "sign lost", text[1:]
    for place, mark in enumerate(text):
        if mark in _MARKS:
            rest = text[:place] + text[place + 1 :]
            for shifted in (place - 1, place + 1):
                if 0 < shifted < len(rest) and rest[shifted - 1] in _DIGITS:
                    yield "decimal mark moved", rest[:shifted] + mark + rest[shifted:]


class Slips:
    """The mutations of printed cells; what their tables refuse to read, or read as the same number, is counted."""

    def __init__(self, cells: Iterable[Printed], catalogue: Iterable[Dataset], seed: int, replacements: int) -> None:
        self._cells = list(cells)
        self._datasets = {dataset.name: dataset for dataset in catalogue}
        self._pick = random.Random(seed)
        self._replacements = replacements
        self.refused: dict[str, int] = defaultdict(int)
        self.same_number: dict[str, int] = defaultdict(int)

    def mutations(self) -> Iterator[Mutation]:
        """Every mutation, cell by cell and then row by row."""
        for cell in self._cells:
            layout = self._layout(cell)
            for kind, text in self._texts(cell):
                change = self._read(cell, text, layout)
                if change:
                    yield Mutation(kind, cell.dataset, cell.edition_id, (change,))
        yield from self._exchanged_cells()
        yield from self._exchanged_rows()

    def _texts(self, cell: Printed) -> Iterator[tuple[str, str]]:
        seen = {cell.raw_text}
        for kind, text in text_slips(cell.raw_text, self._pick, self._replacements):
            if text not in seen:
                seen.add(text)
                yield kind, text

    def _layout(self, cell: Printed) -> TableLayout:
        """The first layout of the dataset that reads in the cell what has landed."""
        for layout in self._datasets[cell.dataset].declaration.layout:
            try:
                printed = read_printed(cell.raw_text, layout.numbers, layout.symbols, layout.value_footnotes)
            except ValueError:
                continue
            if (printed.value, printed.decimals) == (cell.value, cell.decimals):
                return layout
        raise LookupError(f"no layout of {cell.dataset} reads {cell.raw_text!r} in {cell.file} {cell.address}")

    def _read(self, cell: Printed, text: str, layout: TableLayout) -> Change | None:
        try:
            printed = read_printed(text, layout.numbers, layout.symbols, layout.value_footnotes)
        except ValueError:
            self.refused[cell.edition_id] += 1
            return None
        if printed.value is None or printed.decimals is None:
            self.refused[cell.edition_id] += 1
            return None
        if (printed.value, printed.decimals) == (cell.value, cell.decimals):
            self.same_number[cell.edition_id] += 1
            return None
        return Change(cell.cell_id, text, printed.value, printed.decimals)

    def _rows(self) -> Mapping[str, dict[str, Printed]]:
        """The cells of each row by column, rows in the order of the table."""
        rows: dict[str, dict[str, Printed]] = defaultdict(dict)
        for cell in self._cells:
            rows[cell.row][cell.column] = cell
        return rows

    def _neighbours(self) -> Iterator[tuple[dict[str, Printed], dict[str, Printed]]]:
        """Each row with the next of the same table."""
        rows = self._rows()
        ordered = sorted(rows, key=lambda row: (row.rsplit("|", 1)[0], int(row.rsplit("|", 1)[1])))
        for one, other in zip(ordered, ordered[1:], strict=False):
            if one.rsplit("|", 1)[0] == other.rsplit("|", 1)[0]:
                yield rows[one], rows[other]

    def _exchanged_cells(self) -> Iterator[Mutation]:
        """A cell and the one below it, exchanged."""
        for above, below in self._neighbours():
            for column in sorted(above.keys() & below.keys()):
                changes = _exchange(above[column], below[column])
                if changes:
                    first = above[column]
                    yield Mutation("cell swapped with the one below", first.dataset, first.edition_id, changes)

    def _exchanged_rows(self) -> Iterator[Mutation]:
        """All figures of a row and of the next one, exchanged under their labels."""
        for above, below in self._neighbours():
            columns = sorted(above.keys() & below.keys())
            changes = tuple(change for column in columns for change in _exchange(above[column], below[column]))
            if len(columns) > 1 and changes:
                first = above[columns[0]]
                yield Mutation("row swapped with the next", first.dataset, first.edition_id, changes)


def _exchange(one: Printed, other: Printed) -> tuple[Change, ...]:
    if (one.value, one.decimals) == (other.value, other.decimals):
        return ()
    return (
        Change(one.cell_id, other.raw_text, other.value, other.decimals),
        Change(other.cell_id, one.raw_text, one.value, one.decimals),
    )
