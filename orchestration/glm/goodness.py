"""Goodness of fit: deviance and Pearson chi-square by rows or patterns, and information criteria."""

import math
from dataclasses import dataclass

from scipy.special import chdtrc

from orchestration.glm.results import FitStatistic


@dataclass(frozen=True)
class Discrepancy:
    """Deviance and Pearson chi-square with their common degrees of freedom."""

    deviance: float
    pearson: float
    df: int


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
