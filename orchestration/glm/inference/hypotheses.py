"""Which linear functions of the coefficients an effect's test is about: Type I, Type III, level averages."""

from collections.abc import Mapping

import numpy as np

from orchestration.glm.arrays import Booleans, Floats
from orchestration.glm.design import Block, Design

_RANK_TOLERANCE = 1e-9
_ESTIMABLE_TOLERANCE = 1e-7


def members_of(block: Block) -> tuple[str, ...]:
    """Factors and covariates that make an effect; none for the intercept."""
    if block.kind == "intercept":
        return ()
    return block.members if block.members else (block.name,)


def has_interactions(design: Design) -> bool:
    """Whether some effect is a product."""
    return any(len(members_of(block)) > 1 for block in design.blocks)


def contains(design: Design, outer: int, inner: int) -> bool:
    """Whether one effect contains another: the same covariates, and more factors than it."""
    covariates = {block.name for block in design.blocks if block.kind == "covariate"}
    large, small = members_of(design.blocks[outer]), members_of(design.blocks[inner])
    same = sorted(name for name in large if name in covariates) == sorted(name for name in small if name in covariates)
    return same and set(small) - covariates < set(large) - covariates


def is_estimable(design: Design, row: Floats) -> bool:
    """Whether a linear function of the coefficients has the same value for every solution."""
    return bool(are_estimable(design, row[None, :])[0])


def are_estimable(design: Design, rows: Floats) -> Booleans:
    """The same for several linear functions (m x q)."""
    return np.abs(rows[:, design.kept] @ design.alias - rows).max(axis=1) < _ESTIMABLE_TOLERANCE


def type_three(design: Design, index: int) -> Floats:
    """Rows (m x q) of the Type III hypothesis of an effect.

    They are estimable and leave out every effect that does not contain this one. Where effects do contain
    it, they are also orthogonal to all estimable functions of these alone, so that they do not depend on how
    many cases a cell has (SAS and SPSS say so); coefficients are meant on the scale of the data.
    """
    if not has_interactions(design):
        return _simple_type_three(design, index)
    involved, above = _columns(design, index), np.zeros(design.width, dtype=bool)
    for other in range(len(design.blocks)):
        if contains(design, other, index):
            above |= _columns(design, other)
    scaling = design.report_transform()
    basis = design.alias @ np.linalg.inv(scaling)
    rows = _restricted(basis, ~(involved | above))
    nested = _restricted(basis, ~above)
    return _orthogonal_part(rows, nested) @ scaling


def type_one(design: Design) -> list[Floats]:
    """Rows of the Type I hypothesis of every effect in turn, each adjusted for the effects before it.

    They come from the triangular factor of X'NX with the numbers of cases N.
    """
    scaling = np.linalg.inv(design.report_transform())
    gram = scaling.T @ design.counted @ scaling
    triangle, pivots = _triangular(gram)
    rows = []
    for index in range(len(design.blocks)):
        own = triangle[design.slice_of(index)][pivots[design.slice_of(index)]]
        rows.append(own @ design.report_transform())
    return rows


def level_row(design: Design, levels: Mapping[str, int], means: Mapping[str, float]) -> Floats:
    """Coefficients of a marginal mean on the scale of the data.

    Args:
        levels: column of its own block at which a factor is held; other factors average over their levels.
        means: value at which each covariate is held.
    """
    sizes = {block.name: block.size for block in design.blocks if block.kind == "factor"}
    row = np.zeros(design.width)
    for index, block in enumerate(design.blocks):
        row[design.slice_of(index)] = _weights(block, levels, means, sizes)
    return row


def hold_levels(design: Design, row: Floats, levels: Mapping[str, int], means: Mapping[str, float]) -> None:
    """Change a marginal mean's coefficients, in place, to hold factors at levels: only effects with them."""
    sizes = {block.name: block.size for block in design.blocks if block.kind == "factor"}
    for index, block in enumerate(design.blocks):
        if not levels.keys().isdisjoint(members_of(block)):
            row[design.slice_of(index)] = _weights(block, levels, means, sizes)


def _weights(block: Block, levels: Mapping[str, int], means: Mapping[str, float], sizes: Mapping[str, int]) -> Floats:
    members = members_of(block)
    if not members:
        return np.ones(1)
    columns = block.member_levels or tuple((column,) for column in range(block.size))
    weights = np.ones(block.size)
    for place, name in enumerate(members):
        if name not in sizes:
            weights *= means[name]
            continue
        at = np.array([column[place] for column in columns])
        weights *= (at == levels[name]).astype(np.float64) if name in levels else 1 / sizes[name]
    return weights


def averaged_intercept(design: Design) -> Floats:
    """Row of the level-averaged intercept: every factor at the mean of its levels, covariates at 0."""
    names = {block.name for block in design.blocks if block.kind == "covariate"}
    return level_row(design, {}, dict.fromkeys(names, 0.0)) @ design.report_transform()


def null_space(matrix: Floats) -> Floats:
    """Orthonormal rows spanning {c: matrix c = 0}; the identity where there is no constraint."""
    size = matrix.shape[1]
    if matrix.shape[0] == 0 or size == 0 or not matrix.any():
        return np.eye(size)
    _, singular, right = np.linalg.svd(matrix)
    rank = int((singular > _RANK_TOLERANCE * singular[0]).sum())
    return right[rank:]


def _simple_type_three(design: Design, index: int) -> Floats:
    """Without interactions: estimable functions of the effect's own columns.

    A combination c of its kept columns is free of the other effects where it gives 0 at every redundant
    column of these: c' alias[:, others] = 0. Without aliasing that is the block of its parameters.
    """
    if index == 0:
        row = averaged_intercept(design)
        return row[None, :] if is_estimable(design, row) else np.empty((0, design.width))
    columns = _columns(design, index)
    own = columns[design.kept]
    constraint = design.alias[np.ix_(own, ~columns & ~design.kept)]
    return null_space(constraint.T) @ design.alias[own]


def _columns(design: Design, index: int) -> Booleans:
    columns = np.zeros(design.width, dtype=bool)
    columns[design.slice_of(index)] = True
    return columns


def _restricted(basis: Floats, zero: Booleans) -> Floats:
    """Rows spanning the part of a row space that is 0 in some columns."""
    return null_space(basis[:, zero].T) @ basis


def _orthogonal_part(rows: Floats, nested: Floats) -> Floats:
    """Rows spanning what of a row space is orthogonal to a part of it."""
    if len(nested):
        directions = np.linalg.svd(nested, full_matrices=False)[2]
        rows = rows - (rows @ directions.T) @ directions
    if len(rows) == len(nested):
        return np.empty((0, rows.shape[1]))
    _, singular, right = np.linalg.svd(rows, full_matrices=False)
    return right[: len(rows) - len(nested)]


def _triangular(gram: Floats) -> tuple[Floats, Booleans]:
    """Upper triangular factor by elimination in order, and the columns that have a pivot."""
    matrix, width = gram.copy(), len(gram)
    pivots = np.zeros(width, dtype=bool)
    for column in range(width):
        pivot = matrix[column, column]
        if pivot <= 1e-10 * gram[column, column] or pivot <= 0:
            continue
        pivots[column] = True
        below = matrix[column + 1 :, column] / pivot
        matrix[column + 1 :] -= np.outer(below, matrix[column])
        matrix[column] /= np.sqrt(pivot)
    matrix[np.abs(matrix) < 1e-12 * np.abs(matrix).max(initial=0.0)] = 0
    return np.triu(matrix), pivots
