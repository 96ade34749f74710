"""Reading a survey file as its dataset.yml declares it: the dictionary first, then the cases chunk by chunk."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from orchestration.extraction.surveys.answers import answers_table
from orchestration.extraction.surveys.chunks import Chunk, Numbers, Texts
from orchestration.extraction.surveys.codes import LabelLanguages
from orchestration.extraction.surveys.dictionary import read_dictionary
from orchestration.extraction.surveys.dictionary_tables import (
    missing_ranges_table,
    special_missing_table,
    value_labels_table,
    variables_table,
)
from orchestration.extraction.surveys.formats import unreadable
from orchestration.extraction.surveys.notices import NoticeBook, SurveyNotice
from orchestration.extraction.surveys.rules import DeclaredRules, require_variables
from orchestration.extraction.surveys.times import iso_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

    from orchestration.landing.survey_declaration import SurveyDeclaration

ROW_GROUP = 122_880
"""Rows of a row group of DuckDB: batches of just this size are written as they are, others are put together again."""

_CHUNK_BYTES = 64 * 1024 * 1024
# What a number takes as an object of Python with the pointer to it, as pyreadstat gives it.
_OBJECT_BYTES = 40
# In long form, a case is a row of several texts for each of its variables.
_LONG_FORM_BYTES = 200


class SurveyReading:
    """A survey file that is being read.

    The tables of the dictionary are there from the start, except that the missing values and the notices
    are whole only after the last chunk.
    """

    def __init__(self, path: Path, edition_id: str, declaration: SurveyDeclaration) -> None:
        """Read the dictionary; a `FrontierError` says what in the file does not fit the declaration."""
        self.dictionary = read_dictionary(path, declaration.encoding)
        if not self.dictionary.variables:
            raise unreadable(path, "it has no variables")
        require_variables(self.dictionary, declaration)
        self.declaration = declaration
        self.edition_id = edition_id
        self._languages = LabelLanguages(path, declaration.bilingual_labels, declaration.label_language)
        self._notices = NoticeBook(edition_id, self.dictionary)
        self._special: set[tuple[str, str]] = set()
        self.variables = variables_table(edition_id, self.dictionary, self._languages)
        self.value_labels = value_labels_table(edition_id, self.dictionary, self._languages)

    @property
    def missing_ranges(self) -> pa.Table:
        """The missing values that the file declares, and the special ones met so far."""
        return missing_ranges_table(self.edition_id, self.dictionary, self._special)

    @property
    def notices(self) -> list[SurveyNotice]:
        """What the chunks so far gave reason to say."""
        return self._notices.notices()

    @property
    def answers_per_case(self) -> int:
        """Number of variables other than the respondent number."""
        return len(self.dictionary.variables) - (self.declaration.respondent_id is not None)

    def chunks(self) -> Iterator[Chunk]:
        """The cases in file order; one empty chunk for a file without any.

        Raises `FrontierError` when the file is damaged, text cannot be decoded, a respondent number is
        empty or repeated, or a code of a coded variable has no label.
        """
        rules = DeclaredRules(self.dictionary, self.declaration)
        chunks = self._read()
        first = next(chunks, None) or self._no_cases()
        for chunk in chain([first], chunks):
            rules.check(chunk)
            self._notices.note_cut_texts(chunk)
            self._special |= {(name, code) for name, cells in chunk.special.items() for code in cells.values()}
            yield chunk
        rules.finish()

    def iso_columns(self, chunk: Chunk) -> dict[str, pa.StringArray]:
        """ISO 8601 texts of the date and time variables of a chunk, by variable."""
        texts = {}
        for variable in self.dictionary.variables:
            column = chunk.columns[variable.name]
            if variable.time and isinstance(column, Numbers):
                texts[variable.name], is_out = iso_texts(column.values, column.is_missing, variable.time)
                self._notices.note_dates(variable, chunk.first_row, column.values, is_out)
        return texts

    def answers(self, chunk: Chunk, iso_columns: Mapping[str, pa.StringArray]) -> pa.Table:
        """The chunk in long form."""
        return answers_table(
            self.edition_id, self.dictionary, self._languages, self.declaration.respondent_id, chunk, iso_columns
        )

    def special_missing(self, chunk: Chunk) -> pa.Table:
        """The cells of the chunk with a special missing value."""
        return special_missing_table(self.edition_id, chunk)

    def _no_cases(self) -> Chunk:
        import pyarrow as pa

        texts = Texts(pa.array([], pa.string()))
        numbers = Numbers(np.empty(0), np.empty(0, dtype=bool))
        return Chunk(1, 0, {one.name: texts if one.is_text else numbers for one in self.dictionary.variables})

    def _read(self) -> Iterator[Chunk]:
        variables = len(self.dictionary.variables)
        long_form = _LONG_FORM_BYTES * variables if self.declaration.has_long_form else 0
        if self.dictionary.file_format in ("sav", "zsav"):
            from orchestration.extraction.surveys.sav_columns import fitting_layout, read_system_file
            from orchestration.extraction.surveys.system_file import WORD

            layout = fitting_layout(self.dictionary)
            if layout is not None:
                return read_system_file(self.dictionary, layout, rows_per_chunk(WORD * layout.words + long_form))
        from orchestration.extraction.surveys.foreign_columns import read_foreign_file

        return read_foreign_file(self.dictionary, rows_per_chunk(_OBJECT_BYTES * variables + long_form))


def rows_per_chunk(bytes_per_row: int) -> int:
    """A whole row group where the rows are short enough for that; fewer rows of a wide file."""
    return max(1, min(ROW_GROUP, _CHUNK_BYTES // bytes_per_row))


def examine_survey(path: Path, edition_id: str, declaration: SurveyDeclaration) -> tuple[int, list[SurveyNotice]]:
    """Read a survey file to its end and keep nothing: the number of its cells, and what a reader must know.

    Raises `FrontierError` when the file is no readable survey file, lacks a declared variable, repeats or
    omits a respondent number, or holds a code that has no label in a coded variable.
    """
    reading = SurveyReading(path, edition_id, declaration)
    cases = 0
    for chunk in reading.chunks():
        reading.iso_columns(chunk)
        cases += chunk.rows
    return cases * reading.answers_per_case, reading.notices
