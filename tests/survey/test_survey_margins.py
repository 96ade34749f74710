"""Quotas and printed margins, computed by generated SQL on a respondent mart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
import yaml

from orchestration.quality.survey_margins import MarginResult, margin_results, mart_column
from tests.survey.survey_tables import read_survey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.landing.survey_declaration import SurveyDeclaration

ROOT = Path(__file__).resolve().parents[2]
SAV = ROOT / "raw" / "survey" / "frontier_2009" / "2009" / "frontier_2009.sav"
EDITION = "survey/frontier_2009@2009"


@pytest.fixture
def mart(declaration: SurveyDeclaration) -> Iterator[duckdb.DuckDBPyConnection]:
    """A respondent mart of the committed file, in the columns of the warehouse."""
    connection = duckdb.connect()
    connection.register("responses", read_survey(SAV, EDITION, declaration).responses)
    valid = "case when variable = '{}' and missing_reason is null then value end"
    columns = [
        f"max({valid.format(name)}) as {mart_column(name, declaration)}"
        for name in (*declaration.coded_variables, *declaration.count_variables)
    ]
    connection.execute(
        f"create table main.mart_survey_respondent as select 'k1' as edition_key, respondent_id, "
        f"{', '.join(columns)} from responses group by respondent_id"
    )
    connection.execute("create table main.dim_edition as select 'k1' as edition_key, ? as edition_id", [EDITION])
    yield connection
    connection.close()


def by_id(results: list[MarginResult]) -> dict[str, MarginResult]:
    return {result.id: result for result in results}


def test_every_quota_range_and_margin_holds(mart: duckdb.DuckDBPyConnection, declaration: SurveyDeclaration) -> None:
    results = margin_results(mart, declaration, EDITION)
    assert [result.id for result in results if not result.holds] == []
    kinds = [result.kind for result in results]
    assert (kinds.count("quota"), kinds.count("range")) == (9, 7)
    assert kinds.count("margin") == len(declaration.margins)


def test_a_margin_says_what_it_rests_on(mart: duckdb.DuckDBPyConnection, declaration: SurveyDeclaration) -> None:
    result = by_id(margin_results(mart, declaration, EDITION))["visa_opposed_kazakhstan"]
    assert (result.base_n, result.count, result.printed) == (600, 503, "83.8")
    assert result.share_pct == pytest.approx(100 * 503 / 600)
    assert (result.expected_low, result.expected_high) == (83.75, 83.85)
    visits = by_id(margin_results(mart, declaration, EDITION))["visits_in_summer"]
    assert (visits.base_n, visits.count) == (9611, 7689)


def test_one_changed_answer_breaks_its_margin_only(
    mart: duckdb.DuckDBPyConnection, declaration: SurveyDeclaration
) -> None:
    mart.execute(
        "update main.mart_survey_respondent set visa_attitude_code = null where respondent_id = ("
        "select min(respondent_id) from main.mart_survey_respondent "
        "where visa_attitude_code = 1 and country_code = 1)"
    )
    results = margin_results(mart, declaration, EDITION)
    assert [result.id for result in results if not result.holds] == ["visa_opposed_kazakhstan"]
    assert by_id(results)["visa_opposed_kazakhstan"].base_n == 600


def test_a_lost_respondent_breaks_quotas_and_bases(
    mart: duckdb.DuckDBPyConnection, declaration: SurveyDeclaration
) -> None:
    mart.execute("delete from main.mart_survey_respondent where respondent_id = '1200'")
    broken = {result.id for result in margin_results(mart, declaration, EDITION) if not result.holds}
    assert {"interviews", "interviews_russia", "interviews_linevka", "travels"} <= broken
    assert "interviews_kazakhstan" not in broken


def test_a_count_outside_its_range_is_found(mart: duckdb.DuckDBPyConnection, declaration: SurveyDeclaration) -> None:
    mart.execute("update main.mart_survey_respondent set trips_per_year = 5 where trip_frequency_code = 1")
    broken = [result.id for result in margin_results(mart, declaration, EDITION) if not result.holds]
    assert broken == ["trips_fit_frequency_1"]


def test_an_edition_without_respondents_holds_nothing(
    mart: duckdb.DuckDBPyConnection, declaration: SurveyDeclaration
) -> None:
    results = margin_results(mart, declaration, "survey/frontier_2009@1999")
    assert len(results) == 50
    assert not any(result.holds for result in results)
    assert by_id(results)["travels"].share_pct is None


def test_the_warehouse_has_a_column_for_every_variable(declaration: SurveyDeclaration) -> None:
    contract = yaml.safe_load((ROOT / "dbt_project/models/marts/survey__models.yml").read_text(encoding="utf-8"))
    columns = {column["name"]: column["data_type"] for column in contract["models"][0]["columns"]}
    for variable in (*declaration.coded_variables, *declaration.count_variables):
        assert columns[mart_column(variable, declaration)] == "integer"
    for variable in (*declaration.predictors, declaration.response):
        assert columns[f"{variable}_name"] == "varchar"
