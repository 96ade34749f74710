"""Survey files in the database: the table of cases, its types, the long form from it, and all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyreadstat
import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.landed_tables import create_landed_tables
from orchestration.extraction.surveys.landing import LandedSurvey, SurveyFile, land_surveys
from orchestration.landing.declarations import load_dataset
from orchestration.landing.survey_declaration import SurveyDeclaration
from tests.survey.conftest import DATASET, SAV
from tests.survey.survey_files import write_portable, write_sas, write_spss, write_stata

# More cases than one row group of DuckDB holds, so that they come in several chunks.
MANY = 130_000


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    create_landed_tables(connection)
    return connection


def land(connection: duckdb.DuckDBPyConnection, path: Path, edition: str = "1", **declared: Any) -> LandedSurvey:
    (landed,) = land_surveys(
        connection, [SurveyFile(path, "agency/some-survey", edition)], SurveyDeclaration(**declared)
    )
    return landed


def types(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    described = connection.execute(f"describe raw.{table}").fetchall()
    return {name: kind for name, kind, *_ in described}


def rows_in(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return (connection.execute(f"select count(*) from raw.{table}").fetchone() or (-1,))[0]


@pytest.mark.parametrize(
    ("write", "sex", "visits"),
    [
        (write_spss, [(1,), (2,), (None,)], [(2.5,), (9.0,), (0.0,)]),
        (write_portable, [(1,), (2,), (None,)], [(2.5,), (9.0,), (0.0,)]),
        (write_stata, [(1,), (2,), (None,)], [(2.5,), (None,), (None,)]),
    ],
)
def test_cases_are_landed_as_stored(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, write: Any, sex: list[Any], visits: list[Any]
) -> None:
    suffix = {write_spss: "sav", write_portable: "por", write_stata: "dta"}[write]
    landed = land(connection, write(tmp_path / f"survey.{suffix}"))
    assert landed.case_table == "cases_agency_some_survey_1"
    assert landed.cells == 12
    names = [name.lower() for name in types(connection, landed.case_table)]
    assert names == ["file_row", "number", "sex", "visits", "town"]
    assert [*types(connection, landed.case_table).values()] == ["BIGINT", "INTEGER", "INTEGER", "DOUBLE", "VARCHAR"]
    assert connection.execute(f"select sex from raw.{landed.case_table} order by file_row").fetchall() == sex
    assert connection.execute(f"select visits from raw.{landed.case_table} order by file_row").fetchall() == visits
    towns = connection.execute(f"select town from raw.{landed.case_table} order by file_row").fetchall()
    assert towns == [("Oral",), ("Aqtobe",), ("",)]
    assert rows_in(connection, "survey_responses") == 0


def test_the_file_and_its_columns_are_described(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    landed = land(connection, write_spss(tmp_path / "s.zsav", file_label="Trips of '09"), respondent_id="number")
    assert connection.execute("select * from raw.survey_files").fetchall() == [
        ("agency/some-survey@1", landed.case_table, "zsav", "UTF-8", "Trips of '09", 3, 4, "number", None)
    ]
    comments = connection.execute(
        "select column_name, comment from duckdb_columns() where table_name = ? order by column_index",
        [landed.case_table],
    ).fetchall()
    assert comments[0] == ("file_row", "Row in the file, from 1.")
    assert comments[3] == ("visits", "Visits / trips")
    assert landed.cells == 9


def test_special_missing_values_stand_beside_the_cases(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    stata = land(connection, write_stata(tmp_path / "s.dta"), edition="stata")
    sas = land(connection, write_sas(tmp_path / "s.sas7bdat"), edition="sas")
    query = """
        select special.code from raw.{} as cases
        inner join raw.survey_special_missing as special
            on special.edition_id = 'agency/some-survey@{}'
            and special.variable = 'visits' and special.file_row = cases.file_row
        where cases.visits is null
        order by cases.file_row
    """
    assert connection.execute(query.format(stata.case_table, "stata")).fetchall() == [(".d",), (".e",)]
    assert connection.execute(query.format(sas.case_table, "sas")).fetchall() == [("._",)]
    assert connection.execute(f"select count(*) from raw.{sas.case_table} where visits is null").fetchall() == [(2,)]


def test_names_that_differ_in_letter_case_only(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    data = pd.DataFrame({"age": [1.0], "Age": [2.0], "file_row": [3.0], "day": [4.0], "day_iso": ["x"]})
    pyreadstat.write_dta(data, tmp_path / "s.dta", variable_format={"day": "%td"})
    landed = land(connection, tmp_path / "s.dta")
    columns = connection.execute(
        "select variable, column_name, iso_column_name from raw.survey_variables order by position"
    ).fetchall()
    assert columns == [
        ("age", "age", None),
        ("Age", "Age_2", None),
        ("file_row", "file_row_2", None),
        ("day", "day", "day_iso_2"),
        ("day_iso", "day_iso", None),
    ]
    cases = connection.execute(f"select * from raw.{landed.case_table}").fetchall()
    assert cases == [(1, 1, 2, 3, 4, "1960-01-05", "x")]


def test_dates_have_their_text_and_their_notices(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    data = pd.DataFrame({"begun": [13_478_104_800.0, 6e12], "weight": [1.0, 1.0], "sex": [1.0, 1.0]})
    path = tmp_path / "s.sav"
    labels: Any = {"sex": {1: "Male"}}
    pyreadstat.write_sav(data, path, variable_format={"begun": "DATETIME20"}, variable_value_labels=labels)
    landed = land(connection, path, weight="weight", response="sex", predictors=["sex"], coded_variables=["sex"])
    texts = [("2009-11-20T14:00:00",), (None,)]
    assert connection.execute(f"select begun_iso from raw.{landed.case_table}").fetchall() == texts
    answers = "select iso_text from raw.survey_responses where variable = 'begun' order by respondent_id"
    assert connection.execute(answers).fetchall() == texts
    noticed = connection.execute(
        "select variable, file_row, row_count, stored_value from raw.survey_notices"
    ).fetchall()
    assert noticed == [("begun", 2, 1, "6000000000000")]
    assert [notice.variable for notice in landed.notices] == ["begun"]


@pytest.mark.parametrize("options", [{}, {"row_compress": True}, {"compress": True}], ids=["plain", "bytecode", "zlib"])
def test_many_cases_widen_their_columns_on_the_way(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, options: dict[str, Any]
) -> None:
    numbers = np.arange(1, MANY + 1, dtype=float)
    columns = {
        "number": numbers,
        "code": numbers % 7,
        "late_decimal": np.where(numbers == MANY, 0.5, numbers % 3),
        "late_large": np.where(numbers == MANY - 1, 7_701_234_567.0, 1.0),
        "too_large": np.where(numbers == MANY - 2, 1e300, 2.0),
        "late_value": np.where(numbers > MANY - 5, -4.0, np.nan),
        "never": np.full(MANY, np.nan),
        "town": np.where(numbers % 2 == 0, "Орал", "Ақтөбе").astype(object),
    }
    path = tmp_path / "many.sav"
    pyreadstat.write_sav(pd.DataFrame(columns), path, **options)
    landed = land(connection, path, respondent_id="number")
    assert types(connection, landed.case_table) == {
        "file_row": "BIGINT",
        "number": "INTEGER",
        "code": "INTEGER",
        "late_decimal": "DOUBLE",
        "late_large": "BIGINT",
        "too_large": "DOUBLE",
        "late_value": "INTEGER",
        "never": "INTEGER",
        "town": "VARCHAR",
    }
    stored = connection.execute(
        f"select * exclude file_row from raw.{landed.case_table} order by file_row"
    ).fetchnumpy()
    for name, values in columns.items():
        if name == "town":
            assert (stored[name] == values).all()
        else:
            found = np.ma.filled(np.ma.asarray(stored[name]).astype(float), np.nan)
            np.testing.assert_array_equal(found, values, err_msg=name)


def test_the_long_form_follows_from_the_cases(connection: duckdb.DuckDBPyConnection) -> None:
    """As the description of raw.survey_files says, for the survey that is landed in both forms."""
    declaration = load_dataset(DATASET / "dataset.yml").survey
    assert declaration is not None
    (landed,) = land_surveys(connection, [SurveyFile(SAV, "survey/frontier_2009", "2009")], declaration)
    assert landed.cells == rows_in(connection, "survey_responses") == 1200 * 33
    long_form = f"""
        unpivot (select file_row, columns(* exclude file_row)::varchar from raw.{landed.case_table})
        on * exclude file_row into name variable value code
    """
    derived = f"""
        select
            cases.respondent_id::varchar, answers.variable, answers.code, labels.label_en as missing_reason
        from ({long_form}) as answers
        inner join raw.{landed.case_table} as cases on answers.file_row = cases.file_row
        left join raw.survey_missing_ranges as missing
            on answers.variable = missing.variable
            and try_cast(answers.code as double) between missing.low and missing.high
        left join raw.survey_value_labels as labels
            on answers.variable = labels.variable and answers.code = labels.code and missing.variable is not null
        where answers.variable != 'respondent_id'
    """
    landed_long = (
        "select respondent_id, variable, code, missing_reason from raw.survey_responses where code is not null"
    )
    for one, other in ((derived, landed_long), (landed_long, derived)):
        assert connection.execute(f"select count(*) from ({one} except all {other})").fetchall() == [(0,)]


def test_all_editions_or_none(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    sound = write_spss(tmp_path / "sound.sav")
    broken = write_spss(tmp_path / "broken.sav")
    broken.write_bytes(broken.read_bytes()[:-3])
    files = [SurveyFile(sound, "a/b", "1"), SurveyFile(broken, "a/b", "2")]
    with pytest.raises(FrontierError, match=r"broken\.sav"):
        land_surveys(connection, files, SurveyDeclaration())
    tables = connection.execute("select table_name from duckdb_tables() where table_name like 'cases%'").fetchall()
    assert tables == []
    assert rows_in(connection, "survey_files") == rows_in(connection, "survey_variables") == 0


def test_a_late_fault_leaves_nothing_behind(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    numbers = np.arange(MANY, dtype=float)
    numbers[-1] = 5.0
    pyreadstat.write_sav(pd.DataFrame({"number": numbers}), tmp_path / "many.sav")
    with pytest.raises(FrontierError, match="number 5 stands on more than one row"):
        land(connection, tmp_path / "many.sav", respondent_id="number")
    assert connection.execute("select count(*) from duckdb_tables() where table_name like 'cases%'").fetchall() == [
        (0,)
    ]


def test_editions_that_would_share_a_table_are_named(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    path = write_spss(tmp_path / "s.sav")
    land(connection, path, edition="2009-1")
    with pytest.raises(FrontierError, match=r"some-survey@2009_1 and agency/some-survey@2009-1 would both be landed"):
        land(connection, path, edition="2009_1")


def test_a_file_without_cases_has_its_table(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    data = pd.DataFrame({"number": np.array([], dtype=float), "town": np.array([], dtype=object)})
    pyreadstat.write_sav(data, tmp_path / "empty.sav")
    landed = land(connection, tmp_path / "empty.sav", respondent_id="number")
    assert landed.cells == rows_in(connection, landed.case_table) == 0
    assert [*types(connection, landed.case_table)] == ["file_row", "number", "town"]


def test_the_same_file_lands_the_same_whatever_its_compression(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    for edition, options in (("plain", {}), ("bytecode", {"row_compress": True}), ("zlib", {"compress": True})):
        path = tmp_path / f"{edition}.sav"
        numbers = np.arange(20_000, dtype=float)
        data = pd.DataFrame(
            {
                "code": np.where(numbers % 11 == 0, np.nan, numbers % 5),
                "edge": numbers % 300 - 120,
                "third": numbers / 3,
                "text": [f"ответ {number % 97:.0f}" * (int(number) % 5) for number in numbers],
            }
        )
        options_of: dict[str, Any] = dict(options)
        pyreadstat.write_sav(data, path, **options_of)
        land(connection, path, edition=edition)
    for other in ("bytecode", "zlib"):
        difference = (
            f"select count(*) from (from raw.cases_agency_some_survey_plain "
            f"except all from raw.cases_agency_some_survey_{other})"
        )
        assert connection.execute(difference).fetchall() == [(0,)]
