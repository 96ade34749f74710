"""The dictionary of a survey file as tables: the file, its variables, value labels and missing values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.extraction.surveys.codes import code_text
from orchestration.extraction.surveys.schemas import survey_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from orchestration.extraction.surveys.chunks import Chunk
    from orchestration.extraction.surveys.codes import LabelLanguages
    from orchestration.extraction.surveys.dictionary import Dictionary, MissingRange
    from orchestration.landing.survey_declaration import SurveyDeclaration


def file_table(
    edition_id: str, case_table: str, dictionary: Dictionary, cases: int, declaration: SurveyDeclaration
) -> pa.Table:
    """The one row of a file in raw.survey_files."""
    row = (
        edition_id,
        case_table,
        dictionary.file_format,
        dictionary.encoding,
        dictionary.file_label,
        cases,
        len(dictionary.variables),
        declaration.respondent_id,
        declaration.weight,
    )
    return survey_table("survey_files", [row])


def variables_table(edition_id: str, dictionary: Dictionary, languages: LabelLanguages) -> pa.Table:
    """One row per variable, as raw.survey_variables."""
    rows = [
        (
            edition_id,
            position,
            variable.name,
            variable.column,
            variable.iso_column,
            variable.label,
            *languages.split(variable.name, variable.label),
            variable.measure,
            variable.storage_type,
            variable.format,
        )
        for position, variable in enumerate(dictionary.variables, start=1)
    ]
    return survey_table("survey_variables", rows)


def value_labels_table(edition_id: str, dictionary: Dictionary, languages: LabelLanguages) -> pa.Table:
    """One row per labelled code, as raw.survey_value_labels."""
    rows = [
        (
            edition_id,
            variable.name,
            code_text(code),
            None if isinstance(code, str) else code,
            label,
            *languages.split(variable.name, label),
            variable.is_missing(code),
        )
        for variable in dictionary.variables
        for code, label in variable.labels.items()
    ]
    return survey_table("survey_value_labels", rows)


def missing_ranges_table(edition_id: str, dictionary: Dictionary, special: Iterable[tuple[str, str]]) -> pa.Table:
    """One row per missing value or range, as raw.survey_missing_ranges.

    `special` are (variable, code) of the special missing values that occur; those with a label count too.
    """
    occurring = set(special)
    rows = []
    for variable in dictionary.variables:
        rows += [(edition_id, variable.name, *_range(one)) for one in variable.missing_ranges]
        codes = {code for name, code in occurring if name == variable.name}
        if not variable.is_text:
            codes |= {code for code in variable.labels if isinstance(code, str)}
        rows += [(edition_id, variable.name, None, None, code) for code in sorted(codes)]
    return survey_table("survey_missing_ranges", rows)


def _range(one: MissingRange) -> tuple[float | None, float | None, str | None]:
    """Low, high and, for a single value, its code; a text has only a code."""
    if isinstance(one.low, str) or isinstance(one.high, str):
        return None, None, str(one.low)
    return one.low, one.high, code_text(one.low) if one.low == one.high else None


def special_missing_table(edition_id: str, chunk: Chunk) -> pa.Table:
    """One row per cell of a chunk with a special missing value, as raw.survey_special_missing."""
    rows = [
        (edition_id, file_row, variable, code)
        for variable, cells in chunk.special.items()
        for file_row, code in cells.items()
    ]
    return survey_table("survey_special_missing", rows)
