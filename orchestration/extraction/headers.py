"""The header of a table: finding the rows that hold it, and the rule that each of its columns follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise, product

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, Grid
from orchestration.extraction.labels import match_text, nearest, readable, split_footnotes, squeeze, variants
from orchestration.landing.layout_declaration import Column, PeriodColumns, Stub, TableLayout, Text

Rule = Stub | Column | PeriodColumns


@dataclass(frozen=True)
class HeaderColumn:
    """What stands over one column: its label as printed, its footnote marks, its rule and what that captured."""

    position: int
    label: str
    footnotes: str | None
    rule: Rule | None
    captured: dict[str, str] = field(default_factory=dict)

    @property
    def holds_figures(self) -> bool:
        """Whether the cells under it are figures that the layout wants."""
        return isinstance(self.rule, Column | PeriodColumns) and not self.rule.exclude


@dataclass(frozen=True)
class Header:
    """The header of a table: the number of its lowest row among the rows searched, and its columns."""

    last_row: int
    columns: list[HeaderColumn]


@dataclass(frozen=True)
class HeaderFinder:
    """Looks for the header of a layout among the rows of a grid."""

    grid: Grid
    rows: tuple[tuple[Cell, ...], ...]
    layout: TableLayout

    def find(self) -> Header:
        """The first rows that have every column of the layout.

        Raises `FrontierError` that names the cell and the nearest header when no row has them all, when a
        column is not mapped, or when one stands twice.
        """
        best: tuple[int, int, list[HeaderColumn]] | None = None
        for index in range(self.layout.header_levels - 1, len(self.rows)):
            if all(cell.is_blank for cell in self.rows[index]):
                continue
            columns = self._match(index)
            score = sum(column.rule is not None for column in columns)
            if score and not self._missing(columns):
                self._check_all_mapped(index, columns)
                return Header(index, columns)
            if best is None or score > best[0]:
                best = (score, index, columns)
        raise self._error(best)

    def closeness(self) -> float:
        """Share of the layout's columns that the row most like its header has, from 0 to 1."""
        found = [
            len({id(column.rule) for column in self._match(index) if column.rule is not None})
            for index in range(self.layout.header_levels - 1, len(self.rows))
        ]
        return max(found, default=0) / len({id(rule) for _, rule in self._rules})

    @cached_property
    def _rules(self) -> list[tuple[tuple[Text, ...], Rule]]:
        rules: list[Rule] = [*self.layout.stubs, *self.layout.columns, *self.layout.period_columns]
        return [(levels, rule) for rule in rules for levels in _paths(rule.header)]

    @cached_property
    def _merged_into(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Each covered place of a merged range, with the place whose text covers it."""
        return {
            (row, column): (area.first_row, area.first_column)
            for area in self.grid.merged or ()
            for row in range(area.first_row, area.last_row + 1)
            for column in range(area.first_column, area.last_column + 1)
        }

    def _match(self, index: int) -> list[HeaderColumn]:
        levels = self.rows[index - self.layout.header_levels + 1 : index + 1]
        texts = self._texts(levels)
        taken: list[Rule] = []
        columns = []
        leader = ""
        for position in range(len(self.rows[index])):
            parts = [split_footnotes(level[position], self.layout.label_footnotes) for level in texts]
            path = [next(same)[1] for _, same in groupby(((squeeze(text), text) for text, _ in parts if text), _first)]
            marks = " ".join(dict.fromkeys(mark for _, mark in parts if mark)) or None
            leader = path[-1] if path and self._is_leader(path[-1]) else leader
            rule, captured = self._rule(path, taken, leader)
            if isinstance(rule, Column) and rule.follows is not None:
                path = [leader, *path]
            if rule is not None and (isinstance(rule, Stub) or not path):
                taken.append(rule)
            columns.append(HeaderColumn(position, " | ".join(path), marks, rule, captured))
        return columns

    def _texts(self, levels: tuple[tuple[Cell, ...], ...]) -> list[list[str]]:
        """The header's texts by level, with the text of a merged cell over every column that it covers."""
        fill = "right" if self.grid.merged is None else self.layout.header_fill
        first_row = self.rows[0][0].row
        if fill == "right":
            texts = [[cell.text for cell in row] for row in levels]
        else:
            texts = [[self._covering(cell, first_row).text for cell in row] for row in levels]
        if fill != "merged":
            for level in range(len(texts) - 1):
                _fill_right(texts, level)
        return texts

    def _covering(self, cell: Cell, first_row: int) -> Cell:
        row, column = self._merged_into.get((cell.row, cell.column), (cell.row, cell.column))
        return self.rows[row - first_row][column] if row >= first_row else cell

    def _is_leader(self, text: str) -> bool:
        """Whether the text is that of a total whose parts stand to its right."""
        leaders = (column.follows for column in self.layout.columns if column.follows is not None)
        return any(match_text(one, text) is not None for one in leaders)

    def _rule(self, path: list[str], taken: list[Rule], leader: str) -> tuple[Rule | None, dict[str, str]]:
        for levels, rule in self._rules:
            if len(levels) != len(path) or any(rule is one for one in taken):
                continue
            if isinstance(rule, Column) and rule.follows is not None and match_text(rule.follows, leader) is None:
                continue
            captured: dict[str, str] = {}
            for level, text in zip(levels, path, strict=True):
                found = match_text(level, text)
                if found is None:
                    break
                captured |= found
            else:
                return rule, captured
        return None, {}

    def _missing(self, columns: list[HeaderColumn]) -> list[Rule]:
        missing: list[Rule] = []
        for _, rule in self._rules:
            if not rule.is_optional and not any(column.rule is rule for column in columns):
                missing.append(rule)
        return missing

    def _check_all_mapped(self, index: int, columns: list[HeaderColumn]) -> None:
        for column in columns:
            if column.label and column.rule is None:
                raise FrontierError(
                    f"{self._place(index, column)}: the column {column.label!r} is not mapped; the nearest known "
                    f"header is {nearest(column.label, self._known())!r}. Map it in the layout, or exclude it there "
                    "with a reason."
                )
        labels = [column.label for column in columns if column.rule is not None]
        for column in columns:
            if column.label and labels.count(column.label) > 1:
                raise FrontierError(
                    f"{self._place(index, column)}: the column {column.label!r} stands twice on the sheet: "
                    "check the file."
                )

        self._check_periods_in_order(index, columns)

    def _check_periods_in_order(self, index: int, columns: list[HeaderColumn]) -> None:
        """Years that repeat under one heading run one way; out of order, two columns have changed places."""
        runs: dict[tuple[int, str], list[tuple[int, HeaderColumn]]] = {}
        for column in columns:
            year = column.captured.get("year", "")
            if isinstance(column.rule, PeriodColumns) and year.isdigit():
                heading = column.label.replace(year, "")
                runs.setdefault((id(column.rule), heading), []).append((int(year), column))
        for run in runs.values():
            steps = [later[0] - earlier[0] for earlier, later in pairwise(run)]
            if any(step > 0 for step in steps) and any(step < 0 for step in steps):
                way = 1 if sum(step > 0 for step in steps) * 2 >= len(steps) else -1
                wrong = next(column for step, (_, column) in zip(steps, run[1:], strict=True) if step * way < 0)
                raise FrontierError(
                    f"{self._place(index, wrong)}: the column {wrong.label!r} is out of order: the years beside it run "
                    "the other way. Two columns have changed places, or a year is misprinted: check the file."
                )

    def _known(self) -> list[str]:
        return [_title(levels) for levels, _ in self._rules]

    def _place(self, index: int, column: HeaderColumn) -> str:
        return self.grid.place(self.rows[index][column.position])

    def _error(self, best: tuple[int, int, list[HeaderColumn]] | None) -> FrontierError:
        if best is None or best[0] == 0:
            return FrontierError(
                f"{self.grid.name}: no row of the sheet looks like the header {self._known()}. "
                "If the agency changed the layout, correct dataset.yml."
            )
        _, index, columns = best
        wanted = _title(next(_paths(self._missing(columns)[0].header)))
        unmapped = [column for column in columns if column.label and column.rule is None]
        label = nearest(wanted, [column.label for column in unmapped])
        near = next((column for column in unmapped if column.label == label), None)
        place = self._place(index, near) if near else f"{self.grid.name}, row {self.rows[index][0].row + 1}"
        found = f"the nearest there is {label!r}" if label else "nothing like it stands there"
        return FrontierError(
            f"{place}: the header row lacks the column {wanted!r}; {found}. "
            "If the agency renamed it, add the new text to the layout."
        )


def _first(pair: tuple[str, str]) -> str:
    return pair[0]


def _paths(header: list[Text]) -> Iterator[tuple[Text, ...]]:
    """The header without its blank levels; a level that may be blank is tried with its text and without."""
    options: list[list[Text]] = []
    for level in header:
        texts = [text for text in variants(level) if text]
        options.append(([texts] if texts else []) + ([""] if "" in variants(level) else []))
    for path in product(*options):
        yield tuple(level for level in path if level)


def _title(levels: tuple[Text, ...]) -> str:
    return " | ".join(readable(level) for level in levels)


def _fill_right(texts: list[list[str]], level: int) -> None:
    """In a file without merged cells a header stands over its first column, and the ones to its right are blank.

    It reaches no further than the header above it, and over no column that has nothing under it.
    """
    last = ""
    for position, text in enumerate(texts[level]):
        is_new = any(texts[above][position].strip() != texts[above][position - 1].strip() for above in range(level))
        is_bare = not any(lower[position].strip() for lower in texts[level + 1 :])
        if text.strip():
            last = text
        elif is_new or is_bare:
            last = ""
        else:
            texts[level][position] = last
