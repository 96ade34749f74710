"""Link functions: the mean as a function of the linear predictor, and its derivatives."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr, ndtri

Floats = NDArray[np.float64]

_TINY = float(np.finfo(np.float64).tiny)
_SQRT_2PI = float(np.sqrt(2 * np.pi))


class Link(Protocol):
    """g(mu) = eta. All functions work elementwise."""

    name: str

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


class CumulativeLink(Link, Protocol):
    """A link whose inverse is a distribution function, as an ordinal model needs it."""

    def survival(self, eta: Floats) -> Floats:
        """1 - g^-1(eta), without cancellation."""
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

    def survival(self, eta: Floats) -> Floats:
        """1 - mu."""
        return expit(-eta)

    def slope(self, eta: Floats) -> Floats:
        """mu (1 - mu)."""
        return expit(eta) * expit(-eta)

    def curvature(self, eta: Floats) -> Floats:
        """mu (1 - mu) (1 - 2 mu)."""
        return self.slope(eta) * (expit(-eta) - expit(eta))


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

    def survival(self, eta: Floats) -> Floats:
        """1 - mu."""
        return ndtr(-eta)

    def slope(self, eta: Floats) -> Floats:
        """phi(eta)."""
        return np.exp(-0.5 * eta * eta) / _SQRT_2PI

    def curvature(self, eta: Floats) -> Floats:
        """-eta phi(eta)."""
        return -eta * self.slope(eta)


@dataclass(frozen=True)
class ComplementaryLogLog:
    """mu = 1 - exp(-exp(eta))."""

    name: str = "cloglog"

    def link(self, mean: Floats) -> Floats:
        """g(mu)."""
        return np.log(-np.log1p(-mean))

    def inverse(self, eta: Floats) -> Floats:
        """mu."""
        return -np.expm1(-self._exp(eta))

    def survival(self, eta: Floats) -> Floats:
        """1 - mu."""
        return np.exp(-self._exp(eta))

    def slope(self, eta: Floats) -> Floats:
        """exp(eta - exp(eta))."""
        return np.exp(np.minimum(eta, 700.0) - self._exp(eta))

    def curvature(self, eta: Floats) -> Floats:
        """exp(eta - exp(eta)) (1 - exp(eta))."""
        return self.slope(eta) * (1 - self._exp(eta))

    @staticmethod
    def _exp(eta: Floats) -> Floats:
        return np.exp(np.minimum(eta, 700.0))


BINARY_LINKS: dict[str, CumulativeLink] = {
    link.name: link for link in (Logit(), Probit(), ComplementaryLogLog())
}
"""Links whose inverse is a distribution function."""

LINKS_BY_NAME: dict[str, Link] = {**BINARY_LINKS, "identity": Identity(), "log": Log()}
