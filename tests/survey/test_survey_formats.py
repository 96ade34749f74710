"""One survey in every format: the same codes and labels, told apart by their bytes; and files that are none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyreadstat
import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.surveys.chunks import Numbers, Texts
from orchestration.extraction.surveys.formats import detect_format
from orchestration.extraction.surveys.reading import SurveyReading
from orchestration.landing.survey_declaration import SurveyDeclaration
from tests.survey.survey_files import (
    add_response_set,
    big_endian_file,
    cases,
    write_portable,
    write_sas,
    write_spss,
    write_stata,
)
from tests.survey.survey_tables import read_survey

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.survey.survey_tables import SurveyTables

WRITERS: dict[str, Callable[[Path], Path]] = {
    "sav": write_spss,
    "zsav": write_spss,
    "por": write_portable,
    "dta": write_stata,
    "sas7bdat": write_sas,
}
MODELLED = SurveyDeclaration(
    respondent_id="number",
    weight="visits",
    response="sex",
    predictors=("sex",),
    coded_variables=("sex",),
)


def written(folder: Path, file_format: str) -> Path:
    return WRITERS[file_format](folder / f"survey.{file_format}")


def by_variable(tables: SurveyTables, table: str, *columns: str) -> dict[str, list[Any]]:
    """Rows of a table by variable in small letters, as tuples of some columns."""
    found: dict[str, list[Any]] = {}
    for row in getattr(tables, table).to_pylist():
        found.setdefault(row["variable"].lower(), []).append(tuple(row[column] for column in columns))
    return found


@pytest.mark.parametrize("file_format", WRITERS)
def test_the_format_is_told_by_the_bytes(tmp_path: Path, file_format: str) -> None:
    path = written(tmp_path, file_format).rename(tmp_path / "survey.bin")
    assert detect_format(path) == file_format


@pytest.mark.parametrize("version", [8, 10, 12, 14, 15])
def test_every_release_of_stata_is_told(tmp_path: Path, version: int) -> None:
    assert detect_format(write_stata(tmp_path / "survey.dta", version=version)) == "dta"


@pytest.mark.parametrize("file_format", ["sav", "zsav", "por"])
def test_spss_formats_hold_the_same(tmp_path: Path, file_format: str) -> None:
    tables = read_survey(written(tmp_path, file_format), "x@1", SurveyDeclaration())
    kinds = by_variable(tables, "variables", "position", "storage_type", "format")
    assert kinds == {
        "number": [(1, "numeric", "F8.2")],
        "sex": [(2, "numeric", "F8.2")],
        "visits": [(3, "numeric", "F8.2")],
        "town": [(4, "string", "A12" if file_format == "por" else "A6")],
    }
    labels = by_variable(tables, "value_labels", "code", "value", "label", "is_missing")
    assert labels["sex"] == [("1", 1.0, "Male", False), ("2", 2.0, "Female", False)]
    assert labels["visits"] == [("9", 9.0, "Does not remember", True)]
    assert by_variable(tables, "missing_ranges", "low", "high", "code") == {"visits": [(9.0, 9.0, "9")]}


@pytest.mark.parametrize("file_format", ["sav", "zsav", "dta"])
def test_answers_of_a_modelled_survey(tmp_path: Path, file_format: str) -> None:
    path = written(tmp_path, file_format)
    if file_format == "dta":
        write_stata(path, visits=(2.5, "d", 0.0))
    tables = read_survey(path, "x@1", MODELLED)
    answers = by_variable(tables, "responses", "respondent_id", "code", "value", "missing_reason")
    assert answers["sex"] == [("11", "1", 1.0, None), ("12", "2", 2.0, None), ("13", None, None, "system-missing")]
    assert answers["town"] == [("11", "Oral", None, None), ("12", "Aqtobe", None, None), ("13", "", None, None)]
    assert "number" not in answers
    if file_format == "dta":
        assert answers["visits"][1] == ("12", ".d", None, "Does not remember")
    else:
        assert answers["visits"][1:] == [("12", "9", 9.0, "Does not remember"), ("13", "0", 0.0, None)]


def test_special_missing_values_of_stata_are_kept(tmp_path: Path) -> None:
    tables = read_survey(written(tmp_path, "dta"), "x@1", SurveyDeclaration())
    assert by_variable(tables, "special_missing", "file_row", "code") == {"visits": [(2, ".d"), (3, ".e")]}
    labels = by_variable(tables, "value_labels", "code", "value", "label", "is_missing")
    assert labels["visits"] == [(".d", None, "Does not remember", True)]
    ranges = by_variable(tables, "missing_ranges", "low", "high", "code")
    assert ranges == {"visits": [(None, None, ".d"), (None, None, ".e")]}


def test_special_missing_values_of_sas_are_kept(tmp_path: Path) -> None:
    tables = read_survey(written(tmp_path, "sas7bdat"), "x@1", SurveyDeclaration())
    assert by_variable(tables, "special_missing", "file_row", "code") == {"visits": [(2, "._")]}
    assert by_variable(tables, "missing_ranges", "low", "high", "code") == {"visits": [(None, None, "._")]}
    assert by_variable(tables, "variables", "storage_type")["town"] == [("string",)]


def test_a_special_missing_value_without_label_needs_one_once_codes_are_declared(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"variable visits holds the code \.e, which has no value label"):
        read_survey(written(tmp_path, "dta"), "x@1", MODELLED)


def test_multiple_response_sets_are_no_hindrance(tmp_path: Path) -> None:
    path = write_spss(tmp_path / "survey.sav")
    path.write_bytes(add_response_set(path.read_bytes(), "Оба".encode("cp1251")))
    assert read_survey(path, "x@1", SurveyDeclaration()).variables.num_rows == 4


def test_a_file_of_the_other_byte_order(tmp_path: Path) -> None:
    path = tmp_path / "survey.sav"
    path.write_bytes(big_endian_file([(1.0, 2.5), (-1.7976931348623157e308, 1e100)], b"Aktobe city"))
    (chunk,) = SurveyReading(path, "x@1", SurveyDeclaration()).chunks()
    numbers, others, texts = (chunk.columns[name] for name in "ABT")
    assert isinstance(numbers, Numbers)
    assert isinstance(others, Numbers)
    assert isinstance(texts, Texts)
    assert (numbers.values.tolist(), numbers.is_missing.tolist()) == ([1.0, 0.0], [False, True])
    assert others.values.tolist() == [2.5, 1e100]
    assert texts.values.to_pylist() == ["Aktobe city", "Aktobe city"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>404</body></html>", "it is a web page"),
        (b"<?xml version='1.0'?><html/>", "it is a web page"),
        (b"PK\x03\x04" + b"\0" * 40, "it is a zip archive"),
        (b"number;sex\n1;2\n", "it starts like no SPSS"),
        (b"$FL2@(#) SPSS DATA FILE", "Unable to read from file"),
        (b"<stata_dta><header>", "it is cut off: </stata_dta> does not stand at its end"),
    ],
    ids=["empty", "page", "xhtml", "zip", "text", "head of a sav", "head of a dta"],
)
def test_what_is_no_survey_file_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "survey.sav"
    path.write_bytes(content)
    with pytest.raises(FrontierError) as caught:
        read_survey(path, "x@1", SurveyDeclaration())
    assert str(caught.value).startswith(f"{path} cannot be read as a survey file: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file_format", WRITERS)
@pytest.mark.parametrize("share", [0.35, 0.97])
def test_a_truncated_file_is_named(tmp_path: Path, file_format: str, share: float) -> None:
    path = written(tmp_path, file_format)
    whole = path.read_bytes().rstrip(b"Z\r\n") if file_format == "por" else path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FrontierError, match=rf"survey\.{file_format} cannot be read as a survey file"):
        read_survey(path, "x@1", SurveyDeclaration())


def test_labels_lost_with_the_end_of_an_old_stata_file_are_noticed(tmp_path: Path) -> None:
    path = write_stata(tmp_path / "survey.dta", version=10)
    assert read_survey(path, "x@1", SurveyDeclaration()).notices == []
    path.write_bytes(path.read_bytes()[:-100])
    notices = read_survey(path, "x@1", SurveyDeclaration()).notices
    assert [(notice.variable, notice.file_row) for notice in notices] == [("sex", None), ("visits", None)]
    assert "or the end of the file is missing" in notices[0].message


@pytest.mark.parametrize("options", [{}, {"row_compress": True}, {"compress": True}], ids=["plain", "bytecode", "zlib"])
@pytest.mark.parametrize("missing_bytes", [1, 8, 40, 1000])
def test_cases_that_are_cut_off_are_missed(tmp_path: Path, options: dict[str, Any], missing_bytes: int) -> None:
    path = tmp_path / "survey.sav"
    data = cases(
        number=[float(row) for row in range(2000)],
        sex=[1.0] * 2000,
        visits=[row / 7 for row in range(2000)],
        town=["Oral"] * 2000,
    )
    pyreadstat.write_sav(data, path, **options)
    whole = path.read_bytes()
    path.write_bytes(whole[:-missing_bytes])
    with pytest.raises(FrontierError, match=r"survey\.sav cannot be read as a survey file: it.* cut off"):
        read_survey(path, "x@1", SurveyDeclaration())
