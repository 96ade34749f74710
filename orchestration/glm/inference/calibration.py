"""Whether fitted means agree with what was observed: calibration by tenths, and the rootogram of counts."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, gammaln

from orchestration.glm.arrays import Floats
from orchestration.glm.errors import GlmError
from orchestration.glm.families import log1p_over, rising_log_sum
from orchestration.glm.fitted import Fitted
from orchestration.glm.ordinal import category_probabilities


@dataclass(frozen=True)
class CalibrationGroup:
    """Cases whose fitted means are neighbours: their number (trials), and the means fitted and observed."""

    group: int
    n: float
    lowest: float
    highest: float
    fitted: float
    observed: float


@dataclass(frozen=True)
class HosmerLemeshow:
    """Chi-square of a binomial model's groups, with groups - 2 degrees of freedom."""

    chi2: float
    df: int
    p_value: float


@dataclass(frozen=True)
class RootogramBar:
    """How often a count occurs, and how often the model expects it."""

    count: int
    observed: float
    expected: float


def calibrate(fit: Fitted, groups: int = 10) -> tuple[CalibrationGroup, ...]:
    """Cases in groups of about equal size by their fitted mean; alike cases stay together.

    The mean of an ordinal model is that of the categories' numbers 1 .. J.
    """
    mean, weight, total = _means(fit)
    order = np.argsort(mean, kind="stable")
    middle = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    group = np.minimum((middle * groups).astype(np.int64), groups - 1)
    # Equal means belong to one group.
    _, first, inverse = np.unique(mean[order], return_index=True, return_inverse=True)
    group = group[first][inverse]
    rows = []
    for number, label in enumerate(np.unique(group), start=1):
        chosen = order[group == label]
        n = float(weight[chosen].sum())
        rows.append(
            CalibrationGroup(
                group=number,
                n=n,
                lowest=float(mean[chosen].min()),
                highest=float(mean[chosen].max()),
                fitted=float((weight * mean)[chosen].sum()) / n,
                observed=float(total[chosen].sum()) / n,
            )
        )
    return tuple(rows)


def hosmer_lemeshow(fit: Fitted, groups: int = 10) -> HosmerLemeshow:
    """Test of a binomial model's calibration.

    Raises:
        GlmError: the model is not binomial, or has fewer than three groups.
    """
    if fit.spec.distribution != "binomial":
        raise GlmError(f"{fit.name} is not binomial: the Hosmer-Lemeshow test compares shares.")
    rows = calibrate(fit, groups)
    if len(rows) < 3:
        raise GlmError(f"{fit.name} has only {len(rows)} different fitted shares: too few groups to compare.")
    chi2 = sum(row.n * (row.observed - row.fitted) ** 2 / (row.fitted * (1 - row.fitted)) for row in rows)
    return HosmerLemeshow(chi2, len(rows) - 2, float(chdtrc(len(rows) - 2, chi2)))


def rootogram(fit: Fitted) -> tuple[RootogramBar, ...]:
    """Observed and expected frequency of every count from 0 to the largest.

    Raises:
        GlmError: the response is no count.
    """
    if fit.spec.distribution not in ("poisson", "negative_binomial"):
        raise GlmError(f"{fit.name}: a rootogram is of counts, not of a {fit.spec.distribution} response.")
    totals = fit.sample.totals
    counts = np.arange(int(totals.y.max()) + 1)
    observed = np.bincount(totals.y.astype(np.int64), weights=totals.weight, minlength=len(counts))
    alpha = float(getattr(fit.require_family(), "alpha", 0.0))
    constant = rising_log_sum(counts.astype(np.float64), alpha) - gammaln(counts + 1)
    expected = np.zeros(len(counts))
    for part in fit.parts:
        mean = fit.link.inverse(part.eta(fit.estimate.location))
        rows, base, slope = part.data.weight, -log1p_over(alpha, mean), np.log(mean) - np.log1p(alpha * mean)
        expected += [float(rows @ np.exp(base + count * slope + constant[count])) for count in counts.tolist()]
    return tuple(
        RootogramBar(int(count), float(seen), hoped)
        for count, seen, hoped in zip(counts, observed, expected.tolist(), strict=True)
    )


def _means(fit: Fitted) -> tuple[Floats, Floats, Floats]:
    """Fitted mean, weight and response total of each pattern."""
    if not fit.is_ordinal:
        return fit.mean, fit.held.data.weight, fit.held.data.total
    counts = fit.held.sample.category_counts()
    numbers = np.arange(1, counts.shape[1] + 1)
    probability = category_probabilities(fit.cumulative_link, fit.estimate.extras, fit.eta)
    return probability @ numbers, counts.sum(axis=1), counts @ numbers
