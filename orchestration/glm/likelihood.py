"""Deviance, Pearson chi-square and full log-likelihood of a fit, over rows or covariate patterns."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.special import gammaln, xlogy

from orchestration.glm.arrays import Floats
from orchestration.glm.families import Family, Gaussian, MaximumLikelihoodScale, ScaledFamily
from orchestration.glm.goodness import Discrepancy
from orchestration.glm.links import CumulativeLink, Link
from orchestration.glm.ordinal import category_probabilities
from orchestration.glm.parts import Parts
from orchestration.glm.sample import Sample, SampleHead
from orchestration.glm.spec import SCALED_BY_DEFAULT


@dataclass(frozen=True)
class Measured:
    """Discrepancy as the specification counts it, and the deviance over single rows."""

    discrepancy: Discrepancy
    row_deviance: float


def measure_glm(parts: Parts, family: Family, link: Link, location: Floats, rank: int, *, fit_by: str) -> Measured:
    """Discrepancy of a fit.

    By rows the saturated model has a mean per row; by patterns one per covariate pattern. Rows count by their
    frequency in the degrees of freedom, and by weight in the sums.
    """
    deviance = pearson = by_row = 0.0
    for part in parts:
        mean = family.clip(link.inverse(part.eta(location)))
        of_rows = row_deviance(part.sample, family, mean)
        by_row += of_rows
        if fit_by == "rows":
            deviance += of_rows
            pearson += _row_pearson(part.sample, family, mean)
            continue
        y = part.data.total / part.data.weight
        deviance += float((part.data.weight * family.unit_deviance(y, mean)).sum())
        pearson += float((part.data.weight * (y - mean) ** 2 / family.variance(mean)).sum())
    units = round(parts.sample.size) if fit_by == "rows" else parts.sample.n_patterns
    return Measured(Discrepancy(max(deviance, 0.0), pearson, units - rank), by_row)


def _row_pearson(sample: Sample, family: Family, mean: Floats) -> float:
    variance = family.variance(mean)
    if sample.within is not None:
        return float((sample.squared_residuals(mean, by_weight=True) / variance).sum())
    residual = sample.y / sample.trials - mean[sample.pattern]
    return float((sample.weight * sample.trials * residual**2 / variance[sample.pattern]).sum())


def null_deviance(parts: Parts, family: Family, link: Link, intercept: float) -> float:
    """Deviance over single rows of the model with only the intercept and the offset."""
    return sum(
        row_deviance(part.sample, family, family.clip(link.inverse(part.data.offset + intercept))) for part in parts
    )


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


def measure_ordinal(
    parts: Parts, link: CumulativeLink, thresholds: Floats, location: Floats, rank: int, *, fit_by: str
) -> Discrepancy:
    """Discrepancy of an ordinal fit; `rank` counts thresholds and location together."""
    deviance = pearson = 0.0
    for part in parts:
        counts = part.sample.category_counts()
        rows = counts.sum(axis=1, keepdims=True)
        probability = category_probabilities(link, thresholds, part.eta(location))
        safe = np.maximum(probability, np.finfo(np.float64).tiny)
        if fit_by == "rows":
            deviance -= 2 * float((counts[counts > 0] * np.log(safe[counts > 0])).sum())
            pearson += float((counts / safe).sum() - rows.sum())
        else:
            expected = rows * safe
            deviance += 2 * float(xlogy(counts, counts / expected).sum())
            pearson += float(((counts - expected) ** 2 / expected).sum())
    units = round(parts.sample.size) if fit_by == "rows" else parts.sample.n_patterns
    return Discrepancy(max(deviance, 0.0), pearson, units * len(thresholds) - rank)


def holds_scale(family: Family | None) -> bool:
    """Whether the family's likelihood has the scale as a parameter."""
    return family is not None and family.name in SCALED_BY_DEFAULT


def full_log_likelihood(sample: SampleHead, family: Family, deviance: float, scale: float) -> float:
    """Full log-likelihood of a family that holds the scale, at a deviance over rows and a scale."""
    return cast("ScaledFamily", family).scaled_log_likelihood(deviance, sample.totals, scale)


def ml_scale(sample: SampleHead, family: Family, deviance: float) -> float:
    """Maximum likelihood estimate of the scale, from the deviance over rows."""
    return cast("MaximumLikelihoodScale", family).ml_scale(deviance, sample.totals.count) if deviance > 0 else 0.0


def left_out_of_kernel(sample: SampleHead, family: Family | None) -> float:
    """Full log-likelihood less its kernel: what depends on the data alone."""
    if family is None:
        return 0.0
    if holds_scale(family):
        return cast("ScaledFamily", family).free_of_parameters(sample.totals)
    if family.name == "negative_binomial":
        return -sample.totals.total(lambda y, _: gammaln(y + 1))
    return family.constant_total(sample.totals)
