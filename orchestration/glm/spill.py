"""Columns of numbers kept in a temporary file, a chunk of rows at a time, and read back as often as needed."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.glm.arrays import Integers
from orchestration.glm.errors import GlmError

Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class _Place:
    name: str
    dtype: np.dtype
    length: int
    start: int


class Spill:
    """Chunks of columns in a file that has no name and goes with this object."""

    def __init__(self) -> None:
        # Closed when the last result that reads it is gone.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._chunks: list[list[_Place]] = []
        self._end = 0

    def append(self, columns: Mapping[str, NDArray[np.generic]]) -> None:
        """Write a chunk.

        Raises:
            GlmError: the folder of temporary files is full.
        """
        places = []
        try:
            for name, values in columns.items():
                self._file.write(np.ascontiguousarray(values).data)
                places.append(_Place(name, values.dtype, len(values), self._end))
                self._end += values.nbytes
            self._file.flush()
        except OSError as error:
            raise GlmError(
                f"The rows of a model with many different predictors are kept in {tempfile.gettempdir()} while it is "
                f"fitted, and that failed: {error.strerror}. Set TMPDIR to a folder with more space."
            ) from None
        self._chunks.append(places)

    def chunks(self) -> Iterator[Columns]:
        """The chunks in the order in which they were written."""
        for places in self._chunks:
            columns: Columns = {}
            for place in places:
                # Not by one call for all: other sweeps may read in between.
                self._file.seek(place.start)
                columns[place.name] = np.fromfile(self._file, dtype=place.dtype, count=place.length)
            yield columns


def narrowed(codes: Integers, size: int) -> NDArray[np.generic]:
    """Codes 0 .. size - 1 in the smallest type that holds them."""
    return codes.astype(np.min_scalar_type(max(size - 1, 0)))
