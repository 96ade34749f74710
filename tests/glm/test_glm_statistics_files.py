"""Files of SPSS and Stata as relations: read at once or in chunks they hold the same cases, codes and labels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from orchestration.errors import FrontierError, UsageError
from orchestration.glm import statistics_files
from orchestration.glm.battery import fit_battery
from orchestration.glm.data_files import RELATION, open_data_file
from orchestration.glm.results import GlmResult

SEX: dict[int | float, str] = {1: "male", 2: "female", 9: "refused"}


@pytest.fixture(params=["sav", "zsav", "dta"])
def survey(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """300 people: a labelled code with a declared missing value (not in Stata), a text, numbers with gaps."""
    path = tmp_path / f"survey.{request.param}"
    frame = pd.DataFrame(
        {
            "sex": [1 + i % 2 if i % 50 else 9 for i in range(300)],
            "town": [("Omsk", "Pavlodar", "")[i % 3] for i in range(300)],
            "trips": [float(i % 7) if i % 11 else None for i in range(300)],
            "sex_of_head": [1.0 + (i // 3) % 2 for i in range(300)],
        }
    )
    labels: dict[str, dict[int | float, str]] = {"sex": SEX, "sex_of_head": {1: "man's", 2: "woman's"}}
    if request.param == "dta":
        frame.loc[frame["sex"] == 9, "sex"] = None
        pyreadstat.write_dta(frame, str(path), variable_value_labels=labels)
    else:
        is_compressed = request.param == "zsav"
        pyreadstat.write_sav(
            frame, str(path), variable_value_labels=labels, missing_ranges={"sex": [9]}, compress=is_compressed
        )
    return path


def fit(path: Path) -> GlmResult:
    spec = {
        "name": "trips",
        "response": "trips",
        "distribution": "poisson",
        "factors": [
            {"name": "sex", "column": "sex", "label": "sex_label"},
            {"name": "head", "column": "sex_of_head", "label": "sex_of_head_label"},
            "town",
        ],
        "where": "town is not null and town <> ''",
    }
    with open_data_file(path) as (connection, relation):
        assert relation == RELATION
        return fit_battery(connection, spec, relation)[0]


def test_chunks_hold_what_the_whole_file_holds(survey: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fit(survey)
    assert [(row.level, row.level_label) for row in whole.levels if row.variable == "sex"] == [
        ("1", "male"),
        ("2", "female"),
    ]
    assert [row.level_label for row in whole.levels if row.variable == "head"] == ["man's", "woman's"]
    monkeypatch.setattr(statistics_files, "HELD_BYTES", 1)
    monkeypatch.setattr(statistics_files, "_CHUNK_ROWS", 64)
    read = fit(survey)
    assert read.coefficients == whole.coefficients
    assert read.cases == whole.cases
    assert read.levels == whole.levels
    assert read.fit == whole.fit


@pytest.mark.parametrize("held", [1, 2**24])
def test_what_is_no_such_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr(statistics_files, "HELD_BYTES", held)
    path = tmp_path / "survey.sav"
    path.write_bytes(b"no survey")
    with pytest.raises(FrontierError, match="survey.sav"), open_data_file(path):
        pass


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist, or is a folder"), open_data_file(tmp_path):
        pass
