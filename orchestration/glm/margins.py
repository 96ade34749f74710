"""Estimated marginal means on the scale of the linear predictor and of the response."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import expit

from orchestration.glm.arrays import Booleans, Floats
from orchestration.glm.design import Design
from orchestration.glm.fitted import Fitted
from orchestration.glm.inference.hypotheses import are_estimable, hold_levels, level_row
from orchestration.glm.links import CumulativeLink
from orchestration.glm.ordinal import category_probabilities
from orchestration.glm.results import MarginalMean

NORMAL_975 = 1.959963984540054
"""97.5 % point of the standard normal distribution."""


@dataclass(frozen=True)
class Margins:
    """Marginal means of the linear predictor at the levels of an effect: coefficients (levels x q).

    `is_estimable` marks the levels whose mean is the same for every solution.
    """

    effect: str
    levels: tuple[str, ...]
    labels: tuple[str | None, ...]
    rows: Floats
    is_estimable: Booleans


def list_margins(fit: Fitted) -> tuple[Margins, ...]:
    """The marginal means that the specification asks for, of factors or of products `a*b`.

    None for an effect with a factor that is not in the design, because it is constant in the sample.
    """
    design = fit.design
    present = {block.name for block in design.blocks if block.kind == "factor"}
    transform = design.report_transform()
    centers = {block.name: block.center for block in design.blocks if block.kind == "covariate"}
    average = level_row(design, {}, centers)
    return tuple(
        _margins(design, name, average, centers, transform)
        for name in fit.spec.marginal_means
        if set(name.split("*")) <= present
    )


def _margins(design: Design, effect: str, average: Floats, centers: Mapping[str, float], transform: Floats) -> Margins:
    blocks = {block.name: block for block in design.blocks if block.kind == "factor"}
    names = effect.split("*")
    combinations = list(product(*(blocks[name].ascending for name in names)))
    rows = np.tile(average, (len(combinations), 1))
    for row, levels in zip(rows, combinations, strict=True):
        hold_levels(design, row, dict(zip(names, levels, strict=True)), centers)
    rows = rows @ transform
    labels = [[blocks[name].labels[level] for name, level in zip(names, at, strict=True)] for at in combinations]
    return Margins(
        effect=effect,
        levels=tuple(
            "*".join(blocks[name].levels[level] for name, level in zip(names, at, strict=True)) for at in combinations
        ),
        labels=tuple(None if None in parts else " × ".join(str(part) for part in parts) for parts in labels),
        rows=rows,
        is_estimable=are_estimable(design, rows),
    )


def list_marginal_means(fit: Fitted, margins: Sequence[Margins]) -> tuple[MarginalMean, ...]:
    """Marginal means with their intervals.

    At each level the other factors are averaged with equal weights, covariates and the offset are at their
    means. The interval of the response scale is that of the linear predictor, transformed; the standard
    error is by the delta method.
    """
    describe = _ordinal_means if fit.is_ordinal else _means
    return tuple(mean for margin in margins for mean in describe(fit, margin))


def mean_offset(fit: Fitted) -> float:
    """Mean of the offset over the cases; 0 without one."""
    moments = fit.sample.offset_moments
    return 0.0 if moments is None else moments.mean


def _means(fit: Fitted, margin: Margins) -> Iterator[MarginalMean]:
    eta = margin.rows @ fit.estimate.location + mean_offset(fit)
    error = _errors(margin.rows, fit.location_covariance)
    ends = np.stack([eta - NORMAL_975 * error, eta + NORMAL_975 * error])
    mean, slope = fit.link.inverse(eta), np.abs(fit.link.slope(eta))
    limits = np.sort(fit.link.inverse(ends), axis=0)
    on_link = np.stack([eta, error, *ends], axis=1).tolist()
    on_response = np.stack([mean, slope * error, *limits], axis=1).tolist()
    for index, head in enumerate(_heads(margin)):
        if not margin.is_estimable[index]:
            yield MarginalMean(*head, "linear_predictor", None, None, None, None, None)
            yield MarginalMean(*head, "response", None, None, None, None, None)
            continue
        yield MarginalMean(*head, "linear_predictor", None, *on_link[index])
        yield MarginalMean(*head, "response", None, *on_response[index])


def _ordinal_means(fit: Fitted, margin: Margins) -> Iterator[MarginalMean]:
    """Marginal means of an ordinal model.

    The linear predictor is x'b less the mean threshold, so that it does not depend on the reference levels;
    on the response scale there is the probability of each category at that x'b. Its standard error is by the
    delta method, its interval symmetric in the logit of the probability.
    """
    categories, thresholds = fit.sample.categories, fit.estimate.extras
    rows, size = margin.rows.copy(), len(thresholds)
    rows[:, 0] = 0
    eta = rows @ fit.estimate.location + mean_offset(fit)
    error = _errors(np.column_stack([rows, np.full((len(rows), size), -1 / size)]), fit.covariance)
    center = eta - float(thresholds.mean())
    latent = np.stack([center, error, center - NORMAL_975 * error, center + NORMAL_975 * error], axis=1).tolist()
    probability = category_probabilities(fit.cumulative_link, thresholds, eta)
    for index, head in enumerate(_heads(margin)):
        if not margin.is_estimable[index]:
            yield MarginalMean(*head, "linear_predictor", None, None, None, None, None)
            for category in categories:
                yield MarginalMean(*head, "response", category.level, None, None, None, None)
            continue
        yield MarginalMean(*head, "linear_predictor", None, *latent[index])
        gradient = _probability_gradient(fit.cumulative_link, thresholds, float(eta[index]), rows[index])
        spreads = _errors(gradient, fit.covariance)
        for category, value, spread in zip(categories, probability[index], spreads, strict=True):
            low, high = _logit_interval(float(value), float(spread))
            yield MarginalMean(*head, "response", category.level, float(value), float(spread), low, high)


def _heads(margin: Margins) -> Iterator[tuple[str, str, str | None]]:
    for level, label in zip(margin.levels, margin.labels, strict=True):
        yield margin.effect, level, label


def _errors(rows: Floats, covariance: Floats) -> Floats:
    return np.sqrt(np.maximum(((rows @ covariance) * rows).sum(axis=1), 0.0))


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
