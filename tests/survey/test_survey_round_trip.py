"""What is written reads back: any codes, missing values and texts, whatever the format and compression."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.extraction.surveys.reading import SurveyReading
from orchestration.extraction.surveys.sav_columns import fitting_layout
from orchestration.landing.survey_declaration import SurveyDeclaration

# The numbers that SPSS and Stata keep for missing values are at the ends of the range of a double.
NUMBERS = st.one_of(
    st.integers(-130, 180).map(float),
    st.floats(-1e300, 1e300, allow_nan=False).map(lambda number: number + 0.0),
    st.sampled_from([0.1, 1e16, -1e-300, 151.0, 152.0, -99.0, -100.0, 2.0**31, 2.0**53]),
    st.none(),
)
# Text is padded with blanks in a file, and ends where they start.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn"), include_characters="әғқңөұүһі"),
    max_size=400,
).map(str.rstrip)
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("sav", {}),
    "bytecode": ("sav", {"row_compress": True}),
    "zlib": ("zsav", {"compress": True}),
    "stata": ("dta", {}),
}


@st.composite
def surveys(draw: st.DrawFn) -> pd.DataFrame:
    """Up to four numeric and two text variables of the same number of cases."""
    rows = draw(st.integers(1, 30))
    numeric = {
        f"n{place}": draw(st.lists(NUMBERS, min_size=rows, max_size=rows)) for place in range(draw(st.integers(1, 4)))
    }
    texts = {
        f"t{place}": draw(st.lists(TEXTS, min_size=rows, max_size=rows)) for place in range(draw(st.integers(0, 2)))
    }
    frame = pd.DataFrame({name: pd.Series(values, dtype=float) for name, values in numeric.items()})
    return frame.assign(**{name: pd.Series(values, dtype=object) for name, values in texts.items()})


@pytest.mark.parametrize("file_format", FORMATS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=surveys())
def test_codes_and_missing_values_read_back(tmp_path: Path, file_format: str, frame: pd.DataFrame) -> None:
    suffix, options = FORMATS[file_format]
    path = tmp_path / f"survey.{suffix}"
    write: Any = pyreadstat.write_dta if suffix == "dta" else pyreadstat.write_sav
    write(frame, path, **options)
    reading = SurveyReading(path, "x@1", SurveyDeclaration())
    assert (fitting_layout(reading.dictionary) is not None) == (suffix != "dta")
    (chunk,) = reading.chunks()
    assert chunk.rows == len(frame)
    for name, column in frame.items():
        read: Any = chunk.columns[str(name)]
        if str(name).startswith("t"):
            assert read.values.to_pylist() == column.tolist()
        else:
            written = [None if math.isnan(value) else value for value in column]
            assert [
                None if missing else value
                for value, missing in zip(read.values.tolist(), read.is_missing.tolist(), strict=True)
            ] == written
    assert reading.notices == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frame=surveys(),
    missing=st.lists(st.integers(-20, 99), min_size=1, max_size=3, unique=True),
    labels=st.dictionaries(
        st.integers(-20, 99).map(float), st.text("абвəқ xyz/", min_size=1, max_size=40).map(str.strip)
    ),
)
def test_labels_and_missing_codes_read_back(
    tmp_path: Path, frame: pd.DataFrame, missing: list[int], labels: dict[float, str]
) -> None:
    path = tmp_path / "survey.sav"
    described: dict[str, Any] = {"missing_ranges": {"n0": missing}, "variable_value_labels": {"n0": labels}}
    pyreadstat.write_sav(frame, path, **described)
    reading = SurveyReading(path, "x@1", SurveyDeclaration())
    variable = next(one for one in reading.dictionary.variables if one.name == "n0")
    assert variable.labels == labels
    assert {code for code in range(-20, 100) if variable.is_missing(float(code))} == set(missing)
    assert {row["code"] for row in reading.missing_ranges.to_pylist()} == {str(code) for code in missing}
