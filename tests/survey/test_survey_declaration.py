"""The survey section of dataset.yml: what it accepts, what it refuses, and the intervals it stands for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from orchestration.landing.survey_declaration import Margin, SurveyDeclaration

PLACE = {"section": "Results", "page": 11, "location": "first bullet"}


def margin(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "id": "stays",
        "statement": "Those who stay",
        "base_description": "all",
        "base_n": 600,
        "counted": {"plan": [1]},
        "printed": "77.3",
        "place": PLACE,
    }
    return {name: value for name, value in (content | changes).items() if value is not None}


def survey(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "respondent_id": "number",
        "weight": "weight",
        "response": "trips",
        "predictors": ["sex"],
        "coded_variables": ["sex", "trips", "plan"],
        "count_variables": ["visits", "summer"],
        "margins": [margin()],
    }
    return content | changes


@pytest.mark.parametrize(
    ("printed", "low", "high"),
    [("77.3", "77.25", "77.35"), ("81.0", "80.95", "81.05"), ("14", "13.5", "14.5")],
)
def test_printed_number_stands_for_its_last_digit(printed: str, low: str, high: str) -> None:
    interval = Margin.model_validate(margin(printed=printed)).interval
    assert interval == (Decimal(low), Decimal(high), True, False)


def test_words_stand_for_the_declared_interval() -> None:
    declared = Margin.model_validate(margin(printed="more than half", low=50, high=100, is_low_excluded=True))
    assert declared.interval == (Decimal(50), Decimal(100), False, True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"printed": "about half"}, "declare low and high"),
        ({"low": 77, "high": 78}, "gives the interval itself"),
        ({"counted": None}, "either counted or ratio"),
        ({"ratio": {"part": "summer", "whole": "visits"}}, "either counted or ratio"),
        ({"counted": {"plan; drop table x": [1]}}, "pattern"),
        ({"counted": {"plan": []}}, "at least 1 item"),
        ({"counted": {"plan": {"min": 5, "max": 2}}}, "above its end"),
        ({"base_sql": "true"}, "Extra inputs"),
    ],
)
def test_incomplete_margin_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SurveyDeclaration.model_validate(survey(margins=[margin(**changes)]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"predictors": ["income"]}, "response and predictors: not a declared coded variable: income"),
        ({"response": "visits"}, "not a declared coded variable: visits"),
        ({"margins": [margin(base={"side": [1]})]}, "margin stays: not a declared variable: side"),
        (
            {"margins": [margin(counted=None, ratio={"part": "sex", "whole": "visits"})]},
            "count variable: sex",
        ),
        ({"margins": [margin(), margin()]}, "ids used more than once: stays"),
        ({"count_variables": ["visits", "sex"]}, "declared more than once: sex"),
        ({"quotas": [{"id": "q", "where": {"town": [1]}, "n": 5, "place": PLACE}]}, "quota q"),
        ({"sql": "true"}, "Extra inputs"),
    ],
)
def test_inconsistent_declaration_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SurveyDeclaration.model_validate(survey(**changes))


@pytest.mark.parametrize("content", [{}, {"respondent_id": "CASEID"}, {"encoding": "windows-1251", "weight": "вес"}])
def test_a_foreign_survey_needs_hardly_a_declaration(content: dict[str, Any]) -> None:
    declared = SurveyDeclaration.model_validate(content)
    assert not declared.has_long_form
    assert set(declared.variables) == {content[name] for name in ("respondent_id", "weight") if name in content}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"response": "trips", "coded_variables": ["trips"]}, "needs a weight and predictors"),
        ({"predictors": ["sex"], "coded_variables": ["sex"]}, "a response"),
        ({"coded_variables": ["plan"], "margins": [margin()]}, "a response"),
        ({"respondent_id": 'x"; drop table raw.editions'}, "respondent_id"),
        ({"encoding": "windows 1251"}, "encoding"),
    ],
)
def test_a_half_declared_model_is_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SurveyDeclaration.model_validate(content)


def test_a_declaration_cannot_be_changed() -> None:
    declared = SurveyDeclaration.model_validate(survey())
    with pytest.raises(ValidationError, match="frozen"):
        declared.weight = "other"  # ty: ignore[invalid-assignment]


def test_every_decimal_of_the_dissertation_is_declared(declaration: SurveyDeclaration) -> None:
    printed = {rule.id: rule.printed for rule in declaration.margins}
    numbers = sorted(text for text in printed.values() if text.replace(".", "").isdigit())
    assert numbers == sorted(
        ["50", "33", "17", "14", "77.3", "40", "37", "14", "80", "83.8", "81.0", "6.3", "6.7", "2.5"]
    )
    words = {text for text in printed.values() if not text.replace(".", "").isdigit()}
    assert words >= {"about half", "almost half", "about 80 %", "more than half", "about 2 %", "every third"}
    assert words >= {
        "each third",
        "every tenth",
        "each fifth",
        "two thirds",
        "more than 80 %",
        "around 2.0 %",
    }
