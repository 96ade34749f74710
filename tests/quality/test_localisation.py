"""Naming the suspects of a break: the corrupted cell is among them, with its true value, and nothing is imprecise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from brute_force import HALF, Printed, at_most_holds, between_holds, linear_holds, ratio_holds
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from orchestration.quality.identities.localisation import Explanation, Instance, Interval, Place, explain
from orchestration.quality.identities.rules import Identity

if TYPE_CHECKING:
    from tests.quality.conftest import Books

INDICATORS = ("arrivals", "departures", "net_migration", "departures_per_100_arrivals")
TABLES = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def rules() -> list[Identity]:
    """Differences, ratios and totals, as a table of arrivals and departures has them."""
    where = {name: {"where": {"indicator": name}} for name in INDICATORS}
    head = {"severity": "error", "statement": "As declared"}
    return TypeAdapter(list[Identity]).validate_python(
        [
            {
                **head,
                "id": "net",
                "kind": "linear",
                "same": ["ref_area"],
                "terms": [
                    where["arrivals"],
                    {"coefficient": -1, **where["departures"]},
                    {"coefficient": -1, **where["net_migration"]},
                ],
            },
            {
                **head,
                "id": "ratio",
                "kind": "ratio",
                "same": ["ref_area"],
                "ratio": where["departures_per_100_arrivals"],
                "numerator": [where["departures"]],
                "denominator": where["arrivals"],
            },
            {
                **head,
                "id": "total",
                "kind": "linear",
                "same": ["indicator"],
                "terms": [
                    {"where": {"ref_area": "RU", "unit": "persons"}},
                    {
                        "coefficient": -1,
                        "where": {"unit": "persons"},
                        "each": {"dimension": "ref_area", "group": "okrugs", "definition": "printed"},
                    },
                ],
            },
        ]
    )


RULES = rules()


@dataclass(frozen=True)
class Figure:
    """A figure of a table: its true value, and the value and half unit of its print, in units."""

    true: Fraction
    printed: Fraction
    half_unit: Fraction


Table = dict[tuple[str, str], Figure]


def rounded(true: Fraction, unit: Fraction, half_unit: Fraction) -> Figure:
    return Figure(true, Fraction(round(true / unit)) * unit, half_unit)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """True counts of up to four okrugs and their total, printed to the unit or to tenths of a thousand."""
    unit, half_unit = draw(st.sampled_from([(Fraction(1), Fraction(0)), (Fraction(100), Fraction(50))]))
    count = st.integers(500, 90_000)
    okrugs = [(draw(count), draw(count)) for _ in range(draw(st.integers(2, 4)))]
    rows = {f"okrug-{number}": pair for number, pair in enumerate(okrugs)}
    rows["RU"] = (sum(one for one, _ in okrugs), sum(other for _, other in okrugs))
    table: Table = {}
    for area, (arrivals, departures) in rows.items():
        true = (arrivals, departures, arrivals - departures)
        for indicator, value in zip(INDICATORS, true, strict=False):
            table[area, indicator] = rounded(Fraction(value), unit, half_unit)
        ratio = Fraction(100 * departures, arrivals)
        table[area, "departures_per_100_arrivals"] = rounded(ratio, Fraction(1, 10), Fraction(1, 20))
    return table


def slip_of(figure: Figure) -> st.SearchStrategy[Fraction]:
    """A slip of the pen: the printed value is wrong by some of its units."""
    unit = Fraction(1, 10) if figure.half_unit == Fraction(1, 20) else max(2 * figure.half_unit, Fraction(1))
    return st.integers(-400, 400).filter(bool).map(lambda steps: steps * unit)


def put(books: Books, table: Table) -> None:
    books.clear()
    books.add_group("okrugs", *sorted({area for area, _ in table} - {"RU"}))
    for (area, indicator), figure in table.items():
        unit = "percent" if indicator == "departures_per_100_arrivals" else "persons"
        books.add(
            f"{area} {indicator}", figure.printed, figure.half_unit, ref_area=area, indicator=indicator, unit=unit
        )


def corrupt(table: Table, place: tuple[str, str], slip: Fraction) -> Table:
    figure = table[place]
    return {**table, place: Figure(figure.true, figure.printed + slip, figure.half_unit)}


@TABLES
@given(table=tables())
def test_a_clean_table_has_no_findings(books: Books, table: Table) -> None:
    put(books, table)
    assert books.findings(RULES) == []


@TABLES
@given(table=tables(), data=st.data())
def test_a_corrupted_cell_is_a_suspect_and_its_true_value_is_expected(
    books: Books, table: Table, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(sorted(table)))
    slip = data.draw(slip_of(table[place]))
    put(books, corrupt(table, place, slip))
    findings = books.findings(RULES)
    assume(findings)
    for finding in findings:
        suspects = {suspect.cell: suspect for suspect in finding.suspects}
        found = suspects[" ".join(place)]
        low, high = found.expected_low, found.expected_high
        assert low is None or low <= float(table[place].true)
        assert high is None or float(table[place].true) <= high
        assert found.raw_text == str(Decimal(str(float(table[place].printed + slip)))).removesuffix(".0")


@TABLES
@given(table=tables(), data=st.data())
def test_an_exact_count_with_a_slip_is_never_overlooked(books: Books, table: Table, data: st.DataObject) -> None:
    counts = sorted(place for place, figure in table.items() if figure.half_unit == 0)
    assume(counts)
    place = data.draw(st.sampled_from(counts))
    put(books, corrupt(table, place, data.draw(slip_of(table[place]))))
    assert {finding.rule for finding in books.findings(RULES)} >= {"net", "total"}


def instances_of(table: Table) -> tuple[list[Instance], dict[str, Interval]]:
    """The identities of a table as the localisation takes them, breaks found by the ends of the intervals."""
    printed = {
        " ".join(place): Interval(figure.printed - figure.half_unit, figure.printed + figure.half_unit)
        for place, figure in table.items()
    }
    areas = sorted({area for area, _ in table})
    found = [
        Instance("net", area, "linear", tuple(places(area, ("term", 1), ("term", -1), ("term", -1))), False)
        for area in areas
    ]
    found += [
        Instance(
            "total",
            indicator,
            "linear",
            tuple(Place(f"{area} {indicator}", "term", 1 if area == "RU" else -1) for area in areas),
            False,
        )
        for indicator in INDICATORS[:3]
    ]
    judged = [Instance(one.rule_id, one.key, one.kind, one.places, not can_be_zero(one, printed)) for one in found]
    return judged, printed


def places(area: str, *roles: tuple[str, int]) -> list[Place]:
    return [
        Place(f"{area} {indicator}", role, coefficient)
        for indicator, (role, coefficient) in zip(INDICATORS, roles, strict=False)
    ]


def can_be_zero(instance: Instance, printed: dict[str, Interval]) -> bool:
    middle = width = Fraction(0)
    for place in instance.places:
        low, high = printed[place.cell].low, printed[place.cell].high
        assert low is not None
        assert high is not None
        middle += place.coefficient * (low + high) / 2
        width += abs(place.coefficient) * (high - low) / 2
    return abs(middle) <= width


@TABLES
@given(table=tables(), data=st.data())
def test_two_corrupted_cells_explain_every_break_that_no_single_cell_explains(
    table: Table, data: st.DataObject
) -> None:
    counts = sorted(place for place in table if place[1] in INDICATORS[:3])
    pair = data.draw(st.lists(st.sampled_from(counts), min_size=2, max_size=2, unique=True))
    broken = table
    for place in pair:
        broken = corrupt(broken, place, data.draw(slip_of(table[place])))
    for explanations in explain(*instances_of(broken)).values():
        assert explanations, "a break of two cells has an explanation of at most two"
        (size,) = {len(explanation.expected) for explanation in explanations}
        if size == 1:
            continue
        assert size == 2
        (mine,) = [one for one in explanations if set(one.expected) == {" ".join(place) for place in pair}]
        for place in pair:
            expected = mine.expected[" ".join(place)]
            assert expected.low is None or expected.low <= table[place].true
            assert expected.high is None or table[place].true <= expected.high


def printed_cell(low: int, high: int) -> st.SearchStrategy[Printed]:
    return st.tuples(st.integers(low, high), st.sampled_from([Fraction(0), HALF])).map(
        lambda one: (one[0] - one[1], one[0] + one[1])
    )


def expected_of(instances: list[Instance], cells: dict[str, Printed], cell: str) -> Interval | None:
    """What the smallest explanation by this cell alone expects, or None when it explains nothing."""
    printed = {name: Interval(*interval) for name, interval in cells.items()}
    found: list[Explanation] = [one for explanations in explain(instances, printed).values() for one in explanations]
    return next((one.expected[cell] for one in found if set(one.expected) == {cell}), None)


def holds(instance: Instance, cells: dict[str, Printed]) -> bool:
    """The verdict of the brute force on one instance."""
    by_role: dict[str, list[Printed]] = {}
    for place in instance.places:
        by_role.setdefault(place.role, []).append(cells[place.cell])
    if instance.kind == "linear":
        return linear_holds([place.coefficient for place in instance.places], by_role["term"])
    if instance.kind == "ratio":
        return ratio_holds(by_role["ratio"][0], by_role["numerator"], by_role["denominator"][0], instance.ratio_offset)
    if instance.kind == "between":
        return between_holds(by_role["middle"][0], by_role["bound"])
    return at_most_holds(by_role["whole"][0], by_role["part"])


def judged(rule: str, kind: str, members: dict[str, str], cells: dict[str, Printed], **constants: Any) -> Instance:
    """An instance over cells by role; the coefficient of a role is written after it, as in term-1."""
    found = tuple(Place(cell, role.rstrip("+-1"), -1 if role.endswith("-1") else 1) for cell, role in members.items())
    whole = Instance(rule, "here", kind, found, False, **constants)
    return Instance(rule, "here", kind, found, not holds(whole, cells), **constants)


SUM = {"a": "term", "b": "term-1", "c": "term-1"}
SHAPES: dict[str, list[tuple[str, dict[str, str], dict[str, Any]]]] = {
    "a sum and a part": [("linear", SUM, {}), ("at_most", {"d": "whole", "b": "part", "c": "part"}, {})],
    "two sums": [("linear", SUM, {}), ("linear", {"d": "term", "a": "term-1", "b": "term-1"}, {})],
    "a sum and a ratio": [
        ("linear", SUM, {}),
        ("ratio", {"d": "ratio", "b": "numerator", "a": "denominator"}, {}),
    ],
    "a sum and a ratio with an offset": [
        ("linear", SUM, {}),
        ("ratio", {"d": "ratio", "b": "numerator", "a": "denominator"}, {"ratio_offset": 100}),
    ],
    "a sum and a rate between": [("linear", SUM, {}), ("between", {"b": "middle", "a": "bound", "d": "bound"}, {})],
}


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_expected_interval_holds_just_the_values_that_restore_everything(shape: str, data: st.DataObject) -> None:
    percent = "ratio" in shape
    cells = {name: data.draw(printed_cell(2, 9), label=name) for name in "abc"}
    cells["d"] = data.draw(printed_cell(-120, 120) if percent else printed_cell(2, 9), label="d")
    instances = [
        judged(f"rule-{number}", kind, members, cells, **constants)
        for number, (kind, members, constants) in enumerate(SHAPES[shape])
    ]
    assume(any(instance.is_broken for instance in instances))
    for cell in cells:
        if not any(cell in {place.cell for place in one.places} for one in instances if one.is_broken):
            continue
        expected = expected_of(instances, cells, cell)
        span = range(-130, 260) if cell == "d" and percent else range(-8, 36)
        for value in (Fraction(step, 2) for step in span):
            # a count that a ratio divides by is positive
            if percent and cell == "a" and value <= 0:
                continue
            tried = {**cells, cell: (value, value)}
            restores = all(holds(one, tried) for one in instances)
            inside = expected is not None and (
                (expected.low is None or expected.low <= value) and (expected.high is None or value <= expected.high)
            )
            assert inside == restores, (cell, value, expected)


def pinned(times: int) -> tuple[list[Instance], dict[str, Interval]]:
    """Two unequal cells that should be equal, each confirmed by as many other cells."""
    cells = {"one": (Fraction(10), Fraction(10)), "other": (Fraction(12), Fraction(12))}
    instances = [judged("break", "linear", {"one": "term", "other": "term-1"}, cells)]
    for name in ("one", "other"):
        for number in range(times):
            cells[f"{name}-{number}"] = cells[name]
            members = {name: "term", f"{name}-{number}": "term-1"}
            instances.append(judged(f"{name}-{number}", "linear", members, cells))
    return instances, {name: Interval(*interval) for name, interval in cells.items()}


def test_the_smallest_explanation_takes_every_cell_along_that_confirms_a_suspect() -> None:
    explained = explain(*pinned(times=2))["break here"]
    assert [set(one.expected) for one in explained] == [
        {"one", "one-0", "one-1"},
        {"other", "other-0", "other-1"},
    ]
    assert all(interval == Interval(Fraction(12), Fraction(12)) for interval in explained[0].expected.values())


def test_a_break_that_no_three_cells_explain_has_no_suspects() -> None:
    assert explain(*pinned(times=3)) == {"break here": []}


def test_breaks_that_share_cells_are_explained_together() -> None:
    cells = {name: (Fraction(value), Fraction(value)) for name, value in zip("abcde", (9, 4, 4, 6, 9), strict=True)}
    instances = [
        judged("sum", "linear", {"a": "term", "b": "term-1", "c": "term-1"}, cells),
        judged("other sum", "linear", {"d": "term", "b": "term-1"}, cells),
        judged("copy", "linear", {"e": "term", "a": "term-1"}, cells),
    ]
    explained = explain(instances, {name: Interval(*interval) for name, interval in cells.items()})
    together = [{"b", "c"}, {"b", "d"}, {"c", "d"}]
    assert [set(one.expected) for one in explained["sum here"]] == together
    assert [set(one.expected) for one in explained["other sum here"]] == together


def test_unrelated_breaks_are_explained_apart() -> None:
    cells = {name: (Fraction(value), Fraction(value)) for name, value in zip("abcxyz", (9, 4, 4, 9, 4, 3), strict=True)}
    instances = [
        judged("left", "linear", {"a": "term", "b": "term-1", "c": "term-1"}, cells),
        judged("right", "linear", {"x": "term", "y": "term-1", "z": "term-1"}, cells),
    ]
    explained = explain(instances, {name: Interval(*interval) for name, interval in cells.items()})
    assert {key: [set(one.expected) for one in found] for key, found in explained.items()} == {
        "left here": [{"a"}, {"b"}, {"c"}],
        "right here": [{"x"}, {"y"}, {"z"}],
    }


def test_two_neighbours_printed_in_each_others_place_are_one_change() -> None:
    cells = {name: (Fraction(value), Fraction(value)) for name, value in zip("abcd", (7, 5, 5, 7), strict=True)}
    instances = [
        judged("above", "linear", {"a": "term", "c": "term-1"}, cells),
        judged("below", "linear", {"b": "term", "d": "term-1"}, cells),
        judged("both", "linear", {"a": "term", "b": "term"}, cells, low=Fraction(12), high=Fraction(12)),
    ]
    instances[2] = replace(instances[2], is_broken=False)
    printed = {name: Interval(*interval) for name, interval in cells.items()}
    apart = explain(instances, printed)["above here"]
    assert [set(one.expected) for one in apart] == [{"c"}]
    together = explain(instances, printed, {"a": ["b"], "b": ["a"]})["above here"]
    assert [set(one.expected) for one in together] == [{"c"}, {"a", "b"}]
    assert together[1].expected == {"a": printed["b"], "b": printed["a"]}


def test_a_spread_expects_the_values_that_lie_in_it() -> None:
    cells = {"a": (Fraction(9), Fraction(9)), "b": (Fraction(4), Fraction(4))}
    places = (Place("a", "term", 1), Place("b", "term", -1))
    one = Instance("spread", "here", "linear", places, True, low=Fraction(-1), high=Fraction(3))
    (first, second) = explain([one], {name: Interval(*ends) for name, ends in cells.items()})["spread here"]
    assert first.expected == {"a": Interval(Fraction(3), Fraction(7))}
    assert second.expected == {"b": Interval(Fraction(6), Fraction(10))}
