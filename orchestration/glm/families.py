"""Distributions of a response given its mean: variance, deviance and log-likelihood."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import gammaln, log_wright_bessel, polygamma, psi, xlog1py, xlogy

from orchestration.glm.arrays import Floats
from orchestration.glm.totals import ResponseTotals

_ML_STEPS = 100
_ML_TOLERANCE = 1e-14
_SERIES_FROM = 1e3
_EPSILON = float(np.finfo(np.float64).eps)


class Family(Protocol):
    """A distribution with mean mu and variance phi V(mu). All functions work elementwise."""

    @property
    def name(self) -> str:
        """Name in a specification."""
        ...

    def variance(self, mean: Floats) -> Floats:
        """V(mu)."""
        ...

    def variance_slope(self, mean: Floats) -> Floats:
        """dV / dmu."""
        ...

    def clip(self, mean: Floats) -> Floats:
        """Keep a mean away from the ends of its range by rounding error only."""
        ...

    def is_valid(self, mean: Floats) -> bool:
        """Whether every mean is inside its range."""
        ...

    def unit_deviance(self, y: Floats, mean: Floats) -> Floats:
        """Twice the log-likelihood lost by mu against y, for phi = 1."""
        ...

    def kernel(self, total: Floats, weight: Floats, mean: Floats) -> Floats:
        """Log-likelihood of a pattern with this response total and weight, less what mu does not touch."""
        ...

    def peak(self, y: Floats) -> Floats:
        """The kernel of a single row at mu = y, its highest."""
        ...

    def peak_total(self, totals: ResponseTotals) -> float:
        """Sum of the rows' peaks."""
        ...

    def constant_total(self, totals: ResponseTotals, /) -> float:
        """What the kernels leave out of the rows' full log-likelihood; 0 for a family with its own scale."""
        ...


class ScaledFamily(Family, Protocol):
    """A family whose likelihood holds the scale phi, estimated or given."""

    def scaled_log_likelihood(self, deviance: float, totals: ResponseTotals, scale: float) -> float:
        """Full log-likelihood at this deviance (over rows) and phi."""
        ...

    def free_of_parameters(self, totals: ResponseTotals, /) -> float:
        """The part of the full log-likelihood that no parameter touches."""
        ...


class MaximumLikelihoodScale(ScaledFamily, Protocol):
    """A family whose scale has a maximum likelihood estimate in terms of the deviance."""

    def ml_scale(self, deviance: float, count: float) -> float:
        """phi, from the deviance over the rows and their number."""
        ...

    def ml_scale_error(self, scale: float, count: float) -> float:
        """Standard error of phi."""
        ...


@dataclass(frozen=True)
class Poisson:
    """V(mu) = mu."""

    name: str = "poisson"

    def variance(self, mean: Floats) -> Floats:
        """V(mu)."""
        return mean

    def variance_slope(self, mean: Floats) -> Floats:
        """dV / dmu."""
        return np.ones_like(mean)

    def clip(self, mean: Floats) -> Floats:
        """Unchanged."""
        return mean

    def is_valid(self, mean: Floats) -> bool:
        """Positive and finite."""
        return bool((mean > 0).all() and np.isfinite(mean).all())

    def unit_deviance(self, y: Floats, mean: Floats) -> Floats:
        """2 (y log(y / mu) - (y - mu))."""
        return 2 * (xlogy(y, y / mean) - (y - mean))

    def kernel(self, total: Floats, weight: Floats, mean: Floats) -> Floats:
        """y log mu - mu."""
        return total * np.log(mean) - weight * mean

    def peak(self, y: Floats) -> Floats:
        """y log y - y."""
        return xlogy(y, y) - y

    def peak_total(self, totals: ResponseTotals) -> float:
        """Sum of the rows' peaks."""
        return totals.total(lambda y, _: self.peak(y))

    def constant_total(self, totals: ResponseTotals) -> float:
        """-log y!."""
        return -totals.total(lambda y, _: gammaln(y + 1))


@dataclass(frozen=True)
class Binomial:
    """Share of events in trials; V(mu) = mu (1 - mu)."""

    name: str = "binomial"

    def variance(self, mean: Floats) -> Floats:
        """V(mu)."""
        return mean * (1 - mean)

    def variance_slope(self, mean: Floats) -> Floats:
        """dV / dmu."""
        return 1 - 2 * mean

    def clip(self, mean: Floats) -> Floats:
        """Off 0 and 1, which a link reaches only by rounding."""
        inside = np.clip(mean, _EPSILON, 1 - _EPSILON)
        return np.where(np.abs(mean - 0.5) <= 0.5, inside, mean)

    def is_valid(self, mean: Floats) -> bool:
        """Strictly between 0 and 1."""
        return bool(((mean > 0) & (mean < 1)).all())

    def unit_deviance(self, y: Floats, mean: Floats) -> Floats:
        """2 (y log(y / mu) + (1 - y) log((1 - y) / (1 - mu)))."""
        return 2 * (xlogy(y, y / mean) + xlogy(1 - y, (1 - y) / (1 - mean)))

    def kernel(self, total: Floats, weight: Floats, mean: Floats) -> Floats:
        """y log mu + (m - y) log(1 - mu)."""
        return xlogy(total, mean) + xlog1py(weight - total, -mean)

    def peak(self, y: Floats) -> Floats:
        """y log y + (1 - y) log(1 - y)."""
        return xlogy(y, y) + xlogy(1 - y, 1 - y)

    def peak_total(self, totals: ResponseTotals) -> float:
        """Sum of the rows' peaks, each counted by its trials."""
        return totals.total(lambda y, trials: trials * self.peak(y / trials))

    def constant_total(self, totals: ResponseTotals) -> float:
        """log of the binomial coefficient."""
        return totals.total(lambda y, m: gammaln(m + 1) - gammaln(y + 1) - gammaln(m - y + 1))


class _DevianceScale:
    """The scale of a family whose likelihood depends on the data through the deviance alone."""

    def ml_scale(self, deviance: float, count: float) -> float:
        """D / n."""
        return deviance / count

    def ml_scale_error(self, scale: float, count: float) -> float:
        """phi sqrt(2 / n)."""
        return scale * float(np.sqrt(2 / count))


@dataclass(frozen=True)
class Gaussian(_DevianceScale):
    """V(mu) = 1."""

    name: str = "gaussian"

    def variance(self, mean: Floats) -> Floats:
        """V(mu)."""
        return np.ones_like(mean)

    def variance_slope(self, mean: Floats) -> Floats:
        """dV / dmu."""
        return np.zeros_like(mean)

    def clip(self, mean: Floats) -> Floats:
        """Unchanged."""
        return mean

    def is_valid(self, mean: Floats) -> bool:
        """Finite."""
        return bool(np.isfinite(mean).all())

    def unit_deviance(self, y: Floats, mean: Floats) -> Floats:
        """(y - mu)^2."""
        return (y - mean) ** 2

    def kernel(self, total: Floats, weight: Floats, mean: Floats) -> Floats:
        """y mu - mu^2 / 2."""
        return total * mean - 0.5 * weight * mean * mean

    def peak(self, y: Floats) -> Floats:
        """y^2 / 2."""
        return 0.5 * y * y

    def peak_total(self, totals: ResponseTotals) -> float:
        """Sum of the rows' peaks."""
        return totals.total(lambda y, _: self.peak(y))

    def constant_total(self, _totals: ResponseTotals, /) -> float:
        """0: the scale belongs to the likelihood."""
        return 0.0

    def scaled_log_likelihood(self, deviance: float, totals: ResponseTotals, scale: float) -> float:
        """-(D / phi + n log(2 pi phi)) / 2."""
        return -0.5 * (deviance / scale + totals.count * float(np.log(2 * np.pi * scale)))

    def free_of_parameters(self, totals: ResponseTotals) -> float:
        """-n log(2 pi) / 2."""
        return -0.5 * totals.count * float(np.log(2 * np.pi))


@dataclass(frozen=True)
class NegativeBinomial:
    """V(mu) = mu + alpha mu^2 with alpha given; alpha = 1 / theta."""

    alpha: float
    name: str = "negative_binomial"

    def variance(self, mean: Floats) -> Floats:
        """V(mu)."""
        return mean * (1 + self.alpha * mean)

    def variance_slope(self, mean: Floats) -> Floats:
        """dV / dmu."""
        return 1 + 2 * self.alpha * mean

    def clip(self, mean: Floats) -> Floats:
        """Unchanged."""
        return mean

    def is_valid(self, mean: Floats) -> bool:
        """Positive and finite."""
        return bool((mean > 0).all() and np.isfinite(mean).all())

    def unit_deviance(self, y: Floats, mean: Floats) -> Floats:
        """2 (y log(y / mu) - (y + 1 / alpha) log((1 + alpha y) / (1 + alpha mu)))."""
        saturated = xlogy(y, y) - y * np.log1p(self.alpha * y) - log1p_over(self.alpha, y)
        fitted = y * np.log(mean) - y * np.log1p(self.alpha * mean) - log1p_over(self.alpha, mean)
        return 2 * (saturated - fitted)

    def kernel(self, total: Floats, weight: Floats, mean: Floats) -> Floats:
        """y log mu - (y + 1 / alpha) log(1 + alpha mu)."""
        log_term = np.log1p(self.alpha * mean)
        return total * (np.log(mean) - log_term) - weight * log1p_over(self.alpha, mean)

    def peak(self, y: Floats) -> Floats:
        """y log y - y log(1 + alpha y) - log(1 + alpha y) / alpha."""
        return xlogy(y, y) - y * np.log1p(self.alpha * y) - log1p_over(self.alpha, y)

    def peak_total(self, totals: ResponseTotals) -> float:
        """Sum of the rows' peaks."""
        return totals.total(lambda y, _: self.peak(y))

    def constant_total(self, totals: ResponseTotals) -> float:
        """Sum of log(1 + alpha j) for j below y, less log y!."""
        return totals.total(lambda y, _: rising_log_sum(y, self.alpha) - gammaln(y + 1))


@dataclass(frozen=True)
class Gamma:
    """V(mu) = mu^2; phi is the reciprocal of the shape."""

    name: str = "gamma"

    def variance(self, mean: Floats) -> Floats:
        """V(mu)."""
        return mean * mean

    def variance_slope(self, mean: Floats) -> Floats:
        """dV / dmu."""
        return 2 * mean

    def clip(self, mean: Floats) -> Floats:
        """Unchanged."""
        return mean

    def is_valid(self, mean: Floats) -> bool:
        """Positive and finite."""
        return bool((mean > 0).all() and np.isfinite(mean).all())

    def unit_deviance(self, y: Floats, mean: Floats) -> Floats:
        """2 ((y - mu) / mu - log(y / mu))."""
        ratio = y / mean
        return 2 * (ratio - 1 - np.log(ratio))

    def kernel(self, total: Floats, weight: Floats, mean: Floats) -> Floats:
        """-y / mu - log mu."""
        return -total / mean - weight * np.log(mean)

    def peak(self, y: Floats) -> Floats:
        """-1 - log y."""
        return -1 - np.log(y)

    def peak_total(self, totals: ResponseTotals) -> float:
        """Sum of the rows' peaks."""
        return -totals.count - totals.log()

    def constant_total(self, _totals: ResponseTotals, /) -> float:
        """0: the scale belongs to the likelihood."""
        return 0.0

    def scaled_log_likelihood(self, deviance: float, totals: ResponseTotals, scale: float) -> float:
        """n (v log v - log Gamma(v) - v) - v D / 2 - sum of log y, with v = 1 / phi."""
        shape = 1 / scale
        per_row = shape * np.log(shape) - gammaln(shape) - shape
        return float(totals.count * per_row - 0.5 * shape * deviance - totals.log())

    def free_of_parameters(self, totals: ResponseTotals) -> float:
        """-sum of log y."""
        return -totals.log()

    def ml_scale(self, deviance: float, count: float) -> float:
        """From log v - digamma(v) = D / 2n = t, which puts v between 1 / 2t and 1 / t."""
        target = deviance / (2 * count)
        shape = 1 / (2 * target)
        for _ in range(_ML_STEPS):
            excess = _log_less_digamma(shape) - target
            # Newton in log v; the left-hand side falls and is convex there, so that it does not overshoot.
            change = excess / (shape * float(polygamma(1, shape)) - 1)
            shape *= float(np.exp(min(change, 1.0)))
            if abs(change) < _ML_TOLERANCE:
                break
        return 1 / shape

    def ml_scale_error(self, scale: float, count: float) -> float:
        """From the information n (trigamma(v) - 1 / v) about v = 1 / phi."""
        shape = 1 / scale
        return scale**2 / float(np.sqrt(count * (polygamma(1, shape) - scale)))


@dataclass(frozen=True)
class InverseGaussian(_DevianceScale):
    """V(mu) = mu^3."""

    name: str = "inverse_gaussian"

    def variance(self, mean: Floats) -> Floats:
        """V(mu)."""
        return mean**3

    def variance_slope(self, mean: Floats) -> Floats:
        """dV / dmu."""
        return 3 * mean * mean

    def clip(self, mean: Floats) -> Floats:
        """Unchanged."""
        return mean

    def is_valid(self, mean: Floats) -> bool:
        """Positive and finite."""
        return bool((mean > 0).all() and np.isfinite(mean).all())

    def unit_deviance(self, y: Floats, mean: Floats) -> Floats:
        """(y - mu)^2 / (mu^2 y)."""
        return (y - mean) ** 2 / (mean * mean * y)

    def kernel(self, total: Floats, weight: Floats, mean: Floats) -> Floats:
        """-y / (2 mu^2) + 1 / mu."""
        return -0.5 * total / (mean * mean) + weight / mean

    def peak(self, y: Floats) -> Floats:
        """1 / (2 y)."""
        return 0.5 / y

    def peak_total(self, totals: ResponseTotals) -> float:
        """Sum of the rows' peaks."""
        return 0.5 * totals.inverse()

    def constant_total(self, _totals: ResponseTotals, /) -> float:
        """0: the scale belongs to the likelihood."""
        return 0.0

    def scaled_log_likelihood(self, deviance: float, totals: ResponseTotals, scale: float) -> float:
        """-(D / phi + n log(2 pi phi) + 3 sum of log y) / 2."""
        return -0.5 * (deviance / scale + totals.count * float(np.log(2 * np.pi * scale)) + 3 * totals.log())

    def free_of_parameters(self, totals: ResponseTotals) -> float:
        """-(n log(2 pi) + 3 sum of log y) / 2."""
        return -0.5 * (totals.count * float(np.log(2 * np.pi)) + 3 * totals.log())


@dataclass(frozen=True)
class Tweedie:
    """V(mu) = mu^p with 1 < p < 2: a Poisson sum of gamma variables, with a mass at 0."""

    power: float
    name: str = "tweedie"

    def variance(self, mean: Floats) -> Floats:
        """V(mu)."""
        return mean**self.power

    def variance_slope(self, mean: Floats) -> Floats:
        """dV / dmu."""
        return self.power * mean ** (self.power - 1)

    def clip(self, mean: Floats) -> Floats:
        """Unchanged."""
        return mean

    def is_valid(self, mean: Floats) -> bool:
        """Positive and finite."""
        return bool((mean > 0).all() and np.isfinite(mean).all())

    def unit_deviance(self, y: Floats, mean: Floats) -> Floats:
        """2 (y^(2-p) / ((1-p)(2-p)) - y mu^(1-p) / (1-p) + mu^(2-p) / (2-p))."""
        return 2 * (self.peak(y) - self.kernel(y, np.ones_like(y), mean))

    def kernel(self, total: Floats, weight: Floats, mean: Floats) -> Floats:
        """y mu^(1-p) / (1-p) - mu^(2-p) / (2-p)."""
        p = self.power
        return total * mean ** (1 - p) / (1 - p) - weight * mean ** (2 - p) / (2 - p)

    def peak(self, y: Floats) -> Floats:
        """y^(2-p) / ((1-p)(2-p))."""
        p = self.power
        return y ** (2 - p) / ((1 - p) * (2 - p))

    def peak_total(self, totals: ResponseTotals) -> float:
        """Sum of the rows' peaks."""
        p = self.power
        return totals.power(2 - p) / ((1 - p) * (2 - p))

    def constant_total(self, _totals: ResponseTotals, /) -> float:
        """0: the scale belongs to the likelihood."""
        return 0.0

    def scaled_log_likelihood(self, deviance: float, totals: ResponseTotals, scale: float) -> float:
        """Kernel / phi and the series in y, as Wright's generalised Bessel function (Dunn and Smyth 2005)."""
        kernel = self.peak_total(totals) - deviance / 2
        return kernel / scale + totals.total(lambda y, _: self._series(y, scale))

    def _series(self, y: Floats, scale: float) -> Floats:
        """The logarithm of the series of a row; 0 at y = 0."""
        p = self.power
        alpha = (2 - p) / (1 - p)
        result, positive = np.zeros_like(y), y > 0
        argument = ((p - 1) * scale / y[positive]) ** alpha / ((2 - p) * scale)
        result[positive] = log_wright_bessel(-alpha, 0, argument) - np.log(y[positive])
        return result

    def free_of_parameters(self, _totals: ResponseTotals, /) -> float:
        """0: the series depends on phi."""
        return 0.0


def _log_less_digamma(shape: float) -> float:
    """log v - digamma(v), by its asymptotic series where the difference would cancel."""
    if shape < _SERIES_FROM:
        return float(np.log(shape) - psi(shape))
    return 1 / (2 * shape) + 1 / (12 * shape**2) - 1 / (120 * shape**4)


def log1p_over(alpha: float, mean: Floats) -> Floats:
    """log(1 + alpha mu) / alpha, which is mu as alpha goes to 0."""
    if alpha == 0:
        return mean * 1.0
    return np.log1p(alpha * mean) / alpha


def rising_log_sum(y: Floats, alpha: float, *, order: int = 0) -> Floats:
    """Sum over j = 0 .. y-1 of log(1 + alpha j), or its first or second derivative in alpha.

    Stable as alpha goes to 0, where the usual difference of log-gammas cancels.
    """
    counts, codes = np.unique(y, return_inverse=True)
    steps = np.arange(int(counts[-1])) if len(counts) else np.arange(0)
    if order == 0:
        terms = np.log1p(alpha * steps)
    elif order == 1:
        terms = steps / (1 + alpha * steps)
    else:
        terms = -((steps / (1 + alpha * steps)) ** 2)
    sums = np.concatenate([[0.0], np.cumsum(terms)])
    return sums[counts.astype(np.int64)][codes]
