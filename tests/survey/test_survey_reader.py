"""Reading survey files: what is kept, and what a reader is told when a file cannot serve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyreadstat
import pytest
import yaml

from orchestration.errors import FrontierError
from orchestration.landing.survey_declaration import SurveyDeclaration
from tests.survey.survey_tables import SurveyTables, read_survey

if TYPE_CHECKING:
    import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]
SAV = ROOT / "raw" / "survey" / "frontier_2009" / "2009" / "frontier_2009.sav"
EDITION = "survey/frontier_2009@2009"

SMALL = SurveyDeclaration(
    bilingual_labels=True,
    respondent_id="number",
    weight="weight",
    response="trips",
    predictors=("sex",),
    coded_variables=("sex", "trips"),
    count_variables=("visits",),
)


def write_small(path: Path, **changes: Any) -> Path:
    """A three-respondent file that fits SMALL; keyword arguments replace columns or labels."""
    columns = {
        "number": [1, 2, 3],
        "weight": [1.0, 1.0, 0.5],
        "sex": [1, 2, 99],
        "trips": [1.0, 2.0, None],
        "visits": [3, 998, 0],
        "remark": ["", "text", "more"],
    } | changes.get("columns", {})
    labels = {
        "sex": {1: "Male / Мужской", 2: "Female / Женский", 99: "Refused / Отказ"},
        "trips": {1: "Never / Никогда", 2: "Often / Часто"},
        "visits": {998: "Does not remember / Не помнит"},
    } | changes.get("labels", {})
    pyreadstat.write_sav(
        pd.DataFrame({name: values for name, values in columns.items() if values is not None}),
        path,
        column_labels={"sex": "Sex / Пол", "trips": "Trips"} | changes.get("column_labels", {}),
        variable_value_labels=labels,
        missing_ranges={"sex": [99], "visits": [{"lo": 997, "hi": 999}]},
        variable_measure={"sex": "nominal", "trips": "ordinal", "visits": "scale"},
    )
    return path


def answers(tables: SurveyTables, variable: str) -> list[tuple[Any, ...]]:
    return [
        (row["respondent_id"], row["code"], row["value"], row["missing_reason"])
        for row in tables.responses.to_pylist()
        if row["variable"] == variable
    ]


def declared_columns(table: str) -> list[tuple[str, str]]:
    sources = yaml.safe_load((ROOT / "dbt_project/models/sources/raw.yml").read_text(encoding="utf-8"))
    tables = {entry["name"]: entry for entry in sources["sources"][0]["tables"]}
    return [(column["name"], column["data_type"]) for column in tables[table]["columns"]]


def arrow_columns(table: pa.Table) -> list[tuple[str, str]]:
    names = {"string": "varchar", "int32": "integer", "int64": "bigint", "double": "double", "bool": "boolean"}
    return [(field.name, names[str(field.type)]) for field in table.schema]


def test_committed_file_gives_the_declared_tables(declaration: SurveyDeclaration) -> None:
    tables = read_survey(SAV, EDITION, declaration)
    assert arrow_columns(tables.variables) == declared_columns("survey_variables")
    assert arrow_columns(tables.value_labels) == declared_columns("survey_value_labels")
    assert arrow_columns(tables.responses) == declared_columns("survey_responses")
    assert arrow_columns(tables.missing_ranges) == declared_columns("survey_missing_ranges")
    assert arrow_columns(tables.special_missing) == declared_columns("survey_special_missing")
    assert tables.notices == []
    assert tables.variables.num_rows == len(declaration.variables)
    assert tables.responses.num_rows == 1200 * (len(declaration.variables) - 1)
    assert set(tables.responses["edition_id"].to_pylist()) == {EDITION}


def test_labels_are_split_by_language(tmp_path: Path) -> None:
    tables = read_survey(write_small(tmp_path / "s.sav"), "x@1", SMALL)
    questions = {row["variable"]: row for row in tables.variables.to_pylist()}
    assert (questions["sex"]["label_en"], questions["sex"]["label_ru"]) == ("Sex", "Пол")
    assert (questions["trips"]["label_en"], questions["trips"]["label_ru"]) == ("Trips", None)
    assert (questions["number"]["label_en"], questions["number"]["label_ru"]) == (None, None)
    assert questions["remark"]["storage_type"] == "string"
    labels = {(row["variable"], row["code"]): row for row in tables.value_labels.to_pylist()}
    assert labels["sex", "2"]["label_ru"] == "Женский"
    assert [labels["sex", code]["is_missing"] for code in ("1", "2", "99")] == [False, False, True]
    assert labels["visits", "998"]["is_missing"]


def test_codes_and_missing_reasons_are_kept(tmp_path: Path) -> None:
    tables = read_survey(write_small(tmp_path / "s.sav"), "x@1", SMALL)
    assert answers(tables, "sex") == [
        ("1", "1", 1.0, None),
        ("2", "2", 2.0, None),
        ("3", "99", 99.0, "Refused"),
    ]
    assert answers(tables, "trips")[2] == ("3", None, None, "system-missing")
    assert answers(tables, "visits")[1] == ("2", "998", 998.0, "Does not remember")
    assert answers(tables, "weight")[2] == ("3", "0.5", 0.5, None)
    assert answers(tables, "remark")[1] == ("2", "text", None, None)
    assert answers(tables, "number") == []


@pytest.mark.parametrize(
    "content", [b"", b"not a survey", SAV.read_bytes()[:500], SAV.read_bytes()[:20_000], SAV.read_bytes()[:-500]]
)
def test_corrupt_file_is_named(tmp_path: Path, declaration: SurveyDeclaration, content: bytes) -> None:
    path = tmp_path / "broken.sav"
    path.write_bytes(content)
    with pytest.raises(FrontierError, match=r"broken\.sav cannot be read as a survey file"):
        read_survey(path, "x@1", declaration)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"absent\.sav cannot be read"):
        read_survey(tmp_path / "absent.sav", "x@1", SMALL)


def test_missing_variable_is_named(tmp_path: Path) -> None:
    path = write_small(tmp_path / "s.sav", columns={"sex": None})
    with pytest.raises(FrontierError, match=r"s\.sav has no variable sex.*The file has: number, weight, trips"):
        read_survey(path, "x@1", SMALL)


def test_code_without_label_is_named(tmp_path: Path) -> None:
    path = write_small(tmp_path / "s.sav", columns={"sex": [1, 2, 7]})
    with pytest.raises(FrontierError, match=r"s\.sav: variable sex holds the code 7, which has no value label"):
        read_survey(path, "x@1", SMALL)


def test_missing_code_of_a_count_needs_its_label(tmp_path: Path) -> None:
    path = write_small(tmp_path / "s.sav", columns={"visits": [3, 997, 0]})
    with pytest.raises(FrontierError, match="variable visits holds the code 997"):
        read_survey(path, "x@1", SMALL)


def test_text_where_codes_are_declared_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s.sav"
    data = pd.DataFrame({"number": [1], "weight": [1.0], "sex": [1], "trips": [1], "visits": ["three"]})
    pyreadstat.write_sav(data, path)
    with pytest.raises(FrontierError, match="stores visits as text"):
        read_survey(path, "x@1", SMALL)


def test_repeated_respondent_is_named(tmp_path: Path) -> None:
    path = write_small(tmp_path / "s.sav", columns={"number": [1, 2, 2]})
    with pytest.raises(FrontierError, match="number 2 stands on more than one row"):
        read_survey(path, "x@1", SMALL)


def test_respondent_without_number_is_named(tmp_path: Path) -> None:
    path = write_small(tmp_path / "s.sav", columns={"number": [1.0, None, 2.0]})
    with pytest.raises(FrontierError, match="number is empty for a respondent"):
        read_survey(path, "x@1", SMALL)


def test_label_that_does_not_split_is_named(tmp_path: Path) -> None:
    path = write_small(tmp_path / "s.sav", column_labels={"sex": "Sex / gender / Пол"})
    with pytest.raises(FrontierError, match="label 'Sex / gender / Пол' of variable sex does not split"):
        read_survey(path, "x@1", SMALL)
