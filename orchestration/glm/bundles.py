"""Bundles of design columns that share one index, so that a product with X visits the patterns only a few times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.glm.arrays import Floats, Integers, sum_by_code
from orchestration.glm.blocks import Block

_SMALLEST_LIMIT = 64
_LARGEST_LIMIT = 1024
_LARGEST_TABLE = 2_000_000


@dataclass(frozen=True)
class Bundle:
    """Columns that are functions of one code, times one value by pattern: X[:, columns] = v * matrix[codes].

    `codes` (P) are in 0 .. m-1, None where m is 1; `matrix` is m x k; `values` (P) None stands for 1.
    """

    codes: Integers | None
    values: Floats | None
    matrix: Floats
    columns: Integers

    def take(self, coefficients: Floats) -> Floats:
        """Contribution to the linear predictor, by pattern."""
        by_code = self.matrix @ coefficients[self.columns]
        chosen = by_code if self.codes is None else by_code[self.codes]
        return chosen if self.values is None else chosen * self.values

    def sums(self, weights: Floats) -> Floats:
        """X'w of these columns."""
        return self.matrix.T @ self._by_code(weights if self.values is None else weights * self.values)

    def _by_code(self, weights: Floats) -> Floats:
        return np.array([weights.sum()]) if self.codes is None else sum_by_code(self.codes, weights, len(self.matrix))

    def cross(self, other: "Bundle", weights: Floats) -> Floats:
        """X' diag(w) X for these columns by those of another bundle."""
        for bundle in (self, other):
            weights = weights if bundle.values is None else weights * bundle.values
        if self is other:
            return self.matrix.T @ (self._by_code(weights)[:, None] * self.matrix)
        if other.codes is None:
            return np.outer(self.matrix.T @ self._by_code(weights), other.matrix[0])
        if self.codes is None:
            return np.outer(self.matrix[0], other.matrix.T @ other._by_code(weights))
        height, width = len(self.matrix), len(other.matrix)
        if height * width <= _LARGEST_TABLE:
            table = sum_by_code(self.codes * width + other.codes, weights, height * width)
            return self.matrix.T @ table.reshape(height, width) @ other.matrix
        rows = [sum_by_code(self.codes, weights * column[other.codes], height) for column in other.matrix.T]
        return self.matrix.T @ np.stack(rows, axis=1)


def bundle_blocks(blocks: Sequence[Block], starts: Integers, n_patterns: int) -> tuple[Bundle, ...]:
    """Blocks in bundles.

    Factors share a bundle while their combinations stay few beside the patterns; the intercept and products of
    a bundle's factors join it. What has values of its own stands alone.
    """
    limit = int(np.clip(1.5 * np.sqrt(n_patterns), _SMALLEST_LIMIT, _LARGEST_LIMIT))
    groups: list[list[int]] = []
    sizes: list[int] = []
    for index, block in enumerate(blocks):
        if block.kind != "factor":
            continue
        if not groups or sizes[-1] * block.size > limit:
            groups.append([])
            sizes.append(1)
        groups[-1].append(index)
        sizes[-1] *= block.size
    names = [{blocks[index].name for index in group} for group in groups]
    rest = [index for index, block in enumerate(blocks) if block.kind != "factor"]
    alone = []
    for index in rest:
        block = blocks[index]
        home = [place for place, known in enumerate(names) if block.values is None and set(block.members) <= known]
        if home:
            groups[home[0]].append(index)
        else:
            alone.append(index)
    bundles = [_join(blocks, starts, group) for group in groups]
    bundles += [_single(blocks[index], int(starts[index])) for index in alone]
    return tuple(bundles)


def _single(block: Block, start: int) -> Bundle:
    columns = np.arange(start, start + block.size)
    return Bundle(block.codes, block.values, np.eye(block.size), columns)


def _join(blocks: Sequence[Block], starts: Integers, group: Sequence[int]) -> Bundle:
    """One bundle of some factors, and of the intercept and products that are functions of them."""
    factors = [blocks[index] for index in group if blocks[index].kind == "factor"]
    codes, size = np.zeros(1, dtype=np.int64), 1
    for block in factors:
        assert block.codes is not None
        codes, size = codes * block.size + block.codes, size * block.size
    used = np.bincount(codes, minlength=size) > 0
    # Where the patterns that have a combination are known, one of them shows every block's column.
    example = np.zeros(size, dtype=np.int64)
    example[codes] = np.arange(len(codes))
    shown = example[used]
    columns, parts = [], []
    for index in group:
        block = blocks[index]
        columns.append(np.arange(starts[index], starts[index] + block.size))
        if block.codes is None:
            parts.append(np.ones((len(shown), 1)))
        else:
            parts.append((block.codes[shown][:, None] == np.arange(block.size)).astype(np.float64))
    return Bundle((np.cumsum(used) - 1)[codes], None, np.hstack(parts), np.concatenate(columns))
