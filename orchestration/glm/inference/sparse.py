"""Warnings that a sample is too small for its model: few cases per parameter, rare levels and categories."""

from orchestration.glm.fitted import Fitted

CASES_PER_PARAMETER = 10
RARE = 5
AGGREGATE = 30
"""Mean from which a count is itself a sum over many people, and its people are what is counted."""


def sparse_warnings(fit: Fitted) -> tuple[str, ...]:
    """What is too sparse to trust.

    Counted per parameter are, for an ordinal or binomial response, not cases but what they say: Harrell's
    effective size n - sum(n_j^3) / n^2 (for two categories 3/n of their product, near the rarer one's count).
    """
    warnings = []
    size, parameters = effective_size(fit), fit.design.rank - 1
    if parameters and size < CASES_PER_PARAMETER * parameters:
        warnings.append(
            f"Sparse data: an effective {size:.0f} cases for {parameters} parameters, fewer than "
            f"{CASES_PER_PARAMETER} for each. Estimates are unstable and chi-squares approximate; drop predictors, "
            f"or merge levels."
        )
    rare = [
        f"{factor.name}={level if label is None else f'{level} ({label})'} ({int(count)})"
        for factor in fit.sample.factors
        for level, label, count in zip(factor.levels, factor.labels, factor.counts, strict=True)
        if count < RARE
    ]
    rare += [
        f"{fit.spec.response.name}={category.label or category.level} ({category.n})"
        for category in fit.sample.categories
        if category.n < RARE
    ]
    if rare:
        warnings.append(f"Fewer than {RARE} cases: {', '.join(rare)}.")
    return tuple(warnings)


def effective_size(fit: Fitted) -> float:
    """Cases as far as they inform: all for a number, fewer for an ordered or binary response."""
    sample = fit.sample
    n = sample.size
    counts = [float(category.n) for category in sample.categories]
    if fit.spec.distribution == "binomial" and not counts:
        events, trials = sample.events
        counts = [events, trials - events]
        n = sum(counts)
    if fit.spec.distribution in ("poisson", "negative_binomial"):
        total = sample.events[0]
        return total if total >= AGGREGATE * n else n
    return n - sum(count**3 for count in counts) / n**2 if counts else n
