"""Residuals and influence of the cases, by cell: alike cases have the same, so one row stands for n of them."""

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import beta, betainc, hyp2f1

from orchestration.glm.arrays import Floats, Integers
from orchestration.glm.errors import GlmError
from orchestration.glm.families import Family
from orchestration.glm.fitted import Fitted


@dataclass(frozen=True)
class Influence:
    """Columns of equal length, a row for each cell of cases with the same predictors and response.

    `pattern` numbers the covariate pattern; `n` cases share the row. `observed` and `fitted` are means (a share
    for a binomial response). Residuals are those of one case: `raw`, `pearson`, `deviance`, `anscombe`, then
    `standardized_pearson` and `standardized_deviance`, divided by sqrt(phi (1 - h)), and `likelihood`.
    `leverage` h is w x'(X'WX)^-1 x with the expected weights; `cooks_distance` the change of the estimates when
    the case is left out, in one step, over phi times the number of parameters.
    """

    pattern: Integers
    n: Floats
    observed: Floats
    fitted: Floats
    linear_predictor: Floats
    raw: Floats
    pearson: Floats
    deviance: Floats
    anscombe: Floats
    likelihood: Floats
    standardized_pearson: Floats
    standardized_deviance: Floats
    leverage: Floats
    cooks_distance: Floats

    def rows(self) -> list[dict[str, float | int]]:
        """The same as records."""
        columns = {field.name: getattr(self, field.name).tolist() for field in fields(self)}
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def measure_influence(fit: Fitted, by: str = "rows") -> Influence:
    """Residuals, leverage and Cook's distance of every cell.

    Args:
        by: rows, where a case is a row of the data; or patterns, where all rows with the same predictors are
            one case, as SPSS counts a binomial model.

    Raises:
        GlmError: the model is ordinal, for which they are not defined.
    """
    family = fit.require_family()
    sample = fit.held.sample
    if by not in ("rows", "patterns"):
        raise GlmError(f"Influence is measured by rows or by patterns, not by {by}.")
    if by == "rows":
        pattern, n, trials = sample.pattern, sample.n, sample.trials
        observed = sample.y / sample.trials
    else:
        data = fit.held.data
        pattern, n, trials = np.arange(sample.n_patterns), np.ones(sample.n_patterns), data.weight
        observed = data.total / data.weight
    mean, eta = fit.mean[pattern], fit.eta[pattern]
    variance = family.variance(mean)
    raw = observed - mean
    pearson = raw * np.sqrt(trials / variance)
    unit = np.maximum(family.unit_deviance(observed, mean), 0.0)
    deviance = np.sign(raw) * np.sqrt(trials * unit)
    leverage = (trials * fit.link.slope(eta) ** 2 / variance) * _unscaled_variance(fit)[pattern]
    left = np.maximum(1 - leverage, np.finfo(np.float64).eps)
    standardized_pearson = pearson / np.sqrt(fit.scale * left)
    standardized_deviance = deviance / np.sqrt(fit.scale * left)
    likelihood = np.sign(raw) * np.sqrt(leverage * standardized_pearson**2 + (1 - leverage) * standardized_deviance**2)
    return Influence(
        pattern=pattern,
        n=n,
        observed=observed,
        fitted=mean,
        linear_predictor=eta,
        raw=raw,
        pearson=pearson,
        deviance=deviance,
        anscombe=anscombe_residuals(family, observed, mean) * np.sqrt(trials),
        likelihood=likelihood,
        standardized_pearson=standardized_pearson,
        standardized_deviance=standardized_deviance,
        leverage=leverage,
        cooks_distance=standardized_pearson**2 * leverage / (left * fit.design.rank),
    )


def _unscaled_variance(fit: Fitted) -> Floats:
    """x'(X'WX)^-1 x by pattern, with the expected weights W at scale 1."""
    design, data, eta = fit.held.design, fit.held.data, fit.eta
    mean = fit.mean
    weights = data.weight * fit.link.slope(eta) ** 2 / fit.require_family().variance(mean)
    kept = np.flatnonzero(design.kept)
    inverse = np.linalg.pinv(design.gram(weights)[np.ix_(kept, kept)], hermitian=True)
    result = np.zeros(design.n_patterns)
    unit = np.zeros(design.width)
    for position, column in enumerate(kept):
        unit[column] = 1
        direction = np.zeros(design.width)
        direction[kept] = inverse[position]
        result += design.predict(unit) * design.predict(direction)
        unit[column] = 0
    return result


def anscombe_residuals(family: Family, y: Floats, mean: Floats) -> Floats:
    """(A(y) - A(mu)) / V(mu)^(1/6) with A the integral of V^(-1/3), which makes them nearly normal.

    Raises:
        GlmError: the distribution has none here.
    """
    transform = _TRANSFORMS.get(family.name)
    if transform is None:
        raise GlmError(f"Anscombe residuals of the {family.name} distribution are not computed.")
    alpha = float(getattr(family, "alpha", 0.0))
    return (transform(y, alpha) - transform(mean, alpha)) / family.variance(mean) ** (1 / 6)


def _binomial(mean: Floats, _alpha: float) -> Floats:
    return betainc(2 / 3, 2 / 3, mean) * beta(2 / 3, 2 / 3)


def _negative_binomial(mean: Floats, alpha: float) -> Floats:
    return 1.5 * mean ** (2 / 3) * hyp2f1(1 / 3, 2 / 3, 5 / 3, -alpha * mean)


def _inverse_gaussian(mean: Floats, _alpha: float) -> Floats:
    return np.log(mean)


_TRANSFORMS = {
    "gaussian": lambda mean, _: mean,
    "poisson": lambda mean, _: 1.5 * mean ** (2 / 3),
    "gamma": lambda mean, _: 3 * mean ** (1 / 3),
    "inverse_gaussian": _inverse_gaussian,
    "binomial": _binomial,
    "negative_binomial": _negative_binomial,
}
