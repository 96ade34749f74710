"""Estimated marginal means on the scale of the linear predictor and of the response."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import expit

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.effects import averaged_row, is_estimable
from orchestration.glm.fit import Estimate
from orchestration.glm.links import CumulativeLink, Link
from orchestration.glm.ordinal import category_probabilities
from orchestration.glm.results import MarginalMean
from orchestration.glm.sample import Category

NORMAL_975 = 1.959963984540054
"""97.5 % point of the standard normal distribution."""


def marginal_means(
    design: Design, estimate: Estimate, covariance: Floats, link: Link, names: Sequence[str], *, offset: float
) -> tuple[MarginalMean, ...]:
    """Marginal means of a model with one linear predictor.

    At each level the other factors are averaged with equal weights, covariates and the offset are at their
    means. The interval of the response scale is that of the linear predictor, transformed; the standard
    error is by the delta method.
    """
    means = []
    for name, level, label, row in _level_rows(design, names):
        if not is_estimable(design, row):
            means += [_absent(name, level, label, scale, None) for scale in ("linear_predictor", "response")]
            continue
        eta = float(row @ estimate.location) + offset
        error = float(np.sqrt(max(row @ covariance @ row, 0.0)))
        low, high = eta - NORMAL_975 * error, eta + NORMAL_975 * error
        means.append(MarginalMean(name, level, label, "linear_predictor", None, eta, error, low, high))
        at = np.array([eta, low, high])
        mean, first, last = (float(value) for value in link.inverse(at))
        slope = abs(float(link.slope(at)[0]))
        ends = sorted((first, last))
        means.append(MarginalMean(name, level, label, "response", None, mean, slope * error, *ends))
    return tuple(means)


def ordinal_marginal_means(
    design: Design,
    estimate: Estimate,
    covariance: Floats,
    link: CumulativeLink,
    names: Sequence[str],
    categories: Sequence[Category],
    *,
    offset: float,
) -> tuple[MarginalMean, ...]:
    """Marginal means of an ordinal model.

    The linear predictor is x'b less the mean threshold, so that it does not depend on the reference levels;
    on the response scale there is the probability of each category at that x'b. Its standard error is by the
    delta method, its interval symmetric in the logit of the probability.
    """
    means = []
    size = len(estimate.extras)
    for name, level, label, row in _level_rows(design, names):
        keys = [("linear_predictor", None), *(("response", category.level) for category in categories)]
        if not is_estimable(design, row):
            means += [_absent(name, level, label, scale, category) for scale, category in keys]
            continue
        row = np.where(np.arange(design.width) == 0, 0.0, row)
        eta = float(row @ estimate.location) + offset
        latent = np.concatenate([row, np.full(size, -1 / size)])
        error = float(np.sqrt(max(latent @ covariance @ latent, 0.0)))
        center = eta - float(estimate.extras.mean())
        ends = (center - NORMAL_975 * error, center + NORMAL_975 * error)
        means.append(MarginalMean(name, level, label, "linear_predictor", None, center, error, *ends))
        probability = category_probabilities(link, estimate.extras, np.array([eta]))[0]
        gradient = _probability_gradient(link, estimate.extras, eta, row)
        errors = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", gradient, covariance, gradient), 0.0))
        for (scale, category), value, spread in zip(keys[1:], probability, errors, strict=True):
            low, high = _logit_interval(float(value), float(spread))
            means.append(MarginalMean(name, level, label, scale, category, float(value), float(spread), low, high))
    return tuple(means)


def _level_rows(design: Design, names: Sequence[str]) -> Iterator[tuple[str, str, str | None, Floats]]:
    average = averaged_row(design, report_scale=False)
    position = {block.name: index for index, block in enumerate(design.blocks)}
    for name in names:
        if name not in position:
            continue
        block, columns = design.blocks[position[name]], design.slice_of(position[name])
        for level in block.ascending:
            row = average.copy()
            row[columns] = 0
            row[columns.start + level] = 1
            yield name, block.levels[level], block.labels[level], row


def _absent(name: str, level: str, label: str | None, scale: str, category: str | None) -> MarginalMean:
    return MarginalMean(name, level, label, scale, category, None, None, None, None)


def _probability_gradient(link: CumulativeLink, thresholds: Floats, eta: float, row: Floats) -> Floats:
    """Derivatives of each category's probability in location and thresholds, J x (q + J-1)."""
    density = link.slope(thresholds - eta)
    by_threshold = np.zeros((len(thresholds) + 1, len(thresholds)))
    index = np.arange(len(thresholds))
    by_threshold[index, index] = density
    by_threshold[index + 1, index] = -density
    by_eta = -by_threshold.sum(axis=1)
    return np.hstack([np.outer(by_eta, row), by_threshold])


def _logit_interval(probability: float, error: float) -> tuple[float, float]:
    inside = probability * (1 - probability)
    if inside <= 0:
        return probability, probability
    center, width = np.log(probability / (1 - probability)), NORMAL_975 * error / inside
    return float(expit(center - width)), float(expit(center + width))
