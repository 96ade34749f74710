"""Survey files that others published: values keyed from each file, the awkward ones among them."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import duckdb
import pytest

from orchestration.extraction.landed_tables import create_landed_tables
from orchestration.extraction.surveys.landing import LandedSurvey, SurveyFile, land_surveys
from orchestration.landing.survey_declaration import SurveyDeclaration
from tests.shared_files import shared_file

EDITION = "published/survey@1"


class Landed:
    """One published file, landed with next to no declaration."""

    def __init__(self, name: str, **declared: Any) -> None:
        self.connection = duckdb.connect()
        create_landed_tables(self.connection)
        survey = SurveyFile(shared_file(f"spss/{name}"), "published/survey", "1")
        self.survey: LandedSurvey
        (self.survey,) = land_surveys(self.connection, [survey], SurveyDeclaration(**declared))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query in which `cases` is the table of cases."""
        return self.connection.execute(f"with cases as (from raw.{self.survey.case_table}) {query}").fetchall()

    def case(self, row: int, *columns: str) -> tuple[Any, ...]:
        names = ", ".join(f'"{column}"' for column in columns)
        return self.rows(f"select {names} from cases where file_row = {row}")[0]

    def column(self, name: str) -> list[Any]:
        return [row[0] for row in self.rows(f'select "{name}" from cases order by file_row')]

    def labels(self, variable: str) -> dict[str, str]:
        return dict(
            self.rows(f"select code, label from raw.survey_value_labels where variable = '{variable}' order by value")
        )

    def missing(self, variable: str) -> list[tuple[Any, ...]]:
        return self.rows(f"select low, high, code from raw.survey_missing_ranges where variable = '{variable}'")


@pytest.mark.parametrize(
    ("kind", "ranges", "counts"),
    [
        ("NONE", [], {}),
        ("1", [(-1, -1, "-1")], {-1: 5}),
        ("2", [(-1, -1, "-1"), (-2, -2, "-2")], {-1: 5, -2: 8}),
        ("3", [(-1, -1, "-1"), (-2, -2, "-2"), (-3, -3, "-3")], {-1: 5, -2: 8, -3: 17}),
        ("RANGE", [(-3, -1, None)], {-1: 5, -2: 8, -3: 17}),
        ("LOW", [(-math.inf, -1, None)], {-1: 5, -2: 8, -3: 17}),
        ("HIGH", [(97, math.inf, None)], {97: 5, 98: 8, 99: 17}),
        ("RANGE_1", [(-3, -1, None), (99, 99, "99")], {-1: 5, -2: 8, -3: 17, 99: 3}),
        ("LOW_1", [(-math.inf, -1, None), (99, 99, "99")], {-1: 5, -2: 8, -3: 17, 99: 3}),
        ("HIGH_1", [(97, math.inf, None), (-1, -1, "-1")], {97: 5, 98: 8, 99: 17, -1: 3}),
    ],
)
def test_every_kind_of_user_missing(kind: str, ranges: list[Any], counts: dict[int, int]) -> None:
    landed = Landed("foreign_mval_bug.sav")
    variable = f"Q1_MISSING_{kind}"
    assert landed.missing(variable) == ranges
    codes = Counter(landed.column(variable))
    assert sum(codes.values()) == 600
    assert {code: codes[code] for code in (1, 2, 3, 4)} == {1: 142, 2: 104, 3: 71, 4: 250}
    matched = landed.rows(
        f"select cases.{variable}, count(*) from cases inner join raw.survey_missing_ranges as missing "
        f"on missing.variable = '{variable}' and cases.{variable} between missing.low and missing.high group by all"
    )
    assert dict(matched) == counts
    assert landed.survey.notices == []


def test_codes_and_labels_of_the_user_missing_file() -> None:
    landed = Landed("foreign_mval_bug.sav")
    assert landed.survey.cells == 6000
    names = ("Q1_MISSING_NONE", "Q1_MISSING_3", "Q1_MISSING_HIGH", "Q1_MISSING_HIGH_1")
    assert landed.case(1, *names) == (99, 99, -1, -1)
    assert landed.case(4, *names) == (2, 2, 2, 2)
    assert landed.case(6, *names) == (-3, -3, 99, 99)
    assert landed.labels("Q1_MISSING_HIGH_1") == {
        "-1": "(-1) Coding error",
        "1": "(1) Approve STRONGLY",
        "2": "(2) Approve SOMEWHAT",
        "3": "(3) Disapprove SOMEWHAT",
        "4": "(4) Disapprove STRONGLY",
        "97": "(97) Refused",
        "98": "(98) Don't know",
        "99": "(99) Missing",
    }
    described = landed.rows("select label, measure, format from raw.survey_variables where position = 2")
    assert described == [("Q.1 Opinion of president's job performance", "nominal", "F2.0")]


@pytest.mark.parametrize("name", ["foreign_electric.sav", "foreign_electric.por"])
def test_electric(name: str) -> None:
    landed = Landed(name, respondent_id="CASEID")
    assert landed.survey.cells == 240 * 12
    columns = ("CASEID", "FIRSTCHD", "AGE", "HT58", "DAYOFWK", "FAMHXCVR")
    assert landed.case(1, *columns) == (13, 3, 40, 68.8, 9, "Y")
    assert landed.case(2, *columns) == (30, 3, 49, 72.2, 5, "N")
    assert landed.case(240, "CASEID", "EDUYR", "CHOL58", "DAYOFWK") == (155, None, 206, 9)
    assert landed.column("DAYOFWK").count(9) == 130
    assert Counter(landed.column("FAMHXCVR")) == {"N": 178, "Y": 62}
    empty = {column: landed.column(column).count(None) for column in ("EDUYR", "DBP58", "CGT58", "CHOL58")}
    assert empty == {"EDUYR": 28, "DBP58": 1, "CGT58": 1, "CHOL58": 0}
    assert landed.missing("DAYOFWK") == [(9, 9, "9")]
    assert landed.labels("DAYOFWK")["9"] == "MISSING"
    assert landed.labels("FIRSTCHD")["2"] == "SUDDEN  DEATH"
    assert landed.labels("FAMHXCVR") == {"N": "NO", "Y": "YES"}


def test_electric_is_the_same_in_both_formats() -> None:
    system, portable = Landed("foreign_electric.sav"), Landed("foreign_electric.por")
    assert system.rows("from cases order by file_row") == portable.rows("from cases order by file_row")
    for table in ("survey_value_labels", "survey_missing_ranges"):
        assert system.rows(f"from raw.{table} order by all") == portable.rows(f"from raw.{table} order by all")
    names = "select position, variable, label, storage_type, format from raw.survey_variables order by position"
    assert system.rows(names) == portable.rows(names)


@pytest.mark.parametrize("name", ["pyreadstat_sample.sav", "pyreadstat_sample.zsav"])
def test_sample_with_dates(name: str) -> None:
    landed = Landed(name)
    assert landed.column("mynum") == [1.1, 1.2, -1000.3, -1.4, 1000.3]
    assert landed.column("mydate") == [13_744_944_000, 9_390_124_800, 11_903_760_000, 6_825_600, None]
    assert landed.column("mydate_iso") == ["2018-05-06", "1880-05-06", "1960-01-01", "1583-01-01", None]
    assert landed.case(1, "dtime", "dtime_iso") == (13_744_980_610, "2018-05-06T10:10:10")
    assert landed.case(3, "dtime_iso", "mytime", "mytime_iso") == ("1960-01-01T00:00:00", 0, "00:00:00")
    assert landed.case(4, "mytime", "mytime_iso") == (58_210, "16:10:10")
    assert landed.column("mychar") == ["a", "b", "c", "d", "e"]
    assert landed.labels("myord") == {"1": "low", "2": "medium", "3": "high"}
    measures = landed.rows("select variable, measure from raw.survey_variables order by position")
    assert measures[0] == ("mychar", "nominal")
    assert measures[5] == ("myord", "ordinal")
    assert landed.survey.notices == []


def test_sample_is_the_same_compressed() -> None:
    plain, compressed = Landed("pyreadstat_sample.sav"), Landed("pyreadstat_sample.zsav")
    for table in ("cases", "raw.survey_variables", "raw.survey_value_labels"):
        assert plain.rows(f"from {table} order by all") == compressed.rows(f"from {table} order by all")


def test_a_date_beyond_the_calendar_is_noticed() -> None:
    landed = Landed("haven_datetime.sav")
    assert landed.column("date.posix") == [6_306_150_067_200, 13_630_867_160]
    assert landed.column("date.posix_iso") == [None, "2014-09-23T15:59:20"]
    assert landed.column("date") == [13_630_723_200, 13_630_809_600]
    assert landed.column("date_iso") == ["2014-09-22", "2014-09-23"]
    assert landed.column("time") == [43_870.09, 57_560.01]
    assert landed.column("time_iso") == ["12:11:10.09", "15:59:20.01"]
    (notice,) = landed.survey.notices
    assert (notice.edition_id, notice.variable, notice.file_row) == (EDITION, "date.posix", 1)
    assert "the number 6306150067200 is no date or time in the range of its format DATETIME20" in notice.message
    assert landed.rows("select variable, file_row from raw.survey_notices") == [("date.posix", 1)]


def test_umlauts() -> None:
    landed = Landed("haven_umlauts.sav")
    assert landed.column("var1") == [1, 2, 1, 3]
    assert landed.labels("var1") == {"1": "the ä umlaut", "2": "the ü umlaut", "3": "the ö umlaut"}
    assert landed.rows("select label, format from raw.survey_variables") == [("This is an ä-umlaut", "F8.0")]
    assert landed.rows("select encoding from raw.survey_files") == [("UTF-8",)]


def test_one_user_missing_code() -> None:
    landed = Landed("pyreadstat_missing_test.sav")
    assert landed.column("var1") == [1, 2]
    assert landed.missing("var1") == [(1, 1, "1")]
    assert landed.rows("select code, label, is_missing from raw.survey_value_labels") == [("1", "missing", True)]


def test_flows_between_the_districts_of_berlin() -> None:
    landed = Landed("bmigvec91_92_berlin_od.sav", respondent_id="sortid", weight="cwt")
    assert landed.survey.cells == 529 * 15
    columns = ("org", "dest", "mij91", "mij92", "dij", "poporg91", "destacc92")
    assert landed.case(1, *columns) == (1, 1, 3061, 2761, 0, 80_277, 753_940.17)
    assert landed.case(2, *columns) == (1, 2, 35, 42, 2.0535, 80_277, 691_969.78)
    assert landed.case(23, *columns) == (1, 23, 410, 582, 8.7792, 80_277, 412_745.95)
    assert landed.case(301, *columns) == (14, 2, 662, 719, 7.1214, 309_410, 691_969.78)
    assert landed.case(529, *columns) == (23, 23, 3835, 5523, 0, 126_282, 412_745.95)
    assert sum(landed.column("mij91")) == 269_565
    labels = landed.labels("org")
    assert len(labels) == 23
    assert (labels["11"], labels["14"], labels["18"], labels["22"]) == (
        "Schöneberg",
        "Neukölln",
        "Weißensee",
        "Hohenschönh.",
    )
    about = landed.rows("select encoding, file_label, weight_variable from raw.survey_files")
    assert about == [("windows-1252", "File created by MATRIX", "cwt")]
