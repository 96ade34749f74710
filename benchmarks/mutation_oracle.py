"""Which identities a mutated table violates, by brute force: written apart from the engine, over fractions.

It reads the declarations as plain YAML, finds the cells of every instance by comparing each cell with each other
one, and judges an instance by the extremes of what its intervals allow. Of the engine it takes nothing but the
declared lists of the parts of territories (`audit.territory_level`), which are data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

Interval = tuple[Fraction, Fraction]
Violation = tuple[str, frozenset[str]]
COUNTED = ("persons", "documents")
PLAIN = {"population_group": "total"}
UNSAID = ("sex", "age", "citizenship", "variant", "population_group")
ALL_OR_NONE = ("edition_id",)
THE_FIGURE = (
    "dataset", "agency", "indicator", "ref_area", "counterpart_area", "reporting_area", "time_period",
    "population_group", "sex", "age", "citizenship", "variant",
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A cell with its dimensions, whether it is the latest of its dataset, and whether it prints a number."""

    cell_id: str
    members: Mapping[str, Any]
    is_latest: bool
    opens: date
    closes: date
    has_value: bool = True


@dataclass(frozen=True)
class Extent:
    """A declared list of the parts of a territory."""

    extent_id: str
    level: str
    whole: str
    valid_from: date | None
    valid_to: date | None
    parts: frozenset[str]


@dataclass(frozen=True)
class Case:
    """The cells of one instance by the place that they take, with coefficients; of a sum, for every complete extent."""

    rule: Mapping[str, Any]
    roles: tuple[tuple[str, int, str], ...]

    @property
    def cells(self) -> frozenset[str]:
        return frozenset(cell for _, _, cell in self.roles)


@dataclass(frozen=True)
class Choice:
    """Cases of which one that holds suffices; the first is the one that is blamed."""

    cases: tuple[Case, ...]

    @property
    def cells(self) -> frozenset[str]:
        return frozenset().union(*(case.cells for case in self.cases))


def interval_of(value: Fraction, decimals: int, unit: str, unit_mult: int) -> Interval:
    """What a printed number stands for, in units: its rounding either way, but a count to the unit for itself."""
    factor = Fraction(10) ** unit_mult
    half = Fraction(1, 2) / Fraction(10) ** decimals
    if unit in COUNTED and decimals >= unit_mult:
        half = Fraction(0)
    return (value - half) * factor, (value + half) * factor


class Oracle:
    """The instances of all identities among some figures, and which of them given intervals violate."""

    def __init__(
        self, rules: Iterable[Mapping[str, Any]], figures: Iterable[Figure], extents: Iterable[Extent],
        groups: Mapping[tuple[str, str], frozenset[str]],
    ) -> None:  # fmt: skip
        figures = list(figures)
        self._before = _editions_before(figures)
        self._figures = [one for one in figures if one.has_value]
        self._extents = list(extents)
        self._groups = groups
        self._by_cell: dict[str, list[Choice]] = defaultdict(list)
        for rule in rules:
            if rule["severity"] == "info":
                continue
            for choice in self._choices(rule):
                for cell in choice.cells:
                    self._by_cell[cell].append(choice)

    @property
    def seen(self) -> set[str]:
        """The cells that take part in any identity."""
        return set(self._by_cell)

    def violations(self, intervals: Mapping[str, Interval], changed: Iterable[str]) -> set[Violation]:
        """What the changed cells violate, as the rule with the cells of the instance."""
        found = set()
        choices = {id(one): one for cell in changed for one in self._by_cell.get(cell, ())}
        for choice in choices.values():
            if not any(_holds(case, intervals) for case in choice.cases):
                blamed = choice.cases[0]
                found.add((blamed.rule["id"], blamed.cells))
        return found

    def _choices(self, rule: Mapping[str, Any]) -> Iterator[Choice]:
        terms = _terms(rule)
        if any("level" in (term.get("each") or {}) for _, term in terms):
            yield from self._over_levels(rule, terms)
        else:
            yield from (Choice((case,)) for case in self._cases(rule, terms))

    def _cases(self, rule: Mapping[str, Any], terms: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Case]:
        figures = [one for one in self._figures if "edition_id" in rule["same"] or one.is_latest]
        keys = _keys(rule, terms)
        matching = [[one for one in figures if _fits(one, rule, term)] for _, term in terms]
        speaks_of_before = any(_is_of_before(term) for _, term in terms)
        anchors = {
            tuple(one.members.get(key) for key in keys): one
            for one in matching[0]
            if not any(_fits(one, {}, broken) for broken in rule.get("breaks", ()))
        }
        index = [self._index(term, keys, found) for (_, term), found in zip(terms, matching, strict=True)]
        for anchor in anchors.values():
            places = []
            before = self._before.get(anchor.cell_id)
            if speaks_of_before and before is None:
                continue
            for (role, term), by_key in zip(terms, index, strict=True):
                wanted = tuple(
                    before if key == "edition_id" and _is_of_before(term) else _wanted(anchor, key, term)
                    for key in keys
                    if not _is_free(term, key)
                )
                found = [one for one in by_key.get(wanted, []) if self._is_member(one, term)]
                places.append((role, term, found))
            if not all(found for _, _, found in places) or not self._has_all_members(places):
                continue
            yield from _split(rule, places)

    def _index(
        self, term: Mapping[str, Any], keys: Sequence[str], found: Iterable[Figure]
    ) -> Mapping[tuple[Any, ...], list[Figure]]:
        by_key: dict[tuple[Any, ...], list[Figure]] = defaultdict(list)
        for one in found:
            by_key[tuple(_given(one, key, term) for key in keys if not _is_free(term, key))].append(one)
        return by_key

    def _is_member(self, figure: Figure, term: Mapping[str, Any]) -> bool:
        each = term.get("each")
        return not each or figure.members[each["dimension"]] in self._group(each)

    def _group(self, each: Mapping[str, Any]) -> frozenset[str]:
        return self._groups[each["group"], each["definition"]] - set(each.get("except", ()))

    def _has_all_members(self, places: Sequence[tuple[str, Mapping[str, Any], list[Figure]]]) -> bool:
        for _, term, found in places:
            each = term.get("each")
            if not each:
                continue
            printed = {one.members[each["dimension"]] for one in found}
            if printed != self._group(each) and each.get("rest") not in printed:
                return False
        return True

    def _over_levels(self, rule: Mapping[str, Any], terms: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Choice]:
        ((whole_role, whole),) = [one for one in terms if "each" not in one[1]]
        ((part_role, part),) = [one for one in terms if "each" in one[1]]
        each = part["each"]
        end = each["dimension"]
        other = "counterpart_area" if end == "ref_area" else "ref_area"
        levels = [each["level"]] if isinstance(each["level"], str) else each["level"]
        keys = [key for key in _keys(rule, terms) if key != end]
        parts: dict[tuple[Any, ...], list[Figure]] = defaultdict(list)
        for one in self._figures:
            if _fits(one, rule, part):
                parts[tuple(one.members.get(key) for key in keys)].append(one)
        for figure in self._figures:
            if not _fits(figure, rule, whole):
                continue
            context = parts[tuple(figure.members.get(key) for key in keys)]
            for level in levels:
                extents = [one for one in self._extents if one.level == level and one.whole == figure.members[end]]
                inside = frozenset().union(*(one.parts for one in extents)) if extents else frozenset()
                printed = {one.members[end]: one for one in context if one.members.get(other) not in inside}
                found = [(one, [printed[name] for name in sorted(one.parts & printed.keys())]) for one in extents]
                found = [(one, cells) for one, cells in found if cells]
                complete = [(one, cells) for one, cells in found if len(cells) == len(one.parts)]
                if bool(complete) == (rule["kind"] == "at_most"):
                    continue
                ordered = sorted(complete or found, key=lambda one: _preference(one[0], len(one[1]), figure))
                cases = [_case(rule, [(whole_role, whole, [figure]), (part_role, part, cells)]) for _, cells in ordered]
                if cases:
                    yield Choice(tuple(cases if rule["kind"] == "linear" else cases[:1]))


def _preference(extent: Extent, printed: int, figure: Figure) -> tuple[Any, ...]:
    is_in_force = (extent.valid_from is None or extent.valid_from <= figure.opens) and (
        extent.valid_to is None or figure.opens < extent.valid_to
    )
    since = extent.valid_from or date.min
    return (not is_in_force, len(extent.parts) - printed, -printed, -since.toordinal(), extent.extent_id)


def _terms(rule: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The places of a rule in the order of the declaration, with the role of their cells."""
    if rule["kind"] == "linear":
        return [("term", one) for one in rule["terms"]]
    if rule["kind"] == "ratio":
        numerators = [("numerator", one) for one in rule["numerator"]]
        return [("ratio", rule["ratio"]), *numerators, ("denominator", rule["denominator"])]
    if rule["kind"] == "at_most":
        return [("whole", rule["whole"]), ("part", rule["parts"])]
    if rule["kind"] == "between":
        return [("middle", rule["middle"]), *(("bound", one) for one in rule["bounds"])]
    if rule["kind"] == "band":
        return [*(("numerator", one) for one in rule["numerator"]), ("denominator", rule["denominator"])]
    raise ValueError(f"{rule['id']}: the brute force knows no identities of kind {rule['kind']!r}")


def _keys(rule: Mapping[str, Any], terms: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    unsaid = [key for key in UNSAID if key not in rule["same"] and not all(_is_free(term, key) for _, term in terms)]
    return [*rule["same"], *unsaid]


def _is_free(term: Mapping[str, Any], key: str) -> bool:
    said = {*term.get("where", {}), *(one for one in term.get("unless", {}) if one in UNSAID)}
    return key in said and key not in ALL_OR_NONE


def _is_of_before(term: Mapping[str, Any]) -> bool:
    return term.get("edition") == "previous"


def _editions_before(figures: Iterable[Figure]) -> dict[str, str]:
    """By cell, the edition in which its table printed the same figure before; by a symbol too."""
    printed: dict[tuple[Any, ...], list[Figure]] = defaultdict(list)
    for one in figures:
        printed[tuple(one.members.get(key) for key in THE_FIGURE)].append(one)
    found = {}
    for versions in printed.values():
        ordered = sorted(versions, key=lambda one: (one.members["released_on"], one.members["edition_id"]))
        for earlier, later in pairwise(ordered):
            found[later.cell_id] = earlier.members["edition_id"]
    return found


def _given(figure: Figure, key: str, term: Mapping[str, Any]) -> Any:
    if key == "time_period" and term.get("time") == "year_before":
        return figure.opens, figure.closes
    return figure.members.get(key)


def _wanted(anchor: Figure, key: str, term: Mapping[str, Any]) -> Any:
    time = term.get("time", "same")
    if key != "time_period" or time == "same":
        return anchor.members.get(key)
    if time == "year_before":
        return anchor.opens.replace(year=anchor.opens.year - 1), anchor.closes.replace(year=anchor.closes.year - 1)
    return str(anchor.opens if time == "opens" else anchor.closes)


def _fits(figure: Figure, rule: Mapping[str, Any], term: Mapping[str, Any]) -> bool:
    wanted = {**rule.get("where", {}), **term.get("where", {})}
    unwanted = term.get("unless", {}).items()
    return all(_is_in(figure, *one) for one in wanted.items()) and not any(_is_in(figure, *one) for one in unwanted)


def _is_in(figure: Figure, column: str, wanted: Any) -> bool:
    value = figure.members.get(column)
    return value in (wanted if isinstance(wanted, list) else [wanted])


def _split(rule: Mapping[str, Any], places: list[tuple[str, Mapping[str, Any], list[Figure]]]) -> Iterator[Case]:
    if not any(term.get("alone") for _, term, _ in places):
        yield _case(rule, places)
        return
    (whole, part) = places
    for figure in part[2]:
        yield _case(rule, [whole, (part[0], part[1], [figure])])


def _case(rule: Mapping[str, Any], places: Iterable[tuple[str, Mapping[str, Any], list[Figure]]]) -> Case:
    return Case(
        rule,
        tuple((role, term.get("coefficient", 1), one.cell_id) for role, term, found in places for one in found),
    )


def _holds(case: Case, intervals: Mapping[str, Interval]) -> bool:
    """Whether some values inside the intervals satisfy the instance."""
    sums: dict[str, Interval] = {}
    bounds = []
    for role, coefficient, cell in case.roles:
        ends = sorted(coefficient * end for end in intervals[cell])
        low, high = sums.get(role, (Fraction(0), Fraction(0)))
        sums[role] = (low + ends[0], high + ends[1])
        if role == "bound":
            bounds.append((ends[0], ends[1]))
    kind = case.rule["kind"]
    if kind == "linear":
        low, high = (Fraction(str(case.rule.get(end, 0))) for end in ("low", "high"))
        return sums["term"][0] <= high and low <= sums["term"][1]
    if kind == "ratio":
        offset = case.rule.get("ratio_offset", 0)
        gaps = [
            (ratio + offset) * whole - 100 * part
            for ratio, whole, part in product(sums["ratio"], sums["denominator"], sums["numerator"])
        ]
        return min(gaps) <= 0 <= max(gaps)
    if kind == "at_most":
        return sums["part"][0] <= sums["whole"][1]
    if kind == "between":
        low, high = sums["middle"]
        return min(low for low, _ in bounds) <= high and low <= max(high for _, high in bounds)
    pairs = list(product(sums["numerator"], sums["denominator"]))
    low, high = Fraction(str(case.rule["low"])), Fraction(str(case.rule["high"]))
    return any(one >= low * whole for one, whole in pairs) and any(one <= high * whole for one, whole in pairs)
