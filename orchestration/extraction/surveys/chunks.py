"""What reading a survey file yields: chunks of cases, column by column, codes as stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa


@dataclass(frozen=True)
class Numbers:
    """A numeric variable in a chunk: `values` are float64 and 0 where `is_missing` (system or special missing)."""

    values: np.ndarray
    is_missing: np.ndarray


@dataclass(frozen=True)
class Texts:
    """A text variable in a chunk, blanks at the end taken off."""

    values: pa.StringArray


class CutText(NamedTuple):
    """A text that the file cut in the middle of its last character, which is left out."""

    file_row: int
    variable: str
    text: str


@dataclass(frozen=True)
class Chunk:
    """Consecutive cases of a file; `first_row` counts from 1. `columns` is keyed by variable, in file order.

    `special` holds the special missing values of Stata and SAS in numeric variables: variable to row in
    the file to code ('.a' to '.z', '.A' to '.Z', '._').
    """

    first_row: int
    rows: int
    columns: Mapping[str, Numbers | Texts]
    special: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    cut: list[CutText] = field(default_factory=list)


def number_array(values: np.ndarray, is_missing: np.ndarray) -> pa.Array:
    """Numbers as an Arrow array of the same type over the same memory, several times faster than `pyarrow.array`."""
    import pyarrow as pa

    kinds = {np.dtype(np.int32): pa.int32(), np.dtype(np.int64): pa.int64(), np.dtype(np.float64): pa.float64()}
    validity = pa.py_buffer(np.packbits(~is_missing, bitorder="little")) if is_missing.any() else None
    return pa.Array.from_buffers(kinds[values.dtype], len(values), [validity, pa.py_buffer(values)])
