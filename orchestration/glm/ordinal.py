"""Cumulative-link fits of an ordered response: g(P(Y <= j)) = threshold_j - (x'b + offset)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.glm.design import Design
from orchestration.glm.errors import ConvergenceError
from orchestration.glm.fit import Estimate, embed, spread
from orchestration.glm.links import CumulativeLink
from orchestration.glm.newton import Proposal, invert, maximise, solve
from orchestration.glm.sample import Sample

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Point:
    """Category probabilities (P x J) and, at each threshold (P x J-1), density and its derivative."""

    probability: Floats
    density: Floats
    bend: Floats


class _Model:
    """Counts (P x J), design and link; parameters are the thresholds, then the kept location coefficients.

    The design's intercept is not a parameter: the thresholds take its place.
    """

    def __init__(
        self, design: Design, counts: Floats, offset: Floats | None, link: CumulativeLink, name: str
    ) -> None:
        self.design, self.counts, self.link, self.name = design, counts, link, name
        self.offset = np.zeros(len(counts)) if offset is None else offset
        self.n_thresholds = counts.shape[1] - 1
        self.kept = design.kept.copy()
        self.kept[0] = False

    def location(self, parameters: Floats) -> Floats:
        """Location coefficients (q)."""
        return spread(parameters[self.n_thresholds :], self.kept)

    def eta(self, parameters: Floats) -> Floats:
        """x'b + offset by pattern."""
        return self.offset + self.design.predict(self.location(parameters))

    def at(self, parameters: Floats) -> _Point:
        """Probabilities and densities at a point."""
        cut = parameters[: self.n_thresholds] - self.eta(parameters)[:, None]
        return _Point(_differences(self.link, cut), self.link.slope(cut), self.link.curvature(cut))

    def log_likelihood(self, parameters: Floats) -> float:
        """Log-likelihood; minus infinity where thresholds are out of order."""
        if (np.diff(parameters[: self.n_thresholds]) <= 0).any():
            return -np.inf
        cut = parameters[: self.n_thresholds] - self.eta(parameters)[:, None]
        probability = _differences(self.link, cut)
        used = self.counts > 0
        if (probability[used] <= 0).any():
            return -np.inf
        return float((self.counts[used] * np.log(probability[used])).sum())

    def gradient(self, point: _Point) -> Floats:
        """Score of the parameters."""
        ratio = _ratio(self.counts, point.probability)
        by_cut = point.density * (ratio[:, :-1] - ratio[:, 1:])
        by_location = -self.design.sums(by_cut.sum(axis=1))[self.kept]
        return np.concatenate([by_cut.sum(axis=0), by_location])

    def information(self, point: _Point, *, observed: bool) -> Floats:
        """Information matrix: with counts as they are (observed) or as expected."""
        if observed:
            ratio, bend = _ratio(self.counts, point.probability), point.bend
        else:
            rows = self.counts.sum(axis=1, keepdims=True)
            ratio, bend = np.broadcast_to(rows, self.counts.shape), np.zeros_like(point.bend)
        return self._assemble(point, ratio, bend)

    def meat(self, point: _Point) -> Floats:
        """Sum over rows of the outer product of their scores."""
        ratio = _ratio(self.counts, point.probability)
        return self._assemble(point, ratio, np.zeros_like(point.bend))

    def _assemble(self, point: _Point, ratio: Floats, bend: Floats) -> Floats:
        """The matrix from its parts by pattern, tridiagonal in the thresholds.

        As the likelihood depends on threshold minus location alone, the other parts are sums of these.
        """
        density = point.density
        share = ratio * _ratio(np.ones_like(ratio), point.probability)
        diagonal = density**2 * (share[:, :-1] + share[:, 1:]) - bend * (ratio[:, :-1] - ratio[:, 1:])
        beside = -density[:, :-1] * density[:, 1:] * share[:, 1:-1]
        across = diagonal.copy()
        across[:, :-1] += beside
        across[:, 1:] += beside
        cuts = np.diag(diagonal.sum(axis=0))
        index = np.arange(self.n_thresholds - 1)
        cuts[index, index + 1] = cuts[index + 1, index] = beside.sum(axis=0)
        mixed = np.stack([self.design.sums(column)[self.kept] for column in across.T])
        location = self.design.gram(across.sum(axis=1))[np.ix_(self.kept, self.kept)]
        return np.block([[cuts, -mixed], [-mixed.T, location]])

    def propose(self, parameters: Floats) -> Proposal:
        """A Newton step, or a Fisher step where the likelihood is not concave."""
        point = self.at(parameters)
        gradient = self.gradient(point)
        step = solve(self.information(point, observed=True), gradient)
        if step is None:
            step = solve(self.information(point, observed=False), gradient)
        if step is None:
            raise ConvergenceError(
                f"{self.name}: the information matrix became singular. Merge sparse categories or levels, or "
                f"drop a predictor."
            )
        change = np.abs(self.design.predict(self.location(step))).max(initial=0.0)
        size = max(change, np.abs(step[: self.n_thresholds]).max())
        return Proposal(step=step, size=float(size), gain=float(gradient @ step) / 2)


def estimate_ordinal(
    design: Design,
    sample: Sample,
    link: CumulativeLink,
    *,
    observed: bool,
    robust: bool,
    max_iterations: int,
    name: str,
) -> Estimate:
    """Maximum likelihood fit of a cumulative-link model.

    `extras` of the estimate are the J-1 thresholds; the log-likelihood is that of single rows.

    Raises:
        ConvergenceError: no maximum was found.
    """
    model = _Model(design, sample.category_counts(), sample.offset, link, name)
    start = np.zeros(model.n_thresholds + int(model.kept.sum()))
    start[: model.n_thresholds] = _start_thresholds(model)
    optimum = maximise(
        start, model.log_likelihood, model.propose, max_iterations=max_iterations, name=name
    )
    point = model.at(optimum.parameters)
    covariance = invert(model.information(point, observed=observed))
    if covariance is None:
        raise ConvergenceError(f"{name}: the information is singular at the estimates. Drop a predictor.")
    if robust:
        covariance = covariance @ model.meat(point) @ covariance
    size = model.n_thresholds
    # Reported order is location first, then thresholds.
    order = np.concatenate([np.arange(size, len(covariance)), np.arange(size)])
    full = embed(covariance[np.ix_(order, order)], np.concatenate([model.kept, np.ones(size, dtype=bool)]))
    moving, step = None, None
    if optimum.diverging is not None:
        step = model.location(optimum.diverging)
        moving = np.abs(optimum.diverging[:size] - design.predict(step)[:, None]).max(axis=1)
    return Estimate(
        location=model.location(optimum.parameters),
        extras=optimum.parameters[:size],
        covariance=full,
        log_likelihood=optimum.log_likelihood,
        iterations=optimum.iterations,
        eta=model.eta(optimum.parameters),
        diverging=moving,
        diverging_parameters=step,
    )


def null_ordinal(
    sample: Sample, design: Design, link: CumulativeLink, *, max_iterations: int, name: str
) -> float:
    """Log-likelihood of the model with only thresholds (and the offset)."""
    counts = sample.category_counts()
    if sample.offset is None:
        totals = counts.sum(axis=0)
        return float((totals * np.log(totals / totals.sum())).sum())
    bare = design.leading(1, counts.sum(axis=1))
    model = _Model(bare, counts, sample.offset, link, f"{name} (thresholds only)")
    optimum = maximise(
        _start_thresholds(model),
        model.log_likelihood,
        model.propose,
        max_iterations=max_iterations,
        name=model.name,
    )
    return optimum.log_likelihood


def category_probabilities(link: CumulativeLink, thresholds: Floats, eta: Floats) -> Floats:
    """P(Y = j) by row of eta, with columns in the order of the categories."""
    return _differences(link, thresholds - eta[:, None])


def _start_thresholds(model: _Model) -> Floats:
    totals = model.counts.sum(axis=0)
    shift = float(np.average(model.offset, weights=model.counts.sum(axis=1)))
    return model.link.link(np.cumsum(totals)[:-1] / totals.sum()) + shift


def _differences(link: CumulativeLink, cut: Floats) -> Floats:
    """Probabilities between successive cuts, from whichever tail does not cancel."""
    below, above = link.inverse(cut), link.survival(cut)
    probability = np.empty((len(cut), cut.shape[1] + 1))
    probability[:, 0], probability[:, -1] = below[:, 0], above[:, -1]
    from_left = below[:, 1:] - below[:, :-1]
    from_right = above[:, :-1] - above[:, 1:]
    probability[:, 1:-1] = np.where(below[:, :-1] < 0.5, from_left, from_right)
    return probability


def _ratio(counts: Floats, probability: Floats) -> Floats:
    """Counts over probabilities, 0 where the count is: a probability may have underflowed there."""
    return np.divide(counts, probability, out=np.zeros_like(probability), where=(counts > 0) & (probability > 0))
