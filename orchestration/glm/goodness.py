"""Goodness of fit: deviance and Pearson chi-square by rows or patterns, and information criteria."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, gammaln, xlogy

from orchestration.glm.arrays import Floats
from orchestration.glm.families import Family
from orchestration.glm.results import FitStatistic
from orchestration.glm.sample import Sample


@dataclass(frozen=True)
class Discrepancy:
    """Deviance and Pearson chi-square with their common degrees of freedom."""

    deviance: float
    pearson: float
    df: int


def measure_glm(sample: Sample, family: Family, mean: Floats, rank: int, *, fit_by: str) -> Discrepancy:
    """Discrepancy of a fit with means `mean` (P).

    By rows the saturated model has a mean per row; by patterns one per covariate pattern.
    """
    if fit_by == "rows":
        fitted = mean[sample.pattern]
        y, weight, units = (sample.y / sample.trials, sample.n * sample.trials, sample.n.sum())
    else:
        weight = sample.pattern_sums(sample.n * sample.trials)
        y = sample.pattern_sums(sample.n * sample.y) / weight
        fitted, units = mean, sample.n_patterns
    deviance = float((weight * family.unit_deviance(y, fitted)).sum())
    pearson = float((weight * (y - fitted) ** 2 / family.variance(fitted)).sum())
    return Discrepancy(max(deviance, 0.0), pearson, int(units) - rank)


def measure_ordinal(sample: Sample, probability: Floats, rank: int, *, fit_by: str) -> Discrepancy:
    """Discrepancy of category probabilities (P x J); `rank` counts thresholds and location together."""
    counts = sample.category_counts()
    rows = counts.sum(axis=1, keepdims=True)
    width = counts.shape[1]
    safe = np.maximum(probability, np.finfo(np.float64).tiny)
    if fit_by == "rows":
        deviance = -2 * float((counts[counts > 0] * np.log(safe[counts > 0])).sum())
        pearson = float((counts / safe).sum() - rows.sum())
        units = rows.sum()
    else:
        expected = rows * safe
        deviance = 2 * float(xlogy(counts, counts / expected).sum())
        pearson = float(((counts - expected) ** 2 / expected).sum())
        units = len(counts)
    return Discrepancy(max(deviance, 0.0), pearson, int(units) * (width - 1) - rank)


def left_out_of_kernel(sample: Sample, distribution: str) -> float:
    """Full log-likelihood less its kernel: what depends on the data alone."""
    if distribution in ("poisson", "negative_binomial"):
        return -float((sample.n * gammaln(sample.y + 1)).sum())
    if distribution == "binomial":
        coefficient = gammaln(sample.trials + 1) - gammaln(sample.y + 1) - gammaln(sample.trials - sample.y + 1)
        return float((sample.n * coefficient).sum())
    if distribution == "gaussian":
        return -0.5 * float(sample.n.sum()) * float(np.log(2 * np.pi))
    return 0.0


@dataclass(frozen=True)
class Likelihoods:
    """Full log-likelihoods (scale 1; gaussian: its own scale) of the model and of the one without predictors.

    `parameters` counts what is estimated: non-redundant parameters, ancillary and scale.
    """

    full: float
    null: float
    kernel_gap: float
    parameters: int
    predictors_df: int
    n: int


def list_statistics(
    discrepancy: Discrepancy, likelihoods: Likelihoods, scale: float, *, distribution: str
) -> tuple[FitStatistic, ...]:
    """The goodness-of-fit table and the omnibus test.

    AIC = -2l + 2d, AICC = -2l + 2dN / (N - d - 1), BIC = -2l + d ln N, CAIC = -2l + d (ln N + 1), with the
    full log-likelihood l, d parameters and N cases. AICC is left out where N - d - 1 is not positive.
    """
    minus_two, d, n = -2 * likelihoods.full, likelihoods.parameters, likelihoods.n
    df = discrepancy.df
    rows = [
        FitStatistic("deviance", discrepancy.deviance, df),
        FitStatistic("scaled_deviance", discrepancy.deviance / scale, df),
        FitStatistic("pearson_chi2", discrepancy.pearson, df),
        FitStatistic("scaled_pearson_chi2", discrepancy.pearson / scale, df),
        FitStatistic("log_likelihood", likelihoods.full),
        FitStatistic("log_likelihood_kernel", likelihoods.full - likelihoods.kernel_gap),
        FitStatistic("log_likelihood_null", likelihoods.null),
    ]
    is_scaled = scale != 1 and distribution != "gaussian"
    if is_scaled:
        rows.append(FitStatistic("adjusted_log_likelihood", likelihoods.full / scale))
    rows.append(FitStatistic("aic", minus_two + 2 * d))
    if n - d - 1 > 0:
        rows.append(FitStatistic("aicc", minus_two + 2 * d * n / (n - d - 1)))
    rows.append(FitStatistic("bic", minus_two + d * math.log(n)))
    rows.append(FitStatistic("caic", minus_two + d * (math.log(n) + 1)))
    chi2 = max(2 * (likelihoods.full - likelihoods.null), 0.0)
    rows.append(_omnibus("omnibus_chi2", chi2, likelihoods.predictors_df))
    if is_scaled:
        rows.append(_omnibus("omnibus_chi2_scaled", chi2 / scale, likelihoods.predictors_df))
    return tuple(rows)


def _omnibus(name: str, chi2: float, df: int) -> FitStatistic:
    return FitStatistic(name, chi2, df, float(chdtrc(df, chi2)) if df > 0 else None)
