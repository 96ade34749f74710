"""Link functions: the mean as a function of the linear predictor, and its derivatives."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from orchestration.glm.arrays import Floats

_TINY = float(np.finfo(np.float64).tiny)
_SQRT_2PI = float(np.sqrt(2 * np.pi))


class Link(Protocol):
    """g(mu) = eta. All functions work elementwise."""

    @property
    def name(self) -> str:
        """Name in a specification."""
        ...

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        ...

    def inverse(self, eta: Floats) -> Floats:
        """mu = g^-1(eta)."""
        ...

    def slope(self, eta: Floats) -> Floats:
        """d mu / d eta."""
        ...

    def curvature(self, eta: Floats) -> Floats:
        """d^2 mu / d eta^2."""
        ...


@dataclass(frozen=True)
class Cumulative:
    """A distribution function at some points: lower and upper tail, density and its derivative."""

    below: Floats
    above: Floats
    density: Floats
    bend: Floats


class CumulativeLink(Link, Protocol):
    """A link whose inverse is a distribution function, as an ordinal model needs it."""

    def cumulative(self, eta: Floats) -> Cumulative:
        """Both tails without cancellation, density and its derivative."""
        ...


@dataclass(frozen=True)
class Identity:
    """mu = eta."""

    name: str = "identity"

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        return mean

    def inverse(self, eta: Floats) -> Floats:
        """mu."""
        return eta

    def slope(self, eta: Floats) -> Floats:
        """1."""
        return np.ones_like(eta)

    def curvature(self, eta: Floats) -> Floats:
        """0."""
        return np.zeros_like(eta)


@dataclass(frozen=True)
class Log:
    """mu = exp(eta)."""

    name: str = "log"

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        return np.log(mean)

    def inverse(self, eta: Floats) -> Floats:
        """mu."""
        with np.errstate(over="ignore"):
            return np.maximum(np.exp(eta), _TINY)

    def slope(self, eta: Floats) -> Floats:
        """mu."""
        return self.inverse(eta)

    def curvature(self, eta: Floats) -> Floats:
        """mu."""
        return self.inverse(eta)


@dataclass(frozen=True)
class Logit:
    """mu = 1 / (1 + exp(-eta))."""

    name: str = "logit"

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        return logit(mean)

    def inverse(self, eta: Floats) -> Floats:
        """mu."""
        return expit(eta)

    def slope(self, eta: Floats) -> Floats:
        """mu (1 - mu)."""
        return self.cumulative(eta).density

    def curvature(self, eta: Floats) -> Floats:
        """mu (1 - mu) (1 - 2 mu)."""
        return self.cumulative(eta).bend

    def cumulative(self, eta: Floats) -> Cumulative:
        """Logistic distribution."""
        small = np.exp(-np.abs(eta))
        large = 1 / (1 + small)
        small = small * large
        is_positive = eta > 0
        below, above = np.where(is_positive, large, small), np.where(is_positive, small, large)
        density = below * above
        return Cumulative(below, above, density, density * (above - below))


@dataclass(frozen=True)
class Probit:
    """mu = Phi(eta)."""

    name: str = "probit"

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        return ndtri(mean)

    def inverse(self, eta: Floats) -> Floats:
        """mu."""
        return ndtr(eta)

    def slope(self, eta: Floats) -> Floats:
        """phi(eta)."""
        return np.exp(-0.5 * eta * eta) / _SQRT_2PI

    def curvature(self, eta: Floats) -> Floats:
        """-eta phi(eta)."""
        return -eta * self.slope(eta)

    def cumulative(self, eta: Floats) -> Cumulative:
        """Normal distribution."""
        density = self.slope(eta)
        return Cumulative(ndtr(eta), ndtr(-eta), density, -eta * density)


@dataclass(frozen=True)
class ComplementaryLogLog:
    """mu = 1 - exp(-exp(eta))."""

    name: str = "cloglog"

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        return np.log(-np.log1p(-mean))

    def inverse(self, eta: Floats) -> Floats:
        """mu."""
        return self.cumulative(eta).below

    def slope(self, eta: Floats) -> Floats:
        """exp(eta - exp(eta))."""
        return self.cumulative(eta).density

    def curvature(self, eta: Floats) -> Floats:
        """exp(eta - exp(eta)) (1 - exp(eta))."""
        return self.cumulative(eta).bend

    def cumulative(self, eta: Floats) -> Cumulative:
        """Distribution of the logarithm of an exponential variable."""
        capped = np.minimum(eta, 700.0)
        hazard = np.exp(capped)
        density = np.exp(capped - hazard)
        return Cumulative(-np.expm1(-hazard), np.exp(-hazard), density, density * (1 - hazard))


@dataclass(frozen=True)
class LogLog:
    """mu = exp(-exp(-eta)), the negative log-log link of SPSS."""

    name: str = "loglog"

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        return -np.log(-np.log(mean))

    def inverse(self, eta: Floats) -> Floats:
        """mu."""
        return self.cumulative(eta).below

    def slope(self, eta: Floats) -> Floats:
        """exp(-eta - exp(-eta))."""
        return self.cumulative(eta).density

    def curvature(self, eta: Floats) -> Floats:
        """exp(-eta - exp(-eta)) (exp(-eta) - 1)."""
        return self.cumulative(eta).bend

    def cumulative(self, eta: Floats) -> Cumulative:
        """Gumbel distribution."""
        capped = np.minimum(-eta, 700.0)
        hazard = np.exp(capped)
        density = np.exp(capped - hazard)
        return Cumulative(np.exp(-hazard), -np.expm1(-hazard), density, density * (hazard - 1))


@dataclass(frozen=True)
class Cauchit:
    """mu = 1/2 + arctan(eta) / pi."""

    name: str = "cauchit"

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        return np.tan(np.pi * (mean - 0.5))

    def inverse(self, eta: Floats) -> Floats:
        """mu."""
        return self.cumulative(eta).below

    def slope(self, eta: Floats) -> Floats:
        """1 / (pi (1 + eta^2))."""
        return 1 / (np.pi * (1 + eta * eta))

    def curvature(self, eta: Floats) -> Floats:
        """-2 eta / (pi (1 + eta^2)^2)."""
        return -2 * eta / (np.pi * (1 + eta * eta) ** 2)

    def cumulative(self, eta: Floats) -> Cumulative:
        """Cauchy distribution."""
        below, above = np.arctan2(1.0, -eta) / np.pi, np.arctan2(1.0, eta) / np.pi
        return Cumulative(below, above, self.slope(eta), self.curvature(eta))


@dataclass(frozen=True)
class Power:
    """mu^p = eta; with p = -1 the inverse link. p is not 0, which is the logarithm."""

    power: float
    name: str = "power"

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return mean**self.power

    def inverse(self, eta: Floats) -> Floats:
        """mu; NaN where a power of a negative number does not exist."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return eta ** (1 / self.power)

    def slope(self, eta: Floats) -> Floats:
        """eta^(1/p - 1) / p."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return eta ** (1 / self.power - 1) / self.power

    def curvature(self, eta: Floats) -> Floats:
        """(1/p - 1) eta^(1/p - 2) / p."""
        order = 1 / self.power
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return (order - 1) * order * eta ** (order - 2)


BINARY_LINKS: dict[str, CumulativeLink] = {
    "logit": Logit(),
    "probit": Probit(),
    "cloglog": ComplementaryLogLog(),
    "loglog": LogLog(),
    "cauchit": Cauchit(),
}
"""Links whose inverse is a distribution function."""

LINKS_BY_NAME: dict[str, Link] = {
    **BINARY_LINKS,
    "identity": Identity(),
    "log": Log(),
    "inverse": Power(-1.0, "inverse"),
}
"""Links without a parameter."""

_NAMED_POWERS = {0.0: "log", 1.0: "identity", -1.0: "inverse"}


def find_link(name: str, power: float | None) -> Link:
    """The link of a specification; `power` is the exponent of a power link, of which 0 is the logarithm."""
    if power is None:
        return LINKS_BY_NAME[name]
    return LINKS_BY_NAME[_NAMED_POWERS[power]] if power in _NAMED_POWERS else Power(power)
