"""Fits of a distribution with a known variance function on covariate patterns, by Newton and Fisher steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from orchestration.glm.arrays import Booleans, Floats, sum_by_code
from orchestration.glm.design import Design
from orchestration.glm.errors import ConvergenceError
from orchestration.glm.families import Binomial, Family, Gamma, Gaussian, InverseGaussian, Tweedie
from orchestration.glm.links import Identity, Link, Power
from orchestration.glm.newton import Iteration, Optimum, Proposal, invert, maximise, solve
from orchestration.glm.sample import Sample

_CANONICAL = frozenset((("gaussian", "identity"), ("poisson", "log"), ("binomial", "logit"), ("gamma", "inverse")))


@dataclass(frozen=True)
class PatternData:
    """Sufficient statistics of the patterns: weight (of rows, or trials), response total, offset."""

    weight: Floats
    total: Floats
    offset: Floats

    @classmethod
    def of(cls, sample: Sample) -> "PatternData":
        """From the cells of a sample."""
        offset = np.zeros(sample.n_patterns) if sample.offset is None else sample.offset
        return cls(
            weight=sample.pattern_sums(sample.weight * sample.trials),
            total=sample.pattern_sums(sample.weight * sample.y),
            offset=offset,
        )

    def pooled(self) -> "PatternData":
        """All patterns as one; only right where there is no offset."""
        return PatternData(np.array([self.weight.sum()]), np.array([self.total.sum()]), np.zeros(1))


@dataclass(frozen=True)
class Estimate:
    """Estimates of a fit, on the standardised scale of the design.

    `location` (q) are the coefficients, 0 where redundant (and for the intercept of an ordinal model);
    `extras` the thresholds or the ancillary parameter. `covariance` is (q + extras) square with zeros for
    what is not estimated; `diverging` (P) is how the linear predictors were still moving where an estimate
    is infinite.
    """

    location: Floats
    extras: Floats
    covariance: Floats
    log_likelihood: float
    iterations: int
    eta: Floats
    diverging: Floats | None = None
    diverging_parameters: Floats | None = None
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


def fit_patterns(
    design: Design, data: PatternData, family: Family, link: Link, options: FitOptions
) -> tuple[Floats, Floats, Optimum]:
    """Maximum likelihood coefficients of a family with fixed variance function.

    Returns:
        coefficients (q, 0 where redundant), linear predictors (P) and how the iterations ended.

    Raises:
        ConvergenceError: no maximum was found.
    """
    kept = design.kept
    relative = isinstance(link, Identity | Power)
    has_no_infinite_estimates = isinstance(family, Gaussian | Gamma | InverseGaussian)

    def eta_of(free: Floats) -> Floats:
        return data.offset + design.predict(spread(free, kept))

    def log_likelihood(free: Floats) -> float:
        mean = family.clip(link.inverse(eta_of(free)))
        if not family.is_valid(mean):
            return -np.inf
        return float(family.kernel(data.total, data.weight, mean).sum())

    def propose(free: Floats) -> Proposal:
        eta = eta_of(free)
        score, weights = score_and_weights(data, family, link, eta, observed=False)
        gradient = design.sums(score)[kept]
        step = None
        if not is_canonical(family, link):
            observed = score_and_weights(data, family, link, eta, observed=True)[1]
            step = solve(design.gram(observed)[np.ix_(kept, kept)], gradient)
        if step is None:
            step = solve(design.gram(weights)[np.ix_(kept, kept)], gradient)
        if step is None:
            raise ConvergenceError(
                f"{options.name}: the information matrix became singular. Merge sparse levels or drop a predictor."
            )
        change = np.abs(design.predict(spread(step, kept))).max()
        size = change / max(np.abs(eta).max(), 1e-300) if relative else change
        return Proposal(step=step, size=float(size), gain=float(gradient @ step) / 2)

    start = _start(design, data, family, link, log_likelihood)
    optimum = maximise(
        start,
        log_likelihood,
        propose,
        max_iterations=options.max_iterations,
        name=options.name,
        may_diverge=not (relative or has_no_infinite_estimates),
    )
    return spread(optimum.parameters, kept), eta_of(optimum.parameters), optimum


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


def information(
    design: Design, data: PatternData, family: Family, link: Link, eta: Floats, *, observed: bool
) -> Floats:
    """Information matrix of the kept coefficients, expected or observed."""
    weights = score_and_weights(data, family, link, eta, observed=observed)[1]
    return design.gram(weights)[np.ix_(design.kept, design.kept)]


def sandwich(
    bread: Floats, meat: Floats, sample: Sample, small_sample: Sequence[str], n_parameters: int | None = None
) -> Floats:
    """Robust covariance, with the small-sample factors of clusters G, rows N and parameters K."""
    n, k = float(sample.n.sum()), len(bread) if n_parameters is None else n_parameters
    g = sample.n_clusters
    factors = {"G/(G-1)": (g, g - 1), "N/(N-1)": (n, n - 1), "N/(N-K)": (n, n - k), "(N-1)/(N-K)": (n - 1, n - k)}
    covariance = bread @ meat @ bread
    for name in small_sample:
        above, below = factors[name]
        covariance = covariance * (above / below if below > 0 else np.nan)
    return covariance


def robust_meat(design: Design, sample: Sample, family: Family, link: Link, eta: Floats) -> Floats:
    """Sum over rows, or over clusters, of the outer product of their scores, for the kept coefficients."""
    mean = family.clip(link.inverse(eta))
    factor = link.slope(eta) / family.variance(mean)
    if sample.cluster is not None:
        residual = sample.weight * (sample.y - sample.trials * mean[sample.pattern])
        return clustered_meat(design, sample, residual * factor[sample.pattern])
    weights = sample.squared_residuals(mean) * factor**2
    return design.gram(weights)[np.ix_(design.kept, design.kept)]


def clustered_meat(
    design: Design, sample: Sample, by_eta: Floats, extra: Floats | None = None, kept: Booleans | None = None
) -> Floats:
    """Outer product of the clusters' scores.

    Args:
        by_eta: summed score of each cell in its linear predictor.
        extra: summed scores of each cell in further parameters (C x m), which stand behind the coefficients.
        kept: columns of the design, by default those that are not redundant.
    """
    assert sample.cluster is not None
    scores = design.cluster_scores(sample.pattern, sample.cluster, by_eta, sample.n_clusters)
    scores = scores[:, design.kept if kept is None else kept]
    if extra is not None:
        summed = [sum_by_code(sample.cluster, column, sample.n_clusters) for column in extra.T]
        scores = np.column_stack([scores, *summed])
    return scores.T @ scores


def estimate_glm(design: Design, sample: Sample, family: Family, link: Link, options: FitOptions) -> Estimate:
    """Fit and covariance (for scale 1) of a distribution without ancillary parameter.

    Raises:
        ConvergenceError: no maximum was found.
    """
    data = PatternData.of(sample)
    location, eta, optimum = fit_patterns(design, data, family, link, options)
    covariance = invert(information(design, data, family, link, eta, observed=options.observed))
    if covariance is None:
        raise ConvergenceError(
            f"{options.name}: the information is singular at the estimates. Try information: expected, or "
            f"drop a predictor."
        )
    if options.robust:
        meat = robust_meat(design, sample, family, link, eta)
        covariance = sandwich(covariance, meat, sample, options.small_sample)
    constant = family.constant_total(sample.totals)
    step = None if optimum.diverging is None else spread(optimum.diverging, design.kept)
    return Estimate(
        location=location,
        extras=np.empty(0),
        covariance=embed(covariance, design.kept),
        log_likelihood=optimum.log_likelihood + constant,
        iterations=optimum.iterations,
        history=optimum.history,
        eta=eta,
        diverging=None if step is None else design.predict(step),
        diverging_parameters=step,
    )


def null_fit(sample: Sample, design: Design, family: Family, link: Link, options: FitOptions) -> tuple[Floats, float]:
    """Linear predictors (P) and full log-likelihood of the model with only the intercept (and the offset)."""
    data = PatternData.of(sample)
    constant = family.constant_total(sample.totals)
    fitted = data if sample.offset is not None else data.pooled()
    small = Design(design.blocks[:1], len(fitted.weight), fitted.weight)
    _, eta, optimum = fit_patterns(small, fitted, family, link, options.named("intercept only"))
    return np.broadcast_to(eta, data.weight.shape), optimum.log_likelihood + constant


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


def _start(
    design: Design, data: PatternData, family: Family, link: Link, log_likelihood: Callable[[Floats], float]
) -> Floats:
    """One weighted least squares step from means near the data, or else the overall mean."""
    kept = design.kept
    if isinstance(family, Gaussian):
        near = data.total / data.weight
        if link.name != "identity":
            near = np.maximum(near, 0.1 * max(near.mean(), 1e-8))
    elif isinstance(family, Binomial):
        near = (data.total + 0.5) / (data.weight + 1)
    elif isinstance(family, Gamma | InverseGaussian | Tweedie):
        near = np.maximum(data.total / data.weight, 0.1 * data.total.sum() / data.weight.sum())
    else:
        near = (data.total + 0.1) / (data.weight + 0.1)
    eta = link.link(near)
    slope = link.slope(eta)
    weights = data.weight * slope * slope / family.variance(near)
    start = solve(design.gram(weights)[np.ix_(kept, kept)], design.sums(weights * (eta - data.offset))[kept])
    if start is not None and np.isfinite(log_likelihood(start)):
        return start
    overall = np.array([data.total.sum() / data.weight.sum()])
    flat = np.zeros(int(kept.sum()))
    flat[0] = float(link.link(overall)[0]) - float(np.average(data.offset, weights=data.weight))
    return flat
