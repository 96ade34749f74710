"""Evaluation of identities over the intervals of print: which instances are judged, and how, to the last digit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from brute_force import (
    HALF,
    Printed,
    at_most_holds,
    band_holds,
    between_holds,
    linear_holds,
    ratio_holds,
)
from hypothesis import given
from hypothesis import strategies as st

from orchestration.quality.identities.rules import Break, Identity
from tests.quality.pages import PAGES, RULE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.quality.conftest import Books

PAGE: dict[str, Any] = {"min_size": 12, "max_size": 30}


def rule(kind: str, **content: Any) -> Identity:
    return RULE.validate_python(
        {"id": "rule", "severity": "error", "statement": "As declared", "kind": kind, "same": ["ref_area"], **content}
    )


def printed(low: int, high: int) -> st.SearchStrategy[Printed]:
    """An interval of print: a whole number, give or take nothing, a half or one."""
    return st.tuples(st.integers(low, high), st.sampled_from([Fraction(0), HALF, Fraction(1)])).map(
        lambda one: (one[0] - one[1], one[0] + one[1])
    )


def put(books: Books, area: int, indicator: str, cell: Printed) -> None:
    low, high = cell
    books.add(f"{indicator}{area}", (low + high) / 2, (high - low) / 2, ref_area=f"area-{area}", indicator=indicator)


def assert_judged(books: Books, identity: Identity, page: list[Any], holds: Callable[..., bool]) -> None:
    """Every instance of the page has the verdict of the brute force."""
    verdicts = books.evaluate([identity])
    expected = {f"ref_area=area-{area}": "holds" if holds(*one) else "broken" for area, one in enumerate(page)}
    assert verdicts == expected


@PAGES
@given(page=st.lists(st.tuples(printed(0, 9), printed(0, 9), printed(-9, 9)), **PAGE))
def test_a_sum_is_broken_just_when_no_values_in_print_add_up(books: Books, page: list[tuple[Printed, ...]]) -> None:
    books.clear()
    for area, cells in enumerate(page):
        for indicator, cell in zip(("arrivals", "departures", "net_migration"), cells, strict=True):
            put(books, area, indicator, cell)
    coefficients = (1, -1, -1)
    terms = [
        {"coefficient": coefficient, "where": {"indicator": indicator}}
        for coefficient, indicator in zip(coefficients, ("arrivals", "departures", "net_migration"), strict=True)
    ]
    assert_judged(books, rule("linear", terms=terms), page, lambda *cells: linear_holds(coefficients, cells))


@PAGES
@given(
    page=st.lists(
        st.tuples(printed(1, 12), printed(3, 12), st.integers(-12, 12), st.sampled_from([0, HALF, Fraction(3)])), **PAGE
    ),
    offset=st.sampled_from([0, 100]),
)
def test_a_ratio_is_broken_just_when_no_values_in_print_divide(
    books: Books, page: list[tuple[Printed, Printed, int, Fraction]], offset: int
) -> None:
    books.clear()
    cells = []
    for area, (numerator, denominator, slip, width) in enumerate(page):
        middle = round(100 * sum(numerator) / sum(denominator)) - offset + slip
        ratio = (Fraction(middle) - width, Fraction(middle) + width)
        cells.append((ratio, [numerator], denominator, offset))
        put(books, area, "departures_per_100_arrivals", ratio)
        put(books, area, "departures", numerator)
        put(books, area, "arrivals", denominator)
    identity = rule(
        "ratio",
        ratio={"where": {"indicator": "departures_per_100_arrivals"}},
        numerator=[{"where": {"indicator": "departures"}}],
        denominator={"where": {"indicator": "arrivals"}},
        ratio_offset=offset,
    )
    assert_judged(books, identity, cells, ratio_holds)


@PAGES
@given(page=st.lists(st.tuples(printed(-6, 6), printed(-6, 6), printed(-6, 6)), **PAGE))
def test_a_rate_is_broken_just_when_it_cannot_lie_between_its_bounds(
    books: Books, page: list[tuple[Printed, ...]]
) -> None:
    books.clear()
    for area, cells in enumerate(page):
        for indicator, cell in zip(("total", "urban", "rural"), cells, strict=True):
            put(books, area, indicator, cell)
    identity = rule(
        "between",
        middle={"where": {"indicator": "total"}},
        bounds=[{"where": {"indicator": "urban"}}, {"where": {"indicator": "rural"}}],
    )
    assert_judged(books, identity, page, lambda middle, *bounds: between_holds(middle, bounds))


@PAGES
@given(page=st.lists(st.tuples(printed(0, 9), printed(0, 5), printed(0, 5)), **PAGE))
def test_parts_are_broken_just_when_they_cannot_fit_into_the_whole(
    books: Books, page: list[tuple[Printed, ...]]
) -> None:
    books.clear()
    for area, (whole, *parts) in enumerate(page):
        put(books, area, "population", whole)
        for number, part in enumerate(parts):
            put(books, area, f"part{number}", part)
    identity = rule(
        "at_most",
        whole={"where": {"indicator": "population"}},
        parts={"where": {"indicator": ["part0", "part1"]}},
    )
    assert_judged(books, identity, page, lambda whole, *parts: at_most_holds(whole, parts))


@PAGES
@given(page=st.lists(st.tuples(printed(2, 20), printed(2, 15)), **PAGE))
def test_a_mirror_flow_is_broken_just_when_it_cannot_lie_in_its_band(
    books: Books, page: list[tuple[Printed, ...]]
) -> None:
    books.clear()
    for area, (numerator, denominator) in enumerate(page):
        put(books, area, "arrivals", numerator)
        put(books, area, "departures", denominator)
    identity = rule(
        "band",
        low="1.065",
        high="1.565",
        numerator=[{"where": {"indicator": "arrivals"}}],
        denominator={"where": {"indicator": "departures"}},
    )
    band = (Fraction("1.065"), Fraction("1.565"))
    assert_judged(books, identity, page, lambda *cells: band_holds(*band, *cells))


BALANCE = rule(
    "linear",
    same=["ref_area", "time_period"],
    terms=[
        {"where": {"indicator": "natural_increase"}},
        {"where": {"indicator": "net_migration"}},
        {"where": {"indicator": "population"}, "time": "opens"},
        {"coefficient": -1, "where": {"indicator": "population"}, "time": "closes"},
    ],
)


def put_balance(books: Books, closing: int) -> None:
    """A year printed in thousands: stocks to the thousand, flows to the hundred, as in a yearbook."""
    books.add("opens", 147_665_000, 500, indicator="population", time_period="2005-01-01")
    books.add("natural", 333_600, 50, indicator="natural_increase")
    books.add("net", 275_000, 50, indicator="net_migration")
    books.add("closes", closing, 500, indicator="population", time_period="2006-01-01")


def test_a_balance_is_given_the_rounding_of_all_its_cells_and_no_more(books: Books) -> None:
    exact = 147_665_000 + 333_600 + 275_000
    for closing, verdict in [
        (exact, "holds"),
        (exact + 1100, "holds"),
        (exact - 1100, "holds"),
        (exact + 1101, "broken"),
        (exact - 1101, "broken"),
    ]:
        books.clear()
        put_balance(books, closing)
        assert books.evaluate([BALANCE]) == {"ref_area=RU time_period=2005": verdict}, closing


def test_an_instance_with_an_empty_place_is_not_judged(books: Books) -> None:
    put_balance(books, 147_000_000)
    books.figures = [figure for figure in books.figures if figure["observation_id"] != "net"]
    assert books.evaluate([BALANCE]) == {}


OKRUGS = rule(
    "linear",
    same=["edition_id", "time_period"],
    terms=[
        {"where": {"ref_area": "RU"}},
        {"coefficient": -1, "each": {"dimension": "ref_area", "group": "okrugs", "definition": "printed"}},
    ],
)


def test_a_group_is_judged_only_when_every_member_is_printed(books: Books) -> None:
    books.add_group("okrugs", "north", "south")
    books.add("A1", 30)
    books.add("A2", 10, ref_area="north")
    assert books.evaluate([OKRUGS]) == {}
    books.add("A3", 21, ref_area="south")
    books.add("A4", 9, ref_area="inside south")
    assert books.evaluate([OKRUGS]) == {"edition_id=agency/table@2006 time_period=2005": "broken"}


def test_a_member_printed_with_a_symbol_adds_nothing(books: Books) -> None:
    books.add_group("okrugs", "north", "south")
    for cell, value, area in (("A1", 30, "RU"), ("A2", 30, "north"), ("A3", None, "south")):
        books.add(cell, value, ref_area=area)
    assert books.evaluate([OKRUGS]) == {"edition_id=agency/table@2006 time_period=2005": "holds"}


def test_members_that_a_table_does_not_name_are_in_the_rest(books: Books) -> None:
    each = {"dimension": "ref_area", "group": "okrugs", "definition": "printed", "rest": "others"}
    with_rest = rule(
        "linear",
        same=["edition_id", "time_period"],
        terms=[{"where": {"ref_area": "RU"}}, {"coefficient": -1, "each": each}],
    )
    books.add_group("okrugs", "north", "south", "others")
    books.add("A1", 30)
    books.add("A2", 10, ref_area="north")
    assert books.evaluate([with_rest]) == {}
    books.add("A3", 20, ref_area="others")
    assert books.evaluate([with_rest]) == {"edition_id=agency/table@2006 time_period=2005": "holds"}
    books.add("A4", 1, ref_area="south")
    assert books.evaluate([with_rest]) == {"edition_id=agency/table@2006 time_period=2005": "broken"}


def test_what_a_term_excludes_takes_no_part(books: Books) -> None:
    parts = rule(
        "at_most",
        same=["time_period"],
        whole={"where": {"counterpart_area": "WORLD"}},
        parts={"where": {"counterpart_area": ["CIS", "GE"]}, "unless": {"dataset": "agency/other"}},
    )
    books.add("A1", 10)
    books.add("A2", 9, counterpart_area="CIS")
    books.add("A3", 9, counterpart_area="GE", dataset="agency/other")
    assert books.evaluate([parts]) == {"time_period=2005": "holds"}


NET = rule(
    "linear",
    same=["time_period"],
    terms=[
        {"where": {"indicator": "arrivals"}},
        {"coefficient": -1, "where": {"indicator": "departures"}},
        {"coefficient": -1, "where": {"indicator": "net_migration"}},
    ],
)


def put_net(books: Books, name: str, arrivals: int, departures: int, net: int, **dimensions: Any) -> None:
    for indicator, value in (("arrivals", arrivals), ("departures", departures), ("net_migration", net)):
        books.add(f"{name} {indicator}", value, indicator=indicator, **dimensions)


def test_figures_by_sex_and_age_are_judged_by_themselves(books: Books) -> None:
    put_net(books, "all", 10, 4, 6)
    put_net(books, "women", 6, 2, 4, breakdown="sex=F")
    put_net(books, "girls", 3, 2, 2, breakdown="sex=F age=Y0T4")
    books.add("men", 999, indicator="departures", breakdown="sex=M")
    assert books.evaluate([NET]) == {
        "time_period=2005": "holds",
        "time_period=2005 sex=F": "holds",
        "time_period=2005 sex=F age=Y0T4": "broken",
    }


def test_a_part_of_the_people_is_judged_by_itself_where_the_rule_does_not_speak_of_groups(books: Books) -> None:
    put_net(books, "all", 10, 4, 6)
    put_net(books, "urban", 7, 3, 5, population_group="urban")
    assert books.evaluate([NET]) == {
        "time_period=2005": "holds",
        "time_period=2005 population_group=urban": "broken",
    }


def test_a_rule_may_set_the_parts_of_the_people_against_the_whole(books: Books) -> None:
    parts = rule(
        "linear",
        same=["time_period"],
        terms=[
            {"where": {"population_group": "urban"}},
            {"where": {"population_group": "rural"}},
            {"coefficient": -1, "where": {"population_group": "total"}},
        ],
    )
    for sex in ("", "sex=F"):
        books.add(f"total {sex}", 10, breakdown=sex)
        books.add(f"urban {sex}", 7, population_group="urban", breakdown=sex)
    books.add("rural", 3, population_group="rural")
    books.add("rural women", 2, population_group="rural", breakdown="sex=F")
    assert books.evaluate([parts]) == {"time_period=2005": "holds", "time_period=2005 sex=F": "broken"}


def test_a_population_by_age_is_balanced_with_the_flows_of_that_age(books: Books) -> None:
    put_balance(books, 147_665_000 + 333_600 + 275_000)
    books.add("young opens", 100, indicator="population", time_period="2005-01-01", breakdown="age=Y0T4")
    books.add("young closes", 101, indicator="population", time_period="2006-01-01", breakdown="age=Y0T4")
    assert books.evaluate([BALANCE]) == {"ref_area=RU time_period=2005": "holds"}


def test_a_rule_across_editions_looks_at_the_latest_of_each_dataset(books: Books) -> None:
    across = rule(
        "linear",
        same=["time_period"],
        terms=[{"where": {"dataset": "a/one"}}, {"coefficient": -1, "where": {"dataset": "b/other"}}],
    )
    books.add("A1", 10, dataset="a/one", edition_id="a/one@2005", is_latest_in_dataset=False)
    books.add("B1", 12, dataset="a/one", edition_id="a/one@2006")
    books.add("C1", 12, dataset="b/other", edition_id="b/other@2006")
    assert books.evaluate([across]) == {"time_period=2005": "holds"}


def test_a_rule_within_an_edition_judges_every_edition(books: Books) -> None:
    within = rule(
        "linear",
        same=["edition_id"],
        terms=[{"where": {"indicator": "arrivals"}}, {"coefficient": -1, "where": {"indicator": "departures"}}],
    )
    for edition, departures in (("old", 11), ("new", 10)):
        books.add(f"{edition}1", 10, edition_id=edition, is_latest_in_dataset=edition == "new")
        books.add(
            f"{edition}2",
            departures,
            edition_id=edition,
            indicator="departures",
            is_latest_in_dataset=edition == "new",
        )
    assert books.evaluate([within]) == {"edition_id=old": "broken", "edition_id=new": "holds"}


def test_parts_that_stand_alone_are_judged_one_by_one(books: Books) -> None:
    partners = rule(
        "at_most",
        same=["time_period"],
        whole={"where": {"counterpart_area": "WORLD"}},
        parts={"where": {"counterpart_area": ["CIS", "GE"]}, "alone": True},
    )
    for cell, value, partner in (("A1", 10, "WORLD"), ("A2", 9, "CIS"), ("A3", 11, "GE")):
        books.add(cell, value, counterpart_area=partner)
    assert books.evaluate([partners]) == {"time_period=2005 cell=A2": "holds", "time_period=2005 cell=A3": "broken"}


def test_territories_inside_a_whole_are_taken_from_the_dimension(books: Books) -> None:
    nested = rule(
        "at_most",
        same=["time_period"],
        whole={"where": {"ref_area": ["north", "kamchatka"]}},
        parts={"each": {"dimension": "ref_area", "inside_whole": True}},
    )
    books.connection.execute("insert into main.dim_territory values ('kamchatka', 'north'), ('koryak', 'kamchatka')")
    for cell, value, area in (("A1", 10, "north"), ("A2", 9, "kamchatka"), ("A3", 8, "koryak")):
        books.add(cell, value, ref_area=area)
    assert books.evaluate([nested]) == {
        "time_period=2005 ref_area=north": "holds",
        "time_period=2005 ref_area=kamchatka": "holds",
    }


EXACT = st.decimals(min_value=-9999, max_value=9999, allow_nan=False, places=5)


@PAGES
@given(page=st.lists(st.tuples(EXACT, EXACT, st.integers(-3, 3), st.integers(0, 6), st.integers(0, 6)), **PAGE))
def test_a_difference_of_the_last_digit_is_seen(
    books: Books, page: list[tuple[Decimal, Decimal, int, int, int]]
) -> None:
    books.clear()
    expected = {}
    for area, (arrivals, departures, slip, one, other) in enumerate(page):
        widths = [Fraction(1, 2 * 10**one), Fraction(1, 2 * 10**other)]
        rest = Fraction(slip, 10**6) + sum(widths)
        cells = [(Fraction(arrivals), widths[0]), (Fraction(departures), widths[1])]
        cells.append((cells[0][0] - cells[1][0] + rest, Fraction(0)))
        for indicator, (value, width) in zip(("arrivals", "departures", "net_migration"), cells, strict=True):
            books.add(f"{indicator}{area}", value, width, ref_area=f"area-{area}", indicator=indicator)
        expected[f"ref_area=area-{area}"] = "holds" if abs(rest) <= sum(widths) else "broken"
    terms = [
        {"coefficient": coefficient, "where": {"indicator": indicator}}
        for coefficient, indicator in ((1, "arrivals"), (-1, "departures"), (-1, "net_migration"))
    ]
    assert books.evaluate([rule("linear", terms=terms)]) == expected


@PAGES
@given(page=st.lists(st.tuples(printed(0, 9), printed(0, 9)), **PAGE))
def test_a_spread_is_broken_just_when_no_values_in_print_lie_in_it(
    books: Books, page: list[tuple[Printed, Printed]]
) -> None:
    books.clear()
    for area, cells in enumerate(page):
        for indicator, cell in zip(("arrivals", "departures"), cells, strict=True):
            put(books, area, indicator, cell)
    terms = [{"where": {"indicator": "arrivals"}}, {"coefficient": -1, "where": {"indicator": "departures"}}]
    assert_judged(
        books,
        rule("linear", terms=terms, low="-1.5", high=2),
        page,
        lambda one, other: one[1] - other[0] >= Fraction(-3, 2) and one[0] - other[1] <= 2,
    )


STEADY = rule(
    "band", same=["ref_area", "time_period"], low="0.9", high="1.1", numerator=[{}], denominator={"time": "year_before"}
)


def test_a_figure_is_compared_with_that_of_the_year_before(books: Books) -> None:
    for year, value in ((2004, 100), (2005, 109), (2006, 120)):
        books.add(str(year), value, time_period=f"{year}-01-01")
        books.add(f"flow {year}", 100 * value, time_period=str(year))
    verdicts = books.evaluate([STEADY])
    assert verdicts == {
        "ref_area=RU time_period=2005-01-01": "holds",
        "ref_area=RU time_period=2006-01-01": "broken",
        "ref_area=RU time_period=2005": "holds",
        "ref_area=RU time_period=2006": "broken",
    }


def test_a_break_in_a_series_is_not_judged(books: Books) -> None:
    known = {"where": {"ref_area": "RU", "time_period": "2005-01-01"}, "reason": "A census"}
    with_break = STEADY.model_copy(update={"breaks": [Break.model_validate(known)]})
    for area in ("RU", "KZ"):
        for year, value in ((2004, 100), (2005, 200)):
            books.add(f"{area} {year}", value, time_period=f"{year}-01-01", ref_area=area)
    assert books.evaluate([with_break]) == {"ref_area=KZ time_period=2005-01-01": "broken"}


def test_men_and_women_are_set_against_those_who_are_not_told_apart(books: Books) -> None:
    sexes = rule(
        "linear",
        terms=[
            {"where": {"sex": None}},
            {"coefficient": -1, "where": {"sex": "M"}},
            {"coefficient": -1, "where": {"sex": "F"}},
        ],
    )
    for age, total in (("", 10), (" age=Y0T4", 4)):
        books.add(f"all{age}", total, breakdown=age.strip())
        books.add(f"men{age}", 4, breakdown=f"sex=M{age}")
        books.add(f"women{age}", 6, breakdown=f"sex=F{age}")
    assert books.evaluate([sexes]) == {"ref_area=RU": "holds", "ref_area=RU age=Y0T4": "broken"}
