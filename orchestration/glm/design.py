"""The over-parameterised design in SPSS order, kept as indexes; products with it, its redundant columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import combinations, combinations_with_replacement, product

import numpy as np

from orchestration.glm.arrays import Booleans, Floats, Integers, sum_by_code
from orchestration.glm.blocks import Block
from orchestration.glm.bundles import Bundle, bundle_blocks
from orchestration.glm.sample import Factor, Sample, SampleHead

REDUNDANCY_TOLERANCE = 1e-10

Names = tuple[str, ...]


class Design:
    """Design matrix X of P patterns and q columns: the intercept, then the effects in the order given.

    `mains` are the blocks of the single variables, from which the entries of products are made.
    The level that serves as reference stands last in its factor, so that it is the redundant one. `kept` (q)
    marks the columns that the sweep in order finds independent; `alias` (kept x q) writes every column as
    a combination of these: X = X[:, kept] @ alias. Its rows span the estimable functions. `empty` (q) marks
    the columns of combinations of levels that no case has; `counted` is X'NX with the numbers of cases N.
    """

    def __init__(self, blocks: Sequence[Block], n_patterns: int, mains: Mapping[str, Block]) -> None:
        self.blocks = tuple(blocks)
        self.n_patterns = n_patterns
        self.mains = mains
        self.starts = np.concatenate([[0], np.cumsum([block.size for block in blocks])])
        self.width = int(self.starts[-1])

    def settle(self, counted: Floats) -> None:
        """Find the redundant columns from X'NX."""
        self.counted = counted
        self.kept, self.alias = _sweep(counted)
        self.empty = np.diagonal(counted) <= 0

    def on(self, sample: Sample) -> "Design":
        """The same columns for other patterns."""
        other = copy(self)
        other.__dict__.pop("bundles", None)
        other.blocks, other.n_patterns = tuple(_fill(self.blocks, self.mains, sample)), sample.n_patterns
        return other

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

    def without(self, index: int) -> "Design":
        """The design less one effect."""
        return self._some([position for position in range(len(self.blocks)) if position != index])

    def leading(self, length: int) -> "Design":
        """The design of the first effects, the intercept counted."""
        return self._some(range(length))

    def _some(self, positions: Iterable[int]) -> "Design":
        places = list(positions)
        columns = np.concatenate([np.arange(self.starts[place], self.starts[place + 1]) for place in places])
        counted = self.counted[np.ix_(columns, columns)]
        smaller = Design([self.blocks[place] for place in places], self.n_patterns, self.mains)
        smaller.settle(counted)
        return smaller

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


def build_design(sample: SampleHead) -> Design:
    """Intercept, factors, covariates and interactions of a sample."""
    blocks = [Block("intercept", "(Intercept)", (), (), None, None)]
    blocks += [_factor_block(factor) for factor in sample.factors]
    for name, moments in zip(sample.covariate_names, sample.covariate_moments, strict=True):
        blocks.append(Block("covariate", name, (), (), None, None, center=moments.mean, spread=moments.spread))
    mains = {block.name: block for block in blocks}
    known = {_key(block) for block in blocks}
    for term in sample.interactions:
        blocks.append(_interaction_block(term, [mains[name] for name in term], known))
        known.add(_key(blocks[-1]))
    design = Design(blocks, 0, mains)
    if isinstance(sample, Sample):
        design = design.on(sample)
        design.settle(design.gram(sample.pattern_sums(sample.n)))
    else:
        counted = np.zeros((design.width, design.width))
        for piece in sample.pieces():
            counted += design.on(piece).gram(piece.pattern_sums(piece.n))
        design.settle(counted)
    return design


def _fill(blocks: Sequence[Block], mains: Mapping[str, Block], sample: Sample) -> Iterator[Block]:
    """The blocks with their entries for the patterns of a sample; `mains` are those of all single variables."""
    used = {name for block in blocks for name in (block.members or (block.name,))}
    filled: dict[str, Block] = {}
    for factor in sample.factors:
        if factor.name in used:
            block = mains[factor.name]
            filled[factor.name] = block.filled(block.position()[factor.codes], None)
    for place, name in enumerate(sample.covariate_names):
        if name in used:
            block = mains[name]
            filled[name] = block.filled(None, (sample.covariates[:, place] - block.center) / block.spread)
    for block in blocks:
        if block.kind == "intercept":
            yield block
        else:
            yield filled[block.name] if block.name in filled else block.product(filled)


def _factor_block(factor: Factor) -> Block:
    last = factor.reference
    order = [index for index in range(len(factor.levels)) if index != last] + [last]
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    return Block(
        kind="factor",
        name=factor.name,
        levels=tuple(factor.levels[index] for index in order),
        labels=tuple(factor.labels[index] for index in order),
        codes=None,
        values=None,
        ascending=tuple(position.tolist()),
    )


def _interaction_block(term: Sequence[str], members: Sequence[Block], known: set[tuple[Names, Names]]) -> Block:
    """Product of main effects, an indicator (times covariates) for each combination of their levels.

    Covariates are centred only where every product that the centring shifts to is in the model as well.
    """
    factors = [block for block in members if block.kind == "factor"]
    numbers = [block for block in members if block.kind == "covariate"]
    names, cells = tuple(sorted(block.name for block in factors)), sorted(block.name for block in numbers)
    below = {(names, tuple(rest)) for size in range(len(cells)) for rest in combinations(cells, size)}
    combined = list(product(*(range(block.size) for block in factors))) if factors else []
    rank = {column: place for place, column in enumerate(combined)}
    ascending = [rank[column] for column in product(*(block.ascending for block in factors))] if factors else [0]
    return Block(
        kind="interaction",
        name="*".join(term),
        levels=tuple("*".join(b.levels[c] for b, c in zip(factors, column, strict=True)) for column in combined),
        labels=tuple(_product_label(factors, column) for column in combined),
        codes=None,
        values=None,
        ascending=tuple(ascending),
        members=tuple(term),
        member_levels=tuple(_member_levels(members, column) for column in combined or [()]),
        is_centered=below <= known,
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
