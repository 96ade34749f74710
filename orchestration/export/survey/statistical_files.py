"""SPSS and Stata files of a survey edition: codes with labels, user-missing as declared, and a warning on top."""

from __future__ import annotations

import datetime as dt
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.export.errors import ExportError
from orchestration.export.survey.microdata import Answer, MissingRange, Survey, Variable
from orchestration.export.synthetic import NOTICE, SHORT_NOTICE

if TYPE_CHECKING:
    import pandas as pd

_SAV_LABEL_BYTES = 64
_SAV_NOTE_LENGTH = 80
_DTA_LABEL_LENGTH = 80
# 118 is what every edition of Stata reads since 14; 119, its follower, is for Stata/MP.
_DTA_VERSION = 14
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def file_label(survey: Survey) -> str:
    """What the file says of itself in its label."""
    return f"{SHORT_NOTICE}: {survey.edition_id}" if survey.is_synthetic else str(survey.edition["title_en"])


def write_sav(survey: Survey, file: Path, moment: dt.datetime) -> None:
    """Write an SPSS file that bears the time `moment`, so that one release always gives the same bytes.

    Raises `ExportError` when a variable declares more missing values than SPSS knows.
    """
    import pyreadstat

    numeric = [variable for variable in survey.variables if not variable.is_text]
    pyreadstat.write_sav(
        _frame(survey, {}),
        file,
        file_label=_cut_bytes(file_label(survey), _SAV_LABEL_BYTES),
        column_labels={variable.name: _label(variable) for variable in survey.variables},
        row_compress=True,
        note=_notes(survey),
        variable_value_labels={one.name: _value_labels(one, {}) for one in numeric if one.value_labels},
        missing_ranges={one.name: _sav_missing(one) for one in numeric if one.missing},
        variable_measure={one.name: one.measure for one in survey.variables},
        variable_format={one.name: "F8.0" if _is_whole(one) else "F8.2" for one in numeric},
    )
    _stamp_sav(file, moment)


def write_dta(survey: Survey, file: Path, moment: dt.datetime) -> None:
    """Write a Stata file: what is declared as missing becomes .a, .b …, with the code in the label.

    One letter stands for one code in all variables. Raises `ExportError` when there are more than 26 codes.
    """
    import pyreadstat

    letters = missing_letters(survey)
    numeric = [variable for variable in survey.variables if not variable.is_text]
    with_letters = {one.name: _letters_of(one, letters) for one in numeric}
    pyreadstat.write_dta(
        _frame(survey, letters),
        file,
        file_label=file_label(survey)[:_DTA_LABEL_LENGTH],
        column_labels={variable.name: _label(variable)[:_DTA_LABEL_LENGTH] for variable in survey.variables},
        version=_DTA_VERSION,
        variable_value_labels={one.name: _value_labels(one, letters) for one in numeric if one.value_labels},
        missing_user_values={name: found for name, found in with_letters.items() if found},
        variable_format={one.name: "%8.0g" if _is_whole(one) else "%9.0g" for one in numeric},
    )
    _stamp_dta(file, moment)


def missing_letters(survey: Survey) -> dict[float, str]:
    """The letter that stands for each code declared as missing, given or labelled, in all variables alike."""
    codes = sorted({code for variable in survey.variables for code in _missing_codes(variable)})
    if len(codes) > len(_LETTERS):
        raise ExportError(
            f"{survey.edition_id} declares {len(codes)} codes as missing, and Stata has only {len(_LETTERS)} letters "
            "for them. Export it as sav."
        )
    return dict(zip(codes, _LETTERS, strict=False))


def _missing_codes(variable: Variable) -> set[float]:
    known = {*variable.value_labels, *variable.frequencies}
    return {code for code in known if variable.is_missing(code)}


def _letters_of(variable: Variable, letters: dict[float, str]) -> list[str]:
    return sorted(letters[code] for code in _missing_codes(variable))


def _frame(survey: Survey, letters: dict[float, str]) -> pd.DataFrame:
    import pandas as pd

    columns = {}
    for variable in survey.variables:
        answers = [_stored(variable, answer, letters) for answer in variable.answers]
        has_letters = any(isinstance(answer, str) for answer in answers)
        columns[variable.name] = pd.Series(answers, dtype=object if has_letters or variable.is_text else "float64")
    return pd.DataFrame(columns)


def _stored(variable: Variable, answer: Answer, letters: dict[float, str]) -> Answer:
    if variable.is_text:
        return answer if answer is not None else ""
    if isinstance(answer, float) and letters and variable.is_missing(answer):
        return letters[answer]
    return answer


def _value_labels(variable: Variable, letters: dict[float, str]) -> dict[Any, str]:
    labels: dict[Any, str] = {}
    for value, names in variable.value_labels.items():
        if letters and variable.is_missing(value):
            labels[letters[value]] = f"{names['en']} [{value:g}]"
        else:
            labels[value] = names["en"]
    return labels


def _label(variable: Variable) -> str:
    return variable.labels.get("en", variable.name)


def _sav_missing(variable: Variable) -> list[Any]:
    """The ranges as SPSS takes them: three values, or one range and one value."""
    values = [one for one in variable.missing if one.low == one.high]
    ranges = [one for one in variable.missing if one.low != one.high]
    if (len(values) <= 3 and not ranges) or (len(ranges) == 1 and len(values) <= 1):
        return [{"lo": one.low, "hi": one.high} for one in variable.missing]
    whole = MissingRange(variable.missing[0].low, max(one.high for one in variable.missing))
    if any(whole.holds(code) and not variable.is_missing(code) for code in variable.frequencies):
        raise ExportError(
            f"{variable.name} declares {len(variable.missing)} missing values between which valid answers lie, and "
            "SPSS knows three values, or one range and one value. Export it as dta or csv."
        )
    return [{"lo": whole.low, "hi": whole.high}]


def _is_whole(variable: Variable) -> bool:
    return all(float(code).is_integer() for code in variable.frequencies)


def _notes(survey: Survey) -> list[str]:
    said = [NOTICE] if survey.is_synthetic else []
    said += [f"Edition {survey.edition_id}.", str(survey.edition["publication"]), str(survey.edition["note"] or "")]
    return [line for text in said for line in textwrap.wrap(text, _SAV_NOTE_LENGTH)]


def _cut_bytes(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")


def _stamp_sav(file: Path, moment: dt.datetime) -> None:
    # The header has day and time as text, nine and eight bytes, after the count of cases and the bias.
    day = f"{moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year % 100:02d}"
    with file.open("r+b") as stream:
        stream.seek(92)
        stream.write(f"{day}{moment:%H:%M:%S}".encode())


def _stamp_dta(file: Path, moment: dt.datetime) -> None:
    tag = b"<timestamp>\x11"
    with file.open("r+b") as stream:
        place = stream.read(2048).index(tag) + len(tag)
        stream.seek(place)
        stream.write(f"{moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year:04d} {moment:%H:%M}".encode())
