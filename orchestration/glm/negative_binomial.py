"""Negative binomial fits with the ancillary parameter estimated together with the coefficients."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.errors import ConvergenceError
from orchestration.glm.families import NegativeBinomial, Poisson, rising_log_sum
from orchestration.glm.fit import (
    Estimate,
    FitOptions,
    PatternData,
    clustered_meat,
    embed,
    fit_patterns,
    robust_meat,
    sandwich,
    score_and_weights,
    spread,
)
from orchestration.glm.links import Link
from orchestration.glm.newton import Optimum, Proposal, invert, maximise, solve
from orchestration.glm.sample import Sample
from orchestration.glm.totals import ResponseTotals

_SERIES_BELOW = 0.02
_MAX_LOG_STEP = 2.0


class Histogram:
    """The part of the log-likelihood that needs the response only through its marginal distribution.

    Sum over rows and j < y of log(1 + alpha j) = sum over j of N(y > j) log(1 + alpha j), as `above[j]`.
    """

    def __init__(self, totals: ResponseTotals) -> None:
        counts = np.bincount(totals.y.astype(np.int64), weights=totals.weight)
        self.above = (counts.sum() - np.cumsum(counts))[:-1]
        self.steps = np.arange(len(self.above), dtype=np.float64)
        self.log_factorials = totals.total(lambda y, _: gammaln(y + 1))

    def value(self, alpha: float) -> float:
        """The sum."""
        return float(self.above @ np.log1p(alpha * self.steps))

    def slope(self, alpha: float) -> float:
        """Its derivative in alpha."""
        return float(self.above @ (self.steps / (1 + alpha * self.steps)))

    def curvature(self, alpha: float) -> float:
        """Its second derivative in alpha."""
        return -float(self.above @ (self.steps / (1 + alpha * self.steps)) ** 2)


@dataclass(frozen=True)
class _Model:
    design: Design
    data: PatternData
    link: Link
    histogram: Histogram
    name: str

    def split(self, parameters: Floats) -> tuple[Floats, Floats, float]:
        """Linear predictors, means and alpha; the last parameter is log alpha."""
        eta = self.data.offset + self.design.predict(spread(parameters[:-1], self.design.kept))
        return eta, self.link.inverse(eta), float(np.exp(parameters[-1]))

    def log_likelihood(self, parameters: Floats) -> float:
        _, mean, alpha = self.split(parameters)
        family = NegativeBinomial(alpha)
        if not family.is_valid(mean) or not np.isfinite(alpha):
            return -np.inf
        kernel = family.kernel(self.data.total, self.data.weight, mean).sum()
        return float(kernel) + self.histogram.value(alpha)

    def alpha_derivatives(self, mean: Floats, alpha: float) -> tuple[float, float]:
        """First and second derivative of the log-likelihood in alpha, means given."""
        first, second = ratio_derivatives(alpha * mean)
        shrunk = mean / (1 + alpha * mean)
        slope = -(self.data.total * shrunk).sum() - (self.data.weight * mean**2 * first).sum()
        bend = (self.data.total * shrunk**2).sum() - (self.data.weight * mean**3 * second).sum()
        return slope + self.histogram.slope(alpha), bend + self.histogram.curvature(alpha)

    def cross(self, eta: Floats, mean: Floats, alpha: float) -> Floats:
        """Second derivative of the log-likelihood in each linear predictor and alpha."""
        residual = self.data.total - self.data.weight * mean
        return -residual * self.link.slope(eta) / (1 + alpha * mean) ** 2

    def joint_information(self, eta: Floats, mean: Floats, alpha: float) -> Floats:
        """Observed information of the kept coefficients and alpha."""
        weights = score_and_weights(self.data, NegativeBinomial(alpha), self.link, eta, observed=True)[1]
        kept = self.design.kept
        size = self.design.rank
        joint = np.empty((size + 1, size + 1))
        joint[:size, :size] = self.design.gram(weights)[np.ix_(kept, kept)]
        joint[size, :size] = joint[:size, size] = -self.design.sums(self.cross(eta, mean, alpha))[kept]
        joint[size, size] = -self.alpha_derivatives(mean, alpha)[1]
        return joint

    def propose(self, parameters: Floats) -> Proposal:
        eta, mean, alpha = self.split(parameters)
        kept = self.design.kept
        score, weights = score_and_weights(self.data, NegativeBinomial(alpha), self.link, eta, observed=False)
        slope, bend = self.alpha_derivatives(mean, alpha)
        gradient = np.append(self.design.sums(score)[kept], alpha * slope)
        joint = self.joint_information(eta, mean, alpha)
        # From alpha to log alpha.
        joint[-1, :] *= alpha
        joint[:, -1] *= alpha
        joint[-1, -1] -= alpha * slope
        step = solve(joint, gradient)
        if step is None:
            free = solve(self.design.gram(weights)[np.ix_(kept, kept)], gradient[:-1])
            if free is None:
                raise ConvergenceError(
                    f"{self.name}: the information matrix became singular. Merge sparse levels or drop a predictor."
                )
            curvature = max(abs(alpha * alpha * bend + alpha * slope), 1e-10)
            step = np.append(free, gradient[-1] / curvature)
        step[-1] = np.clip(step[-1], -_MAX_LOG_STEP, _MAX_LOG_STEP)
        change = np.abs(self.design.predict(spread(step[:-1], kept))).max()
        return Proposal(step=step, size=float(max(change, abs(step[-1]))), gain=float(gradient @ step) / 2)


def estimate_negative_binomial(design: Design, sample: Sample, link: Link, options: FitOptions) -> Estimate:
    """Fit with alpha estimated by maximum likelihood.

    Expected information is that of the coefficients given alpha, and of alpha given the means, as
    `MASS::glm.nb`; observed is the joint one, as SPSS GENLIN and Stata. Without overdispersion the estimate
    is alpha = 0, the Poisson model, on the boundary.

    Raises:
        ConvergenceError: no maximum was found.
    """
    data = PatternData.of(sample)
    histogram = Histogram(sample.totals)
    model = _Model(design, data, link, histogram, options.name)
    location, eta, optimum = fit_patterns(design, data, Poisson(), link, options.named("Poisson start"))
    alpha = _moment_alpha(sample, link.inverse(eta))
    if alpha is None:
        return _boundary(model, sample, location, eta, optimum, options)
    start = np.append(location[design.kept], np.log(alpha))
    optimum = maximise(
        start, model.log_likelihood, model.propose, max_iterations=options.max_iterations, name=options.name
    )
    eta, mean, alpha = model.split(optimum.parameters)
    covariance = _covariance(model, sample, eta, mean, alpha, options)
    step = None if optimum.diverging is None else spread(optimum.diverging[:-1], design.kept)
    return Estimate(
        location=spread(optimum.parameters[:-1], design.kept),
        extras=np.array([alpha]),
        covariance=embed(covariance, np.append(design.kept, True)),
        log_likelihood=optimum.log_likelihood - histogram.log_factorials,
        iterations=optimum.iterations,
        history=optimum.history,
        eta=eta,
        diverging=None if step is None else design.predict(step),
        diverging_parameters=step,
    )


def _moment_alpha(sample: Sample, mean: Floats) -> float | None:
    """A start for alpha; None where the likelihood falls from alpha = 0 on (no overdispersion)."""
    weight, total = sample.pattern_sums(sample.weight), sample.pattern_sums(sample.weight * sample.y)
    squares = float(sample.squared_residuals(mean, by_weight=True).sum())
    if squares <= float(total.sum()):
        return None
    excess = squares - float((weight * mean).sum())
    return float(np.clip(excess / float((weight * mean**2).sum()), 1e-3, 10.0))


def _covariance(model: _Model, sample: Sample, eta: Floats, mean: Floats, alpha: float, options: FitOptions) -> Floats:
    size = model.design.rank
    family = NegativeBinomial(alpha)
    bread_inverse = model.joint_information(eta, mean, alpha)
    if not options.observed:
        weights = score_and_weights(model.data, family, model.link, eta, observed=False)[1]
        kept = model.design.kept
        bread_inverse[:size, :size] = model.design.gram(weights)[np.ix_(kept, kept)]
        bread_inverse[size, :size] = bread_inverse[:size, size] = 0
    bread = invert(bread_inverse)
    if bread is None:
        raise ConvergenceError(
            f"{model.name}: the information is singular at the estimates. Fix alpha, or use the poisson "
            f"distribution with robust covariance."
        )
    if not options.robust:
        return bread
    meat = _meat(model, sample, family, eta, mean)
    return sandwich(bread, meat, sample, options.small_sample)


def _meat(model: _Model, sample: Sample, family: NegativeBinomial, eta: Floats, mean: Floats) -> Floats:
    """Sum over rows, or over clusters, of the outer product of the scores of coefficients and alpha."""
    size, alpha = model.design.rank, family.alpha
    fitted, slope = mean[sample.pattern], model.link.slope(eta)[sample.pattern]
    by_eta = (sample.y - fitted) * slope / family.variance(fitted)
    by_alpha = (
        rising_log_sum(sample.y, alpha, order=1)
        - sample.y * fitted / (1 + alpha * fitted)
        - fitted**2 * ratio_derivatives(alpha * fitted)[0]
    )
    if sample.cluster is not None:
        return clustered_meat(model.design, sample, sample.weight * by_eta, (sample.weight * by_alpha)[:, None])
    meat = np.empty((size + 1, size + 1))
    meat[:size, :size] = robust_meat(model.design, sample, family, model.link, eta)
    crossed = model.design.sums(sample.pattern_sums(sample.weight_squares * by_eta * by_alpha))[model.design.kept]
    meat[size, :size] = meat[:size, size] = crossed
    meat[size, size] = (sample.weight_squares * by_alpha**2).sum()
    return meat


def _boundary(
    model: _Model, sample: Sample, location: Floats, eta: Floats, optimum: Optimum, options: FitOptions
) -> Estimate:
    """The Poisson fit as a negative binomial one with alpha = 0, whose standard error does not exist."""
    design = model.design
    weights = score_and_weights(model.data, Poisson(), model.link, eta, observed=options.observed)[1]
    covariance = invert(design.gram(weights)[np.ix_(design.kept, design.kept)])
    if covariance is None:
        raise ConvergenceError(f"{model.name}: the information is singular. Drop a predictor.")
    if options.robust:
        meat = robust_meat(design, sample, Poisson(), model.link, eta)
        covariance = sandwich(covariance, meat, sample, options.small_sample)
    step = None if optimum.diverging is None else spread(optimum.diverging, design.kept)
    return Estimate(
        location=location,
        extras=np.array([0.0]),
        covariance=_pad(covariance, design),
        log_likelihood=optimum.log_likelihood - model.histogram.log_factorials,
        iterations=optimum.iterations,
        history=optimum.history,
        eta=eta,
        diverging=None if step is None else design.predict(step),
        diverging_parameters=step,
        on_boundary=True,
    )


def _pad(covariance: Floats, design: Design) -> Floats:
    padded = np.zeros((design.width + 1, design.width + 1))
    padded[:-1, :-1] = embed(covariance, design.kept)
    return padded


def ratio_derivatives(t: Floats) -> tuple[Floats, Floats]:
    """First and second derivative of log(1 + t) / t, by its series where the formula cancels."""
    small = t < _SERIES_BELOW
    safe = np.where(small, 1.0, t)
    first = (1 / (1 + safe) - np.log1p(safe) / safe) / safe
    second = (-1 / (1 + safe) ** 2 - 2 * first) / safe
    powers = np.where(small, t, 0.0)
    order = np.arange(11)
    first_terms = -((-1.0) ** order) * (order + 1) / (order + 2)
    second_terms = (-1.0) ** order * (order + 1) * (order + 2) / (order + 3)
    first_series = np.polynomial.polynomial.polyval(powers, first_terms)
    second_series = np.polynomial.polynomial.polyval(powers, second_terms)
    return np.where(small, first_series, first), np.where(small, second_series, second)
