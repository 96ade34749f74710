"""A design under linear constraints on its coefficients, so that any estimator fits the constrained model."""

from copy import copy

import numpy as np

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.fit import spread
from orchestration.glm.inference.hypotheses import null_space
from orchestration.glm.sample import Sample


class ConstrainedDesign(Design):
    """The coefficients b of a design with L b = 0, as free coordinates g: b = Z g.

    The intercept stays the first coordinate where the constraint does not touch it, as an ordinal model needs.
    """

    def __init__(self, design: Design, rows: Floats) -> None:
        kept_rows = rows[:, design.kept]
        if np.abs(kept_rows[:, 0]).max(initial=0.0) < 1e-12:
            inner = null_space(kept_rows[:, 1:])
            self.basis = np.zeros((kept_rows.shape[1], len(inner) + 1))
            self.basis[0, 0] = 1
            self.basis[1:, 1:] = inner.T
        else:
            self.basis = null_space(kept_rows).T
        self.base = design
        self.blocks = design.blocks
        self.n_patterns = design.n_patterns
        self.width = self.basis.shape[1]
        self.kept = np.ones(self.width, dtype=bool)
        self.alias = np.eye(self.width)

    def on(self, sample: Sample) -> "ConstrainedDesign":
        """The same constraint for other patterns."""
        other = copy(self)
        other.base = self.base.on(sample)
        other.blocks, other.n_patterns = other.base.blocks, other.base.n_patterns
        return other

    def leading(self, length: int) -> Design:
        """The design of the first effects without the constraint, which does not touch the intercept alone."""
        return self.base.leading(length)

    def predict(self, coefficients: Floats) -> Floats:
        """X b, by pattern."""
        return self.base.predict(spread(self.basis @ coefficients, self.base.kept))

    def sums(self, weights: Floats) -> Floats:
        """(X Z)'w."""
        return self.basis.T @ self.base.sums(weights)[self.base.kept]

    def gram(self, weights: Floats) -> Floats:
        """(X Z)' diag(w) X Z."""
        kept = self.base.kept
        return self.basis.T @ self.base.gram(weights)[np.ix_(kept, kept)] @ self.basis
