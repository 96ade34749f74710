"""Reading a grid by its declared layout: headers, rows and blocks are found by text, never by position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, Grid, tidy
from orchestration.extraction.names import TerritoryNames
from orchestration.landing.declarations import Block, Column, Stub, TableLayout

_YEAR = re.compile(r"(1[89]|20)\d{2}")


@dataclass(frozen=True)
class Figure:
    """A cell with its labels as printed and the dimension members that its place gives it."""

    cell: Cell
    row_label: str
    column_label: str
    block_label: str | None
    members: dict[str, str]


@dataclass(frozen=True)
class _HeaderColumn:
    """What stands over one column: its label as printed, and its rule."""

    label: str
    rule: Stub | Column | None
    year: str | None = None


@dataclass(frozen=True)
class TableReader:
    """Reads the grids of one dataset; holds what error messages and look-ups need."""

    dataset: str
    layout: TableLayout
    names: TerritoryNames

    def figures(self, grid: Grid) -> Iterator[Figure]:
        """Every figure of the grid, in reading order.

        Raises `FrontierError` that names file, sheet, cell and the nearest known name when a header, a
        row or a territory is not mapped, or when text that the layout demands is not on the sheet.
        """
        self._check_demanded_text(grid)
        header_row, header = self._find_header(grid)
        stubs = [(index, column.rule) for index, column in enumerate(header) if isinstance(column.rule, Stub)]
        block: Block | None = None
        met: set[str] = set()
        for row in grid.rows[header_row + 1 :]:
            labels = [self._label(row[index].text) for index, _ in stubs]
            if not any(cell.text.strip() for cell in row):
                continue
            opened = next((one for one in self.layout.blocks if one.starts(labels[0])), None)
            if opened:
                block = opened
                met.add(opened.name)
            if any(rule.covers(labels[0]) for rule in self.layout.exclude_rows):
                self._check_excluded_row_is_empty(grid, row, labels[0])
                continue
            yield from self._row_figures(grid, row, header, stubs, labels, block)
        missing = [one for one in self.layout.blocks if one.name not in met]
        if missing:
            raise FrontierError(
                f"{grid.file}: the block {missing[0].name!r}, which starts at the row {missing[0].starts_at!r}, "
                "is not on the sheet. If the agency renamed the row, add the new text to the layout."
            )

    def _check_demanded_text(self, grid: Grid) -> None:
        texts = [tidy(cell.text) for row in grid.rows for cell in row if cell.text.strip()]
        for demanded in self.layout.must_contain:
            if not any(demanded in text for text in texts):
                raise FrontierError(
                    f"{grid.file}: no cell holds the text {demanded!r}, which tells that this is the right table "
                    f"in the right unit; the nearest is {_nearest(demanded, texts)!r}. If the agency changed it, "
                    "check the unit and correct `must_contain` in dataset.yml."
                )

    def _find_header(self, grid: Grid) -> tuple[int, list[_HeaderColumn]]:
        best: tuple[int, int, list[_HeaderColumn]] | None = None
        for index in range(self.layout.header_levels - 1, len(grid.rows)):
            columns = self._match_header(grid, index)
            score = sum(column.rule is not None or column.year is not None for column in columns)
            wanted = self._missing_rules(columns)
            if score and not wanted:
                self._check_all_mapped(grid, index, columns)
                return index, columns
            if best is None or score > best[0]:
                best = (score, index, columns)
        raise self._header_error(grid, best)

    def _match_header(self, grid: Grid, index: int) -> list[_HeaderColumn]:
        levels = grid.rows[index - self.layout.header_levels + 1 : index + 1]
        texts = [[tidy(cell.text) for cell in row] for row in levels]
        for upper in texts[:-1]:
            _fill_merged(upper)
        columns: list[_HeaderColumn] = []
        stubs = list(self.layout.stubs)
        for header in zip(*texts, strict=True):
            column = self._header_column(header, stubs)
            columns.append(column)
            if isinstance(column.rule, Stub):
                stubs.remove(column.rule)
        return columns

    def _header_column(self, header: tuple[str, ...], stubs: list[Stub]) -> _HeaderColumn:
        label = " | ".join(text for text in header if text)
        for rule in [*stubs, *self.layout.columns]:
            if _accepts(rule.header, header):
                return _HeaderColumn(label, rule)
        periods = self.layout.period_columns
        if periods:
            year = _year(header[-1])
            if year and (not periods.header_above or _accepts(periods.header_above, header[:-1])):
                return _HeaderColumn(label, None, year)
        return _HeaderColumn(label, None)

    def _missing_rules(self, columns: list[_HeaderColumn]) -> list[Stub | Column]:
        rules: list[Stub | Column] = [*self.layout.stubs, *self.layout.columns]
        found = [column.rule for column in columns if column.rule is not None]
        missing = [rule for rule in rules if rule not in found]
        if not missing and self.layout.period_columns and not any(column.year for column in columns):
            return [self.layout.stubs[0]]
        return missing

    def _check_all_mapped(self, grid: Grid, index: int, columns: list[_HeaderColumn]) -> None:
        for position, column in enumerate(columns):
            if column.label and column.rule is None and column.year is None:
                cell = grid.rows[index][position]
                raise FrontierError(
                    f"{grid.place(cell)}: the column {column.label!r} is not mapped; the nearest known header is "
                    f"{_nearest(column.label, self._known_headers())!r}. Map it in the layout, or exclude it there "
                    "with a reason."
                )
        labels = [column.label for column in columns if column.rule is not None or column.year]
        for position, column in enumerate(columns):
            if column.label and labels.count(column.label) > 1:
                cell = grid.rows[index][position]
                raise FrontierError(
                    f"{grid.place(cell)}: the column {column.label!r} stands twice on the sheet: check the file."
                )

    def _known_headers(self) -> list[str]:
        rules: list[Stub | Column] = [*self.layout.stubs, *self.layout.columns]
        return [
            " | ".join(
                part for part in (level if isinstance(level, str) else level[0] for level in rule.header) if part
            )
            for rule in rules
        ]

    def _header_error(self, grid: Grid, best: tuple[int, int, list[_HeaderColumn]] | None) -> FrontierError:
        if best is None or best[0] == 0:
            return FrontierError(
                f"{grid.file}: no row of the sheet looks like the header {self._known_headers()}. "
                "If the agency changed the layout, correct dataset.yml."
            )
        _, index, columns = best
        missing = self._missing_rules(columns)[0]
        wanted = " | ".join(level if isinstance(level, str) else level[0] for level in missing.header if level)
        unmapped = [
            (grid.rows[index][position], column.label)
            for position, column in enumerate(columns)
            if column.label and column.rule is None and column.year is None
        ]
        label = _nearest(wanted, [text for _, text in unmapped])
        near = next((cell for cell, text in unmapped if text == label), None)
        place = grid.place(near) if near else f"{grid.file}, row {index + 1}"
        found = f"the nearest there is {label!r}" if label else "nothing like it stands there"
        return FrontierError(
            f"{place}: the header row lacks the column {wanted!r}; {found}. "
            "If the agency renamed it, add the new text to the layout."
        )

    def _label(self, text: str) -> str:
        label = tidy(text)
        if self.layout.label_footnotes:
            label = re.sub(self.layout.label_footnotes, "", label)
        return label

    def _check_excluded_row_is_empty(self, grid: Grid, row: tuple[Cell, ...], label: str) -> None:
        for cell in row:
            if re.search(r"\d", cell.text) and not label.startswith(tidy(cell.text)[:20]):
                raise FrontierError(
                    f"{grid.place(cell)}: the row {label!r} is excluded by the layout but holds {cell.text!r}: "
                    "map the row, or check the file."
                )

    def _row_figures(
        self,
        grid: Grid,
        row: tuple[Cell, ...],
        header: list[_HeaderColumn],
        stubs: list[tuple[int, Stub]],
        labels: list[str],
        block: Block | None,
    ) -> Iterator[Figure]:
        if self.layout.blocks and block is None:
            raise FrontierError(
                f"{grid.place(row[0])}: the row {labels[0]!r} stands before the first block "
                f"({self.layout.blocks[0].starts_at!r}): check the file."
            )
        stub_members: dict[str, str] = {}
        for (index, stub), label in zip(stubs, labels, strict=True):
            stub_members |= self._stub_member(grid, row[index], stub, label)
        row_label = " | ".join(tidy(row[index].text) for index, _ in stubs)
        fixed = self.layout.constants.members() | (block.dims.members() if block else {})
        for index, column in enumerate(header):
            if isinstance(column.rule, Stub) or (column.rule is None and column.year is None):
                self._check_nothing_under_no_header(grid, row, index, column)
                continue
            if isinstance(column.rule, Column) and column.rule.exclude:
                continue
            if not row[index].text.strip():
                raise FrontierError(
                    f"{grid.place(row[index])}: the cell under {column.label!r} in the row {row_label!r} is empty. "
                    "A missing figure is printed with a symbol: check the file."
                )
            members = self._members(fixed, column, stub_members)
            yield Figure(row[index], row_label, column.label, block.name if block else None, members)

    def _check_nothing_under_no_header(
        self, grid: Grid, row: tuple[Cell, ...], index: int, column: _HeaderColumn
    ) -> None:
        if column.rule is None and row[index].text.strip():
            raise FrontierError(
                f"{grid.place(row[index])}: {row[index].text!r} stands under no header: map the column or check "
                "the file."
            )

    def _members(self, fixed: dict[str, str], column: _HeaderColumn, stub_members: dict[str, str]) -> dict[str, str]:
        members = dict(fixed)
        template = None
        if isinstance(column.rule, Column):
            members |= column.rule.dims.members()
            template = column.rule.time_template
        periods = self.layout.period_columns
        if column.year and periods:
            members |= periods.dims.members() | {"time_period": periods.time_template.format(year=column.year)}
        members |= stub_members
        if template and "time_period" in stub_members:
            members["time_period"] = template.format(year=stub_members["time_period"])
        definition = self.layout.group_definitions.get(members.get("counterpart_area", ""))
        if definition:
            members["group_definition"] = definition
        return members

    def _stub_member(self, grid: Grid, cell: Cell, stub: Stub, label: str) -> dict[str, str]:
        if stub.parse == "year":
            member = _year(label)
            wanted = "a year"
            near: list[str] = []
        elif stub.parse == "territory":
            member = self.names.resolve(label, self.dataset)
            wanted = "a known territory"
            near = self.names.nearest(label) if member is None else []
        elif stub.parse == "member":
            member = stub.members.get(label)
            wanted = f"one of {sorted(stub.members)}"
            near = [_nearest(label, sorted(stub.members))] if member is None else []
        else:
            member = label if label in stub.accepted else None
            wanted = f"one of {stub.accepted}"
            near = []
        if member is None:
            nearest = f"; the nearest known names are {near}" if any(near) else ""
            raise FrontierError(
                f"{grid.place(cell)}: the row label {label!r} is not {wanted}{nearest}. "
                "Correct the file, or add the spelling where names are kept."
            )
        return {stub.dimension: member} if stub.dimension else {}


def _fill_merged(texts: list[str]) -> None:
    """A merged header is printed over its first column; the ones to its right are blank."""
    last = ""
    for index, text in enumerate(texts):
        if index and not text:
            texts[index] = last
        last = texts[index]


def _accepts(rule: list[str | list[str]], header: tuple[str, ...]) -> bool:
    return len(rule) == len(header) and all(
        text == level if isinstance(level, str) else text in level for level, text in zip(rule, header, strict=True)
    )


def _year(text: str) -> str | None:
    return text if _YEAR.fullmatch(text) else None


def _nearest(wanted: str, known: list[str]) -> str:
    from rapidfuzz import fuzz, process

    found = process.extractOne(wanted, known, scorer=fuzz.WRatio)
    return found[0] if known else ""
