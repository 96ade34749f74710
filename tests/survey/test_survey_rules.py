"""Skips, agreements, repeated answers, weights and anonymity of a survey, judged on a small mart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from orchestration.errors import FrontierError
from orchestration.landing.survey_declaration import SurveyDeclaration
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.survey_margins import MarginResult
from orchestration.quality.survey_rules import rule_findings, severity_of, survey_results

EDITION = "survey/one@2020"
BASE: dict[str, Any] = {
    "respondent_id": "id",
    "weight": "weight",
    "response": "went",
    "predictors": ["sex"],
    "coded_variables": ["sex", "went", "why", "a", "b", "c"],
    "count_variables": ["age"],
    "anonymity": {"quasi_identifiers": ["sex", "age"], "k": 2},
}
# went, why, sex, age, a, b, c, weight: two alike by sex and age, and so on
ROWS = [
    (1, 3, 1, 20, 1, 2, 3, 1.0),
    (1, None, 1, 20, 1, 1, 2, 1.5),
    (2, None, 2, 30, 2, 1, 2, 0.5),
    (2, None, 2, 30, 2, 2, 1, 1.0),
]


@pytest.fixture
def judge() -> Callable[..., dict[str, MarginResult]]:
    """Judges respondents by rules that are declared beside the variables."""

    def judge(rows: list[tuple[Any, ...]] = ROWS, is_synthetic: bool = False, **rules: Any) -> dict[str, MarginResult]:
        connection = duckdb.connect()
        connection.execute(
            "create table main.mart_survey_respondent (edition_key varchar, went_code int, why_code int, sex_code int, "
            "age int, a_code int, b_code int, c_code int, weight double)"
        )
        if rows:
            connection.executemany("insert into main.mart_survey_respondent values ('k', ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("create table main.dim_edition (edition_key varchar, edition_id varchar, is_synthetic bool)")
        connection.execute("insert into main.dim_edition values ('k', ?, ?)", [EDITION, is_synthetic])
        declaration = SurveyDeclaration.model_validate(BASE | rules)
        return {one.id: one for one in survey_results(connection, declaration, EDITION)}

    return judge


SKIP = {"id": "no_trip", "statement": "Who did not go is not asked why", "when": {"went": [2]}, "unanswered": ["why"]}
AGREEMENT = {"id": "men", "statement": "Men are young", "when": {"sex": [1]}, "then": {"age": {"min": 18, "max": 29}}}
Judge = Callable[..., dict[str, MarginResult]]


def test_what_is_declared_holds(judge: Judge) -> None:
    results = judge(skips=[SKIP], agreements=[AGREEMENT], duplicates={}, weight_total={})
    assert {one.id: (one.base_n, one.count, one.holds) for one in results.values()} == {
        "no_trip": (4, 4, True),
        "men": (4, 4, True),
        "duplicates": (4, 4, True),
        "weight_total": (4, 4, True),
        "anonymity": (4, 4, True),
    }


def test_an_answer_to_a_skipped_question_is_counted(judge: Judge) -> None:
    result = judge([*ROWS, (2, 1, 2, 30, 2, 2, 2, 1.0)], skips=[SKIP])["no_trip"]
    assert (result.base_n, result.count, result.holds) == (5, 4, False)


def test_a_missing_answer_agrees_with_nothing(judge: Judge) -> None:
    assert not judge([*ROWS, (1, 1, 1, None, 1, 1, 1, 1.0)], agreements=[AGREEMENT])["men"].holds
    assert judge([*ROWS, (1, 1, None, 70, 1, 1, 1, 1.0)], agreements=[AGREEMENT])["men"].holds


def test_repeated_answers_are_counted_and_may_be_allowed(judge: Judge) -> None:
    rows = [*ROWS, ROWS[0][:-1] + (7.0,), ROWS[0]]
    result = judge(rows, duplicates={})["duplicates"]
    assert (result.base_n, result.count, result.holds) == (6, 4, False)
    assert judge(rows, duplicates={"most_pct": 34})["duplicates"].holds
    assert judge(rows, duplicates={"variables": ["sex", "went"]})["duplicates"].count == 2


def test_one_code_throughout_is_straight_lining(judge: Judge) -> None:
    battery = {"id": "views", "variables": ["a", "b", "c"]}
    rows = [*ROWS, (1, 1, 1, 20, 3, 3, 3, 1.0), (1, 1, 1, 20, None, None, None, 1.0)]
    result = judge(rows, batteries=[battery])["views"]
    assert (result.base_n, result.count, result.holds) == (6, 5, False)
    assert judge(rows, batteries=[battery | {"most_pct": 17}])["views"].holds


@pytest.mark.parametrize(
    ("rule", "holds"),
    [({}, True), ({"total": 4}, True), ({"total": 5}, False), ({"total": 5, "tolerance_pct": 20}, True)],
)
def test_weights_add_up(judge: Judge, rule: dict[str, Any], holds: bool) -> None:
    assert judge(weight_total=rule)["weight_total"].holds is holds


def test_rows_that_few_share_are_not_published_unless_that_is_allowed(judge: Judge) -> None:
    rows = [*ROWS, (1, 1, 1, 71, 1, 1, 1, 1.0)]
    result = judge(rows)["anonymity"]
    assert (result.base_n, result.count, result.holds) == (5, 4, False)
    assert judge(rows, is_synthetic=True)["anonymity"].holds
    allowed = judge(rows, anonymity=BASE["anonymity"] | {"open_by": "Those asked agreed"})["anonymity"]
    assert allowed.holds
    assert allowed.ambiguity == "Those asked agreed"


def test_a_missing_answer_is_a_value_that_can_be_recognised(judge: Judge) -> None:
    assert judge([*ROWS, (1, 1, 1, None, 1, 1, 1, 1.0)])["anonymity"].count == 4


def test_without_a_word_on_anonymity_only_a_synthetic_file_is_published(judge: Judge) -> None:
    assert not judge(anonymity=None)["anonymity"].holds
    assert judge(anonymity=None, is_synthetic=True)["anonymity"].holds


def test_nobody_to_judge_is_no_success(judge: Judge) -> None:
    results = judge([], skips=[SKIP], agreements=[AGREEMENT], duplicates={}, weight_total={"total": 4})
    assert [one.id for one in results.values() if one.holds] == []


@pytest.fixture
def cases() -> duckdb.DuckDBPyConnection:
    """A survey that is landed and not modelled: three cases, two of which are alike."""
    connection = duckdb.connect()
    edition = {"edition_id": EDITION, "dataset": "survey/one", "edition": "2020", "file": "one.sav"}
    rows = {
        "raw.editions": [edition | {"is_synthetic": False}],
        "raw.survey_files": [{"edition_id": EDITION, "table_name": "cases_one"}],
        "raw.survey_variables": [{"edition_id": EDITION, "variable": "Q1", "column_name": "q 1"}],
    }
    for table, values in rows.items():
        insert_rows(connection, create_declared_table(connection, table), values)
    connection.execute('create table raw.cases_one as select * from (values (1), (1), (2)) as t("q 1")')
    return connection


def test_cases_that_are_not_modelled_are_judged_where_they_are_landed(cases: duckdb.DuckDBPyConnection) -> None:
    def judge(name: str, **rule: Any) -> list[MarginResult]:
        declared = {"anonymity": {"quasi_identifiers": [name], "k": 2} | rule}
        return survey_results(cases, SurveyDeclaration.model_validate(declared), EDITION)

    [result] = judge("Q1")
    assert (result.base_n, result.count, result.holds) == (3, 2, False)
    assert judge("Q1", open_by="A licence")[0].holds
    with pytest.raises(FrontierError, match="no variable Q9"):
        judge("Q9")


def test_a_finding_says_what_is_wrong_and_shows_no_answer(cases: duckdb.DuckDBPyConnection) -> None:
    table = create_declared_table(cases, "audit.survey_margin")
    said = {"edition_id": EDITION, "base": "all respondents", "base_n": 1200, "holds": False, "printed": "all"}
    kinds = {
        "skip": {"statement": "Who did not go is not asked why", "count": 1199},
        "duplicates": {"statement": "Respondents whose answers repeat those of another", "count": 1190},
        "quota": {"statement": "1300 interviews: all respondents", "printed": "1300", "count": 1200},
        "anonymity": {"statement": "At least 3 respondents share sex, age", "printed": "k = 3", "count": 1000},
    }
    insert_rows(
        cases,
        table,
        [said | {"margin_id": kind, "kind": kind, "severity": severity_of(kind)} | one for kind, one in kinds.items()],
    )
    found = {one.rule: one for one in rule_findings(cases)}
    assert {rule: one.severity for rule, one in found.items()} == {
        "survey.skip": "error", "survey.duplicates": "warning", "survey.quota": "error", "survey.anonymity": "error",
    }  # fmt: skip
    assert found["survey.skip"].message == (
        "one.sav: Who did not go is not asked why. Not so for 1 of 1,200 respondents."
    )
    assert "10 of 1,200 respondents" in found["survey.duplicates"].message
    assert "200 of 1,200: their rows may not be published" in found["survey.anonymity"].message
    assert all(one.dataset == "survey/one" and not one.cells for one in found.values())


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ({"skips": [SKIP | {"unanswered": ["whence"]}]}, "skip no_trip: not a declared variable: whence"),
        ({"agreements": [AGREEMENT | {"then": {}}]}, "at least 1"),
        ({"batteries": [{"id": "views", "variables": ["a", "b", "age"]}]}, "not a declared coded variable: age"),
        ({"skips": [SKIP], "agreements": [AGREEMENT | {"id": "no_trip"}]}, "ids used more than once: no_trip"),
        ({"anonymity": {"quasi_identifiers": ["height"]}}, "anonymity: not a declared variable: height"),
        ({"response": None, "predictors": [], "duplicates": {}}, "need a survey that is modelled"),
    ],
)
def test_rules_about_what_is_not_there_are_refused(rules: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        SurveyDeclaration.model_validate(BASE | rules)
