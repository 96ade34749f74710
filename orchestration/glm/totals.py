"""Sums over all rows of functions of the response: what a likelihood needs beyond the sums by pattern."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import xlogy

from orchestration.glm.arrays import Floats


@dataclass(frozen=True)
class ResponseTotals:
    """The response's marginal distribution, or where that does not compress the sums that its family needs.

    `y` and `trials` are distinct responses (any order, repetitions allowed) with their summed `weight`; they
    are empty where only `sums` are kept: `log` of y, `inverse` of y, and `power` (y to the 2 - p of a
    Tweedie model). `count` is the summed weight of all rows.
    """

    y: Floats
    trials: Floats
    weight: Floats
    count: float
    sums: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, y: Floats, trials: Floats, weight: Floats) -> "ResponseTotals":
        """From the cells themselves."""
        return cls(y, trials, weight, float(weight.sum()))

    def total(self, function: Callable[[Floats, Floats], Floats]) -> float:
        """Weighted sum of a function of response and trials."""
        return float(self.weight @ function(self.y, self.trials))

    def log(self) -> float:
        """Sum of log y."""
        return self.sums["log"] if "log" in self.sums else float(self.weight @ np.log(self.y))

    def inverse(self) -> float:
        """Sum of 1 / y."""
        return self.sums["inverse"] if "inverse" in self.sums else float(self.weight @ (1 / self.y))

    def power(self, exponent: float) -> float:
        """Sum of y to this exponent."""
        return self.sums["power"] if "power" in self.sums else float(self.weight @ self.y**exponent)

    def times_log(self) -> float:
        """Sum of y log y."""
        return float(self.weight @ xlogy(self.y, self.y))
