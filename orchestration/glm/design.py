"""The over-parameterised design in SPSS order, kept as indexes; products with it, its redundant columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np

from orchestration.glm.arrays import Booleans, Floats, Integers, sum_by_code
from orchestration.glm.sample import Sample

REDUNDANCY_TOLERANCE = 1e-10
_CACHED_PAIR_ELEMENTS = 4_000_000


@dataclass(frozen=True)
class Block:
    """Columns of one effect: an indicator per level, or one column of values.

    `codes` (P) is the column in which a pattern has its entry, None for the only one; `values` (P) is the
    entry, None for 1. `ascending` lists the columns in the ascending order of the levels. A covariate's
    values are standardised: value = (x - center) / spread.
    """

    kind: str
    name: str
    levels: tuple[str, ...]
    labels: tuple[str | None, ...]
    codes: Integers | None
    values: Floats | None
    ascending: tuple[int, ...] = (0,)
    center: float = 0.0
    spread: float = 1.0

    @property
    def size(self) -> int:
        """Number of columns."""
        return max(len(self.levels), 1)

    def take(self, coefficients: Floats) -> Floats | float:
        """Contribution to the linear predictor, by pattern."""
        chosen = coefficients[0] if self.codes is None else coefficients[self.codes]
        return chosen if self.values is None else chosen * self.values


class Design:
    """Design matrix X of P patterns and q columns: the intercept, then the effects in the order given.

    The level that serves as reference stands last in its factor, so that it is the redundant one. `kept` (q)
    marks the columns that the sweep in order finds independent; `alias` (kept x q) writes every column as
    a combination of these: X = X[:, kept] @ alias. Its rows span the estimable functions.
    """

    def __init__(self, blocks: Sequence[Block], n_patterns: int, counts: Floats) -> None:
        self.blocks = tuple(blocks)
        self.n_patterns = n_patterns
        self.starts = np.concatenate([[0], np.cumsum([block.size for block in blocks])])
        self.width = int(self.starts[-1])
        self.kept, self.alias = _sweep(self.gram(counts))

    @property
    def rank(self) -> int:
        """Number of independent columns."""
        return int(self.kept.sum())

    def slice_of(self, index: int) -> slice:
        """Columns of a block."""
        return slice(int(self.starts[index]), int(self.starts[index + 1]))

    def predict(self, coefficients: Floats) -> Floats:
        """X b, by pattern."""
        result = np.zeros(self.n_patterns)
        for index, block in enumerate(self.blocks):
            result += block.take(coefficients[self.slice_of(index)])
        return result

    def sums(self, weights: Floats) -> Floats:
        """X'w (q)."""
        return np.concatenate([_sums(block, weights) for block in self.blocks])

    def gram(self, weights: Floats) -> Floats:
        """X' diag(w) X (q x q)."""
        result = np.empty((self.width, self.width))
        for first, second in self._pairs:
            rows, columns = self.slice_of(first), self.slice_of(second)
            result[rows, columns] = self._cross(first, second, weights)
            if first != second:
                result[columns, rows] = result[rows, columns].T
        return result

    @cached_property
    def _pairs(self) -> list[tuple[int, int]]:
        return list(combinations_with_replacement(range(len(self.blocks)), 2))

    @cached_property
    def _pair_codes(self) -> dict[tuple[int, int], Integers]:
        """Joint codes of pairs of factors, kept while the data is small."""
        if len(self._pairs) * self.n_patterns > _CACHED_PAIR_ELEMENTS:
            return {}
        coded = [(i, j) for i, j in self._pairs if i != j and self._is_coded(i) and self._is_coded(j)]
        return {pair: self._joint_codes(*pair) for pair in coded}

    def _is_coded(self, index: int) -> bool:
        return self.blocks[index].codes is not None

    def _joint_codes(self, first: int, second: int) -> Integers:
        left, right = self.blocks[first], self.blocks[second]
        assert left.codes is not None
        assert right.codes is not None
        return left.codes * right.size + right.codes

    def _cross(self, first: int, second: int, weights: Floats) -> Floats:
        left, right = self.blocks[first], self.blocks[second]
        for values in (left.values, right.values):
            weights = weights if values is None else weights * values
        if left.codes is None or right.codes is None:
            coded = right if left.codes is None else left
            return _bare_sums(coded, weights).reshape(left.size, right.size)
        if first == second:
            return np.diag(_bare_sums(left, weights))
        joint = self._pair_codes.get((first, second))
        codes = self._joint_codes(first, second) if joint is None else joint
        counted = sum_by_code(codes, weights, left.size * right.size)
        return counted.reshape(left.size, right.size)

    def without(self, index: int, counts: Floats) -> "Design":
        """The design less one effect."""
        blocks = [block for position, block in enumerate(self.blocks) if position != index]
        return Design(blocks, self.n_patterns, counts)

    def leading(self, length: int, counts: Floats) -> "Design":
        """The design of the first effects, the intercept counted."""
        return Design(self.blocks[:length], self.n_patterns, counts)

    def report_transform(self) -> Floats:
        """T (q x q) that takes coefficients of standardised covariates to those of the covariates themselves.

        The intercept is the first column; for an ordinal model its row is what each threshold gains with the
        opposite sign.
        """
        transform = np.eye(self.width)
        for index, block in enumerate(self.blocks):
            if block.kind == "covariate":
                column = int(self.starts[index])
                transform[column, column] = 1 / block.spread
                transform[0, column] = -block.center / block.spread
        return transform


def build_design(sample: Sample) -> Design:
    """Intercept, factors and covariates of a sample."""
    blocks = [Block("intercept", "(Intercept)", (), (), None, None)]
    for factor in sample.factors:
        last = factor.reference
        order = [index for index in range(len(factor.levels)) if index != last] + [last]
        position = np.empty(len(order), dtype=np.int64)
        position[order] = np.arange(len(order))
        blocks.append(
            Block(
                kind="factor",
                name=factor.name,
                levels=tuple(factor.levels[index] for index in order),
                labels=tuple(factor.labels[index] for index in order),
                codes=position[factor.codes],
                values=None,
                ascending=tuple(position.tolist()),
            )
        )
    counts = sample.pattern_sums(sample.n)
    for index, name in enumerate(sample.covariate_names):
        blocks.append(_covariate_block(name, sample.covariates[:, index], counts))
    return Design(blocks, sample.n_patterns, counts)


def _covariate_block(name: str, values: Floats, counts: Floats) -> Block:
    center = float(np.average(values, weights=counts))
    spread = float(np.sqrt(np.average((values - center) ** 2, weights=counts)))
    standardised = (values - center) / spread
    return Block("covariate", name, (), (), None, standardised, center=center, spread=spread)


def _sums(block: Block, weights: Floats) -> Floats:
    return _bare_sums(block, weights if block.values is None else weights * block.values)


def _bare_sums(block: Block, weights: Floats) -> Floats:
    if block.codes is None:
        return np.array([weights.sum()])
    return sum_by_code(block.codes, weights, block.size)


def _sweep(gram: Floats) -> tuple[Booleans, Floats]:
    """Columns found independent when swept in order, and each column in terms of them."""
    matrix = gram.copy()
    width = len(matrix)
    kept = np.zeros(width, dtype=bool)
    for column in range(width):
        pivot = matrix[column, column]
        if pivot <= REDUNDANCY_TOLERANCE * gram[column, column] or pivot <= 0:
            continue
        kept[column] = True
        row = matrix[column] / pivot
        multipliers = matrix[:, column].copy()
        multipliers[column] = 0
        matrix -= np.outer(multipliers, row)
        matrix[column] = row
    alias = matrix[kept]
    alias[:, kept] = np.eye(int(kept.sum()))
    alias[np.abs(alias) < 1e-9] = 0
    return kept, alias
