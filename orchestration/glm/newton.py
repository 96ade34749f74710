"""Newton's method with step halving for every model of the engine, and its linear algebra."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from orchestration.glm.arrays import Floats
from orchestration.glm.errors import ConvergenceError

STEP_TOLERANCE = 1e-9
_MAX_HALVINGS = 40
_FLAT_GAIN = 1e-9
_DIVERGING_STEP = 1e-4


@dataclass(frozen=True)
class Proposal:
    """What a model says at one point: log-likelihood, and how far and where the next step goes.

    `step` is in the parameters; `size` is the largest change of a linear predictor that it makes, relative
    where the link is the identity; `gain` is what half the step's slope promises (the Newton decrement).
    """

    step: Floats
    size: float
    gain: float


Iteration = tuple[int, float, float, int]


@dataclass(frozen=True)
class Optimum:
    """Where the iterations ended. `last_step` is kept where the estimates run away to infinity.

    `history` has the number, log-likelihood, largest change of a linear predictor and halvings of each
    iteration; number 0 is the start.
    """

    parameters: Floats
    log_likelihood: float
    iterations: int
    diverging: Floats | None
    history: tuple[Iteration, ...] = ()


def maximise(
    start: Floats,
    log_likelihood: Callable[[Floats], float],
    propose: Callable[[Floats], Proposal],
    *,
    max_iterations: int,
    name: str,
    may_diverge: bool = True,
) -> Optimum:
    """Iterate until the step is negligible, halving a step that lowers the log-likelihood.

    Where the likelihood no longer gains while the step stays large, some estimate is infinite: the
    iterations stop there and say which way they were going.

    Raises:
        ConvergenceError: no maximum within `max_iterations`, or no step that improves.
    """
    parameters, value = start, log_likelihood(start)
    if not np.isfinite(value):
        raise ConvergenceError(
            f"{name}: no valid starting point; the link allows means outside the distribution's range. "
            f"Try the distribution's default link."
        )
    history: list[Iteration] = [(0, value, 0.0, 0)]
    for iteration in range(1, max_iterations + 1):
        proposal = propose(parameters)
        if may_diverge and proposal.gain < _FLAT_GAIN and proposal.size > _DIVERGING_STEP:
            return Optimum(parameters, value, iteration, proposal.step, tuple(history))
        candidate, candidate_value, halvings = _halve(parameters, value, proposal, log_likelihood)
        if candidate is None:
            if proposal.gain <= 1e-7 * (1 + abs(value)):
                return Optimum(parameters, value, iteration, None, tuple(history))
            raise ConvergenceError(
                f"{name}: iteration {iteration} finds no step that improves the likelihood. Check for "
                f"outlying values of covariates, rescale them, or try the distribution's default link."
            )
        parameters, value = candidate, candidate_value
        history.append((iteration, value, proposal.size / 2**halvings, halvings))
        if proposal.size < STEP_TOLERANCE:
            return Optimum(parameters, value, iteration, None, tuple(history))
    raise ConvergenceError(
        f"{name}: not converged after {max_iterations} iterations. Raise max_iterations, merge sparse "
        f"levels, drop a predictor, or try the distribution's default link."
    )


def _halve(
    parameters: Floats, value: float, proposal: Proposal, log_likelihood: Callable[[Floats], float]
) -> tuple[Floats | None, float, int]:
    slack = 1e-12 * (1 + abs(value))
    step = proposal.step
    for halvings in range(_MAX_HALVINGS):
        candidate = parameters + step
        candidate_value = log_likelihood(candidate)
        if np.isfinite(candidate_value) and candidate_value >= value - slack:
            return candidate, candidate_value, halvings
        step = step / 2
    return None, value, _MAX_HALVINGS


def solve(matrix: Floats, vector: Floats) -> Floats | None:
    """Solve a symmetric positive definite system, scaled to unit diagonal; None where it is not definite."""
    scale = np.sqrt(np.diagonal(matrix))
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        return None
    scaled = matrix / np.outer(scale, scale)
    try:
        np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        return None
    return np.linalg.solve(scaled, vector / scale) / scale


def invert(matrix: Floats) -> Floats | None:
    """Inverse of a symmetric positive definite matrix; None where it is not definite."""
    scale = np.sqrt(np.maximum(np.diagonal(matrix), 0))
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        return None
    outer = np.outer(scale, scale)
    try:
        np.linalg.cholesky(matrix / outer)
    except np.linalg.LinAlgError:
        return None
    inverse = np.linalg.inv(matrix / outer) / outer
    return (inverse + inverse.T) / 2
