"""What a table prints again: each edition is judged against the one in which it printed the figure before."""

from __future__ import annotations

import shutil
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from brute_force import HALF, Printed, linear_holds
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from benchmarks.mutation_oracle import Figure, Oracle
from orchestration.modelling.dbt_runner import build
from orchestration.quality.audit import evaluate_identities
from orchestration.quality.findings import Finding
from orchestration.quality.identities.findings import identity_findings
from orchestration.quality.identities.rules import load_identities
from orchestration.workspace import Workspace
from orchestration.yaml_text import parse_yaml
from tests.quality.pages import PAGES, RULE

if TYPE_CHECKING:
    from orchestration.release.candidate import Candidate
    from tests.quality.conftest import Books

REPRINTED: dict[str, Any] = {
    "id": "reprinted",
    "severity": "warning",
    "statement": "As printed before",
    "kind": "linear",
    "same": ["edition_id", "indicator", "ref_area", "counterpart_area", "time_period", "group_definition"],
    "terms": [
        {"coefficient": 1},
        {"coefficient": -1, "edition": "previous", "unless": {"obs_status": ["P", "E"]}},
    ],
}
IDENTITY = RULE.validate_python(REPRINTED)
EDITIONS = ("agency/table@2005", "agency/table@2006", "agency/table@2007", "agency/table@2008")
FIGURE = ("dataset", "indicator", "ref_area", "counterpart_area", "time_period", "population_group", "breakdown")


def put(books: Books, year: int, value: Fraction | int | None, half_width: Fraction | int = 0, **said: Any) -> None:
    """Print a figure in the edition of a year."""
    cell = " ".join([str(year), *(str(one) for one in said.values())])
    books.add(cell, value, half_width, edition_id=f"agency/table@{year}", **said)


def number_editions(books: Books) -> None:
    """Say of every figure where it was printed before, as the warehouse does: whatever its value or definition."""
    versions = defaultdict(list)
    for figure in books.figures:
        versions[tuple(figure[name] for name in FIGURE)].append(figure)
    for printed in versions.values():
        ordered = sorted(printed, key=lambda one: one["edition_id"])
        for earlier, later in pairwise(ordered):
            later["previous_edition_id"] = earlier["edition_id"]
        for figure in ordered:
            figure["is_latest_in_dataset"] = figure is ordered[-1]


def judged(books: Books) -> dict[tuple[str, str], str]:
    """The verdict of each instance by the year of its edition and what is unusual in it."""
    number_editions(books)
    return {
        (one.split("@")[1][:4], one.split("group_definition=")[1]): verdict
        for one, verdict in books.evaluate([IDENTITY]).items()
    }


def test_two_editions_print_the_same(books: Books) -> None:
    put(books, 2006, 10)
    put(books, 2007, 10)
    put(books, 2006, 20, ref_area="KZ")
    put(books, 2007, 21, ref_area="KZ")
    number_editions(books)
    same = "indicator=arrivals ref_area={} counterpart_area=WORLD time_period=2005 group_definition="
    assert books.evaluate([IDENTITY]) == {
        f"edition_id=agency/table@2007 {same.format('RU')}": "holds",
        f"edition_id=agency/table@2007 {same.format('KZ')}": "broken",
    }


def test_each_of_three_editions_is_judged_against_the_one_before(books: Books) -> None:
    for year, value in ((2005, 10), (2006, 11), (2007, 11)):
        put(books, year, value)
    assert judged(books) == {("2006", ""): "broken", ("2007", ""): "holds"}


def test_an_edition_that_does_not_print_the_figure_is_passed_over(books: Books) -> None:
    put(books, 2005, 10)
    put(books, 2006, 30, ref_area="KZ")
    put(books, 2007, 11)
    assert judged(books) == {("2007", ""): "broken"}


def test_what_one_edition_prints_by_age_alone_is_compared_figure_by_figure(books: Books) -> None:
    """The edition between prints the total alone: the ages are compared with the edition before it."""
    for year, total, girls in ((2005, 10, 4), (2006, 12, None), (2007, 12, 5)):
        put(books, year, total)
        if girls:
            put(books, year, girls, breakdown="sex=F age=Y0T4")
    assert judged(books) == {
        ("2006", ""): "broken",
        ("2007", ""): "holds",
        ("2007", " sex=F age=Y0T4"): "broken",
    }


def test_another_definition_is_another_figure(books: Books) -> None:
    for year, value, definition in (
        (2005, 10, "with_georgia"),
        (2006, 9, "without_georgia"),
        (2007, 9, "without_georgia"),
        (2008, 10, "with_georgia"),
    ):
        put(books, year, value, counterpart_area="CIS", group_definition=definition)
    assert judged(books) == {("2007", "without_georgia"): "holds"}


def test_a_provisional_figure_is_printed_to_be_replaced(books: Books) -> None:
    for year, value, status in ((2005, 10, "P"), (2006, 11, "A"), (2007, 12, "A")):
        put(books, year, value, obs_status=status)
    assert judged(books) == {("2007", ""): "broken"}


def test_a_symbol_is_compared_with_nothing(books: Books) -> None:
    for year, value in ((2005, 10), (2006, None), (2007, 11), (2008, 11)):
        put(books, year, value)
    assert judged(books) == {("2008", ""): "holds"}


def test_another_table_of_the_agency_is_no_edition_before(books: Books) -> None:
    put(books, 2006, 10)
    books.add("other", 11, dataset="agency/other", edition_id="agency/other@2007")
    books.figures[1]["previous_edition_id"] = "agency/table@2006"
    assert books.evaluate([IDENTITY]) == {}


THOUSAND = {"unit_mult": 3}


@pytest.mark.parametrize(("units", "verdict"), [(10_499, "holds"), (10_500, "holds"), (10_501, "broken")])
def test_thousands_stand_for_all_that_is_rounded_to_them(books: Books, units: int, verdict: str) -> None:
    put(books, 2006, 10_000, 500, **THOUSAND)
    put(books, 2007, units)
    assert judged(books) == {("2007", ""): verdict}


def printed() -> st.SearchStrategy[Printed]:
    widths = st.sampled_from([Fraction(0), HALF, Fraction(1)])
    return st.tuples(st.integers(0, 4), widths).map(lambda one: (one[0] - one[1], one[0] + one[1]))


@PAGES
@given(page=st.lists(st.lists(st.none() | printed(), min_size=2, max_size=4), min_size=8, max_size=20))
def test_a_reprint_is_broken_just_when_no_value_is_in_both(books: Books, page: list[list[Printed | None]]) -> None:
    """Lines of a table with up to four editions, in some of which they are not printed."""
    books.clear()
    books.add("printed once", 1)
    expected = {}
    for area, versions in enumerate(page):
        found = [(edition, cell) for edition, cell in zip(EDITIONS, versions, strict=False) if cell]
        for edition, (low, high) in found:
            place = {"edition_id": edition, "ref_area": f"area-{area}"}
            books.add(f"{edition} {area}", (low + high) / 2, (high - low) / 2, **place)
        for (_, before), (edition, after) in pairwise(found):
            name = f"edition_id={edition} indicator=arrivals ref_area=area-{area} counterpart_area=WORLD"
            expected[f"{name} time_period=2005 group_definition="] = (
                "holds" if linear_holds((1, -1), (after, before)) else "broken"
            )
    number_editions(books)
    assert books.evaluate([IDENTITY]) == expected
    assert {name for name, verdict in expected.items() if verdict == "broken"} == by_oracle(books)


def by_oracle(books: Books) -> set[str]:
    """The instances that the benchmark's own brute force finds broken."""
    figures = []
    for one in books.figures:
        (row,) = books.connection.execute(
            "select opens_on, closes_on from main.dim_period where period_id = ?", [one["time_period"]]
        ).fetchall()
        members = {"released_on": one["edition_id"], **one}
        figures.append(Figure(one["observation_id"], members, one["is_latest_in_dataset"], *row))
    intervals = {}
    for one in books.figures:
        middle, half = Fraction(one["figure_value"]), Fraction(one["half_width"])
        intervals[one["observation_id"]] = (middle - half, middle + half)
    oracle = Oracle([REPRINTED], figures, [], {})
    by_id = {one["observation_id"]: one for one in books.figures}
    found = set()
    for _, cells in oracle.violations(intervals, intervals):
        later = max((by_id[cell] for cell in cells), key=lambda one: one["edition_id"])
        found.add(
            f"edition_id={later['edition_id']} indicator=arrivals ref_area={later['ref_area']} "
            "counterpart_area=WORLD time_period=2005 group_definition="
        )
    return found


def test_both_cells_are_suspected_and_named_with_their_editions(books: Books) -> None:
    put(books, 2006, 110374)
    put(books, 2007, 110347)
    number_editions(books)
    (found,) = books.findings([IDENTITY])
    assert [(one.raw_text, one.expected_low) for one in found.suspects] == [("110374", 110347), ("110347", 110374)]
    assert "of agency/table@2006 printed 110374, expected 110347" in found.message
    assert "of agency/table@2007 printed 110347, expected 110374" in found.message
    assert not found.is_blocking


def test_the_cell_that_two_editions_contradict_is_the_one_suspect(books: Books) -> None:
    for year, value in ((2005, 110374), (2006, 110347), (2007, 110374)):
        put(books, year, value)
    number_editions(books)
    found = books.findings([IDENTITY])
    assert [[one.observation_id for one in finding.suspects] for finding in found] == [["2006"], ["2006"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"same": ["indicator"]}, "has edition_id in same"),
        ({"same": ["edition_id", "released_on"]}, "and not released_on"),
        ({"terms": [{"edition": "previous"}, {"coefficient": -1}]}, "the first cell is of the edition itself"),
        ({"terms": [{}, {"coefficient": -1, "edition": "next"}]}, "Input should be 'same' or 'previous'"),
        (
            {"terms": [{}, {"edition": "previous", "each": {"dimension": "ref_area", "level": "regions"}}]},
            "a sum over a level does not speak of the previous edition",
        ),
    ],
)
def test_a_rule_about_the_previous_edition_says_what_it_must(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        RULE.validate_python(REPRINTED | change)


IDENTITIES = Workspace.of().expectations / "identities.yml"
YEARBOOK = "goskomstat/russia_cis_migration@demographic_yearbook_2006"


def test_what_a_census_changes_is_explained_and_the_rest_is_not_an_error() -> None:
    rules = {one.id: one for one in load_identities(IDENTITIES)}
    assert rules["final_figures_are_reprinted"].severity == "warning"
    assert rules["recalculated_figures_are_reprinted"].severity == rules["rates_are_reprinted"].severity == "info"
    declared = {rule["id"]: rule for rule in parse_yaml(IDENTITIES.read_text(encoding="utf-8"))}
    left_out = declared["final_figures_are_reprinted"]["terms"][0]["unless"]["dataset"]
    assert declared["recalculated_figures_are_reprinted"]["where"]["dataset"] == left_out


@pytest.fixture(scope="module")
def reprinted(candidate: Candidate, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The bundled tables, and Table 1 printed again in two later yearbooks: with a slip, and by another definition."""
    copy = tmp_path_factory.mktemp("reprinted") / "frontier.duckdb"
    shutil.copyfile(candidate.database, copy)
    workspace = Workspace.of()
    with duckdb.connect(str(copy)) as connection:
        for year in ("2007", "2008"):
            connection.execute(
                """
                insert into raw.editions
                select * replace (
                    dataset || '@' || $1 as edition_id, $1 as edition,
                    cast($1 || '-12-31' as date) as released_on, replace(file, edition, $1) as file
                ) from raw.editions where edition_id = $2;
                """,
                [year, YEARBOOK],
            )
            connection.execute(
                """
                insert into raw.observations
                select * replace (
                    observation_id || $1 as observation_id, dataset || '@' || $1 as edition_id, $1 as edition,
                    replace(file, edition, $1) as file
                ) from raw.observations where edition_id = $2
                """,
                [year, YEARBOOK],
            )
        connection.execute(
            "update raw.observations set raw_text = '359380', value = 359380 "
            "where edition = '2007' and raw_text = '359330'; "
            "update raw.observations set group_definition = 'without_georgia', "
            "value = case when unit = 'persons' then value - 1 else value end "
            "where edition = '2008' and counterpart_area = 'CIS'"
        )
    build(copy, workspace.dbt_target, "int_figures__versioned", "", workspace.dbt_project)
    connection = duckdb.connect(str(copy))
    evaluate_identities(connection, workspace.expectations)
    return connection


def reprints_found(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    found = identity_findings(connection, load_identities(IDENTITIES))
    return [one for one in found if one.rule == "final_figures_are_reprinted"]


def test_every_edition_is_judged_by_the_order_of_the_warehouse(reprinted: duckdb.DuckDBPyConnection) -> None:
    rows = reprinted.execute(
        "select regexp_extract(instance, 'edition_id=(\\S+)', 1), count(*), count(*) filter (verdict = 'broken') "
        "from audit.identity_result where rule_id = 'final_figures_are_reprinted' group by all order by all"
    ).fetchall()
    # Seven years of six figures; of the second, those of the CIS, four in a year, are by another definition.
    assert rows == [
        ("goskomstat/russia_cis_migration@2007", 7 * 6, 1),
        ("goskomstat/russia_cis_migration@2008", 7 * 2, 1),
    ]


def test_the_slip_of_one_yearbook_is_named_by_the_others(reprinted: duckdb.DuckDBPyConnection) -> None:
    found = reprints_found(reprinted)
    assert [(one.severity, one.state, one.is_blocking) for one in found] == [("warning", "open", False)] * 2
    for one in found:
        (suspect,) = one.suspects
        assert (suspect.raw_text, suspect.expected_low, suspect.expected_high) == ("359380", 359330, 359330)
        assert "/2007/" in suspect.file
        assert "of 2007 printed 359380, expected 359330" in one.message
