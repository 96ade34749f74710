"""Distinct combinations of codes, and cells added up by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from orchestration.glm.arrays import Floats, Integers, sum_by_code

_TABLE_FACTOR = 16
_FEW = 4096
Number = TypeVar("Number", bound=np.generic)


def dense_codes(values: Floats) -> tuple[Integers, int]:
    """Rank of each value among the distinct ones, and how many these are."""
    low, high = values.min(), values.max()
    if high - low <= _FEW:
        steps = (values - low).astype(np.int64)
        if (steps + low == values).all():
            # Small whole numbers are counted; that is cheaper than to sort them.
            used = np.bincount(steps) > 0
            return (np.cumsum(used) - 1)[steps], int(used.sum())
    distinct, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int64), len(distinct)


def rank_combinations(parts: Sequence[tuple[Integers, int]], length: int) -> tuple[Integers, Integers]:
    """Number the distinct combinations of codes in lexicographic order; also where each first occurs."""
    key, size = np.zeros(length, dtype=np.int64), 1
    for codes, width in parts:
        if size > np.iinfo(np.int64).max // max(width, 1):
            distinct, key = np.unique(key, return_inverse=True)
            size = len(distinct)
        key, size = key * width + codes, size * width
    if size > _TABLE_FACTOR * length:
        _, first, pattern = np.unique(key, return_index=True, return_inverse=True)
        return pattern.astype(np.int64), first.astype(np.int64)
    # A table of the possible keys is cheaper than sorting them.
    present = np.zeros(size, dtype=bool)
    present[key] = True
    pattern = (np.cumsum(present) - 1)[key]
    first = np.empty(int(present.sum()), dtype=np.int64)
    first[pattern[::-1]] = np.arange(length - 1, -1, -1)
    return pattern, first


@dataclass(frozen=True)
class Merging:
    """Adds up cells that agree in some codes, in canonical order."""

    cell: Integers
    first: Integers

    @classmethod
    def of(cls, parts: Sequence[tuple[Integers, int]]) -> "Merging":
        """By combinations of codes with their numbers of values, sorted by the first part first."""
        return cls(*rank_combinations(parts, len(parts[0][0])))

    def add(self, values: NDArray[np.number]) -> Floats:
        """Sums of a value over merged cells."""
        return sum_by_code(self.cell, values, len(self.first))

    def take(self, values: NDArray[Number]) -> NDArray[Number]:
        """The common value of merged cells."""
        return values[self.first]
