"""Tests of model effects: Wald chi-squares of estimable hypotheses, and likelihood ratios."""

from collections.abc import Callable

import numpy as np
from scipy.special import chdtrc

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.fit import Estimate
from orchestration.glm.results import EffectTest

_RANK_TOLERANCE = 1e-9
_COVARIANCE_TOLERANCE = 1e-13


def wald_tests(
    design: Design, estimate: Estimate, covariance: Floats, *, has_intercept: bool
) -> tuple[EffectTest, ...]:
    """Type III Wald tests of every effect.

    Args:
        design: the design; effects are its blocks.
        estimate: location coefficients on the design's own scale.
        covariance: of the location coefficients (q x q), scale applied.
        has_intercept: false for an ordinal model, whose thresholds are not tested.
    """
    tests = []
    if has_intercept:
        row = averaged_row(design, report_scale=True)
        rows = row[None, :] if is_estimable(design, row) else np.empty((0, design.width))
        tests.append(_wald("(Intercept)", rows, estimate, covariance))
    for index in range(1, len(design.blocks)):
        rows = type_three_hypotheses(design, index)
        tests.append(_wald(design.blocks[index].name, rows, estimate, covariance))
    return tuple(tests)


def type_three_hypotheses(design: Design, index: int) -> Floats:
    """Rows spanning the estimable functions that involve this main effect and no other.

    Without aliasing they amount to the block of the effect's non-redundant parameters. A combination c of
    the effect's kept columns is free of the other effects where it gives 0 at every redundant column of
    these: c' alias[:, others] = 0.
    """
    columns = np.zeros(design.width, dtype=bool)
    columns[design.slice_of(index)] = True
    own = columns[design.kept]
    others = ~columns & ~design.kept
    constraint = design.alias[np.ix_(own, others)]
    combinations = _null_space(constraint.T)
    return combinations @ design.alias[own]


def averaged_row(design: Design, *, report_scale: bool) -> Floats:
    """Coefficients of the level-averaged intercept: every factor at the mean of its levels.

    On the report scale covariates are at 0; otherwise at their means, where the standardised ones are 0.
    """
    row = np.zeros(design.width)
    row[0] = 1
    for index, block in enumerate(design.blocks):
        if block.kind == "factor":
            row[design.slice_of(index)] = 1 / block.size
    return row @ design.report_transform() if report_scale else row


def is_estimable(design: Design, row: Floats) -> bool:
    """Whether a linear function of the coefficients has the same value for every solution."""
    return bool(np.abs(row[design.kept] @ design.alias - row).max() < 1e-7)


def likelihood_ratio_tests(
    design: Design,
    counts: Floats,
    log_likelihood: float,
    refit: Callable[[Design], float],
    *,
    test_type: str,
    null_log_likelihood: float,
) -> tuple[EffectTest, ...]:
    """Likelihood ratio tests by refits: without each effect (III), or adding them in order (I)."""
    tests = []
    previous, previous_rank = null_log_likelihood, 1
    for index in range(1, len(design.blocks)):
        name = design.blocks[index].name
        if test_type == "III":
            smaller = design.without(index, counts)
            tests.append(_ratio(name, "III", log_likelihood - refit(smaller), design.rank - smaller.rank))
            continue
        is_last = index == len(design.blocks) - 1
        larger = design if is_last else design.leading(index + 1, counts)
        value = log_likelihood if is_last else refit(larger)
        tests.append(_ratio(name, "I", value - previous, larger.rank - previous_rank))
        previous, previous_rank = value, larger.rank
    return tuple(tests)


def _ratio(name: str, test_type: str, gain: float, df: int) -> EffectTest:
    if df == 0:
        return EffectTest(name, test_type, "lr", None, 0, None)
    chi2 = max(2 * gain, 0.0)
    return EffectTest(name, test_type, "lr", chi2, df, float(chdtrc(df, chi2)))


def _wald(name: str, rows: Floats, estimate: Estimate, covariance: Floats) -> EffectTest:
    values = rows @ estimate.location
    spread = rows @ covariance @ rows.T
    if len(rows) == 0:
        return EffectTest(name, "III", "wald", None, 0, None)
    scale = np.sqrt(np.maximum(np.diagonal(spread), 1e-300))
    roots, vectors = np.linalg.eigh(spread / np.outer(scale, scale))
    used = roots > _COVARIANCE_TOLERANCE * roots[-1]
    projected = vectors[:, used].T @ (values / scale)
    df = int(used.sum())
    chi2 = float((projected**2 / roots[used]).sum())
    return EffectTest(name, "III", "wald", chi2, df, float(chdtrc(df, chi2)))


def _null_space(matrix: Floats) -> Floats:
    """Orthonormal rows spanning {c: matrix c = 0}; the identity where there is no constraint."""
    size = matrix.shape[1]
    if matrix.shape[0] == 0 or size == 0 or not matrix.any():
        return np.eye(size)
    _, singular, right = np.linalg.svd(matrix)
    rank = int((singular > _RANK_TOLERANCE * singular[0]).sum())
    return right[rank:]
