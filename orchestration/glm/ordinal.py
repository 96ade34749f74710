"""Cumulative-link fits of an ordered response: g(P(Y <= j)) = threshold_j - (x'b + offset)."""

from dataclasses import dataclass

import numpy as np

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.errors import ConvergenceError
from orchestration.glm.fit import Estimate, FitOptions, add_cluster_scores, embed, sandwich, spread
from orchestration.glm.links import Cumulative, CumulativeLink
from orchestration.glm.newton import Proposal, invert, maximise, solve
from orchestration.glm.parts import Part, Parts, Sweep, trace_movement


@dataclass(frozen=True)
class _Point:
    """The model at some parameters.

    Counts and probabilities of the categories (P x J), counts over probabilities (P x J, 0 where there is no
    case), and the density and its derivative at each threshold (P x J-1).
    """

    counts: Floats
    probability: Floats
    ratio: Floats
    density: Floats
    bend: Floats


class _Model:
    """Parameters are the thresholds, then the kept location coefficients.

    The design's intercept is not a parameter: the thresholds take its place.
    """

    def __init__(self, parts: Parts, link: CumulativeLink, name: str) -> None:
        self.parts, self.link, self.name = parts, link, name
        self.n_thresholds = len(parts.sample.categories) - 1
        self.kept = parts.design.kept.copy()
        self.kept[0] = False
        self.sweep = Sweep(parts, self)
        self._last: tuple[Part, Floats, _Point] | None = None

    def location(self, parameters: Floats) -> Floats:
        """Location coefficients (q)."""
        return spread(parameters[self.n_thresholds :], self.kept)

    def at(self, part: Part, parameters: Floats) -> _Point:
        """The model at these parameters; the likelihood and the next step ask for the same ones."""
        if self._last is not None and self._last[0] is part and self._last[1] is parameters:
            return self._last[2]
        counts = part.sample.category_counts()
        # A row by threshold, transposed: each threshold's patterns lie together, which makes sums over them cheap.
        cut = (parameters[: self.n_thresholds, None] - part.eta(self.location(parameters))).T
        tails = self.link.cumulative(cut)
        probability = _differences(tails)
        ratio = np.zeros_like(probability)
        np.divide(counts, probability, out=ratio, where=(counts > 0) & (probability > 0))
        point = _Point(counts, probability, ratio, tails.density, tails.bend)
        self._last = (part, parameters, point)
        return point

    def terms(
        self, part: Part, parameters: Floats, *, with_derivatives: bool
    ) -> tuple[float, tuple[Floats, ...]] | None:
        """Of one part: score, and observed information; None where thresholds are out of order."""
        if (np.diff(parameters[: self.n_thresholds]) <= 0).any():
            return None
        point = self.at(part, parameters)
        used = point.counts > 0
        reached = point.probability[used]
        if (reached <= 0).any():
            return None
        value = float(point.counts[used] @ np.log(reached))
        if not with_derivatives:
            return value, ()
        return value, (self._gradient(part, point), self._information(part, point, observed=True))

    def _gradient(self, part: Part, point: _Point) -> Floats:
        """Score of the parameters."""
        by_cut = point.density * (point.ratio[:, :-1] - point.ratio[:, 1:])
        by_location = -part.design.sums(by_cut.sum(axis=1))[self.kept]
        return np.concatenate([by_cut.sum(axis=0), by_location])

    def information(self, parameters: Floats, *, observed: bool) -> Floats:
        """Information matrix: with counts as they are (observed) or as expected."""
        if observed:
            return self.sweep.derivatives(parameters)[1]
        size = self.n_thresholds + int(self.kept.sum())
        total = np.zeros((size, size))
        for part in self.parts:
            total += self._information(part, self.at(part, parameters), observed=False)
        return total

    def _information(self, part: Part, point: _Point, *, observed: bool) -> Floats:
        if observed:
            turn = point.bend * (point.ratio[:, :-1] - point.ratio[:, 1:])
            return self._assemble(part.design, point, self._over_probability(point, point.ratio), turn)
        rows = np.broadcast_to(point.counts.sum(axis=1, keepdims=True), point.counts.shape)
        return self._assemble(part.design, point, self._over_probability(point, rows), None)

    def meat(self, parameters: Floats) -> Floats:
        """Sum over rows, or over clusters, of the outer product of their scores."""
        size = self.n_thresholds + int(self.kept.sum())
        meat, scores = np.zeros((size, size)), np.zeros((self.parts.sample.n_clusters, size))
        for part in self.parts:
            point = self.at(part, parameters)
            if part.sample.cluster is not None:
                self._add_cluster_scores(scores, part, point)
                continue
            squares = self._over_probability(point, part.sample.category_counts(part.sample.weight_squares))
            meat += self._assemble(part.design, point, self._over_probability(point, squares), None)
        if not len(scores):
            return meat
        meat = scores.T @ scores
        order = np.concatenate([np.arange(size - self.n_thresholds, size), np.arange(self.kept.sum())])
        return meat[np.ix_(order, order)]

    def _add_cluster_scores(self, scores: Floats, part: Part, point: _Point) -> None:
        """Add the scores of location and then thresholds, summed by cluster."""
        sample = part.sample
        category, rows = sample.y.astype(np.int64), np.arange(len(sample.y))
        share = sample.weight / point.probability[sample.pattern, category]
        density = point.density[sample.pattern]
        by_cut = np.zeros_like(density)
        below, above = category < self.n_thresholds, category > 0
        at_cut = density[rows, np.minimum(category, self.n_thresholds - 1)] * share
        by_cut[rows[below], category[below]] = at_cut[below]
        by_cut[rows[above], category[above] - 1] = -(density[rows, np.maximum(category - 1, 0)] * share)[above]
        add_cluster_scores(scores, part, -by_cut.sum(axis=1), self.kept, by_cut)

    @staticmethod
    def _over_probability(point: _Point, values: Floats) -> Floats:
        share = np.zeros_like(point.probability)
        return np.divide(values, point.probability, out=share, where=point.probability > 0)

    def _assemble(self, design: Design, point: _Point, share: Floats, turn: Floats | None) -> Floats:
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
        mixed = np.stack([design.sums(column)[self.kept] for column in across.T])
        location = design.gram(across.sum(axis=1))[np.ix_(self.kept, self.kept)]
        return np.block([[cuts, -mixed], [-mixed.T, location]])

    def propose(self, parameters: Floats) -> Proposal:
        """A Newton step, or a Fisher step where the likelihood is not concave."""
        gradient, matrix = self.sweep.derivatives(parameters)
        step = solve(matrix, gradient)
        if step is None:
            step = solve(self.information(parameters, observed=False), gradient)
        if step is None:
            raise ConvergenceError(
                f"{self.name}: the information matrix became singular. Merge sparse categories or levels, or "
                f"drop a predictor."
            )
        change = self.parts.largest_change(self.location(step))
        size = max(change, np.abs(step[: self.n_thresholds]).max())
        return Proposal(step=step, size=float(size), gain=float(gradient @ step) / 2)


def estimate_ordinal(parts: Parts, link: CumulativeLink, options: FitOptions) -> Estimate:
    """Maximum likelihood fit of a cumulative-link model.

    `extras` of the estimate are the J-1 thresholds; the log-likelihood is that of single rows.

    Raises:
        ConvergenceError: no maximum was found.
    """
    model = _Model(parts, link, options.name)
    start = np.zeros(model.n_thresholds + int(model.kept.sum()))
    start[: model.n_thresholds] = _start_thresholds(parts, link)
    optimum = maximise(
        start, model.sweep.log_likelihood, model.propose, max_iterations=options.max_iterations, name=options.name
    )
    covariance = invert(model.information(optimum.parameters, observed=options.observed))
    if covariance is None:
        raise ConvergenceError(f"{options.name}: the information is singular at the estimates. Drop a predictor.")
    if options.robust:
        covariance = sandwich(covariance, model.meat(optimum.parameters), parts.sample, options.small_sample)
    size = model.n_thresholds
    # Reported order is location first, then thresholds.
    order = np.concatenate([np.arange(size, len(covariance)), np.arange(size)])
    full = embed(covariance[np.ix_(order, order)], np.concatenate([model.kept, np.ones(size, dtype=bool)]))
    moving = None
    if optimum.diverging is not None:
        moving = trace_movement(parts, model.location(optimum.diverging), optimum.diverging[:size])
    return Estimate(
        location=model.location(optimum.parameters),
        extras=optimum.parameters[:size],
        covariance=full,
        log_likelihood=optimum.log_likelihood,
        iterations=optimum.iterations,
        history=optimum.history,
        diverging=moving,
    )


def null_ordinal(parts: Parts, link: CumulativeLink, options: FitOptions) -> float:
    """Log-likelihood of the model with only thresholds (and the offset)."""
    if parts.sample.offset_moments is None:
        totals = _category_totals(parts)
        return float((totals * np.log(totals / totals.sum())).sum())
    bare = parts.under(parts.design.leading(1))
    model = _Model(bare, link, f"{options.name} (thresholds only)")
    optimum = maximise(
        _start_thresholds(bare, link),
        model.sweep.log_likelihood,
        model.propose,
        max_iterations=options.max_iterations,
        name=model.name,
    )
    return optimum.log_likelihood


def category_probabilities(link: CumulativeLink, thresholds: Floats, eta: Floats) -> Floats:
    """P(Y = j) by row of eta, with columns in the order of the categories."""
    return _differences(link.cumulative((thresholds[:, None] - eta).T))


def _category_totals(parts: Parts) -> Floats:
    """Weight of the rows in each category."""
    return np.sum([part.sample.category_counts().sum(axis=0) for part in parts], axis=0)


def _start_thresholds(parts: Parts, link: CumulativeLink) -> Floats:
    totals = _category_totals(parts)
    shift = 0.0 if parts.sample.offset_moments is None else parts.mean_offset()
    return link.link(np.cumsum(totals)[:-1] / totals.sum()) + shift


def _differences(tails: Cumulative) -> Floats:
    """Probabilities between successive cuts, from whichever tail does not cancel."""
    below, above = tails.below, tails.above
    probability = np.empty((len(below), below.shape[1] + 1), order="F")
    probability[:, 0], probability[:, -1] = below[:, 0], above[:, -1]
    from_left = below[:, 1:] - below[:, :-1]
    from_right = above[:, :-1] - above[:, 1:]
    probability[:, 1:-1] = np.where(below[:, :-1] < 0.5, from_left, from_right)
    return probability
