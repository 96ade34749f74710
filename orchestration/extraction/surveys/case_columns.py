"""The cases of a survey as Arrow batches: one column per variable, codes as stored, as narrow as they allow.

A numeric variable is INTEGER or BIGINT where all its values are whole numbers that fit, else DOUBLE. As
the cases come in chunks, a column may turn out wider on the way; batches that are yielded together are
of one width. A date or time has the text of it in a column beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestration.extraction.surveys.chunks import Chunk, Texts, number_array
from orchestration.extraction.surveys.dictionary import ROW_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from orchestration.extraction.surveys.dictionary import Dictionary

_WIDTHS = (np.int32, np.int64, np.float64)
_DOUBLE = len(_WIDTHS) - 1
_LARGEST_WHOLE = 2.0**53


class CaseColumns:
    """Makes batches of chunks and remembers how wide each variable has become."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._widths = dict.fromkeys((variable.name for variable in dictionary.variables), 0)

    def batch(self, chunk: Chunk, iso_columns: Mapping[str, pa.StringArray]) -> pa.RecordBatch:
        """The chunk with the row in the file first, in the columns that the dictionary names."""
        import pyarrow as pa

        rows = np.arange(chunk.first_row, chunk.first_row + chunk.rows, dtype=np.int64)
        arrays, names = [number_array(rows, np.zeros(chunk.rows, dtype=bool))], [ROW_COLUMN]
        for variable in self._dictionary.variables:
            column = chunk.columns[variable.name]
            if isinstance(column, Texts):
                arrays.append(column.values)
            else:
                arrays.append(number_array(self._narrow(variable.name, column.values), column.is_missing))
            names.append(variable.column)
            if variable.iso_column is not None:
                arrays.append(iso_columns[variable.name])
                names.append(variable.iso_column)
        return pa.RecordBatch.from_arrays(arrays, names=names)

    def _narrow(self, name: str, values: np.ndarray) -> np.ndarray:
        """The values in the narrowest type that holds them and all before them."""
        while (width := self._widths[name]) < _DOUBLE:
            with np.errstate(invalid="ignore"):
                whole = values.astype(_WIDTHS[width])
            if np.array_equal(whole, values) and (width == 0 or np.abs(values).max(initial=0) <= _LARGEST_WHOLE):
                return whole
            self._widths[name] = width + 1
        return values


def of_one_width(batches: list[pa.RecordBatch]) -> pa.Table:
    """Consecutive batches as one table, in the columns of the last, which are the widest; batches stay apart."""
    import pyarrow as pa

    schema = batches[-1].schema
    return pa.concat_tables(pa.Table.from_batches([batch]).cast(schema) for batch in batches)
