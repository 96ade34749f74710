"""Dates and times: the number as stored, its ISO 8601 text, and a notice where there is no such date."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from orchestration.extraction.surveys.reading import SurveyReading, examine_survey
from orchestration.extraction.surveys.times import iso_texts, time_reading
from orchestration.landing.survey_declaration import SurveyDeclaration

SPSS_EPOCH = dt.datetime(1582, 10, 14, tzinfo=dt.UTC)
END_OF_9999 = 265_621_680_000


def iso(file_format: Any, print_format: str, *numbers: float) -> list[str | None]:
    reading = time_reading(file_format, print_format)
    assert reading is not None, print_format
    values = np.array(numbers)
    return iso_texts(values, np.zeros(len(values), dtype=bool), reading)[0].to_pylist()


@pytest.mark.parametrize(
    ("file_format", "print_format", "number", "text"),
    [
        ("sav", "DATE11", 13_630_723_200, "2014-09-22"),
        ("sav", "ADATE10", 86_400, "1582-10-15"),
        ("por", "EDATE10", END_OF_9999 - 1, "9999-12-31"),
        ("sav", "MOYR8", 13_630_723_200, "2014-09-22"),
        ("sav", "DATETIME20", 13_630_867_160, "2014-09-23T15:59:20"),
        ("sav", "YMDHMS23.2", 13_630_867_160.25, "2014-09-23T15:59:20.25"),
        ("zsav", "TIME11.2", 43_870.09, "12:11:10.09"),
        ("sav", "TIME8", 0, "00:00:00"),
        ("sav", "TIME8", 93_784, "P1DT2H3M4S"),
        ("sav", "TIME8", -60, "-P0DT0H1M0S"),
        ("sav", "DTIME12", 3_600, "P0DT1H0M0S"),
        ("dta", "%td", 18_221, "2009-11-20"),
        ("dta", "%d", -1, "1959-12-31"),
        ("dta", "%tdCCYY-NN-DD", 0, "1960-01-01"),
        ("dta", "%tc", 1_574_344_800_500, "2009-11-20T14:00:00.5"),
        ("dta", "%tm", 598, "2009-11"),
        ("dta", "%tm", -1, "1959-12"),
        ("dta", "%tq", 199, "2009-Q4"),
        ("dta", "%ty", 2009, "2009"),
        ("sas7bdat", "DATE9", 18_221, "2009-11-20"),
        ("sas7bdat", "E8601DA10.", 18_221, "2009-11-20"),
        ("sas7bdat", "YYMMDDP10", 18_221, "2009-11-20"),
        ("sas7bdat", "DATETIME22.3", 1_574_344_800.5, "2009-11-20T14:00:00.5"),
        ("sas7bdat", "E8601DT", 1_574_344_800, "2009-11-20T14:00:00"),
        ("sas7bdat", "TIME8", 3_661, "01:01:01"),
    ],
)
def test_numbers_become_iso_text(file_format: str, print_format: str, number: float, text: str) -> None:
    assert iso(file_format, print_format, number) == [text]


@pytest.mark.parametrize(
    ("file_format", "print_format"),
    [
        ("sav", "F8.2"),
        ("sav", "A10"),
        ("sav", "WKDAY3"),
        ("sav", "MONTH8"),
        ("sav", None),
        ("dta", "%8.0g"),
        ("dta", "%9s"),
        ("dta", "%tw"),
        ("dta", "%tC"),
        ("dta", "%tbmonthly"),
        ("sas7bdat", "BEST12"),
        ("sas7bdat", "WEEKDAY1"),
        ("sas7bdat", "$CHAR8"),
        ("sas7bdat", "COMMA10.2"),
    ],
)
def test_other_formats_are_no_dates(file_format: Any, print_format: str | None) -> None:
    assert time_reading(file_format, print_format) is None


@pytest.mark.parametrize(
    ("file_format", "print_format", "number"),
    [
        ("sav", "DATE11", 86_399),
        ("sav", "DATE11", END_OF_9999),
        ("sav", "DATETIME20", 6_306_150_067_200),
        ("sav", "DATETIME20", -1),
        ("sav", "TIME8", float("inf")),
        ("dta", "%td", 3_000_000),
        ("dta", "%ty", 2),
        ("sas7bdat", "DATE9", -138_062),
    ],
)
def test_a_number_out_of_range_has_no_text(file_format: Any, print_format: str, number: float) -> None:
    reading = time_reading(file_format, print_format)
    assert reading is not None
    texts, is_out = iso_texts(np.array([number, number]), np.array([False, True]), reading)
    assert texts.to_pylist() == [None, None]
    assert is_out.tolist() == [True, False]


def test_a_date_out_of_range_is_noticed_and_its_number_kept(tmp_path: Path) -> None:
    path = tmp_path / "dates.sav"
    moments = [(dt.datetime(2009, 11, 20, 14, tzinfo=dt.UTC) - SPSS_EPOCH).total_seconds(), 6e12, None, 7e12]
    data = pd.DataFrame({"begun": moments, "weight": [1.0] * 4})
    pyreadstat.write_sav(data, path, variable_format={"begun": "DATETIME20"})
    reading = SurveyReading(path, "x@1", SurveyDeclaration())
    (chunk,) = reading.chunks()
    texts = reading.iso_columns(chunk)["begun"].to_pylist()
    assert texts == ["2009-11-20T14:00:00", None, None, None]
    begun: Any = chunk.columns["begun"]
    assert begun.values.tolist()[1::2] == [6e12, 7e12]
    assert examine_survey(path, "x@1", SurveyDeclaration()) == (8, reading.notices)
    (notice,) = reading.notices
    assert (notice.variable, notice.file_row, notice.rows, notice.stored_value) == ("begun", 2, 2, "6000000000000")
    assert notice.message == (
        "Variable begun, row 2: the number 6000000000000 is no date or time in the range of its format DATETIME20. "
        "The number is kept, its ISO text is empty (2 rows in all)."
    )


def test_dates_of_every_day_agree_with_pythons_calendar(tmp_path: Path) -> None:
    path = tmp_path / "dates.sav"
    days = [dt.date(1582, 10, 15) + dt.timedelta(days=step) for step in range(0, 3_000_000, 9_973)]
    pyreadstat.write_sav(pd.DataFrame({"day": days}), path)
    reading = SurveyReading(path, "x@1", SurveyDeclaration())
    (chunk,) = reading.chunks()
    assert reading.iso_columns(chunk)["day"].to_pylist() == [day.isoformat() for day in days]
    assert reading.notices == []
