"""Fits of a distribution with a known variance function on covariate patterns, by Newton and Fisher steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from orchestration.glm.arrays import Booleans, Floats, sum_by_code
from orchestration.glm.errors import ConvergenceError
from orchestration.glm.families import Binomial, Family, Gamma, Gaussian, InverseGaussian, Tweedie
from orchestration.glm.links import Identity, Link, Power
from orchestration.glm.newton import Iteration, Optimum, Proposal, invert, maximise, solve
from orchestration.glm.parts import Movement, Part, Parts, PatternData, PooledParts, Sweep, trace_movement
from orchestration.glm.sample import SampleHead

_CANONICAL = frozenset((("gaussian", "identity"), ("poisson", "log"), ("binomial", "logit"), ("gamma", "inverse")))


@dataclass(frozen=True)
class Estimate:
    """Estimates of a fit, on the standardised scale of the design.

    `location` (q) are the coefficients, 0 where redundant (and for the intercept of an ordinal model);
    `extras` the thresholds or the ancillary parameter. `covariance` is (q + extras) square with zeros for
    what is not estimated; `diverging` says which linear predictors were still moving where an estimate is
    infinite.
    """

    location: Floats
    extras: Floats
    covariance: Floats
    log_likelihood: float
    iterations: int
    diverging: Movement | None = None
    on_boundary: bool = False
    history: tuple[Iteration, ...] = ()


@dataclass(frozen=True)
class FitOptions:
    """How a model is estimated; `name` is the model in messages."""

    name: str
    observed: bool
    robust: bool
    max_iterations: int
    small_sample: tuple[str, ...] = ()

    def named(self, suffix: str) -> "FitOptions":
        """The same for an auxiliary fit."""
        return replace(self, name=f"{self.name} ({suffix})")


class _Objective:
    """Log-likelihood of coefficients, with its slope and the matrix of a Newton step."""

    def __init__(self, family: Family, link: Link, kept: Booleans) -> None:
        self.family, self.link, self.kept = family, link, kept

    def terms(
        self, part: Part, parameters: Floats, *, with_derivatives: bool
    ) -> tuple[float, tuple[Floats, ...]] | None:
        """Of one part: the slope, and the observed information (the expected one where they are the same)."""
        data, design = part.data, part.design
        eta = part.eta(spread(parameters, self.kept))
        mean = self.family.clip(self.link.inverse(eta))
        if not self.family.is_valid(mean):
            return None
        value = float(self.family.kernel(data.total, data.weight, mean).sum())
        if not with_derivatives:
            return value, ()
        score, weights = score_and_weights(data, self.family, self.link, eta, observed=True)
        return value, (design.sums(score)[self.kept], design.gram(weights)[np.ix_(self.kept, self.kept)])


def fit_patterns(parts: Parts, family: Family, link: Link, options: FitOptions) -> tuple[Floats, Optimum]:
    """Maximum likelihood coefficients of a family with fixed variance function.

    Returns:
        coefficients (q, 0 where redundant) and how the iterations ended.

    Raises:
        ConvergenceError: no maximum was found.
    """
    kept = parts.design.kept
    relative = isinstance(link, Identity | Power)
    has_no_infinite_estimates = isinstance(family, Gaussian | Gamma | InverseGaussian)
    sweep = Sweep(parts, _Objective(family, link, kept))

    def propose(free: Floats) -> Proposal:
        gradient, matrix = sweep.derivatives(free)
        location = spread(free, kept)
        step = solve(matrix, gradient)
        if step is None and not is_canonical(family, link):
            step = solve(information(parts, family, link, location, observed=False), gradient)
        if step is None:
            raise ConvergenceError(
                f"{options.name}: the information matrix became singular. Merge sparse levels or drop a predictor."
            )
        size = parts.largest_change(spread(step, kept), relative_to=location if relative else None)
        return Proposal(step=step, size=size, gain=float(gradient @ step) / 2)

    optimum = maximise(
        _start(parts, family, link, sweep.log_likelihood),
        sweep.log_likelihood,
        propose,
        max_iterations=options.max_iterations,
        name=options.name,
        may_diverge=not (relative or has_no_infinite_estimates),
    )
    return spread(optimum.parameters, kept), optimum


def is_canonical(family: Family, link: Link) -> bool:
    """Whether observed and expected information are the same."""
    return (family.name, link.name) in _CANONICAL


def score_and_weights(
    data: PatternData, family: Family, link: Link, eta: Floats, *, observed: bool
) -> tuple[Floats, Floats]:
    """First and (negative) second derivative of the log-likelihood in each pattern's linear predictor."""
    mean = family.clip(link.inverse(eta))
    slope, variance = link.slope(eta), family.variance(mean)
    if isinstance(family, Binomial) and link.name == "logit":
        slope = variance
    residual = data.total - data.weight * mean
    score = residual * slope / variance
    weights = data.weight * slope * slope / variance
    if observed and not is_canonical(family, link):
        bend = link.curvature(eta) / variance - slope * slope * family.variance_slope(mean) / variance**2
        weights = weights - residual * bend
    return score, weights


def information(parts: Parts, family: Family, link: Link, location: Floats, *, observed: bool) -> Floats:
    """Information matrix of the kept coefficients, expected or observed."""
    kept = parts.design.kept
    total = np.zeros((parts.design.rank, parts.design.rank))
    for part in parts:
        weights = score_and_weights(part.data, family, link, part.eta(location), observed=observed)[1]
        total += part.design.gram(weights)[np.ix_(kept, kept)]
    return total


def sandwich(
    bread: Floats, meat: Floats, sample: SampleHead, small_sample: Sequence[str], n_parameters: int | None = None
) -> Floats:
    """Robust covariance, with the small-sample factors of clusters G, rows N and parameters K."""
    n, k = sample.size, len(bread) if n_parameters is None else n_parameters
    g = sample.n_clusters
    factors = {"G/(G-1)": (g, g - 1), "N/(N-1)": (n, n - 1), "N/(N-K)": (n, n - k), "(N-1)/(N-K)": (n - 1, n - k)}
    covariance = bread @ meat @ bread
    for name in small_sample:
        above, below = factors[name]
        covariance = covariance * (above / below if below > 0 else np.nan)
    return covariance


def robust_meat(parts: Parts, family: Family, link: Link, location: Floats) -> Floats:
    """Sum over rows, or over clusters, of the outer product of their scores, for the kept coefficients."""
    kept, size = parts.design.kept, parts.design.rank
    scores = np.zeros((parts.sample.n_clusters, size))
    meat = np.zeros((size, size))
    for part in parts:
        sample, eta = part.sample, part.eta(location)
        mean = family.clip(link.inverse(eta))
        factor = link.slope(eta) / family.variance(mean)
        if sample.cluster is not None:
            residual = sample.weight * (sample.y - sample.trials * mean[sample.pattern])
            add_cluster_scores(scores, part, residual * factor[sample.pattern], kept)
        else:
            meat += part.design.gram(sample.squared_residuals(mean) * factor**2)[np.ix_(kept, kept)]
    return meat if not len(scores) else scores.T @ scores


def add_cluster_scores(scores: Floats, part: Part, by_eta: Floats, kept: Booleans, extra: Floats | None = None) -> None:
    """Add the scores of a part's cells to those of the clusters (clusters x parameters), in place.

    Args:
        by_eta: summed score of each cell in its linear predictor.
        kept: columns of the design that count.
        extra: summed scores of each cell in further parameters (C x m), which stand behind the coefficients.
    """
    sample = part.sample
    assert sample.cluster is not None
    used, cluster = np.unique(sample.cluster, return_inverse=True)
    size = int(kept.sum())
    scores[used, :size] += part.design.cluster_scores(sample.pattern, cluster, by_eta, len(used))[:, kept]
    for place, column in enumerate([] if extra is None else extra.T):
        scores[used, size + place] += sum_by_code(cluster, column, len(used))


def estimate_glm(parts: Parts, family: Family, link: Link, options: FitOptions) -> Estimate:
    """Fit and covariance (for scale 1) of a distribution without ancillary parameter.

    Raises:
        ConvergenceError: no maximum was found.
    """
    kept = parts.design.kept
    location, optimum = fit_patterns(parts, family, link, options)
    covariance = invert(information(parts, family, link, location, observed=options.observed))
    if covariance is None:
        raise ConvergenceError(
            f"{options.name}: the information is singular at the estimates. Try information: expected, or "
            f"drop a predictor."
        )
    if options.robust:
        meat = robust_meat(parts, family, link, location)
        covariance = sandwich(covariance, meat, parts.sample, options.small_sample)
    constant = family.constant_total(parts.sample.totals)
    return Estimate(
        location=location,
        extras=np.empty(0),
        covariance=embed(covariance, kept),
        log_likelihood=optimum.log_likelihood + constant,
        iterations=optimum.iterations,
        history=optimum.history,
        diverging=None if optimum.diverging is None else trace_movement(parts, spread(optimum.diverging, kept)),
    )


def null_fit(parts: Parts, family: Family, link: Link, options: FitOptions) -> tuple[float, float]:
    """Intercept and full log-likelihood of the model with only the intercept (and the offset)."""
    constant = family.constant_total(parts.sample.totals)
    fitted: Parts = parts.under(parts.design.leading(1))
    if parts.sample.offset_moments is None:
        fitted = PooledParts(parts)
    location, optimum = fit_patterns(fitted, family, link, options.named("intercept only"))
    return float(location[0]), optimum.log_likelihood + constant


def embed(matrix: Floats, kept: Booleans) -> Floats:
    """A matrix of the kept parameters among zeros for the others."""
    full = np.zeros((len(kept), len(kept)))
    full[np.ix_(kept, kept)] = matrix
    return full


def spread(free: Floats, kept: Booleans) -> Floats:
    """The kept parameters among zeros for the others."""
    full = np.zeros(len(kept))
    full[kept] = free
    return full


def _start(parts: Parts, family: Family, link: Link, log_likelihood: Callable[[Floats], float]) -> Floats:
    """One weighted least squares step from means near the data, or else the overall mean."""
    kept = parts.design.kept
    gram, sums = np.zeros((parts.design.rank, parts.design.rank)), np.zeros(parts.design.rank)
    overall = parts.pooled.total / parts.pooled.weight
    for part in parts:
        data = part.data
        near = _near(family, link, data, float(overall[0]))
        eta = link.link(near)
        slope = link.slope(eta)
        weights = data.weight * slope * slope / family.variance(near)
        gram += part.design.gram(weights)[np.ix_(kept, kept)]
        sums += part.design.sums(weights * (eta - data.offset))[kept]
    start = solve(gram, sums)
    if start is not None and np.isfinite(log_likelihood(start)):
        return start
    flat = np.zeros(int(kept.sum()))
    flat[0] = float(link.link(overall)[0]) - parts.mean_offset()
    return flat


def _near(family: Family, link: Link, data: PatternData, overall: float) -> Floats:
    """Means near the data, inside the distribution's range."""
    if isinstance(family, Gaussian):
        near = data.total / data.weight
        return near if link.name == "identity" else np.maximum(near, 0.1 * max(overall, 1e-8))
    if isinstance(family, Binomial):
        return (data.total + 0.5) / (data.weight + 1)
    if isinstance(family, Gamma | InverseGaussian | Tweedie):
        return np.maximum(data.total / data.weight, 0.1 * overall)
    return (data.total + 0.1) / (data.weight + 0.1)
