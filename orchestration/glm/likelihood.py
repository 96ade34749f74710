"""Deviance, Pearson chi-square and full log-likelihood of a fit, over rows or covariate patterns."""

from typing import cast

import numpy as np
from scipy.special import gammaln, xlogy

from orchestration.glm.arrays import Floats
from orchestration.glm.families import Family, Gaussian, MaximumLikelihoodScale, ScaledFamily
from orchestration.glm.goodness import Discrepancy
from orchestration.glm.sample import Sample
from orchestration.glm.spec import SCALED_BY_DEFAULT


def measure_glm(sample: Sample, family: Family, mean: Floats, rank: int, *, fit_by: str) -> Discrepancy:
    """Discrepancy of a fit with means `mean` (P).

    By rows the saturated model has a mean per row; by patterns one per covariate pattern. Rows count by their
    frequency in the degrees of freedom, and by weight in the sums.
    """
    if fit_by == "rows":
        deviance = row_deviance(sample, family, mean)
        variance = family.variance(mean)
        if sample.within is not None:
            pearson = float((sample.squared_residuals(mean, by_weight=True) / variance).sum())
        else:
            residual = sample.y / sample.trials - mean[sample.pattern]
            weight = sample.weight * sample.trials
            pearson = float((weight * residual**2 / variance[sample.pattern]).sum())
        return Discrepancy(max(deviance, 0.0), pearson, round(sample.n.sum()) - rank)
    weight = sample.pattern_sums(sample.weight * sample.trials)
    y = sample.pattern_sums(sample.weight * sample.y) / weight
    deviance = float((weight * family.unit_deviance(y, mean)).sum())
    pearson = float((weight * (y - mean) ** 2 / family.variance(mean)).sum())
    return Discrepancy(max(deviance, 0.0), pearson, sample.n_patterns - rank)


def row_deviance(sample: Sample, family: Family, mean: Floats) -> float:
    """Deviance over single rows.

    As a log-likelihood is linear in the response, a pooled cell's rows lose what its mean loses, and what
    their own peaks are above the peak of the mean.
    """
    y = sample.y / sample.trials
    weight = sample.weight * sample.trials
    between = float((weight * family.unit_deviance(y, mean[sample.pattern])).sum())
    if sample.within is None:
        return between
    if isinstance(family, Gaussian):
        return between + float(sample.within.squares.sum())
    peaks = family.peak_total(sample.totals) - float(weight @ family.peak(y))
    return between + max(2 * peaks, 0.0)


def measure_ordinal(sample: Sample, probability: Floats, rank: int, *, fit_by: str) -> Discrepancy:
    """Discrepancy of category probabilities (P x J); `rank` counts thresholds and location together."""
    counts = sample.category_counts()
    rows = counts.sum(axis=1, keepdims=True)
    width = counts.shape[1]
    safe = np.maximum(probability, np.finfo(np.float64).tiny)
    if fit_by == "rows":
        deviance = -2 * float((counts[counts > 0] * np.log(safe[counts > 0])).sum())
        pearson = float((counts / safe).sum() - rows.sum())
        units = round(sample.n.sum())
    else:
        expected = rows * safe
        deviance = 2 * float(xlogy(counts, counts / expected).sum())
        pearson = float(((counts - expected) ** 2 / expected).sum())
        units = len(counts)
    return Discrepancy(max(deviance, 0.0), pearson, units * (width - 1) - rank)


def holds_scale(family: Family | None) -> bool:
    """Whether the family's likelihood has the scale as a parameter."""
    return family is not None and family.name in SCALED_BY_DEFAULT


def full_log_likelihood(sample: Sample, family: Family, mean: Floats, scale: float) -> float:
    """Full log-likelihood of a family that holds the scale, at means (P) and scale."""
    scaled = cast("ScaledFamily", family)
    return scaled.scaled_log_likelihood(row_deviance(sample, family, mean), sample.totals, scale)


def ml_scale(sample: Sample, family: Family, mean: Floats) -> float:
    """Maximum likelihood estimate of the scale."""
    deviance = row_deviance(sample, family, mean)
    return cast("MaximumLikelihoodScale", family).ml_scale(deviance, sample.totals.count) if deviance > 0 else 0.0


def left_out_of_kernel(sample: Sample, family: Family | None) -> float:
    """Full log-likelihood less its kernel: what depends on the data alone."""
    if family is None:
        return 0.0
    if holds_scale(family):
        return cast("ScaledFamily", family).free_of_parameters(sample.totals)
    if family.name == "negative_binomial":
        return -sample.totals.total(lambda y, _: gammaln(y + 1))
    return family.constant_total(sample.totals)
