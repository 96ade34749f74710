"""Negative binomial fits with the ancillary parameter estimated together with the coefficients."""

import numpy as np
from scipy.special import gammaln

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.errors import ConvergenceError
from orchestration.glm.families import NegativeBinomial, Poisson, rising_log_sum
from orchestration.glm.fit import (
    Estimate,
    FitOptions,
    add_cluster_scores,
    embed,
    fit_patterns,
    information,
    robust_meat,
    sandwich,
    score_and_weights,
    spread,
)
from orchestration.glm.links import Link
from orchestration.glm.newton import Optimum, Proposal, invert, maximise, solve
from orchestration.glm.parts import Part, Parts, PatternData, Sweep, trace_movement
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


class _Model:
    """The likelihood of coefficients and log alpha, the last parameter, up to the term of the histogram."""

    def __init__(self, parts: Parts, link: Link, histogram: Histogram, name: str) -> None:
        self.parts, self.link, self.histogram, self.name = parts, link, histogram, name
        self.kept = parts.design.kept
        self.sweep = Sweep(parts, self)

    def split(self, parameters: Floats) -> tuple[Floats, float]:
        """Location coefficients (q) and alpha."""
        with np.errstate(over="ignore"):
            return spread(parameters[:-1], self.kept), float(np.exp(parameters[-1]))

    def terms(
        self, part: Part, parameters: Floats, *, with_derivatives: bool
    ) -> tuple[float, tuple[Floats, ...]] | None:
        """Of one part: score and observed information of the coefficients, cross and own derivatives of alpha."""
        location, alpha = self.split(parameters)
        eta, family = part.eta(location), NegativeBinomial(alpha)
        mean = self.link.inverse(eta)
        if not family.is_valid(mean) or not np.isfinite(alpha):
            return None
        value = float(family.kernel(part.data.total, part.data.weight, mean).sum())
        if not with_derivatives:
            return value, ()
        score, weights = score_and_weights(part.data, family, self.link, eta, observed=True)
        residual = part.data.total - part.data.weight * mean
        cross = -residual * self.link.slope(eta) / (1 + alpha * mean) ** 2
        sums = (part.design.sums(score)[self.kept], part.design.gram(weights)[np.ix_(self.kept, self.kept)])
        return value, (*sums, part.design.sums(cross)[self.kept], np.array(alpha_derivatives(part.data, mean, alpha)))

    def log_likelihood(self, parameters: Floats) -> float:
        """With the term of the histogram."""
        value = self.sweep.log_likelihood(parameters)
        return value + self.histogram.value(self.split(parameters)[1]) if np.isfinite(value) else value

    def joint_information(self, parameters: Floats) -> tuple[Floats, Floats, float]:
        """Observed information of the kept coefficients and alpha; the score of these, and of alpha."""
        score, weights, cross, own = self.sweep.derivatives(parameters)
        alpha, size = self.split(parameters)[1], len(score)
        joint = np.empty((size + 1, size + 1))
        joint[:size, :size] = weights
        joint[size, :size] = joint[:size, size] = -cross
        joint[size, size] = -(float(own[1]) + self.histogram.curvature(alpha))
        return joint, score, float(own[0]) + self.histogram.slope(alpha)

    def propose(self, parameters: Floats) -> Proposal:
        location, alpha = self.split(parameters)
        joint, score, slope = self.joint_information(parameters)
        bend = -joint[-1, -1]
        gradient = np.append(score, alpha * slope)
        # From alpha to log alpha.
        joint[-1, :] *= alpha
        joint[:, -1] *= alpha
        joint[-1, -1] -= alpha * slope
        step = solve(joint, gradient)
        if step is None:
            matrix = information(self.parts, NegativeBinomial(alpha), self.link, location, observed=False)
            free = solve(matrix, gradient[:-1])
            if free is None:
                raise ConvergenceError(
                    f"{self.name}: the information matrix became singular. Merge sparse levels or drop a predictor."
                )
            curvature = max(abs(alpha * alpha * bend + alpha * slope), 1e-10)
            step = np.append(free, gradient[-1] / curvature)
        step[-1] = np.clip(step[-1], -_MAX_LOG_STEP, _MAX_LOG_STEP)
        change = self.parts.largest_change(spread(step[:-1], self.kept))
        return Proposal(step=step, size=float(max(change, abs(step[-1]))), gain=float(gradient @ step) / 2)


def alpha_derivatives(data: PatternData, mean: Floats, alpha: float) -> tuple[float, float]:
    """First and second derivative in alpha of the patterns' log-likelihood, means given."""
    first, second = ratio_derivatives(alpha * mean)
    shrunk = mean / (1 + alpha * mean)
    slope = -(data.total * shrunk).sum() - (data.weight * mean**2 * first).sum()
    bend = (data.total * shrunk**2).sum() - (data.weight * mean**3 * second).sum()
    return float(slope), float(bend)


def estimate_negative_binomial(parts: Parts, link: Link, options: FitOptions) -> Estimate:
    """Fit with alpha estimated by maximum likelihood.

    Expected information is that of the coefficients given alpha, and of alpha given the means, as
    `MASS::glm.nb`; observed is the joint one, as SPSS GENLIN and Stata. Without overdispersion the estimate
    is alpha = 0, the Poisson model, on the boundary.

    Raises:
        ConvergenceError: no maximum was found.
    """
    kept = parts.design.kept
    histogram = Histogram(parts.sample.totals)
    model = _Model(parts, link, histogram, options.name)
    location, optimum = fit_patterns(parts, Poisson(), link, options.named("Poisson start"))
    alpha = _moment_alpha(parts, link, location)
    if alpha is None:
        return _boundary(model, location, optimum, options)
    start = np.append(location[kept], np.log(alpha))
    optimum = maximise(
        start, model.log_likelihood, model.propose, max_iterations=options.max_iterations, name=options.name
    )
    location, alpha = model.split(optimum.parameters)
    covariance = _covariance(model, optimum.parameters, options)
    step = None if optimum.diverging is None else spread(optimum.diverging[:-1], kept)
    return Estimate(
        location=location,
        extras=np.array([alpha]),
        covariance=embed(covariance, np.append(kept, True)),
        log_likelihood=optimum.log_likelihood - histogram.log_factorials,
        iterations=optimum.iterations,
        history=optimum.history,
        diverging=None if step is None else trace_movement(parts, step),
    )


def _moment_alpha(parts: Parts, link: Link, location: Floats) -> float | None:
    """A start for alpha; None where the likelihood falls from alpha = 0 on (no overdispersion)."""
    squares = total = expected = expected_squares = 0.0
    for part in parts:
        mean, weight = link.inverse(part.eta(location)), part.data.weight
        squares += float(part.sample.squared_residuals(mean, by_weight=True).sum())
        total += float(part.data.total.sum())
        expected += float((weight * mean).sum())
        expected_squares += float((weight * mean**2).sum())
    if squares <= total:
        return None
    return float(np.clip((squares - expected) / expected_squares, 1e-3, 10.0))


def _covariance(model: _Model, parameters: Floats, options: FitOptions) -> Floats:
    location, alpha = model.split(parameters)
    family = NegativeBinomial(alpha)
    bread_inverse = model.joint_information(parameters)[0]
    if not options.observed:
        size = len(bread_inverse) - 1
        bread_inverse[:size, :size] = information(model.parts, family, model.link, location, observed=False)
        bread_inverse[size, :size] = bread_inverse[:size, size] = 0
    bread = invert(bread_inverse)
    if bread is None:
        raise ConvergenceError(
            f"{model.name}: the information is singular at the estimates. Fix alpha, or use the poisson "
            f"distribution with robust covariance."
        )
    if not options.robust:
        return bread
    return sandwich(bread, _meat(model, location, family), model.parts.sample, options.small_sample)


def _meat(model: _Model, location: Floats, family: NegativeBinomial) -> Floats:
    """Sum over rows, or over clusters, of the outer product of the scores of coefficients and alpha."""
    kept, alpha = model.kept, family.alpha
    size = int(kept.sum())
    meat = np.zeros((size + 1, size + 1))
    scores = np.zeros((model.parts.sample.n_clusters, size + 1))
    for part in model.parts:
        sample, eta = part.sample, part.eta(location)
        fitted, slope = model.link.inverse(eta)[sample.pattern], model.link.slope(eta)[sample.pattern]
        by_eta = (sample.y - fitted) * slope / family.variance(fitted)
        by_alpha = (
            rising_log_sum(sample.y, alpha, order=1)
            - sample.y * fitted / (1 + alpha * fitted)
            - fitted**2 * ratio_derivatives(alpha * fitted)[0]
        )
        if sample.cluster is not None:
            add_cluster_scores(scores, part, sample.weight * by_eta, kept, (sample.weight * by_alpha)[:, None])
            continue
        squares = sample.pattern_sums(sample.weight_squares * by_eta**2)
        meat[:size, :size] += part.design.gram(squares)[np.ix_(kept, kept)]
        meat[size, :size] += part.design.sums(sample.pattern_sums(sample.weight_squares * by_eta * by_alpha))[kept]
        meat[size, size] += (sample.weight_squares * by_alpha**2).sum()
    meat[:size, size] = meat[size, :size]
    return meat if not len(scores) else scores.T @ scores


def _boundary(model: _Model, location: Floats, optimum: Optimum, options: FitOptions) -> Estimate:
    """The Poisson fit as a negative binomial one with alpha = 0, whose standard error does not exist."""
    parts, design = model.parts, model.parts.design
    covariance = invert(information(parts, Poisson(), model.link, location, observed=options.observed))
    if covariance is None:
        raise ConvergenceError(f"{model.name}: the information is singular. Drop a predictor.")
    if options.robust:
        meat = robust_meat(parts, Poisson(), model.link, location)
        covariance = sandwich(covariance, meat, parts.sample, options.small_sample)
    step = None if optimum.diverging is None else spread(optimum.diverging, design.kept)
    return Estimate(
        location=location,
        extras=np.array([0.0]),
        covariance=_pad(covariance, design),
        log_likelihood=optimum.log_likelihood - model.histogram.log_factorials,
        iterations=optimum.iterations,
        history=optimum.history,
        diverging=None if step is None else trace_movement(parts, step),
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
    above = 1 / (1 + safe)
    first = (above - np.log1p(safe) / safe) / safe
    second = (-above * above - 2 * first) / safe
    if small.any():
        powers = t[small]
        order = np.arange(11)
        first_terms = -((-1.0) ** order) * (order + 1) / (order + 2)
        second_terms = (-1.0) ** order * (order + 1) * (order + 2) / (order + 3)
        first[small] = np.polynomial.polynomial.polyval(powers, first_terms)
        second[small] = np.polynomial.polynomial.polyval(powers, second_terms)
    return first, second
