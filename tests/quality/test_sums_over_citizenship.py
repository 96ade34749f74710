"""Figures by citizenship beside their total: what adds up, what is no larger, and what is left alone."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from brute_force import HALF, Printed, linear_holds
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.quality.identities.rules import load_identities
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.quality.identities.rules import Identity
    from tests.quality.conftest import Books

PAGES = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MINISTRY: dict[str, Any] = {"dataset": "mvd/migration_registration", "counterpart_area": None, "indicator": "visas"}
ABROAD: dict[str, Any] = {"dataset": "oecd/international_migration", "counterpart_area": None}
CITIZENSHIPS = ("WORLD", "KZ", "AM", "STATELESS")


@pytest.fixture(scope="module")
def rules() -> dict[str, Identity]:
    """The declared identities by id."""
    return {one.id: one for one in load_identities(Workspace.of().expectations / "identities.yml")}


def put(books: Books, values: dict[str | None, int | None], name: str = "", **said: Any) -> None:
    """Print a figure for each citizenship; None for the figure that is not broken down."""
    for citizenship, value in values.items():
        by_age = said.get("breakdown", "")
        breakdown = " ".join(filter(None, [by_age, citizenship and f"citizenship={citizenship}"]))
        place: dict[str, Any] = said | {"breakdown": breakdown}
        books.add(f"{name}{citizenship}", value, **place)


def verdicts(books: Books, rule: Identity) -> list[str]:
    return sorted(books.evaluate([rule]).values())


def printed() -> st.SearchStrategy[Printed]:
    return st.tuples(st.integers(0, 6), st.sampled_from([Fraction(0), HALF])).map(
        lambda one: (one[0] - one[1], one[0] + one[1])
    )


@PAGES
@given(page=st.lists(st.tuples(*[printed()] * len(CITIZENSHIPS)), min_size=8, max_size=20))
def test_citizenships_add_up_just_when_values_in_print_do(
    books: Books, rules: dict[str, Identity], page: list[tuple[Printed, ...]]
) -> None:
    books.clear()
    for area, cells in enumerate(page):
        for citizenship, (low, high) in zip(CITIZENSHIPS, cells, strict=True):
            place = {"ref_area": f"area-{area}", "breakdown": f"citizenship={citizenship}"}
            books.add(f"{citizenship}{area}", (low + high) / 2, (high - low) / 2, **MINISTRY, **place)
    found = {
        one.split("ref_area=")[1].split()[0]: is_ for one, is_ in books.evaluate([rules["citizenships_add_up"]]).items()
    }
    coefficients = (1, -1, -1, -1)
    assert found == {
        f"area-{area}": "holds" if linear_holds(coefficients, cells) else "broken" for area, cells in enumerate(page)
    }


@pytest.mark.parametrize(("total", "verdict"), [(15, "holds"), (16, "broken"), (14, "broken")])
def test_every_citizenship_of_the_ministry_is_counted_once(
    books: Books, rules: dict[str, Identity], total: int, verdict: str
) -> None:
    put(books, {None: 999, "WORLD": total, "KZ": 7, "AM": 5, "STATELESS": 3, "AQ": 0}, **MINISTRY)
    assert verdicts(books, rules["citizenships_add_up"]) == [verdict]


@pytest.mark.parametrize(("total", "verdict"), [(15, "holds"), (16, "broken")])
def test_both_tables_of_the_ministry_print_the_same_total(
    books: Books, rules: dict[str, Identity], total: int, verdict: str
) -> None:
    put(books, {None: 15, "WORLD": total, "KZ": 7}, **MINISTRY)
    put(books, {None: 4}, "region", ref_area="RU-BEL", **MINISTRY)
    assert verdicts(books, rules["citizenships_together_are_the_whole"]) == [verdict]


def test_a_slip_in_one_country_is_found_with_the_cells_that_could_explain_it(
    books: Books, rules: dict[str, Identity]
) -> None:
    put(books, {None: 15, "WORLD": 15, "KZ": 7, "AM": 8, "STATELESS": 3}, **MINISTRY)
    together = [rules["citizenships_add_up"], rules["citizenships_together_are_the_whole"]]
    (found,) = books.findings(together)
    assert (found.rule, found.severity, found.is_blocking) == ("citizenships_add_up", "error", True)
    assert {one.observation_id: one.expected_low for one in found.suspects} == {"KZ": 4, "AM": 5, "STATELESS": 0}


def test_elsewhere_a_citizenship_is_at_most_all_of_them(books: Books, rules: dict[str, Identity]) -> None:
    put(books, {"WORLD": 10, "KZ": 4, "RU": 11}, **ABROAD)
    put(books, {"WORLD": 6, "KZ": 6}, "women", **ABROAD, breakdown="sex=F")
    put(books, {"WORLD": 1, "KZ": 2}, "girls", **ABROAD, breakdown="sex=F age=Y0T4")
    put(books, {"KZ": 99}, "no total", **ABROAD, ref_area="DE")
    found = books.evaluate([rules["part_of_all_citizenships"]])
    assert {(one.split("cell=")[1], verdict) for one, verdict in found.items()} == {
        ("KZ", "holds"),
        ("RU", "broken"),
        ("womenKZ", "holds"),
        ("girlsKZ", "broken"),
    }


def test_a_rule_that_says_nothing_of_citizenship_keeps_citizenships_apart(
    books: Books, rules: dict[str, Identity]
) -> None:
    for indicator, values in (("arrivals", (9, 4)), ("departures", (5, 3)), ("net_migration", (4, 2))):
        place = ABROAD | {"indicator": indicator}
        put(books, dict(zip(("WORLD", "KZ"), values, strict=True)), indicator, **place)
    found = books.evaluate([rules["net_is_arrivals_less_departures"], rules["part_of_all_citizenships"]])
    net = {one.split("time_period=2005")[1]: verdict for one, verdict in found.items() if "cell=" not in one}
    assert net == {" citizenship=WORLD": "holds", " citizenship=KZ": "broken"}
