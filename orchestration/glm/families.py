"""Distributions of a response given its mean: variance, deviance and log-likelihood."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from orchestration.glm.arrays import Floats

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

    def constant(self, y: Floats, trials: Floats, /) -> Floats:
        """What the kernel leaves out of one row's full log-likelihood (phi = 1)."""
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

    def constant(self, y: Floats, _trials: Floats, /) -> Floats:
        """-log y!."""
        return -gammaln(y + 1)


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

    def constant(self, y: Floats, trials: Floats, /) -> Floats:
        """log of the binomial coefficient."""
        return gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1)


@dataclass(frozen=True)
class Gaussian:
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

    def constant(self, y: Floats, _trials: Floats, /) -> Floats:
        """-y^2 / 2 - log(2 pi) / 2."""
        return -0.5 * y * y - 0.5 * np.log(2 * np.pi)


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

    def constant(self, y: Floats, _trials: Floats, /) -> Floats:
        """Sum of log(1 + alpha j) for j below y, less log y!."""
        return rising_log_sum(y, self.alpha) - gammaln(y + 1)


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
