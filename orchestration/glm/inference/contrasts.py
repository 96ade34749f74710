"""Pairwise contrasts of marginal means, with p-values adjusted for their number."""

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc, ndtri

from orchestration.glm.arrays import Floats, Integers
from orchestration.glm.effects import wald_chi2
from orchestration.glm.fitted import Fitted
from orchestration.glm.margins import Margins, mean_offset
from orchestration.glm.results import Contrast, MarginalTest

ADJUSTMENTS = ("lsd", "bonferroni", "sequential_sidak")
_LEVEL = 0.05


def list_contrasts(fit: Fitted, margins: Sequence[Margins]) -> tuple[Contrast, ...]:
    """Every pair of levels of every marginal mean, where the specification asks for contrasts.

    On the scale of the linear predictor, and on the response's by the delta method (not for an ordinal model,
    whose response scale has a mean per category). Pairs that are not estimable are left out.
    """
    if fit.spec.contrasts == "none":
        return ()
    scales = ("linear_predictor",) if fit.is_ordinal else ("linear_predictor", "response")
    return tuple(contrast for margin in margins for scale in scales for contrast in _pairwise(fit, margin, scale))


def compare_marginal_means(fit: Fitted, margins: Sequence[Margins]) -> tuple[MarginalTest, ...]:
    """Wald tests that the marginal means of an effect are all equal, on the linear predictor's scale."""
    tests = []
    for margin in margins:
        rows = margin.rows[margin.is_estimable]
        if len(rows) < 2:
            continue
        differences = rows[1:] - rows[0]
        values, covariance = _moments(fit, differences)
        chi2, df = wald_chi2(values, covariance)
        tests.append(MarginalTest(margin.effect, chi2, df, float(chdtrc(df, chi2))))
    return tuple(tests)


def adjust(p_values: Sequence[float] | Floats, method: str) -> Floats:
    """P-values of a family of tests, adjusted.

    `lsd` leaves them; `bonferroni` multiplies by their number m; `sequential_sidak` takes the k-th smallest to
    1 - (1 - p)^(m - k + 1), never below one before it (Holland and Copenhaver 1987).

    Raises:
        ValueError: no such method.
    """
    if method not in ADJUSTMENTS:
        raise ValueError(f"adjustment is one of {', '.join(ADJUSTMENTS)}, not {method}")
    p = np.asarray(p_values, dtype=np.float64)
    if method == "lsd" or not len(p):
        return p
    if method == "bonferroni":
        return np.minimum(p * len(p), 1.0)
    order = np.argsort(p, kind="stable")
    remaining = len(p) - np.arange(len(p))
    # 1 - (1 - p)^k without cancellation at small p.
    with np.errstate(divide="ignore"):
        raised = -np.expm1(remaining * np.log1p(-p[order]))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return adjusted


def _pairwise(fit: Fitted, margin: Margins, scale: str) -> list[Contrast]:
    used = np.flatnonzero(margin.is_estimable)
    if len(used) < 2:
        return []
    first, second = np.triu_indices(len(used), 1)
    difference, error = _differences(fit, margin.rows[used], first, second, scale)
    with np.errstate(divide="ignore", invalid="ignore"):
        chi2 = (difference / error) ** 2
    p_values = chdtrc(1, chi2)
    width = _quantiles(p_values, fit.spec.adjustment) * error
    columns = [
        difference,
        error,
        difference - width,
        difference + width,
        chi2,
        p_values,
        adjust(p_values, "bonferroni"),
        adjust(p_values, "sequential_sidak"),
    ]
    names = [(margin.levels[index], margin.labels[index]) for index in used]
    return [
        Contrast(margin.effect, scale, *names[left], *names[right], *row[:5], 1, *row[5:], fit.spec.adjustment)
        for left, right, row in zip(first, second, np.stack(columns, axis=1).tolist(), strict=True)
    ]


def _differences(fit: Fitted, rows: Floats, first: Integers, second: Integers, scale: str) -> tuple[Floats, Floats]:
    """Differences of pairs of marginal means and their standard errors."""
    eta, covariance = _moments(fit, rows)
    eta, slope = eta + mean_offset(fit), np.ones(len(rows))
    mean = eta
    if scale == "response":
        mean, slope = fit.link.inverse(eta), fit.link.slope(eta)
    covariance = covariance * np.outer(slope, slope)
    variance = np.diagonal(covariance)
    squares = variance[first] + variance[second] - 2 * covariance[first, second]
    return mean[first] - mean[second], np.sqrt(np.maximum(squares, 0.0))


def _moments(fit: Fitted, rows: Floats) -> tuple[Floats, Floats]:
    return rows @ fit.estimate.location, rows @ fit.location_covariance @ rows.T


def _quantiles(p_values: Floats, method: str) -> Floats:
    """Normal quantile of each interval: at the level to which the method takes that comparison."""
    m = len(p_values)
    if method == "lsd":
        levels = np.full(m, _LEVEL)
    elif method == "bonferroni":
        levels = np.full(m, _LEVEL / m)
    else:
        levels = np.empty(m)
        levels[np.argsort(p_values, kind="stable")] = 1 - (1 - _LEVEL) ** (1 / (m - np.arange(m)))
    return -ndtri(levels / 2)
