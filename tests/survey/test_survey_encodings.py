"""Cyrillic in survey files: UTF-8, and 8-bit encodings that the file names, implies by a code page or leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyreadstat
import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.surveys.reading import SurveyReading
from orchestration.landing.survey_declaration import SurveyDeclaration
from tests.survey.survey_files import rename_encoding, write_portable, write_spss, write_stata, write_text
from tests.survey.survey_tables import read_survey

if TYPE_CHECKING:
    from orchestration.extraction.surveys.chunks import Chunk

# Words of the ASCII file and what stands in their place, letter for letter.
WORDS = {"Number": "Номер!", "Female": "Женщин", "Aqtobe": "Ақтөбе".replace("қ", "к").replace("ө", "о")}


def texts(path: Path, encoding: str | None = None) -> tuple[str, str, list[str]]:
    """The label of the first variable, of the second code of sex, and the towns."""
    reading = SurveyReading(path, "x@1", SurveyDeclaration(encoding=encoding))
    (chunk,) = reading.chunks()
    label = reading.variables["label"].to_pylist()[0]
    codes = {row["code"]: row["label"] for row in reading.value_labels.to_pylist() if row["variable"].lower() == "sex"}
    return label, codes["2"], _column(chunk, "town")


def _column(chunk: Chunk, name: str) -> list[str]:
    column: Any = next(values for key, values in chunk.columns.items() if key.lower() == name)
    return column.values.to_pylist()


CYRILLIC = ("Номер!", "Женщин", ["Oral", "Актобе", ""])


def as_spss(path: Path, encoding: str, named: str | None, code_page: int) -> Path:
    content = write_text(write_spss(path).read_bytes(), WORDS, encoding)
    path.write_bytes(rename_encoding(content, named, code_page))
    return path


def test_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "survey.sav"
    data = pd.DataFrame({"город": ["Актөбе", "Орал"], "number": [1.0, 2.0]})
    pyreadstat.write_sav(data, path, column_labels={"город": "Город / қала"})
    reading = SurveyReading(path, "x@1", SurveyDeclaration())
    (chunk,) = reading.chunks()
    assert _column(chunk, "город") == ["Актөбе", "Орал"]
    assert reading.variables["label"].to_pylist()[0] == "Город / қала"


@pytest.mark.parametrize(
    ("encoding", "named", "code_page", "declared"),
    [
        ("cp1251", "windows-1251", 1251, None),
        ("cp1251", None, 1251, None),
        ("cp1251", None, 2, "windows-1251"),
        ("cp1251", "UTF-8", 65001, "cp1251"),
        ("cp866", "CP866", 866, None),
        ("koi8-r", None, 20866, None),
    ],
)
def test_spss_in_8_bits(tmp_path: Path, encoding: str, named: str | None, code_page: int, declared: str | None) -> None:
    path = as_spss(tmp_path / "survey.sav", encoding, named, code_page)
    assert texts(path, declared) == CYRILLIC


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "koi8-r", "mac-cyrillic", "iso8859-5"])
def test_a_portable_file_needs_its_encoding_declared(tmp_path: Path, encoding: str) -> None:
    path = write_portable(tmp_path / "survey.por")
    path.write_bytes(write_text(path.read_bytes(), WORDS, encoding))
    assert texts(path, encoding) == CYRILLIC
    with pytest.raises(FrontierError, match="the label of variable NUMBER has letters.*Declare the right `encoding:`"):
        texts(path)


def test_a_portable_file_with_lost_answers_is_named(tmp_path: Path) -> None:
    path = write_portable(tmp_path / "survey.por")
    path.write_bytes(write_text(path.read_bytes(), {"Aqtobe": "Актобе"}, "cp1251"))
    with pytest.raises(FrontierError, match="variable TOWN in row 2 has letters.*Declare the right `encoding:`"):
        texts(path)


def test_every_letter_of_a_portable_file(tmp_path: Path) -> None:
    letters = "".join(bytes([code]).decode("cp1251") for code in range(0xC0, 0x100))
    for start in range(0, 64, 12):
        word = letters[start : start + 12].ljust(12, "ё")
        path = write_portable(tmp_path / "survey.por", town=b"placeholder!")
        path.write_bytes(write_text(path.read_bytes(), {"placeholder!": word}, "cp1251"))
        assert texts(path, "cp1251")[2][0] == word


def test_an_old_stata_file_needs_its_encoding_declared(tmp_path: Path) -> None:
    path = write_stata(tmp_path / "survey.dta", version=10)
    path.write_bytes(write_text(path.read_bytes(), WORDS, "cp1251"))
    assert texts(path, "cp1251") == CYRILLIC


@pytest.mark.parametrize("file_format", ["sav", "dta"])
def test_letters_in_an_encoding_that_nothing_tells_are_noticed(tmp_path: Path, file_format: str) -> None:
    path = tmp_path / f"survey.{file_format}"
    if file_format == "sav":
        as_spss(path, "cp1251", None, code_page=2)
    else:
        write_stata(path, version=10)
        path.write_bytes(write_text(path.read_bytes(), WORDS, "cp1251"))
    (notice,) = read_survey(path, "x@1", SurveyDeclaration()).notices
    assert (notice.variable, notice.file_row, notice.stored_value) == ("number", None, "Íîìåð!")
    assert "nothing says in which encoding the text of the file is" in notice.message
    assert read_survey(path, "x@1", SurveyDeclaration(encoding="cp1251")).notices == []


@pytest.mark.parametrize(
    ("words", "culprit"),
    [
        ({"Number": "Номер!"}, "the label of variable number is not UTF-8 text"),
        ({"Female": "Женщин"}, "the label of code 2 of variable sex is not UTF-8 text"),
        ({"Aqtobe": "Актобе"}, r"variable town in row 2 holds bytes that are not utf-8 text"),
    ],
)
def test_what_cannot_be_decoded_is_named(tmp_path: Path, words: dict[str, str], culprit: str) -> None:
    path = write_spss(tmp_path / "survey.sav")
    path.write_bytes(write_text(path.read_bytes(), words, "cp1251"))
    with pytest.raises(FrontierError, match=f"survey.sav cannot be read as a survey file: {culprit}.*Declare"):
        texts(path)


def test_an_unknown_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match="unsupported character set"):
        texts(write_spss(tmp_path / "survey.sav"), "klingon")
    with pytest.raises(FrontierError, match="the encoding klingon that is declared for it is unknown"):
        texts(write_portable(tmp_path / "survey.por"), "klingon")


def test_a_text_cut_inside_a_letter_is_noticed(tmp_path: Path) -> None:
    path = write_spss(tmp_path / "survey.sav")
    cut = "Ақт".encode()[:-1] + b"\0"
    path.write_bytes(path.read_bytes().replace(b"Aqtobe", cut))
    reading = SurveyReading(path, "x@1", SurveyDeclaration())
    (chunk,) = reading.chunks()
    assert _column(chunk, "town") == ["Oral", "Ақ", ""]
    (notice,) = reading.notices
    assert (notice.variable, notice.file_row, notice.stored_value) == ("town", 2, "Ақ")
    assert notice.message == "Variable town, row 2: the text 'Ақ' was cut inside its last character, left out here."


@pytest.mark.parametrize(
    ("declared", "english", "russian"),
    [
        ({}, "Visits / trips", None),
        ({"label_language": "ru"}, None, "Visits / trips"),
        ({"label_language": "other"}, None, None),
        ({"bilingual_labels": True}, "Visits", "trips"),
    ],
)
def test_labels_are_split_only_where_declared(
    tmp_path: Path, declared: dict[str, Any], english: str | None, russian: str | None
) -> None:
    tables = read_survey(write_spss(tmp_path / "survey.sav"), "x@1", SurveyDeclaration(**declared))
    row = tables.variables.to_pylist()[2]
    assert (row["label"], row["label_en"], row["label_ru"]) == ("Visits / trips", english, russian)
