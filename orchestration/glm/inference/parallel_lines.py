"""Test of an ordinal model's assumption that its coefficients are the same at every threshold."""

import numpy as np
from scipy.special import chdtrc

from orchestration.glm.arrays import Floats
from orchestration.glm.errors import ConvergenceError, GlmError
from orchestration.glm.fitted import Fitted
from orchestration.glm.newton import Proposal, maximise, solve
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
            model.log_likelihood,
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
        self.fit, self.design = fit, fit.design
        self.counts = fit.sample.category_counts()
        self.link = fit.cumulative_link
        self.kept = fit.design.kept
        self.rank = fit.design.rank
        self.cuts = self.counts.shape[1] - 1
        offset = fit.sample.offset
        self.offset = np.zeros(len(self.counts)) if offset is None else offset

    def at_parallel(self) -> Floats:
        """The fitted model's parameters in this one's form."""
        slopes = -self.fit.estimate.location[self.kept]
        parameters = np.tile(slopes, (self.cuts, 1))
        parameters[:, 0] = self.fit.estimate.extras
        return parameters.ravel()

    def _eta(self, parameters: Floats) -> Floats:
        full = np.zeros((self.cuts, self.design.width))
        full[:, self.kept] = parameters.reshape(self.cuts, self.rank)
        return np.stack([self.design.predict(row) for row in full], axis=1) - self.offset[:, None]

    def _probability(self, eta: Floats) -> Floats:
        tails = self.link.cumulative(eta)
        below = np.column_stack([np.zeros(len(eta)), tails.below, np.ones(len(eta))])
        above = np.column_stack([np.ones(len(eta)), tails.above, np.zeros(len(eta))])
        return np.where(below[:, :-1] < 0.5, np.diff(below, axis=1), -np.diff(above, axis=1))

    def log_likelihood(self, parameters: Floats) -> float:
        """Minus infinity where the lines cross at a pattern."""
        probability = self._probability(self._eta(parameters))
        if (probability < 0).any() or (probability[self.counts > 0] <= 0).any():
            return -np.inf
        used = self.counts > 0
        return float(self.counts[used] @ np.log(probability[used]))

    def _derivatives(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Score, and expected information."""
        eta = self._eta(parameters)
        density = self.link.cumulative(eta).density
        probability = np.maximum(self._probability(eta), np.finfo(np.float64).tiny)
        ratio = self.counts / probability
        by_eta = density * (ratio[:, :-1] - ratio[:, 1:])
        score = np.concatenate([self.design.sums(column)[self.kept] for column in by_eta.T])
        rows = self.counts.sum(axis=1)
        inverse = rows[:, None] / probability
        information = np.zeros((len(score), len(score)))
        for cut in range(self.cuts):
            own = density[:, cut] ** 2 * (inverse[:, cut] + inverse[:, cut + 1])
            self._place(information, cut, cut, own)
            if cut + 1 < self.cuts:
                beside = -density[:, cut] * density[:, cut + 1] * inverse[:, cut + 1]
                self._place(information, cut, cut + 1, beside)
        return score, information

    def _place(self, information: Floats, first: int, second: int, weights: Floats) -> None:
        block = self.design.gram(weights)[np.ix_(self.kept, self.kept)]
        rows = slice(first * self.rank, (first + 1) * self.rank)
        columns = slice(second * self.rank, (second + 1) * self.rank)
        information[rows, columns] = block
        information[columns, rows] = block.T

    def propose(self, parameters: Floats) -> Proposal:
        """A Fisher step."""
        score, information = self._derivatives(parameters)
        step = solve(information, score)
        if step is None:
            raise ConvergenceError(f"{self.fit.name}: the model without parallel lines has no unique maximum.")
        size = float(np.abs(self._eta(step) + self.offset[:, None]).max())
        return Proposal(step=step, size=size, gain=float(score @ step) / 2)

    def score_statistic(self, parameters: Floats) -> float:
        """U' I^- U at the fitted model."""
        score, information = self._derivatives(parameters)
        return float(score @ np.linalg.pinv(information, hermitian=True) @ score)
