"""The figures that the two papers state, as keyed and as the bundled data bear them out or not."""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.quality.comparison_findings import claim_findings
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.release.candidate import Candidate

KIM, DISSERTATION = "literature/kim_2008", "literature/west_kazakhstan_dissertation"
DISAGREEING = {
    "cis_share_of_arrivals_1997": 95.69,
    "cis_share_of_departures_falls": 1,
    "ethnic_russians_2003": 66_121.73,
    "far_east_loss_2005": 81.97,
    "kazakhstan_excepted_from_growth": 317_650,
    "kazakhstan_population_2006": 15_219_291,
    "replacement_over_migration_of_1990s": 7.85,
    "russia_decreasing_since_1992": 2,
    "kz_border_share_2009": 34.33,
    "russia_in_migration_exchange": 64.43,
    "russians_in_border_regions_of_the_decline": 1_800_000,
    "russians_in_kazakhstan_2009": 3_750_000,
}
Claim = dict[str, str]


def keyed(dataset: str) -> list[Claim]:
    [file] = (Workspace.of().raw / dataset).glob("*/claims.csv")
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(params=[KIM, DISSERTATION])
def claims(request: pytest.FixtureRequest) -> list[Claim]:
    return keyed(request.param)


@pytest.fixture
def warehouse(candidate: Candidate) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(candidate.database), read_only=True)
    yield connection
    connection.close()


def test_both_papers_are_keyed_in_full() -> None:
    assert (len(keyed(KIM)), len(keyed(DISSERTATION))) == (79, 45)


def test_every_claim_has_its_place(claims: list[Claim]) -> None:
    pattern = re.compile(r"Section [IV1-9]+\b.+|Note \d+|Table \d, note")
    assert [claim["claim_id"] for claim in claims if not pattern.fullmatch(claim["place"])] == []


def test_every_range_has_an_end_and_runs_upwards(claims: list[Claim]) -> None:
    for claim in claims:
        ends = [float(claim[end]) for end in ("low", "high") if claim[end]]
        assert ends, claim["claim_id"]
        assert ends == sorted(ends), claim["claim_id"]


def test_a_tolerance_is_half_a_unit_of_a_digit_or_nothing(claims: list[Claim]) -> None:
    tolerances = {claim["tolerance"] for claim in claims if float(claim["tolerance"])}
    assert [text for text in tolerances if text.replace(".", "").strip("0") != "5"] == []


def test_a_claim_is_computed_or_says_which_input_it_needs(claims: list[Claim]) -> None:
    unexplained = [
        claim["claim_id"]
        for claim in claims
        if not claim["recompute"]
        and not re.match(r"Needs .*(landed|does not hold|not make|warehouse is of)", claim["explanation"])
    ]
    assert unexplained == []


def test_a_formula_names_figures_that_there_are(warehouse: duckdb.DuckDBPyConnection, claims: list[Claim]) -> None:
    models = ("int_claims__computed_from_migration", "int_claims__computed_from_population", "int_claims__counted")
    union = " union all ".join(f"select figure_name from intermediate.{model}" for model in models)
    known = {name for (name,) in warehouse.execute(union).fetchall()}
    known |= {f"claim.{claim['claim_id']}" for claim in claims}
    operands = {operand for claim in claims for operand in claim["recompute"].split() if operand not in "+*/"}
    assert operands - known == set()


def test_whatever_names_its_figures_is_computed_from_the_bundled_data(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        "select claim_id from mart_literature_claim where (computed_from is null) != (verdict = 'not computable')"
    ).fetchall()
    assert rows == []


def test_the_claims_that_the_figures_do_not_bear_out(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        "select claim_id, recomputed_value, is_within_rounding, why from mart_literature_claim "
        "where verdict = 'disagrees'"
    ).fetchall()
    assert {claim: round(value, 2) for claim, value, _, _ in rows} == DISAGREEING
    assert all(why and not is_within for _, _, is_within, why in rows)


def test_each_of_them_is_information_for_the_steward(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = claim_findings(warehouse)
    assert Counter(one.dataset for one in found) == {KIM: 8, DISSERTATION: 4}
    assert {one.instance.rpartition("=")[2] for one in found} == DISAGREEING.keys()


def test_border_ratios_wait_for_regional_populations(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        "select printed, verdict, recomputed_value, why like 'Needs the regional populations of %' "
        "from mart_literature_claim where claim_id similar to 'border_ratio_[0-9]+' order by claim_id"
    ).fetchall()
    assert rows == [(printed, "not computable", None, True) for printed in ("4.12", "4.78", "4.84")]


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("ethnic_russians_1997", 349_028.18),
        ("siberia_loss_2005", 70.25),
        ("listed_regions_loss_2005", 19.94),
        ("irregular_migrants_share_2000", 10.77),
        ("russians_in_border_regions_of_the_decline_share", 43.48),
        ("frontier_districts_population_share", 31.7),
        ("border_ratio_in_words", 4.91),
    ],
)
def test_a_claim_agrees_within_what_rounding_allows(
    warehouse: duckdb.DuckDBPyConnection, claim: str, value: float
) -> None:
    [row] = warehouse.execute(
        "select round(recomputed_value, 2), verdict, is_within_rounding from mart_literature_claim where claim_id = ?",
        [claim],
    ).fetchall()
    assert row == (value, "agrees", True)
