"""The over-parameterised design in SPSS order, kept as indexes; products with it, its redundant columns."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations, combinations_with_replacement, product

import numpy as np

from orchestration.glm.arrays import Booleans, Floats, Integers, sum_by_code
from orchestration.glm.blocks import Block
from orchestration.glm.bundles import Bundle, bundle_blocks
from orchestration.glm.sample import Sample

REDUNDANCY_TOLERANCE = 1e-10

Names = tuple[str, ...]


class Design:
    """Design matrix X of P patterns and q columns: the intercept, then the effects in the order given.

    The level that serves as reference stands last in its factor, so that it is the redundant one. `kept` (q)
    marks the columns that the sweep in order finds independent; `alias` (kept x q) writes every column as
    a combination of these: X = X[:, kept] @ alias. Its rows span the estimable functions. `empty` (q) marks
    the columns of combinations of levels that no case has.
    """

    def __init__(self, blocks: Sequence[Block], n_patterns: int, counts: Floats) -> None:
        self.blocks = tuple(blocks)
        self.n_patterns = n_patterns
        self.starts = np.concatenate([[0], np.cumsum([block.size for block in blocks])])
        self.width = int(self.starts[-1])
        gram = self.gram(counts)
        self.kept, self.alias = _sweep(gram)
        self.empty = np.diagonal(gram) <= 0

    @property
    def rank(self) -> int:
        """Number of independent columns."""
        return int(self.kept.sum())

    def slice_of(self, index: int) -> slice:
        """Columns of a block."""
        return slice(int(self.starts[index]), int(self.starts[index + 1]))

    @cached_property
    def bundles(self) -> tuple[Bundle, ...]:
        """The columns in the fewest groups that products with X are cheap in."""
        return bundle_blocks(self.blocks, self.starts, self.n_patterns)

    def predict(self, coefficients: Floats) -> Floats:
        """X b, by pattern."""
        result = np.zeros(self.n_patterns)
        for bundle in self.bundles:
            result += bundle.take(coefficients)
        return result

    def sums(self, weights: Floats) -> Floats:
        """X'w (q)."""
        result = np.empty(self.width)
        for bundle in self.bundles:
            result[bundle.columns] = bundle.sums(weights)
        return result

    def gram(self, weights: Floats) -> Floats:
        """X' diag(w) X (q x q)."""
        result = np.empty((self.width, self.width))
        for first, second in combinations_with_replacement(self.bundles, 2):
            crossed = first.cross(second, weights)
            result[np.ix_(first.columns, second.columns)] = crossed
            if first is not second:
                result[np.ix_(second.columns, first.columns)] = crossed.T
        return result

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
        scaling = {block.name: (block.center, block.spread) for block in self.blocks if block.kind == "covariate"}
        places = {(_key(block), column): (i, j) for i, block in enumerate(self.blocks) for j, column in _cells(block)}
        for index, block in enumerate(self.blocks):
            names = block.covariates
            if not names:
                continue
            spread = float(np.prod([scaling[name][1] for name in names]))
            for offset, cell in _cells(block):
                column = int(self.starts[index]) + offset
                transform[column, column] = 1 / spread
                if not block.is_centered:
                    continue
                for size in range(len(names)):
                    for left in combinations(range(len(names)), size):
                        dropped = [scaling[name][0] for place, name in enumerate(names) if place not in left]
                        rest = tuple(sorted(names[place] for place in left))
                        target, at = places[(block.factors, rest), cell]
                        row = int(self.starts[target]) + at
                        transform[row, column] += float(np.prod([-center for center in dropped])) / spread
        return transform

    def cluster_scores(self, pattern: Integers, cluster: Integers, scores: Floats, size: int) -> Floats:
        """Sum over the cells of each cluster of score times covariate row, clusters x q.

        Args:
            pattern: covariate pattern of each cell.
            cluster: cluster of each cell, 0 .. size-1.
            scores: derivative of the log-likelihood of each cell in its linear predictor.
            size: number of clusters.
        """
        result = np.empty((size, self.width))
        for index, block in enumerate(self.blocks):
            weights = scores if block.values is None else scores * block.values[pattern]
            if block.codes is None:
                result[:, self.slice_of(index)] = sum_by_code(cluster, weights, size)[:, None]
            else:
                codes = cluster * block.size + block.codes[pattern]
                summed = sum_by_code(codes, weights, size * block.size)
                result[:, self.slice_of(index)] = summed.reshape(size, block.size)
        return result


def build_design(sample: Sample) -> Design:
    """Intercept, factors, covariates and interactions of a sample."""
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
    mains = {block.name: block for block in blocks}
    known = {_key(block) for block in blocks}
    for term in sample.interactions:
        blocks.append(_interaction_block(term, [mains[name] for name in term], known))
        known.add(_key(blocks[-1]))
    return Design(blocks, sample.n_patterns, counts)


def _interaction_block(term: Sequence[str], members: Sequence[Block], known: set[tuple[Names, Names]]) -> Block:
    """Product of main effects, an indicator (times covariates) for each combination of their levels.

    Covariates are centred only where every product that the centring shifts to is in the model as well.
    """
    factors = [block for block in members if block.kind == "factor"]
    numbers = [block for block in members if block.kind == "covariate"]
    names, cells = tuple(sorted(block.name for block in factors)), sorted(block.name for block in numbers)
    below = {(names, tuple(rest)) for size in range(len(cells)) for rest in combinations(cells, size)}
    is_centered = below <= known
    codes: Integers | None = None
    for block in factors:
        assert block.codes is not None
        codes = block.codes if codes is None else codes * block.size + block.codes
    values: Floats | None = None
    for block in numbers:
        assert block.values is not None
        single = block.values if is_centered else block.values + block.center / block.spread
        values = single if values is None else values * single
    combined = list(product(*(range(block.size) for block in factors))) if factors else []
    rank = {column: place for place, column in enumerate(combined)}
    ascending = [rank[column] for column in product(*(block.ascending for block in factors))] if factors else [0]
    return Block(
        kind="interaction",
        name="*".join(term),
        levels=tuple("*".join(b.levels[c] for b, c in zip(factors, column, strict=True)) for column in combined),
        labels=tuple(_product_label(factors, column) for column in combined),
        codes=codes,
        values=values,
        ascending=tuple(ascending),
        members=tuple(term),
        member_levels=tuple(_member_levels(members, column) for column in combined or [()]),
        is_centered=is_centered,
    )


def _product_label(factors: Sequence[Block], column: Sequence[int]) -> str | None:
    labels = [block.labels[code] for block, code in zip(factors, column, strict=True)]
    return None if None in labels else " × ".join(str(label) for label in labels)


def _member_levels(members: Sequence[Block], column: Sequence[int]) -> tuple[int | None, ...]:
    codes = iter(column)
    return tuple(next(codes) if block.kind == "factor" else None for block in members)


def _key(block: Block) -> tuple[Names, Names]:
    """What an effect is made of, whatever the order in which it is written."""
    return block.factors, block.covariates


def _cells(block: Block) -> Iterator[tuple[int, Names]]:
    """Each column of a block with its levels, in the alphabetic order of its factors."""
    if block.kind in ("intercept", "covariate"):
        yield 0, ()
        return
    for offset in range(block.size):
        if block.kind == "factor":
            yield offset, (str(offset),)
            continue
        pairs = zip(block.members, block.member_levels[offset], strict=True)
        yield offset, tuple(str(level) for _, level in sorted((n, v) for n, v in pairs if v is not None))


def _covariate_block(name: str, values: Floats, counts: Floats) -> Block:
    center = float(np.average(values, weights=counts))
    spread = float(np.sqrt(np.average((values - center) ** 2, weights=counts)))
    standardised = (values - center) / spread
    return Block("covariate", name, (), (), None, standardised, center=center, spread=spread)


def _sweep(gram: Floats) -> tuple[Booleans, Floats]:
    """Columns found independent when swept in order, and each column in terms of them."""
    width = len(gram)
    filled = np.flatnonzero(np.diagonal(gram) > 0)
    matrix = gram[np.ix_(filled, filled)]
    diagonal = np.diagonal(matrix).copy()
    independent = np.zeros(len(filled), dtype=bool)
    for column in range(len(filled)):
        pivot = matrix[column, column]
        if pivot <= REDUNDANCY_TOLERANCE * diagonal[column]:
            continue
        independent[column] = True
        row = matrix[column] / pivot
        multipliers = matrix[:, column].copy()
        multipliers[column] = 0
        used = np.flatnonzero(multipliers)
        matrix[used] -= np.outer(multipliers[used], row)
        matrix[column] = row
    alias = np.zeros((int(independent.sum()), width))
    alias[:, filled] = matrix[independent]
    kept = np.zeros(width, dtype=bool)
    kept[filled[independent]] = True
    alias[:, kept] = np.eye(int(kept.sum()))
    alias[np.abs(alias) < 1e-9] = 0
    return kept, alias
