"""The committed survey file: what it says of itself, its quotas, and what the print says of its answers."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyreadstat
import pytest

from orchestration.landing.declarations import load_origin

if TYPE_CHECKING:
    from orchestration.landing.survey_declaration import SurveyDeclaration

ROOT = Path(__file__).resolve().parents[2]
EDITION = ROOT / "raw" / "survey" / "frontier_2009" / "2009"
KAZAKHSTAN, RUSSIA = 1, 2


def share(selected: pd.Series) -> float:
    return 100 * float(selected.mean())


def test_origin_describes_the_file_and_calls_it_synthetic() -> None:
    origin = load_origin(EDITION / "origin.yml")
    content = (EDITION / origin.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == origin.sha256
    assert len(content) == origin.bytes < 1_000_000
    assert origin.is_synthetic
    assert "no evidence" in (origin.note or "")


def test_file_label_says_synthetic(survey_file: tuple[pd.DataFrame, Any]) -> None:
    assert survey_file[1].file_label.startswith("SYNTHETIC")


def test_every_label_is_english_and_russian(survey_file: tuple[pd.DataFrame, Any]) -> None:
    meta = survey_file[1]
    value_labels = [label for labels in meta.variable_value_labels.values() for label in labels.values()]
    for label in [*meta.column_labels, *value_labels]:
        english, _, russian = label.partition(" / ")
        assert english, label
        assert russian, label
        assert " / " not in russian, label
    # A Latin letter in the Russian half would be a look-alike that no search finds.
    assert not [x for x in value_labels if any("a" <= c.lower() <= "z" for c in x.partition(" / ")[2])]


def test_missing_codes_are_declared_and_labelled(survey_file: tuple[pd.DataFrame, Any]) -> None:
    meta = survey_file[1]
    declared = {
        name: {item["lo"] for item in ranges if item["lo"] == item["hi"]}
        for name, ranges in meta.missing_ranges.items()
    }
    assert declared["visa_attitude"] == {98, 99}
    assert declared["trip_change"] == {97, 98}
    assert declared["visits_total"] == {997, 998}
    for name, codes in declared.items():
        assert codes <= set(meta.variable_value_labels[name]), name


def test_measures_are_declared(survey_file: tuple[pd.DataFrame, Any]) -> None:
    measures = survey_file[1].variable_measure
    assert measures["sex"] == "nominal"
    assert measures["trip_frequency"] == "ordinal"
    assert measures["age_years"] == "scale"
    assert set(measures.values()) == {"nominal", "ordinal", "scale"}


def test_predictors_and_response_are_complete(
    respondents: pd.DataFrame, survey_file: tuple[pd.DataFrame, Any], declaration: SurveyDeclaration
) -> None:
    assert len(declaration.predictors) == 9
    for name in (*declaration.predictors, declaration.response):
        missing = {item["lo"] for item in survey_file[1].missing_ranges.get(name, [])}
        assert not respondents[name].isin(missing).any(), name


def test_weight_is_one(respondents: pd.DataFrame) -> None:
    assert (respondents["weight"] == 1).all()


def test_quotas(respondents: pd.DataFrame) -> None:
    sizes = respondents.groupby(["country", "settlement_type", "settlement"]).size().to_dict()
    assert sizes == {
        (1, 1, 1): 300,
        (1, 2, 3): 200,
        (1, 3, 5): 100,
        (2, 1, 2): 300,
        (2, 2, 4): 200,
        (2, 3, 6): 100,
    }


def test_age_agrees_with_its_group(respondents: pd.DataFrame) -> None:
    lowest = respondents.groupby("age_group")["age_years"].min().to_dict()
    highest = respondents.groupby("age_group")["age_years"].max().to_dict()
    spans = {1: (18, 29), 2: (30, 39), 3: (40, 49), 4: (50, 120)}
    assert all(spans[group][0] <= lowest[group] <= highest[group] <= spans[group][1] for group in spans)


@pytest.mark.parametrize(
    ("country", "variable", "code", "count"),
    [
        (KAZAKHSTAN, "visa_attitude", 1, 503),
        (RUSSIA, "visa_attitude", 1, 486),
        (KAZAKHSTAN, "visa_attitude", 2, 38),
        (RUSSIA, "visa_attitude", 2, 40),
        (KAZAKHSTAN, "emigration_intention", 1, 464),
        (RUSSIA, "emigration_intention", 1, 464),
        (KAZAKHSTAN, "self_identification", 2, 15),
        (KAZAKHSTAN, "self_identification", 3, 12),
        (RUSSIA, "self_identification", 3, 12),
    ],
)
def test_printed_shares_as_counts(
    respondents: pd.DataFrame, country: int, variable: str, code: int, count: int
) -> None:
    side = respondents[respondents["country"] == country]
    assert int((side[variable] == code).sum()) == count


def test_readings_that_are_said_to_hold_too(respondents: pd.DataFrame) -> None:
    recent = respondents[respondents["visited_last_3_years"] == 1]
    for group in (
        recent,
        recent[recent["country"] == KAZAKHSTAN],
        recent[recent["country"] == RUSSIA],
        recent[recent["trip_change"] != 98],
    ):
        assert [round(share(group["trip_change"] == code)) for code in (1, 2, 3)] == [40, 37, 14]
    sides = [respondents[respondents["country"] == country] for country in (KAZAKHSTAN, RUSSIA)]
    travelling = respondents[respondents["trip_frequency"] >= 3]
    for group in (*sides, travelling):
        assert 30.5 <= share(group["visa_effect"] == 1) <= 36
        assert 9 <= share(group["visa_effect"] == 2) <= 11
        assert 18 <= share(group["visa_effect"] == 3) <= 22
    for side in sides:
        assert 64 <= share(side["attitude_to_russia"] == 1) <= 69
        assert 45 <= share(side["has_cross_border_ties"] == 1) < 50
        assert 30.5 <= share(side["inconvenience_in_russia"] == 1) <= 36
        assert share(side[side["emigration_intention"] == 2]["nationality"] == 2) > 50
        assert share(side[side["emigration_intention"] == 1]["stay_reason"].isin([1, 2])) > 50


def test_statements_without_figures(respondents: pd.DataFrame) -> None:
    west = respondents[respondents["country"] == KAZAKHSTAN]
    opposed = west.groupby("trip_frequency")["visa_attitude"].agg(lambda answers: (answers == 1).mean())
    assert opposed.is_monotonic_increasing
    reasons = respondents["trip_reason"].value_counts()
    assert reasons[1] > reasons[2] + reasons[3] > max(reasons[4], reasons[5])
    fewer = respondents[respondents["decrease_reason"] < 97]["decrease_reason"].value_counts()
    assert set(fewer.index[:2]) == {1, 2}
    motives = respondents[respondents["emigration_motive"] < 97]["emigration_motive"].value_counts()
    assert set(motives.index[:2]) == {1, 2}
    assert respondents["delimitation_view"].value_counts().index[0] == 1
    soviet = respondents[respondents["self_identification"] == 3]
    assert share(soviet["age_years"] >= 50) > 50


def test_visits_are_consistent(respondents: pd.DataFrame) -> None:
    known = respondents[respondents["visits_total"] < 997]
    assert (known["visits_total"] == known["trips_per_year"]).all()
    assert (known["visits_summer"] <= known["visits_total"]).all()
    assert known["visits_summer"].max() <= 92
    never = respondents["trip_frequency"] <= 2
    assert (respondents.loc[never, "visits_total"] == 997).all()


def test_generator_writes_the_committed_content(tmp_path: Path, survey_file: tuple[pd.DataFrame, Any]) -> None:
    out = tmp_path / "again.sav"
    command = [sys.executable, "-m", "tools.synthetic_survey", "--out", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    data, meta = pyreadstat.read_sav(out, user_missing=True, output_format="dict")
    committed, committed_meta = survey_file
    assert pd.DataFrame(data).equals(committed)
    for attribute in (
        "file_label",
        "column_names_to_labels",
        "variable_value_labels",
        "missing_ranges",
        "variable_measure",
        "original_variable_types",
    ):
        assert getattr(meta, attribute) == getattr(committed_meta, attribute), attribute
