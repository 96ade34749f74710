"""The long form of a survey: one row per respondent and variable, with code, value and reason of missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestration.extraction.surveys.chunks import Chunk, Numbers, Texts, number_array
from orchestration.extraction.surveys.codes import SYSTEM_MISSING, Code, code_text
from orchestration.extraction.surveys.schemas import survey_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from orchestration.extraction.surveys.codes import LabelLanguages
    from orchestration.extraction.surveys.dictionary import Dictionary, Variable


def respondent_ids(chunk: Chunk, respondent_id: str | None) -> pa.StringArray:
    """The respondent of each row as text; the number of the row where the file has no respondent number."""
    import pyarrow as pa

    if respondent_id is None:
        return pa.array([str(row) for row in range(chunk.first_row, chunk.first_row + chunk.rows)], pa.string())
    column = chunk.columns[respondent_id]
    if isinstance(column, Texts):
        return column.values
    return pa.array([code_text(number) for number in column.values.tolist()], pa.string())


def answers_table(
    edition_id: str,
    dictionary: Dictionary,
    languages: LabelLanguages,
    respondent_id: str | None,
    chunk: Chunk,
    iso_columns: Mapping[str, pa.StringArray],
) -> pa.Table:
    """The answers of a chunk, one block of rows per variable other than the respondent number."""
    import pyarrow as pa

    ids = respondent_ids(chunk, respondent_id)
    blocks = []
    for variable in dictionary.variables:
        if variable.name == respondent_id:
            continue
        column = chunk.columns[variable.name]
        if isinstance(column, Texts):
            codes, values, reasons = _text_answers(column, variable, languages)
        else:
            special = chunk.special.get(variable.name, {})
            codes, values, reasons = _numeric_answers(column, variable, languages, special, chunk.first_row)
        columns = [
            pa.repeat(pa.scalar(edition_id), len(ids)),
            ids,
            pa.repeat(pa.scalar(variable.name), len(ids)),
            codes,
            values,
            iso_columns.get(variable.name, pa.nulls(len(ids), pa.string())),
            reasons,
        ]
        blocks.append(pa.Table.from_arrays(columns, schema=survey_schema("survey_responses")))
    return pa.concat_tables(blocks)


def _text_answers(
    column: Texts, variable: Variable, languages: LabelLanguages
) -> tuple[pa.Array, pa.Array, pa.StringArray]:
    import pyarrow as pa

    reasons = {text: _reason(text, variable, languages) for text in column.values.unique().to_pylist()}
    missing = pa.array([reasons[text] for text in column.values.to_pylist()], pa.string())
    return column.values, pa.nulls(len(column.values), pa.float64()), missing


def _numeric_answers(
    column: Numbers, variable: Variable, languages: LabelLanguages, special: Mapping[int, str], first_row: int
) -> tuple[pa.Array, pa.Array, pa.StringArray]:
    import pyarrow as pa

    distinct, places = np.unique(column.values, return_inverse=True)
    texts = np.array([code_text(code) for code in distinct.tolist()], dtype=object)[places]
    reasons = np.array([_reason(code, variable, languages) for code in distinct.tolist()], dtype=object)[places]
    texts[column.is_missing], reasons[column.is_missing] = None, SYSTEM_MISSING
    for row, code in special.items():
        texts[row - first_row], reasons[row - first_row] = code, _reason(code, variable, languages)
    return (
        pa.array(texts.tolist(), pa.string()),
        number_array(column.values, column.is_missing),
        pa.array(reasons.tolist(), pa.string()),
    )


def _reason(code: Code, variable: Variable, languages: LabelLanguages) -> str | None:
    """Why an answer with this code is missing: its label, or the code where it has none; None for a valid answer."""
    if not variable.is_missing(code):
        return None
    label = variable.labels.get(code)
    return languages.split(variable.name, label)[0] or label or code_text(code)
