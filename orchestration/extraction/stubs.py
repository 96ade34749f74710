"""Row labels: from the text of a stub to the member that it means, or a refusal with the nearest names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, Grid
from orchestration.extraction.labels import match_text, nearest, split_footnotes, squeeze
from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.periods import period_text
from orchestration.landing.layout_declaration import YEAR, Stub, TableLayout, is_pattern


@dataclass(frozen=True)
class RowLabel:
    """What the stubs of one row say: the label as printed, its footnote marks and the members it gives.

    `texts` are the labels by themselves, without marks. A row that a stub leaves out on purpose gives nothing.
    """

    printed: str
    footnotes: str | None
    members: dict[str, str]
    texts: tuple[str, ...] = ()
    is_excluded: bool = False


@dataclass
class StubReader:
    """Reads the stubs of a table row by row; remembers what the rows below a label inherit from it."""

    dataset: str
    layout: TableLayout
    names: TerritoryNames
    grid: Grid
    stubs: list[tuple[int, Stub]]
    _above: dict[int, Cell] = field(default_factory=dict)
    _parents: dict[int, dict[str, str]] = field(default_factory=dict)
    _parent_labels: dict[int, str] = field(default_factory=dict)
    _known: dict[tuple[int, str, str], tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)
    _within: str = ""

    def read(self, row: tuple[Cell, ...]) -> RowLabel:
        """The label of a row; `FrontierError` that names cell and nearest names when it is not known."""
        if self._is_excluded(row):
            return RowLabel("", None, {}, is_excluded=True)
        printed: dict[int, str] = {}
        marks: list[str] = []
        members: dict[str, str] = {}
        captured: dict[str, str] = {}
        texts: list[str] = []
        for index, stub in self._as_declared:
            cell = self._cell(row[index], index, stub)
            label, footnotes = split_footnotes(cell.text, self.layout.label_footnotes)
            shown = split_footnotes(cell.text, None)[0]
            if footnotes:
                marks.append(footnotes)
            texts.append(label)
            if stub.parse == "footnotes":
                marks += [label] if label else []
                continue
            printed[index] = shown
            is_said = any(dimension in members for dimension in stub.dimensions)
            if is_said or (stub.may_be_blank and not label):
                continue
            nested = _lookup(stub.nested.members, label) if stub.nested else None
            if stub.nested and nested:
                if index not in self._parents:
                    raise self._error(cell, label, "under a row that it could belong to", "")
                members |= self._parents[index] | {stub.nested.dimension: nested}
                shown = f"{self._parent_labels[index]} | {shown}"
            else:
                found, parts = self._member(cell, stub, label)
                members |= found
                captured |= parts
                self._parents[index], self._parent_labels[index] = found, shown
            printed[index] = shown
        for stub in self._dependent:
            if any(members.get(key) != value for key, value in stub.only_with.items()):
                members = {one: member for one, member in members.items() if one not in stub.dimensions}
        members = {one: self._filled(row, member, captured) for one, member in members.items() if member}
        label = " | ".join(printed[index] for index in sorted(printed) if printed[index])
        return RowLabel(label, " ".join(marks) or None, members, tuple(texts))

    @cached_property
    def _as_declared(self) -> list[tuple[int, Stub]]:
        """The stubs in the order of the layout: the first that gives a dimension its member counts."""
        order = [id(stub) for stub in self.layout.stubs]
        return sorted(self.stubs, key=lambda one: order.index(id(one[1])))

    @cached_property
    def _dependent(self) -> list[Stub]:
        return [stub for _, stub in self.stubs if stub.only_with]

    @cached_property
    def _excluding(self) -> list[tuple[int, dict[str, str]]]:
        return [(index, stub.exclude) for index, stub in self.stubs if stub.exclude]

    def _is_excluded(self, row: tuple[Cell, ...]) -> bool:
        return any(
            _lookup(labels, split_footnotes(row[index].text, self.layout.label_footnotes)[0])
            for index, labels in self._excluding
        )

    def _cell(self, cell: Cell, index: int, stub: Stub) -> Cell:
        if not stub.fill_down:
            return cell
        if not cell.is_blank:
            self._above[index] = cell
        return self._above.get(index, cell)

    def _filled(self, row: tuple[Cell, ...], member: str, captured: dict[str, str]) -> str:
        """A member that asks in braces for what the row's stubs captured, with that in it."""
        if "{" not in member:
            return member
        try:
            return period_text(captured, member)
        except ValueError as error:
            raise FrontierError(
                f"{self.grid.place(row[0])}: the labels of the row do not give the member {member!r}: {error}. Correct "
                "the file, or the stubs in dataset.yml."
            ) from error

    def _member(self, cell: Cell, stub: Stub, label: str) -> tuple[dict[str, str], dict[str, str]]:
        """The member that a label gives, by dimension, and what was captured on the way; looked up once."""
        if stub.context:
            return self._look_up(cell, stub, label)
        key = (id(stub), label, self._within)
        if key not in self._known:
            self._known[key] = self._look_up(cell, stub, label)
        return self._known[key]

    def _look_up(self, cell: Cell, stub: Stub, label: str) -> tuple[dict[str, str], dict[str, str]]:
        captured: dict[str, str] = {}
        member: str | None
        near = ""
        if stub.parse == "year":
            captured = match_text(YEAR, label) or {}
            year = captured.get("year")
            default = period_text(captured, stub.template or "{year}") if year else None
            member, wanted = stub.members.get(year or "", default), "a year"
        elif stub.parse == "period":
            member, captured = self._period(cell, stub, label)
            wanted = f"a period as {stub.pattern!r} describes it"
        elif stub.parse == "territory":
            member, wanted = self._territory(stub, label), "a known territory"
            near = ", ".join(repr(name) for name in self.names.nearest(label)) if member is None else ""
        elif stub.parse == "code":
            codes = (self.names.resolve_code(label, scheme) for scheme in stub.scheme)
            member = _lookup(stub.members, label)
            member = next((one for one in codes if one), None) if member is None else member
            wanted = f"a known code of the scheme {' or '.join(stub.scheme)}"
        elif stub.parse == "member":
            member, captured = _match_member(stub.members, label)
            wanted = f"one of {sorted(stub.members)}"
            near = repr(nearest(label, stub.members)) if member is None else ""
        else:
            is_accepted = match_text(stub.accepted, label) is not None
            member, wanted = (label if is_accepted else None), f"one of {stub.accepted}"
            near = "" if is_accepted else repr(nearest(label, stub.accepted))
        if member is None:
            raise self._error(cell, label, wanted, near)
        return dict.fromkeys(stub.dimensions, member), captured

    def _territory(self, stub: Stub, label: str) -> str | None:
        member = _lookup(stub.members, label) if stub.members else None
        if member is None:
            member = self.names.resolve(label, self.dataset, self._within)
        if member and stub.context and self.names.territory_types.get(member) == stub.context:
            self._within = member
        return member

    def _period(self, cell: Cell, stub: Stub, label: str) -> tuple[str | None, dict[str, str]]:
        found = re.fullmatch(stub.pattern or "", label, re.IGNORECASE)
        if not found:
            return None, {}
        captured = {name: value for name, value in found.groupdict().items() if value is not None}
        try:
            return period_text(captured, stub.template or "{year}"), captured
        except ValueError as error:
            raise FrontierError(
                f"{self.grid.place(cell)}: the period {label!r} cannot be read: {error}. Correct the file, or the "
                "stub's `pattern` and `template` in dataset.yml."
            ) from error

    def _error(self, cell: Cell, label: str, wanted: str, near: str) -> FrontierError:
        known = f"; the nearest known names are {near}" if near else ""
        return FrontierError(
            f"{self.grid.place(cell)}: the row label {label!r} is not {wanted}{known}. "
            "Correct the file, or add the spelling where names are kept."
        )


def _lookup(members: dict[str, str], label: str) -> str | None:
    return _match_member(members, label)[0]


def _match_member(members: dict[str, str], label: str) -> tuple[str | None, dict[str, str]]:
    """The member of a label, and what the regular expression that names it captures."""
    if label in members:
        return members[label], {}
    wanted = squeeze(label)
    for text, member in members.items():
        if squeeze(text) == wanted:
            return member, {}
        captured = match_text(text, label) if is_pattern(text) else None
        if captured is not None:
            return member, captured
    return None, {}
