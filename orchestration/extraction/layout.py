"""Reading a table by its declared layout: headers, rows and blocks are found by text, never by position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, Grid, Workbook, tidy
from orchestration.extraction.headers import Header, HeaderColumn, HeaderFinder
from orchestration.extraction.labels import contains_text, is_prefix, match_text, nearest, readable, split_footnotes
from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.periods import period_text
from orchestration.extraction.stubs import RowLabel, StubReader
from orchestration.extraction.titles import noted_periods, sheet_texts, table_texts, title_members
from orchestration.landing.layout_declaration import (
    Block,
    Column,
    PeriodColumns,
    RepeatedRow,
    RowExclusion,
    Stub,
    TableLayout,
    Template,
    TitleMember,
)

Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Figure:
    """A cell with its labels as printed and the dimension members that its place gives it.

    `status` is what the table says of the figure beside the cell itself: by a note, a stub or the layout.
    """

    cell: Cell
    row_label: str
    column_label: str
    block_label: str | None
    members: dict[str, str]
    status: str = "A"
    footnotes: str | None = None


@dataclass(frozen=True)
class TableReader:
    """Reads the tables of one dataset by one of its layouts."""

    dataset: str
    layout: TableLayout
    names: TerritoryNames

    def figures(
        self,
        workbook: Workbook,
        grid: Grid,
        rows: tuple[Row, ...],
        fixed: dict[str, str],
    ) -> Iterator[Figure]:
        """Every figure of the table, in reading order.

        `workbook` is where other sheets are, for titles that stand on them; `rows` are the rows of the grid that
        hold the table; `fixed` are members that its sheet gives. Raises
        `FrontierError` that names file, sheet, cell and the nearest known name when a header, a row or a
        territory is not mapped, or when a text that the layout demands is not there.
        """
        header = _find_header(grid, rows, self.layout)
        yield from _TableBody(self, workbook, grid, rows, header, fixed).figures()


def _find_header(grid: Grid, rows: tuple[Row, ...], layout: TableLayout) -> Header:
    """The header of the table; raises the `FrontierError` of a table that is not the one described."""
    _check_demanded_text(grid, rows, layout)
    return HeaderFinder(grid, rows, layout).find()


def _check_demanded_text(grid: Grid, rows: tuple[Row, ...], layout: TableLayout) -> None:
    if not layout.must_contain:
        return
    texts = table_texts(grid, rows)
    for demanded in layout.must_contain:
        if not any(contains_text(demanded, text) for text in texts):
            raise FrontierError(
                f"{grid.name}: no cell holds the text {demanded!r}, which tells that this is the right table "
                f"in the right unit; the nearest is {nearest(demanded, texts)[:200]!r}. If the agency changed it, "
                "check the unit and correct `must_contain` in dataset.yml."
            )


def fits(grid: Grid, layout: TableLayout) -> bool:
    """Whether a sheet has the header of a layout, and the texts that it demands."""
    try:
        _find_header(grid, grid.rows, layout)
    except FrontierError:
        return False
    return True


class _TableBody:
    """The rows under a header, read one after the other."""

    def __init__(
        self,
        reader: TableReader,
        workbook: Workbook,
        grid: Grid,
        rows: tuple[Row, ...],
        header: Header,
        fixed: dict[str, str],
    ) -> None:
        self.layout = reader.layout
        self.grid = grid
        self.rows = rows
        self.header = header
        self.columns = [column for column in header.columns if column.holds_figures]
        self.bare = [column.position for column in header.columns if column.rule is None]
        stubs = [(one.position, one.rule) for one in header.columns if isinstance(one.rule, Stub)]
        self.stubs = StubReader(reader.dataset, reader.layout, reader.names, grid, stubs)
        self.said: dict[tuple[object, ...], dict[int, Cell]] = {}
        self.block_rows: dict[str, dict[frozenset[tuple[str, str]], str]] = {}
        self.workbook = workbook
        self.texts = table_texts(grid, rows) if self.layout.title_members or self.layout.status_notes else []
        stated = title_members(self.layout.title_members, self._title_texts, reader.names, reader.dataset, grid)
        self.fixed = self.layout.constants.members() | fixed | stated
        self.noted = noted_periods(self.layout.status_notes, self.texts, grid)
        self.column_members = {column.position: self._column_members(column) for column in self.columns}

    def figures(self) -> Iterator[Figure]:
        block = next((one for one in self.layout.blocks if one.starts_at is None), None)
        met = {block.name} if block else set()
        for row in self.rows[self.header.last_row + 1 :]:
            first = next((cell for cell in row if not cell.is_blank), None)
            if first is None:
                continue
            label, _ = split_footnotes(first.text, self.layout.label_footnotes)
            if self.layout.ends_at is not None and match_text(self.layout.ends_at, label) is not None:
                break
            opened = self._opened(label)
            if opened:
                block = opened
                met.add(opened.name)
            if self._is_excluded(row, label) or not self._is_read(row):
                continue
            if opened and all(cell.is_blank for cell in row if cell is not first):
                continue
            yield from self._row_figures(row, block)
        self._check_blocks_met(met)
        self._check_blocks_alike()

    def _opened(self, label: str) -> Block | None:
        return next(
            (one for one in self.layout.blocks if one.starts_at and match_text(one.starts_at, label) is not None), None
        )

    def _check_blocks_met(self, met: set[str]) -> None:
        for block in self.layout.blocks:
            if block.name not in met and block.starts_at is not None and not block.is_optional:
                raise FrontierError(
                    f"{self.grid.name}: the block {block.name!r}, which starts at the row "
                    f"{readable(block.starts_at)!r}, is not on the sheet. If the agency renamed the row, add the new "
                    "text to the layout."
                )

    def _check_blocks_alike(self) -> None:
        if not self.layout.are_blocks_alike:
            return
        for name, rows in self.block_rows.items():
            for other, other_rows in self.block_rows.items():
                lost = [label for key, label in other_rows.items() if key not in rows]
                if lost:
                    raise FrontierError(
                        f"{self.grid.name}: the block {name!r} lacks the row {lost[0]!r}, which the block {other!r} "
                        "has. A row was lost; if the agency prints different rows, drop `are_blocks_alike` from the "
                        "layout."
                    )

    def _is_excluded(self, row: Row, label: str) -> bool:
        for rule in self.layout.exclude_rows:
            is_prefixed = rule.match == "prefix" and is_prefix(rule.label, label)
            if is_prefixed or match_text(rule.label, label) is not None:
                break
        else:
            return False
        for column in self.columns:
            cell = row[column.position]
            is_figure = cell.number is not None or re.search(r"\d", cell.text)
            if is_figure and not _may_hold(rule, cell):
                raise FrontierError(
                    f"{self.grid.place(cell)}: the row {label!r} is excluded by the layout but holds {cell.text!r}: "
                    "map the row, or check the file."
                )
        return True

    def _is_read(self, row: Row) -> bool:
        """Whether a row may be read; a hidden one only as the layout says."""
        if row[0].row not in self.grid.hidden_rows or self.layout.hidden == "read":
            return True
        if self.layout.hidden == "skip":
            return False
        raise FrontierError(
            f"{self.grid.name}: row {row[0].row + 1} is hidden but holds {tidy(row[0].text)!r}. See what it is, and "
            "say `hidden: read` or `hidden: skip` in the layout."
        )

    def _row_figures(self, row: Row, block: Block | None) -> Iterator[Figure]:
        self._check_nothing_under_no_header(row)
        cells = [(row[column.position], column) for column in self.columns]
        has_figures = any(not cell.is_blank for cell, _ in cells)
        if self.layout.blocks and block is None:
            raise FrontierError(
                f"{self.grid.place(row[0])}: the row {tidy(row[0].text)!r} stands before the first block "
                f"({readable(self.layout.blocks[0].starts_at or '')!r}): check the file."
            )
        label = self.stubs.read(row)
        if label.is_excluded:
            return
        cells = self._without_repetitions(cells, label, block)
        if not has_figures and any(stub.nested for _, stub in self.stubs.stubs):
            return
        if block:
            self.block_rows.setdefault(block.name, {})[frozenset(label.members.items())] = label.printed
        for cell, column in cells:
            if not self._is_visible(cell):
                continue
            self._check_not_blank(cell, column, label)
            yield self._figure(cell, column, label, block)

    def _without_repetitions(
        self, cells: list[tuple[Cell, HeaderColumn]], label: RowLabel, block: Block | None
    ) -> list[tuple[Cell, HeaderColumn]]:
        """The cells of a row but those that only say again what a row above said, as the layout allows them to."""
        rule = self._repetition(label)
        if rule is None:
            return cells
        said = self.said.setdefault((block.name if block else "", *sorted(label.members.items())), {})
        news = []
        for cell, column in cells:
            if rule.may_have_gaps and cell.is_blank:
                continue
            first = said.setdefault(column.position, cell)
            if first is cell:
                news.append((cell, column))
            elif first.text != cell.text:
                raise FrontierError(
                    f"{self.grid.place(cell)}: {cell.text!r} stands where the same row said {first.text!r} before, in "
                    f"{first.address}. The layout expects the row {label.printed!r} to be repeated without change: "
                    "check the file, or tell the two rows apart in dataset.yml."
                )
        return news

    def _repetition(self, label: RowLabel) -> RepeatedRow | None:
        for rule in self.layout.repeated_rows:
            if any(match_text(rule.label, text) is not None for text in label.texts):
                return rule
        return None

    def _figure(self, cell: Cell, column: HeaderColumn, label: RowLabel, block: Block | None) -> Figure:
        members = self.fixed | (block.dims.members() if block else {}) | self.column_members[column.position]
        members |= label.members
        status = members.pop("obs_status", self.layout.status)
        rule = column.rule
        if isinstance(rule, Column) and rule.time_template and "time_period" in label.members:
            members["time_period"] = rule.time_template.format(year=label.members["time_period"])
        definition = self.layout.group_definitions.get(members.get("counterpart_area", ""))
        if definition:
            members["group_definition"] = definition
        status = self.noted.get(members.get("time_period", ""), status)
        marks = " ".join(dict.fromkeys(one for one in (label.footnotes, column.footnotes) if one)) or None
        return Figure(cell, label.printed, column.label, block.name if block else None, members, status, marks)

    def _is_visible(self, cell: Cell) -> bool:
        if cell.column not in self.grid.hidden_columns or self.layout.hidden == "read":
            return True
        if self.layout.hidden == "skip":
            return False
        raise FrontierError(
            f"{self.grid.place(cell)}: the column is hidden but holds {cell.text!r}. See what it is, and say "
            "`hidden: read` or `hidden: skip` in the layout."
        )

    def _check_not_blank(self, cell: Cell, column: HeaderColumn, label: RowLabel) -> None:
        if cell.is_blank and "" not in self.layout.symbols:
            raise FrontierError(
                f"{self.grid.place(cell)}: the cell under {column.label!r} in the row {label.printed!r} is empty. "
                "A missing figure is printed with a symbol: check the file, or say in the layout what the symbol "
                '"" (an empty cell) means.'
            )

    def _check_nothing_under_no_header(self, row: Row) -> None:
        for position in self.bare:
            if not row[position].is_blank:
                raise FrontierError(
                    f"{self.grid.place(row[position])}: {row[position].text!r} stands under no header: map the column "
                    "or check the file."
                )

    def _column_members(self, column: HeaderColumn) -> dict[str, str]:
        rule = column.rule
        if isinstance(rule, PeriodColumns):
            own = rule.members.get(column.captured.get("year", ""))
            return rule.dims.members() | {"time_period": own or self._period(column, rule.time_template)}
        if isinstance(rule, Column):
            members = rule.dims.members()
            if rule.time_template and column.captured:
                members["time_period"] = self._period(column, rule.time_template)
            return members
        return {}

    def _period(self, column: HeaderColumn, template: Template) -> str:
        try:
            return period_text(column.captured, template)
        except ValueError as error:
            raise FrontierError(
                f"{self.grid.name}: the period of the column {column.label!r} cannot be read: {error}. Correct the "
                "file, or the period columns in dataset.yml."
            ) from error

    def _title_texts(self, rule: TitleMember) -> list[str]:
        """The texts in which a rule for a title looks: those of the table, or of the sheet that it names."""
        return self.texts if rule.sheet is None else sheet_texts(self.workbook, rule.sheet)


def _may_hold(rule: RowExclusion, cell: Cell) -> bool:
    return rule.figures is not None and match_text(rule.figures, cell.text) is not None
