"""Every kind of missing value that a file can declare, kept as ranges, as codes and as reasons."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from orchestration.landing.survey_declaration import SurveyDeclaration
from tests.survey.survey_tables import read_survey

CODES = [-3.0, -2.0, -1.0, 1.0, 4.0, 97.0, 98.0, 99.0]
KINDS: dict[str, tuple[list[Any], list[tuple[float, float, str | None]], set[float]]] = {
    "none": ([], [], set()),
    "one": ([-1], [(-1, -1, "-1")], {-1}),
    "two": ([-1, -2], [(-1, -1, "-1"), (-2, -2, "-2")], {-1, -2}),
    "three": ([-1, -2, -3], [(-1, -1, "-1"), (-2, -2, "-2"), (-3, -3, "-3")], {-1, -2, -3}),
    "range": ([{"lo": -3, "hi": -1}], [(-3, -1, None)], {-3, -2, -1}),
    "low": ([{"lo": -math.inf, "hi": -1}], [(-math.inf, -1, None)], {-3, -2, -1}),
    "high": ([{"lo": 97, "hi": math.inf}], [(97, math.inf, None)], {97, 98, 99}),
    "range_1": ([{"lo": -3, "hi": -1}, 99], [(-3, -1, None), (99, 99, "99")], {-3, -2, -1, 99}),
    "low_1": ([{"lo": -math.inf, "hi": -1}, 99], [(-math.inf, -1, None), (99, 99, "99")], {-3, -2, -1, 99}),
    "high_1": ([{"lo": 97, "hi": math.inf}, -1], [(97, math.inf, None), (-1, -1, "-1")], {97, 98, 99, -1}),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """One variable for each kind, each with every code, and each code with its label."""
    labels: dict[float, str] = {code: f"({code:.0f}) label" for code in CODES}
    pyreadstat.write_sav(
        pd.DataFrame(dict.fromkeys(KINDS, CODES)),
        tmp_path / "missing.sav",
        missing_ranges={name: ranges for name, (ranges, _, _) in KINDS.items() if ranges},
        variable_value_labels=dict.fromkeys(KINDS, labels),
    )
    return tmp_path / "missing.sav"


@pytest.mark.parametrize("kind", KINDS)
def test_ranges_are_kept(path: Path, kind: str) -> None:
    tables = read_survey(path, "x@1", SurveyDeclaration())
    rows = [row for row in tables.missing_ranges.to_pylist() if row["variable"] == kind]
    assert [(row["low"], row["high"], row["code"]) for row in rows] == KINDS[kind][1]
    labels = [row for row in tables.value_labels.to_pylist() if row["variable"] == kind]
    assert {row["value"] for row in labels if row["is_missing"]} == KINDS[kind][2]


def test_codes_and_reasons_are_kept(path: Path) -> None:
    modelled = SurveyDeclaration(weight="none", response="range", predictors=("low",), coded_variables=("range", "low"))
    answers = read_survey(path, "x@1", modelled).responses.to_pylist()
    assert len(answers) == len(KINDS) * len(CODES)
    for answer in answers:
        missing = answer["value"] in KINDS[answer["variable"]][2]
        assert answer["code"] == f"{answer['value']:.0f}"
        assert answer["missing_reason"] == (f"({answer['code']}) label" if missing else None)
    assert [answer["value"] for answer in answers if answer["variable"] == "high_1"] == CODES
    assert {answer["respondent_id"] for answer in answers} == {str(row) for row in range(1, 9)}


def test_missing_texts_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "missing.sav"
    data = pd.DataFrame({"w": [1.0, 1.0, 1.0], "sex": [1.0, 2.0, 1.0], "answer": ["no", "", "n/a"]})
    described: dict[str, Any] = {
        "missing_ranges": {"answer": ["n/a"]},
        "variable_value_labels": {"answer": {"n/a": "Not asked"}, "sex": {1: "Male", 2: "Female"}},
    }
    pyreadstat.write_sav(data, path, **described)
    modelled = SurveyDeclaration(weight="w", response="sex", predictors=("sex",), coded_variables=("sex",))
    tables = read_survey(path, "x@1", modelled)
    assert [(row["low"], row["code"]) for row in tables.missing_ranges.to_pylist()] == [(None, "n/a")]
    labels = [row for row in tables.value_labels.to_pylist() if row["variable"] == "answer"]
    assert [(row["code"], row["value"], row["is_missing"]) for row in labels] == [("n/a", None, True)]
    answers = [row for row in tables.responses.to_pylist() if row["variable"] == "answer"]
    assert [(row["code"], row["value"], row["missing_reason"]) for row in answers] == [
        ("no", None, None),
        ("", None, None),
        ("n/a", None, "Not asked"),
    ]
