"""SPSS and Stata files and the DDI codebook: answers, labels, missing values and the warning survive the way out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyreadstat
import pytest
from lxml import etree  # ty: ignore[missing-module-member]

from orchestration.errors import FrontierError
from orchestration.export.context import Context
from orchestration.export.survey.writing import write_survey
from tests.export.conftest import Export

# The library declares frames of several kinds; here they are pandas frames.
read_sav: Any = pyreadstat.read_sav
read_dta: Any = pyreadstat.read_dta
STEM = "survey/frontier_2009_2009"
DDI = {"d": "ddi:codebook:2_5"}


def mart_of(exported: Export) -> pd.DataFrame:
    """The mart of respondents in the order of the files."""
    with duckdb.connect(str(exported.database), read_only=True) as connection:
        return connection.execute(
            "select * from main.mart_survey_respondent order by cast(respondent_id as integer)"
        ).df()


def test_sav_holds_the_valid_answers_of_the_mart(exported: Export) -> None:
    data, meta = read_sav(exported.folder / f"{STEM}.sav")
    mart = mart_of(exported)
    assert len(data) == len(mart) == 1200
    decoded = [name for name in mart.columns if name.endswith(("_name", "_key"))]
    assert set(mart.columns) - set(decoded) == set(data.columns)
    for name in data.columns:
        expected = mart[name].astype("float64") if name != "respondent_id" else mart[name].astype(int)
        pd.testing.assert_series_equal(data[name], expected, check_dtype=False, check_names=False)
    assert meta.file_label == "SYNTHETIC, generated, no evidence: survey/frontier_2009@2009"
    assert " ".join(meta.notes).startswith("SYNTHETIC DATA.")


def test_sav_keeps_labels_measures_and_what_was_declared_as_missing(exported: Export) -> None:
    data, meta = read_sav(exported.folder / f"{STEM}.sav", user_missing=True)
    answers = exported.query("select variable, code, label_en, is_missing from main.dim_survey_answer")
    questions = dict(exported.query("select variable, label_en from main.dim_survey_question"))
    columns = {name.removesuffix("_code"): name for name in data.columns}
    for variable, name in columns.items():
        if variable in questions:
            assert meta.column_names_to_labels[name] == questions[variable]
        labels = {float(code): label for one, code, label, _ in answers if one == variable}
        assert meta.variable_value_labels.get(name, {}) == labels or name == "is_synthetic"
        declared = {float(code) for one, code, _, is_missing in answers if one == variable and is_missing}
        assert {one["lo"] for one in meta.missing_ranges.get(name, [])} == declared
    assert meta.variable_measure["trip_frequency_code"] == "ordinal"
    responses = exported.query(
        "select value, count(*) from main.fct_survey_response where variable = 'trip_reason' and value is not null "
        "group by 1"
    )
    assert Counter(data["trip_reason_code"].dropna()) == dict(responses)
    assert 97.0 in set(data["trip_reason_code"])


def test_dta_holds_the_same_with_letters_for_what_was_declared_as_missing(exported: Export) -> None:
    file = exported.folder / f"{STEM}.dta"
    spss, _ = read_sav(exported.folder / f"{STEM}.sav", user_missing=True)
    data, meta = read_dta(file, user_missing=True)
    letters = {97.0: "a", 98.0: "b", 99.0: "c", 997.0: "d", 998.0: "e"}
    for name in spss.columns:
        known = {code: letter for code, letter in letters.items() if letter in meta.missing_user_values.get(name, [])}
        expected = [known.get(value, value) for value in spss[name]]
        for one, other in zip(data[name], expected, strict=True):
            assert one == other or (math.isnan(one) and math.isnan(other)), name
    assert meta.variable_value_labels["sex_code"] == {1: "Male", 2: "Female", "c": "Refused [99]"}
    assert meta.file_label.startswith("SYNTHETIC, generated, no evidence")
    # Stata itself, in the person of another reader: the letters are its own missing values.
    other: Any = pd.read_stata(file, convert_categoricals=False, convert_missing=True)
    assert {str(one) for one in other["visits_total"] if not isinstance(one, float)} == {".d", ".e"}
    assert file.read_bytes()[28:31] == b"118"


def test_ddi_describes_study_files_and_every_variable(exported: Export) -> None:
    root = etree.parse(exported.folder / f"{STEM}.xml").getroot()
    assert root.tag == "{ddi:codebook:2_5}codeBook"
    assert root.get("version") == "2.5"
    assert [etree.QName(one).localname for one in root] == ["docDscr", "stdyDscr", "fileDscr", "fileDscr", "dataDscr"]
    for place in ("docDscr/d:citation", "stdyDscr/d:citation"):
        assert root.findtext(f"d:{place}/d:titlStmt/d:titl", namespaces=DDI)
    assert root.findtext("d:stdyDscr/d:citation/d:titlStmt/d:titl", namespaces=DDI).startswith("SYNTHETIC: ")
    assert root.findtext("d:stdyDscr/d:stdyInfo/d:abstract", namespaces=DDI).startswith("SYNTHETIC DATA.")
    assert root.findtext("d:stdyDscr/d:dataAccs/d:useStmt/d:disclaimer", namespaces=DDI).startswith("SYNTHETIC DATA.")
    data, _ = read_sav(exported.folder / f"{STEM}.sav")
    variables = root.findall("d:dataDscr/d:var", DDI)
    assert [one.get("name") for one in variables] == list(data.columns)
    assert len({one.get("ID") for one in variables}) == len(variables)
    files = {
        one.get("ID"): one.findtext("d:fileTxt/d:fileName", namespaces=DDI) for one in root.iterfind("d:fileDscr", DDI)
    }
    assert all((exported.folder / "survey" / name).is_file() for name in files.values())
    assert {one.get("files") for one in variables} == {" ".join(files)}
    assert root.findtext("d:fileDscr/d:fileTxt/d:dimensns/d:caseQnty", namespaces=DDI) == "1200"


def test_ddi_counts_every_answer_once(exported: Export) -> None:
    root = etree.parse(exported.folder / f"{STEM}.xml").getroot()
    data, meta = read_sav(exported.folder / f"{STEM}.sav", user_missing=True)
    for variable in root.iterfind("d:dataDscr/d:var", DDI):
        name = variable.get("name")
        declared = {one["lo"] for one in meta.missing_ranges.get(name, [])}
        invalid = data[name].isna() | data[name].isin(declared)
        sums = {one.get("type"): one.text for one in variable.iterfind("d:sumStat", DDI)}
        assert (sums["vald"], sums["invd"]) == (str((~invalid).sum()), str(invalid.sum()))
        assert {float(one.get("VALUE")) for one in variable.iterfind("d:invalrng/d:item", DDI)} == declared
        categories = {
            float(one.findtext("d:catValu", namespaces=DDI)): one for one in variable.iterfind("d:catgry", DDI)
        }
        labels = meta.variable_value_labels.get(name, {})
        for code, category in categories.items():
            assert category.findtext("d:catStat", namespaces=DDI) == str((data[name] == code).sum())
            assert category.findtext("d:labl", namespaces=DDI) == labels.get(code)
            assert category.get("missing") == ("Y" if code in declared else "N")
        assert set(labels) <= set(categories)
        # XML Schema wants these children in this order.
        order = ["labl", "invalrng", "sumStat", "catgry", "varFormat"]
        tags = [etree.QName(one).localname for one in variable]
        assert tags == sorted(tags, key=order.index)


def _survey(
    connection: duckdb.DuckDBPyConnection, answers: list[float | None], ranges: list[tuple[float, float]]
) -> None:
    connection.execute("insert into dim_survey_question values ('q', 's', 'answer', ?, ?, 'nominal', 'numeric')",
                       ["Ж" * 90, "Вопрос"])  # fmt: skip
    connection.execute("insert into dim_survey_question values ('p', 's', 'place', 'Where?', null, null, 'string'), "
                       "('w', 's', 'weight', 'Weight', null, 'scale', 'numeric'), "
                       "('r', 's', 'respondent_id', 'Number', null, 'scale', 'numeric')")  # fmt: skip
    connection.execute("insert into dim_survey_answer values ('q', '1', 'Yes', 'Да'), ('q', '9', 'Refused', null)")
    for number, answer in enumerate(answers, start=1):
        key = f"k{number}"
        connection.execute("insert into mart_survey_respondent values (?, 's', ?, false, 0.5, null, 'Уральск')",
                           [key, str(number)])  # fmt: skip
        code = None if answer is None else f"{answer:g}"
        connection.execute("insert into fct_survey_response values ('s', ?, 'answer', ?, ?), "
                           "('s', ?, 'place', null, 'Уральск'), ('s', ?, 'weight', 0.5, '0.5')",
                           [key, answer, code, key, key])  # fmt: skip
    for low, high in ranges:
        connection.execute("insert into raw.survey_missing_ranges values ('survey/towns@2019', 'answer', ?, ?)",
                           [low, high])  # fmt: skip


def _write(context: Context) -> tuple[pd.DataFrame, Any]:
    write_survey(context)
    return read_sav(context.folder / "survey/towns_2019.sav", user_missing=True)


def test_another_survey_with_text_fractions_and_a_range_of_missing_values(
    small_release: duckdb.DuckDBPyConnection, context_of: Callable[..., Context]
) -> None:
    _survey(small_release, [1.0, 9.0, 95.0, None], [(9.0, 9.0), (90.0, 99.0)])
    context = context_of("sav", "dta", "ddi")
    data, meta = _write(context)
    assert data["respondent_id"].tolist() == [1, 2, 3, 4]
    assert data["answer_code"].tolist()[:3] == [1, 9, 95]
    assert math.isnan(data["answer_code"][3])
    assert data["place"].tolist() == ["Уральск"] * 4
    assert data["weight"].tolist() == [0.5] * 4
    assert meta.missing_ranges["answer_code"] == [{"lo": 90, "hi": 99}, {"lo": 9, "hi": 9}]
    # Answered by people: nothing may say otherwise.
    assert meta.file_label == "Towns"
    assert "SYNTHETIC" not in (context.folder / "survey/towns_2019.xml").read_text(encoding="utf-8")
    stata, stata_meta = read_dta(context.folder / "survey/towns_2019.dta", user_missing=True)
    assert stata["answer_code"].tolist()[:3] == [1, "a", "b"]
    assert stata_meta.variable_value_labels["answer_code"] == {1: "Yes", "a": "Refused [9]"}
    assert stata_meta.column_names_to_labels["answer_code"] == "Ж" * 80


def test_more_missing_values_than_spss_knows_become_one_range_where_no_valid_answer_is_lost(
    small_release: duckdb.DuckDBPyConnection, context_of: Callable[..., Context]
) -> None:
    _survey(small_release, [1.0, 6.0, 9.0], [(6.0, 6.0), (7.0, 7.0), (8.0, 8.0), (9.0, 9.0)])
    _, meta = _write(context_of("sav"))
    assert meta.missing_ranges["answer_code"] == [{"lo": 6, "hi": 9}]


def test_more_missing_values_than_spss_knows_around_a_valid_answer_are_refused(
    small_release: duckdb.DuckDBPyConnection, context_of: Callable[..., Context]
) -> None:
    _survey(small_release, [1.0, 7.0], [(0.0, 0.0), (6.0, 6.0), (8.0, 8.0), (9.0, 9.0)])
    with pytest.raises(FrontierError, match="answer_code declares 4 missing values between which valid answers lie"):
        write_survey(context_of("sav"))


def test_a_file_bears_the_time_of_its_release(
    small_release: duckdb.DuckDBPyConnection, context_of: Callable[..., Context]
) -> None:
    _survey(small_release, [1.0], [])
    _, meta = _write(context_of("sav", "dta"))
    assert meta.creation_time.isoformat() == "2021-03-04T05:06:07"
    _, meta = read_dta(Path(context_of("sav").folder / "survey/towns_2019.dta"))
    assert meta.creation_time.isoformat() == "2021-03-04T05:06:00"
