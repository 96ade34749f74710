"""The dictionary of a survey file: variables, labels, formats and declared missing values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from orchestration.extraction.surveys.encodings import DECLARE_ENCODING, told_encoding
from orchestration.extraction.surveys.formats import SurveyFormat, detect_format, unreadable
from orchestration.extraction.surveys.readstat import ReadFailure, read_with_pyreadstat
from orchestration.extraction.surveys.times import TimeReading, time_reading
from orchestration.extraction.surveys.undecodable import undecodable_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from orchestration.errors import FrontierError
    from orchestration.extraction.surveys.codes import Code

ROW_COLUMN = "file_row"


@dataclass(frozen=True)
class MissingRange:
    """Values that a file declares as missing: numbers from `low` to `high`, or one text (`low` is `high`)."""

    low: Code
    high: Code

    def covers(self, code: Code) -> bool:
        """Whether the code lies in the range."""
        if isinstance(code, str) or isinstance(self.low, str) or isinstance(self.high, str):
            return code == self.low
        return self.low <= code <= self.high


@dataclass(frozen=True)
class Variable:
    """One variable of a file with everything that is declared about its codes.

    `name` is as in the file; `column` is its name in the table of cases, where letter case makes no
    difference, and `iso_column` that of the text of a date or time beside it. `format` is the print
    format as in the file (F8.2, DATETIME20, %td, DATE9).
    """

    name: str
    column: str
    iso_column: str | None
    time: TimeReading | None
    label: str | None
    measure: str
    storage_type: Literal["numeric", "string"]
    format: str | None
    labels: Mapping[Code, str]
    missing_ranges: tuple[MissingRange, ...]

    @property
    def is_text(self) -> bool:
        return self.storage_type == "string"

    def is_missing(self, code: Code) -> bool:
        """Whether the file declares the code as missing; a special missing value always is."""
        is_special = isinstance(code, str) and not self.is_text
        return is_special or any(one.covers(code) for one in self.missing_ranges)


@dataclass(frozen=True)
class Dictionary:
    """What a survey file says about itself; `row_count` is None where only the end of the file tells.

    `declared_encoding` is what dataset.yml says, `encoding` what holds. `absent_labels` are the sets of
    value labels that variables name and the file does not hold, by variable. Where the encoding is not
    known, neither the file nor dataset.yml says it, and windows-1252 is supposed.
    """

    path: Path
    file_format: SurveyFormat
    declared_encoding: str | None
    encoding: str | None
    file_label: str | None
    row_count: int | None
    variables: tuple[Variable, ...]
    absent_labels: Mapping[str, str]
    is_encoding_known: bool

    def failure(self, failure: ReadFailure) -> FrontierError:
        """The error in words for cases that cannot be read though the dictionary can."""
        return _in_words(self.path, self.file_format, self.declared_encoding, failure)


def read_dictionary(path: Path, encoding: str | None = None) -> Dictionary:
    """The dictionary of a survey file of any kind.

    `encoding` is what dataset.yml declares where the file itself does not say, or says wrongly.
    Raises `FrontierError` when the file is no survey file or a name or label in it cannot be decoded.
    """
    file_format = detect_format(path)
    try:
        meta = read_with_pyreadstat(path, file_format, encoding, metadataonly=True)[1]
    except ReadFailure as failure:
        raise _in_words(path, file_format, encoding, failure) from failure
    told = told_encoding(path, file_format)
    return Dictionary(
        path=path,
        file_format=file_format,
        declared_encoding=encoding,
        encoding=encoding or meta.file_encoding or told.name,
        file_label=meta.file_label,
        row_count=meta.number_rows,
        variables=tuple(_variables(meta, file_format)),
        absent_labels={name: one for name, one in meta.variable_to_label.items() if one not in meta.value_labels},
        is_encoding_known=encoding is not None or told.is_told,
    )


def _in_words(path: Path, file_format: SurveyFormat, encoding: str | None, failure: ReadFailure) -> FrontierError:
    if not failure.is_about_text:
        return unreadable(path, str(failure))
    if file_format == "por":
        return unreadable(path, str(failure), DECLARE_ENCODING)
    culprit = undecodable_text(path, file_format, encoding)
    return unreadable(path, culprit or f"a text in it cannot be decoded ({failure})", DECLARE_ENCODING)


def _variables(meta: Any, file_format: SurveyFormat) -> Iterator[Variable]:
    taken = {ROW_COLUMN}
    columns = [_free_name(name, taken) for name in meta.column_names]
    for name, column in zip(meta.column_names, columns, strict=True):
        is_text = meta.readstat_variable_types[name] == "string"
        print_format = meta.original_variable_types.get(name)
        time = None if is_text else time_reading(file_format, print_format)
        measure = meta.variable_measure.get(name)
        yield Variable(
            name=name,
            column=column,
            iso_column=_free_name(f"{column}_iso", taken) if time else None,
            time=time,
            label=meta.column_names_to_labels.get(name) or None,
            measure=measure if measure in ("nominal", "ordinal", "scale") else "unknown",
            storage_type="string" if is_text else "numeric",
            format=print_format if print_format and print_format != "NULL" else None,
            labels=_labels(meta.variable_value_labels.get(name, {}), is_text),
            missing_ranges=tuple(MissingRange(one["lo"], one["hi"]) for one in meta.missing_ranges.get(name, [])),
        )


def _free_name(name: str, taken: set[str]) -> str:
    """A column name that no other column has, whatever its letter case; it is taken from then on."""
    base = re.sub(r'["\x00-\x1f]', "_", name)
    candidate, number = base, 1
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{base}_{number}"
    taken.add(candidate.casefold())
    return candidate


def special_missing(tag: str) -> str:
    """A special missing value as Stata and SAS write it: tag 'a' is '.a'."""
    return f".{tag}"


def _labels(labels: Mapping[Any, str], is_text: bool) -> dict[Code, str]:
    if is_text:
        return dict(labels)
    return {special_missing(code) if isinstance(code, str) else float(code): label for code, label in labels.items()}
