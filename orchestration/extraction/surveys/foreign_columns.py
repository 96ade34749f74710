"""Columns from every other survey file (.por, .dta, .sas7bdat, unusual .sav) through pyreadstat, chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from orchestration.extraction.surveys.chunks import Chunk, Numbers, Texts
from orchestration.extraction.surveys.dictionary import special_missing
from orchestration.extraction.surveys.formats import unreadable
from orchestration.extraction.surveys.readstat import ReadFailure, read_with_pyreadstat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.extraction.surveys.dictionary import Dictionary


def read_foreign_file(dictionary: Dictionary, rows: int) -> Iterator[Chunk]:
    """The cases in chunks of at most `rows`.

    Raises `FrontierError` for a damaged file and for text that is in another encoding.
    """
    first_row, wanted = 1, dictionary.row_count
    while wanted is None or first_row <= wanted:
        try:
            values, meta = read_with_pyreadstat(
                dictionary.path,
                dictionary.file_format,
                dictionary.declared_encoding,
                row_offset=first_row - 1,
                row_limit=rows,
            )
        except ReadFailure as failure:
            raise dictionary.failure(failure) from failure
        read = len(next(iter(values.values())))
        if wanted is not None and read < min(rows, wanted - first_row + 1):
            raise unreadable(
                dictionary.path, f"it is cut off after {first_row - 1 + read:,} cases of the {wanted:,} it announces"
            )
        if not read:
            return
        yield _chunk(dictionary, values, meta, first_row, read)
        if read < rows:
            return
        first_row += read


def _chunk(dictionary: Dictionary, values: dict[str, list[Any]], meta: Any, first_row: int, rows: int) -> Chunk:
    import pyarrow as pa

    columns: dict[str, Numbers | Texts] = {}
    special: dict[str, dict[int, str]] = {}
    for variable in dictionary.variables:
        stored = values[variable.name]
        if variable.is_text:
            columns[variable.name] = Texts(pa.array([value or "" for value in stored], pa.string()))
            continue
        if variable.name in meta.missing_user_values:
            special[variable.name] = {
                first_row + place: special_missing(value)
                for place, value in enumerate(stored)
                if isinstance(value, str)
            }
            stored = [None if isinstance(value, str) else value for value in stored]
        columns[variable.name] = _numbers(stored)
    return Chunk(first_row, rows, columns, special)


def _numbers(stored: list[Any]) -> Numbers:
    values = np.array(stored, dtype=np.float64)
    is_missing = np.isnan(values)
    values[is_missing] = 0.0
    return Numbers(values, is_missing)
