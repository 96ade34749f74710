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
    return _values(column, np.dtype(np.float64), np.nan)


def integers_of(column: "pa.ChunkedArray", missing: int = -1) -> Integers:
    """Whole numbers of a column."""
    return _values(column, np.dtype(np.int64), missing)


def _values(column: "pa.ChunkedArray", dtype: np.dtype, missing: float) -> NDArray:
    stored = _stored_type(column, dtype)
    if stored is None:
        import pyarrow as pa

        column, stored = column.cast(pa.from_numpy_dtype(dtype)), dtype
    pieces = [_chunk_values(chunk, stored, dtype, missing) for chunk in column.chunks if len(chunk)]
    if not pieces:
        return np.empty(0, dtype=dtype)
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _stored_type(column: "pa.ChunkedArray", dtype: np.dtype) -> np.dtype | None:
    """The type of the stored numbers where each of them is one of the wanted type; Arrow's casts are slow to import."""
    try:
        stored = np.dtype(column.type.to_pandas_dtype())
    except (NotImplementedError, TypeError):
        return None
    return stored if stored.kind in "iuf" and np.can_cast(stored, dtype, "safe") else None


def _chunk_values(chunk: "pa.Array", stored: np.dtype, dtype: np.dtype, missing: float) -> NDArray:
    start, end = chunk.offset, chunk.offset + len(chunk)
    present, data = chunk.buffers()
    values = np.frombuffer(data, dtype=stored, count=end)[start:].astype(dtype, copy=False)
    if not chunk.null_count:
        return values
    bits = np.unpackbits(np.frombuffer(present, dtype=np.uint8), bitorder="little")[start:end]
    return np.where(bits.astype(bool), values, np.array(missing, dtype=dtype))
