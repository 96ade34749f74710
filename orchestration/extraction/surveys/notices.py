"""What a reader of a survey file must know though nothing stopped it: dates out of range, texts cut in the file."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING

from orchestration.extraction.surveys.codes import code_text
from orchestration.extraction.surveys.encodings import DECLARE_ENCODING
from orchestration.extraction.surveys.schemas import survey_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pyarrow as pa

    from orchestration.extraction.surveys.chunks import Chunk
    from orchestration.extraction.surveys.dictionary import Dictionary, Variable


@dataclass(frozen=True)
class SurveyNotice:
    """One thing about one variable: the first row it concerns (from 1), in how many, and what is stored there.

    What concerns the variable as a whole has no row.
    """

    edition_id: str
    variable: str
    file_row: int | None
    rows: int
    stored_value: str | None
    message: str


def notices_table(notices: list[SurveyNotice]) -> pa.Table:
    """One row per notice, as raw.survey_notices."""
    return survey_table("survey_notices", [astuple(notice) for notice in notices])


@dataclass
class _Case:
    """The first of a kind, and how many there are."""

    file_row: int
    stored_value: str
    rows: int


@dataclass
class NoticeBook:
    """Collects, over the chunks of a file, what becomes one notice per variable and kind."""

    edition_id: str
    dictionary: Dictionary
    _dates: dict[str, _Case] = field(default_factory=dict)
    _formats: dict[str, str] = field(default_factory=dict)
    _cut: dict[str, _Case] = field(default_factory=dict)

    def note_dates(self, variable: Variable, first_row: int, values: np.ndarray, is_out_of_range: np.ndarray) -> None:
        """Take down the numbers of a chunk that no date or time can be made of."""
        places = is_out_of_range.nonzero()[0]
        if len(places):
            first = int(places[0])
            self._formats[variable.name] = variable.format or ""
            _count(self._dates, variable.name, first_row + first, code_text(float(values[first])), len(places))

    def note_cut_texts(self, chunk: Chunk) -> None:
        """Take down the texts of a chunk that the file cut inside a character."""
        for one in chunk.cut:
            _count(self._cut, one.variable, one.file_row, one.text, 1)

    def notices(self) -> list[SurveyNotice]:
        """The notices, by kind and variable as first met."""
        dates = [
            self._notice(
                name,
                case,
                f"the number {case.stored_value} is no date or time in the range of its format "
                f"{self._formats[name]}. The number is kept, its ISO text is empty",
            )
            for name, case in self._dates.items()
        ]
        cut = [
            self._notice(name, case, f"the text {case.stored_value!r} was cut inside its last character, left out here")
            for name, case in self._cut.items()
        ]
        return [*self._encoding_notices(), *self._absent_labels(), *dates, *cut]

    def _encoding_notices(self) -> Iterator[SurveyNotice]:
        """One notice at the first label with a letter that is another one in another encoding."""
        if self.dictionary.is_encoding_known:
            return
        for variable in self.dictionary.variables:
            for label in (variable.label or "", *variable.labels.values()):
                if not label.isascii():
                    message = (
                        f"Variable {variable.name}: nothing says in which encoding the text of the file is, and the "
                        f"label {label!r} is read as windows-1252. {DECLARE_ENCODING}"
                    )
                    yield SurveyNotice(self.edition_id, variable.name, None, 0, label, message)
                    return

    def _absent_labels(self) -> Iterator[SurveyNotice]:
        for name, labels in self.dictionary.absent_labels.items():
            message = (
                f"Variable {name}: its value labels are said to be the set {labels}, which the file does not hold. "
                "Either it never did, or the end of the file is missing."
            )
            yield SurveyNotice(self.edition_id, name, None, 0, None, message)

    def _notice(self, variable: str, case: _Case, what: str) -> SurveyNotice:
        more = f" ({case.rows:,} rows in all)" if case.rows > 1 else ""
        message = f"Variable {variable}, row {case.file_row}: {what}{more}."
        return SurveyNotice(self.edition_id, variable, case.file_row, case.rows, case.stored_value, message)


def _count(cases: dict[str, _Case], variable: str, file_row: int, stored_value: str, rows: int) -> None:
    if variable in cases:
        cases[variable].rows += rows
    else:
        cases[variable] = _Case(file_row, stored_value, rows)
