"""Profile likelihood intervals of the coefficients, by refits with one of them held at a value."""

from collections.abc import Callable

import numpy as np

from orchestration.glm.arrays import Floats
from orchestration.glm.errors import ConvergenceError
from orchestration.glm.fit import spread
from orchestration.glm.fitted import Fitted
from orchestration.glm.inference.constrained import ConstrainedDesign
from orchestration.glm.results import ProfileInterval

_CHI2_95 = 3.841458820694124
_TOLERANCE = 1e-7
_MAX_EXPANSIONS = 12


def profile_intervals(fit: Fitted) -> tuple[ProfileInterval, ...]:
    """The 95 % interval of each coefficient where twice the loss of log-likelihood stays below 3.84.

    The loss is divided by the scale parameter where the likelihood does not hold it. A limit is None where
    the likelihood never falls that far. Thresholds, scale and ancillary parameter have none.
    """
    design = fit.design
    transform = design.report_transform()
    intervals = []
    for index, block in enumerate(design.blocks):
        if fit.is_ordinal and index == 0:
            continue
        for offset in block.ascending:
            column = design.slice_of(index).start + offset
            if not design.kept[column]:
                continue
            row = np.where(design.kept, transform[column], 0.0)
            level = block.levels[offset] if block.levels else None
            intervals.append(ProfileInterval(block.name, level, *_interval(fit, row)))
    return tuple(intervals)


def _interval(fit: Fitted, row: Floats) -> tuple[float | None, float | None]:
    """Where the profile crosses, below and above the estimate of a linear function of the coefficients."""
    estimate = float(row @ fit.estimate.location)
    error = float(np.sqrt(max(row @ fit.location_covariance @ row, 0.0)))
    profile = _Profile(fit, row)
    if not error > 0 or not np.isfinite(error):
        return None, None
    return _crossing(profile, estimate, -1.96 * error), _crossing(profile, estimate, 1.96 * error)


class _Profile:
    """Twice the log-likelihood lost, less the chi-square quantile, at a value of a linear function."""

    def __init__(self, fit: Fitted, row: Floats) -> None:
        self.fit = fit
        kept = fit.design.kept
        self.design = ConstrainedDesign(fit.design, row[None, :])
        unit = row[kept] / float(row[kept] @ row[kept])
        self.direction = spread(unit, kept)

    def __call__(self, value: float) -> float:
        design = self.fit.design
        shift = value * self.direction
        sample = self.fit.sample.shifted(lambda piece: design.on(piece).predict(shift))
        lost = self.fit.likelihoods.full - self.fit.refit(self.design, sample).log_likelihood
        return 2 * lost / self.fit.likelihood_scale - _CHI2_95


def _crossing(profile: Callable[[float], float], estimate: float, step: float) -> float | None:
    """Bracket outwards, then the Illinois variant of regula falsi."""
    inner, inner_value = estimate, -_CHI2_95
    outer = estimate + step
    for _ in range(_MAX_EXPANSIONS):
        try:
            outer_value = profile(outer)
        except ConvergenceError:
            return None
        if outer_value > 0:
            break
        inner, inner_value, outer = outer, outer_value, outer + (outer - estimate)
    else:
        return None
    return _refine(profile, (inner, inner_value), (outer, outer_value))


def _refine(profile: Callable[[float], float], inner: tuple[float, float], outer: tuple[float, float]) -> float:
    last = 0
    (left, left_value), (right, right_value) = inner, outer
    for _ in range(100):
        middle = (left * right_value - right * left_value) / (right_value - left_value)
        value = profile(middle)
        if abs(value) < _TOLERANCE or abs(right - left) < 1e-12 * (1 + abs(middle)):
            return middle
        if value < 0:
            left, left_value = middle, value
            right_value = right_value / 2 if last == -1 else right_value
            last = -1
        else:
            right, right_value = middle, value
            left_value = left_value / 2 if last == 1 else left_value
            last = 1
    return (left + right) / 2
