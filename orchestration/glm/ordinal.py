"""Cumulative-link fits of an ordered response: g(P(Y <= j)) = threshold_j - (x'b + offset)."""

from dataclasses import dataclass

import numpy as np

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.errors import ConvergenceError
from orchestration.glm.fit import Estimate, FitOptions, clustered_meat, embed, sandwich, spread
from orchestration.glm.links import Cumulative, CumulativeLink
from orchestration.glm.newton import Proposal, invert, maximise, solve
from orchestration.glm.sample import Sample


@dataclass(frozen=True)
class _Point:
    """The model at some parameters.

    Category probabilities (P x J), counts over them (P x J, 0 where there is no case), and the density and
    its derivative at each threshold (P x J-1).
    """

    probability: Floats
    ratio: Floats
    density: Floats
    bend: Floats


class _Model:
    """Counts (P x J), design and link; parameters are the thresholds, then the kept location coefficients.

    The design's intercept is not a parameter: the thresholds take its place.
    """

    def __init__(self, design: Design, counts: Floats, offset: Floats | None, link: CumulativeLink, name: str) -> None:
        self.design, self.counts, self.link, self.name = design, counts, link, name
        self.offset = np.zeros(len(counts)) if offset is None else offset
        self.n_thresholds = counts.shape[1] - 1
        self.used = counts > 0
        self.kept = design.kept.copy()
        self.kept[0] = False
        self._last: tuple[Floats, _Point] | None = None

    def location(self, parameters: Floats) -> Floats:
        """Location coefficients (q)."""
        return spread(parameters[self.n_thresholds :], self.kept)

    def eta(self, parameters: Floats) -> Floats:
        """x'b + offset by pattern."""
        return self.offset + self.design.predict(self.location(parameters))

    def at(self, parameters: Floats) -> _Point:
        """The model at these parameters; the likelihood and the next step ask for the same ones."""
        if self._last is not None and self._last[0] is parameters:
            return self._last[1]
        cut = parameters[: self.n_thresholds] - self.eta(parameters)[:, None]
        tails = self.link.cumulative(cut)
        probability = _differences(tails)
        ratio = np.zeros_like(probability)
        np.divide(self.counts, probability, out=ratio, where=self.used & (probability > 0))
        point = _Point(probability, ratio, tails.density, tails.bend)
        self._last = (parameters, point)
        return point

    def log_likelihood(self, parameters: Floats) -> float:
        """Log-likelihood; minus infinity where thresholds are out of order."""
        if (np.diff(parameters[: self.n_thresholds]) <= 0).any():
            return -np.inf
        used = self.at(parameters).probability[self.used]
        if (used <= 0).any():
            return -np.inf
        return float(self.counts[self.used] @ np.log(used))

    def gradient(self, point: _Point) -> Floats:
        """Score of the parameters."""
        by_cut = point.density * (point.ratio[:, :-1] - point.ratio[:, 1:])
        by_location = -self.design.sums(by_cut.sum(axis=1))[self.kept]
        return np.concatenate([by_cut.sum(axis=0), by_location])

    def information(self, point: _Point, *, observed: bool) -> Floats:
        """Information matrix: with counts as they are (observed) or as expected."""
        if observed:
            turn = point.bend * (point.ratio[:, :-1] - point.ratio[:, 1:])
            return self._assemble(point, self._over_probability(point, point.ratio), turn)
        rows = np.broadcast_to(self.counts.sum(axis=1, keepdims=True), self.counts.shape)
        return self._assemble(point, self._over_probability(point, rows), None)

    def meat(self, point: _Point, sample: Sample) -> Floats:
        """Sum over rows, or over clusters, of the outer product of their scores."""
        if sample.cluster is None:
            squares = self._over_probability(point, sample.category_counts(sample.weight_squares))
            return self._assemble(point, self._over_probability(point, squares), None)
        category, rows = sample.y.astype(np.int64), np.arange(len(sample.y))
        share = sample.weight / point.probability[sample.pattern, category]
        density = point.density[sample.pattern]
        by_cut = np.zeros_like(density)
        below, above = category < self.n_thresholds, category > 0
        by_cut[rows[below], category[below]] = (density[rows, np.minimum(category, self.n_thresholds - 1)] * share)[
            below
        ]
        by_cut[rows[above], category[above] - 1] = -(density[rows, np.maximum(category - 1, 0)] * share)[above]
        meat = clustered_meat(self.design, sample, -by_cut.sum(axis=1), by_cut, self.kept)
        order = np.concatenate([np.arange(len(meat) - self.n_thresholds, len(meat)), np.arange(self.kept.sum())])
        return meat[np.ix_(order, order)]

    @staticmethod
    def _over_probability(point: _Point, values: Floats) -> Floats:
        share = np.zeros_like(point.probability)
        return np.divide(values, point.probability, out=share, where=point.probability > 0)

    def _assemble(self, point: _Point, share: Floats, turn: Floats | None) -> Floats:
        """The matrix from its parts by pattern, tridiagonal in the thresholds.

        As the likelihood depends on threshold minus location alone, the other parts are sums of these.
        """
        density = point.density
        diagonal = density**2 * (share[:, :-1] + share[:, 1:])
        if turn is not None:
            diagonal -= turn
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


def estimate_ordinal(design: Design, sample: Sample, link: CumulativeLink, options: FitOptions) -> Estimate:
    """Maximum likelihood fit of a cumulative-link model.

    `extras` of the estimate are the J-1 thresholds; the log-likelihood is that of single rows.

    Raises:
        ConvergenceError: no maximum was found.
    """
    model = _Model(design, sample.category_counts(), sample.offset, link, options.name)
    start = np.zeros(model.n_thresholds + int(model.kept.sum()))
    start[: model.n_thresholds] = _start_thresholds(model)
    optimum = maximise(
        start, model.log_likelihood, model.propose, max_iterations=options.max_iterations, name=options.name
    )
    point = model.at(optimum.parameters)
    covariance = invert(model.information(point, observed=options.observed))
    if covariance is None:
        raise ConvergenceError(f"{options.name}: the information is singular at the estimates. Drop a predictor.")
    if options.robust:
        covariance = sandwich(covariance, model.meat(point, sample), sample, options.small_sample)
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
        history=optimum.history,
        eta=model.eta(optimum.parameters),
        diverging=moving,
        diverging_parameters=step,
    )


def null_ordinal(sample: Sample, design: Design, link: CumulativeLink, options: FitOptions) -> float:
    """Log-likelihood of the model with only thresholds (and the offset)."""
    counts = sample.category_counts()
    if sample.offset is None:
        totals = counts.sum(axis=0)
        return float((totals * np.log(totals / totals.sum())).sum())
    bare = design.leading(1, counts.sum(axis=1))
    model = _Model(bare, counts, sample.offset, link, f"{options.name} (thresholds only)")
    optimum = maximise(
        _start_thresholds(model),
        model.log_likelihood,
        model.propose,
        max_iterations=options.max_iterations,
        name=model.name,
    )
    return optimum.log_likelihood


def category_probabilities(link: CumulativeLink, thresholds: Floats, eta: Floats) -> Floats:
    """P(Y = j) by row of eta, with columns in the order of the categories."""
    return _differences(link.cumulative(thresholds - eta[:, None]))


def _start_thresholds(model: _Model) -> Floats:
    totals = model.counts.sum(axis=0)
    shift = float(np.average(model.offset, weights=model.counts.sum(axis=1)))
    return model.link.link(np.cumsum(totals)[:-1] / totals.sum()) + shift


def _differences(tails: Cumulative) -> Floats:
    """Probabilities between successive cuts, from whichever tail does not cancel."""
    below, above = tails.below, tails.above
    probability = np.empty((len(below), below.shape[1] + 1))
    probability[:, 0], probability[:, -1] = below[:, 0], above[:, -1]
    from_left = below[:, 1:] - below[:, :-1]
    from_right = above[:, :-1] - above[:, 1:]
    probability[:, 1:-1] = np.where(below[:, :-1] < 0.5, from_left, from_right)
    return probability
