"""Array types of the engine, sums of weights by code, and columns of Arrow tables as arrays."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def sum_by_code(codes: Integers, weights: NDArray[np.number], size: int) -> Floats:
    """Sum of the weights at each code 0 .. size-1."""
    return np.bincount(codes, weights=weights, minlength=size).astype(np.float64, copy=False)


def floats_of(column: "pa.ChunkedArray") -> Floats:
    """Numbers of a column; missing ones as NaN. (Arrow's own conversion imports pandas.)"""
    import pyarrow as pa

    return _values(column.cast(pa.float64()), np.dtype(np.float64), np.nan)


def integers_of(column: "pa.ChunkedArray", missing: int = -1) -> Integers:
    """Whole numbers of a column."""
    import pyarrow as pa

    return _values(column.cast(pa.int64()), np.dtype(np.int64), missing)


def _values(column: "pa.ChunkedArray", dtype: np.dtype, missing: float) -> NDArray:
    pieces = [_chunk_values(chunk, dtype, missing) for chunk in column.chunks if len(chunk)]
    if not pieces:
        return np.empty(0, dtype=dtype)
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _chunk_values(chunk: "pa.Array", dtype: np.dtype, missing: float) -> NDArray:
    start, end = chunk.offset, chunk.offset + len(chunk)
    present, data = chunk.buffers()
    values = np.frombuffer(data, dtype=dtype, count=end)[start:]
    if not chunk.null_count:
        return values
    bits = np.unpackbits(np.frombuffer(present, dtype=np.uint8), bitorder="little")[start:end]
    return np.where(bits.astype(bool), values, np.array(missing, dtype=dtype))
