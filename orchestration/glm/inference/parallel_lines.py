"""Test of an ordinal model's assumption that its coefficients are the same at every threshold."""

import numpy as np
from scipy.special import chdtrc

from orchestration.glm.arrays import Floats
from orchestration.glm.errors import ConvergenceError, GlmError
from orchestration.glm.fitted import Fitted
from orchestration.glm.newton import Proposal, maximise, solve
from orchestration.glm.parts import Part, Sweep
from orchestration.glm.results import ParallelLinesTest


def compare_parallel_lines(fit: Fitted) -> ParallelLinesTest | None:
    """Compare the model with the one whose coefficients may differ between thresholds.

    Twice the gain of log-likelihood, with (J - 2) times the rank of the predictors as degrees of freedom, as
    SPSS PLUM. Where the larger model has no maximum with valid probabilities, the score test at the fitted
    model takes its place (Peterson and Harrell 1990). None without predictors or with two categories.

    Raises:
        GlmError: the model is not ordinal.
    """
    if not fit.is_ordinal:
        raise GlmError(f"{fit.name} is not ordinal: it has no parallel lines to test.")
    model = _General(fit)
    df = (model.cuts - 1) * (model.rank - 1)
    if df == 0:
        return None
    start = model.at_parallel()
    try:
        optimum = maximise(
            start,
            model.sweep.log_likelihood,
            model.propose,
            max_iterations=fit.spec.max_iterations,
            name=f"{fit.name} (general)",
        )
    except ConvergenceError:
        optimum = None
    if optimum is None or optimum.diverging is not None:
        chi2 = model.score_statistic(start)
        return ParallelLinesTest("score", chi2, df, float(chdtrc(df, chi2)), None)
    chi2 = max(2 * (optimum.log_likelihood - fit.likelihoods.full), 0.0)
    return ParallelLinesTest("lr", chi2, df, float(chdtrc(df, chi2)), optimum.log_likelihood)


class _General:
    """g(P(Y <= j)) = x'b_j - offset: a coefficient vector (r, the intercept among it) for each of J-1 cuts."""

    def __init__(self, fit: Fitted) -> None:
        self.fit, self.parts = fit, fit.parts
        self.link = fit.cumulative_link
        self.kept, self.rank = fit.design.kept, fit.design.rank
        self.cuts = len(fit.sample.categories) - 1
        self.sweep = Sweep(self.parts, self)

    def at_parallel(self) -> Floats:
        """The fitted model's parameters in this one's form."""
        slopes = -self.fit.estimate.location[self.kept]
        parameters = np.tile(slopes, (self.cuts, 1))
        parameters[:, 0] = self.fit.estimate.extras
        return parameters.ravel()

    def _spread(self, parameters: Floats) -> Floats:
        full = np.zeros((self.cuts, len(self.kept)))
        full[:, self.kept] = parameters.reshape(self.cuts, self.rank)
        return full

    def terms(
        self, part: Part, parameters: Floats, *, with_derivatives: bool
    ) -> tuple[float, tuple[Floats, ...]] | None:
        """Of one part: score, and expected information; None where the lines cross at a pattern."""
        predicted = np.stack([part.design.predict(row) for row in self._spread(parameters)], axis=1)
        eta = predicted - part.data.offset[:, None]
        counts, probability = part.sample.category_counts(), self._probability(eta)
        used = counts > 0
        if (probability < 0).any() or (probability[used] <= 0).any():
            return None
        value = float(counts[used] @ np.log(probability[used]))
        return value, self._derivatives(part, eta, counts, probability) if with_derivatives else ()

    def _probability(self, eta: Floats) -> Floats:
        tails = self.link.cumulative(eta)
        below = np.column_stack([np.zeros(len(eta)), tails.below, np.ones(len(eta))])
        above = np.column_stack([np.ones(len(eta)), tails.above, np.zeros(len(eta))])
        return np.where(below[:, :-1] < 0.5, np.diff(below, axis=1), -np.diff(above, axis=1))

    def _derivatives(self, part: Part, eta: Floats, counts: Floats, probability: Floats) -> tuple[Floats, Floats]:
        density = self.link.cumulative(eta).density
        probability = np.maximum(probability, np.finfo(np.float64).tiny)
        ratio = counts / probability
        by_eta = density * (ratio[:, :-1] - ratio[:, 1:])
        score = np.concatenate([part.design.sums(column)[self.kept] for column in by_eta.T])
        inverse = counts.sum(axis=1)[:, None] / probability
        information = np.zeros((len(score), len(score)))
        for cut in range(self.cuts):
            own = density[:, cut] ** 2 * (inverse[:, cut] + inverse[:, cut + 1])
            self._place(part, information, (cut, cut), own)
            if cut + 1 < self.cuts:
                beside = -density[:, cut] * density[:, cut + 1] * inverse[:, cut + 1]
                self._place(part, information, (cut, cut + 1), beside)
        return score, information

    def _place(self, part: Part, information: Floats, cuts: tuple[int, int], weights: Floats) -> None:
        block = part.design.gram(weights)[np.ix_(self.kept, self.kept)]
        rows, columns = (slice(cut * self.rank, (cut + 1) * self.rank) for cut in cuts)
        information[rows, columns] = block
        information[columns, rows] = block.T

    def propose(self, parameters: Floats) -> Proposal:
        """A Fisher step."""
        score, information = self.sweep.derivatives(parameters)
        step = solve(information, score)
        if step is None:
            raise ConvergenceError(f"{self.fit.name}: the model without parallel lines has no unique maximum.")
        size = max(self.parts.largest_change(row) for row in self._spread(step))
        return Proposal(step=step, size=size, gain=float(score @ step) / 2)

    def score_statistic(self, parameters: Floats) -> float:
        """U' I^- U at the fitted model."""
        score, information = self.sweep.derivatives(parameters)
        return float(score @ np.linalg.pinv(information, hermitian=True) @ score)
