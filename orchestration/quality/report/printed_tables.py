"""Printed tables drawn anew from their landed cells: rows and columns as printed, or the part around some cells."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import duckdb

_WHOLE_ROWS, _WHOLE_COLUMNS = 20, 8
_MOST_ROWS, _MOST_COLUMNS = 40, 12
_ROWS_AROUND = 2
_SMALL_SHEET = 1000
_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9]\d*)")

# What an address cannot tell, because it has none in the form of a spreadsheet, is not drawn.
_ROW = "try_cast(regexp_extract(cell, '^[A-Z]{1,3}([1-9][0-9]*)$', 1) as bigint)"


class SheetKey(NamedTuple):
    """A sheet of a file; a delimited file has a single one without a name."""

    file: str
    sheet: str | None


@dataclass(frozen=True)
class PrintedCell:
    """A landed cell with its place in the sheet, counted from 1, and the labels that are printed for it."""

    observation_id: str
    row: int
    column: int
    text: str
    row_label: str | None
    column_label: str | None
    block_label: str | None
    is_of_record: bool
    corrected_text: str | None

    @property
    def address(self) -> str:
        return f"{letters(self.column)}{self.row}"


@dataclass(frozen=True)
class DrawnRow:
    """A row of a drawing: its number and label, its cells by column (None where nothing is read from the cell)."""

    number: int
    label: str
    cells: tuple[PrintedCell | None, ...]
    follows_gap: bool


@dataclass(frozen=True)
class Block:
    """Rows under the same headings."""

    title: str | None
    headings: tuple[str, ...]
    rows: tuple[DrawnRow, ...]


@dataclass(frozen=True)
class Drawing:
    """A sheet, or a part of it, as a table."""

    place: SheetKey
    columns: tuple[str, ...]
    blocks: tuple[Block, ...]
    is_whole: bool


def letters(column: int) -> str:
    """Letters of a column that is counted from 1: 1 is A, 27 is AA."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _number(name: str) -> int:
    value = 0
    for letter in name:
        value = 26 * value + ord(letter) - 64
    return value


class Sheets:
    """The cells of the sheets in which some cells stand, read in one pass over the landed cells."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, observation_ids: Collection[str]) -> None:
        """Read sheets with few cells whole, of others the rows about each of these cells."""
        self._sheets: dict[SheetKey, dict[str, PrintedCell]] = defaultdict(dict)
        self._places: dict[str, SheetKey] = {}
        self._whole: set[SheetKey] = set()
        if not observation_ids:
            return
        for is_small, file, sheet, cell, *rest in connection.execute(_SHEETS_SQL, [list(observation_ids)]).fetchall():
            match = _ADDRESS.fullmatch(cell)
            if match:
                key = SheetKey(file, sheet)
                printed = PrintedCell(rest[0], int(match[2]), _number(match[1]), *rest[1:])
                self._sheets[key][printed.observation_id] = printed
                self._places[printed.observation_id] = key
                if is_small:
                    self._whole.add(key)

    def draw(self, observation_ids: Iterable[str]) -> list[Drawing]:
        """A drawing per sheet in which these cells stand, in the order in which they are named first."""
        wanted: dict[SheetKey, list[PrintedCell]] = defaultdict(list)
        for one in observation_ids:
            if one in self._places:
                wanted[self._places[one]].append(self._sheets[self._places[one]][one])
        return [_draw(key, self._sheets[key], cells, key in self._whole) for key, cells in wanted.items()]

    def __contains__(self, observation_id: object) -> bool:
        return observation_id in self._places


_SHEETS_SQL = f"""
    with wanted as (
        select distinct edition_id, sheet, {_ROW} as row_number
        from raw.observations
        where observation_id in (select unnest($1))
    ),
    landed as (
        select *, {_ROW} as row_number
        from raw.observations
        where edition_id in (select edition_id from wanted)
    ),
    sized as (
        select edition_id, sheet, count(*) <= {_SMALL_SHEET} as is_small from landed group by all
    ),
    near as (
        select distinct edition_id, sheet, unnest(range(row_number - {_ROWS_AROUND}, row_number + {_ROWS_AROUND} + 1))
            as row_number
        from wanted
    )
    select
        sized.is_small, landed.file, landed.sheet, landed.cell, landed.observation_id, landed.raw_text,
        landed.row_label, landed.column_label, landed.block_label, landed.record_id is not null,
        corrections.corrected_text
    from landed
    inner join sized on landed.edition_id = sized.edition_id and landed.sheet is not distinct from sized.sheet
    left join near
        on landed.edition_id = near.edition_id and landed.sheet is not distinct from near.sheet
        and landed.row_number = near.row_number
    left join raw.corrections as corrections on landed.observation_id = corrections.observation_id
    where landed.row_number is not null and (sized.is_small or near.row_number is not null)
        and exists (
            select 1 from wanted
            where wanted.edition_id = landed.edition_id and wanted.sheet is not distinct from landed.sheet
        )
"""


def _draw(place: SheetKey, sheet: Mapping[str, PrintedCell], marked: list[PrintedCell], is_read_whole: bool) -> Drawing:
    cells = {(cell.row, cell.column): cell for cell in sheet.values()}
    all_rows, all_columns = (sorted({key[axis] for key in cells}) for axis in (0, 1))
    is_of_record = marked[0].is_of_record
    rows = _choose(
        all_rows,
        [cell.row for cell in marked],
        around=0 if is_of_record else _ROWS_AROUND,
        whole=0 if is_of_record else _WHOLE_ROWS,
        most=_MOST_ROWS,
    )
    columns = _choose(all_columns, [cell.column for cell in marked], around=1, whole=_WHOLE_COLUMNS, most=_MOST_COLUMNS)
    drawn = [(row, [cells.get((row, column)) for column in columns]) for row in rows]
    return Drawing(
        place,
        tuple(letters(column) for column in columns),
        tuple(_blocks([(row, found) for row, found in drawn if any(found)], all_rows if is_read_whole else None)),
        is_whole=is_read_whole and rows == all_rows and columns == all_columns,
    )


def _choose(present: list[int], marked: list[int], around: int, whole: int, most: int) -> list[int]:
    """The lines to draw: all of a few, else the marked ones and, as far as there is room, those about them."""
    if len(present) <= whole:
        return present
    index = {line: place for place, line in enumerate(present)}
    chosen = dict.fromkeys(marked)
    for distance in range(1, around + 1):
        for line in marked:
            for neighbour in (index[line] - distance, index[line] + distance):
                if 0 <= neighbour < len(present):
                    chosen.setdefault(present[neighbour])
    return sorted(list(chosen)[:most])


def _blocks(rows: list[tuple[int, list[PrintedCell | None]]], all_rows: list[int] | None) -> Iterable[Block]:
    """Rows under the headings that they are printed with: new headings begin a new block.

    Where the rows of the sheet are not all known, rows follow one another if their numbers do.
    """
    before = {row: previous for previous, row in pairwise(all_rows)} if all_rows else {}
    title: str | None = None
    headings: dict[int, str] = {}
    drawn: list[DrawnRow] = []
    width, last = len(rows[0][1]), None
    for row, cells in rows:
        labels = {place: cell.column_label or "" for place, cell in enumerate(cells) if cell}
        of_row = next((cell.block_label for cell in cells if cell), None)
        if drawn and (of_row != title or any(headings.get(place, text) != text for place, text in labels.items())):
            yield Block(title, tuple(headings.get(place, "") for place in range(width)), tuple(drawn))
            headings, drawn = {}, []
        title, headings = of_row, headings | labels
        follows_gap = last is not None and before.get(row, row - 1) != last
        drawn.append(DrawnRow(row, _row_label(cells), tuple(cells), follows_gap))
        last = row
    yield Block(title, tuple(headings.get(place, "") for place in range(width)), tuple(drawn))


def _row_label(cells: list[PrintedCell | None]) -> str:
    return " / ".join(dict.fromkeys(cell.row_label for cell in cells if cell and cell.row_label))
