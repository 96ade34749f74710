"""Case processing, categorical and continuous variable information of a sample."""

import math

from orchestration.glm.results import CaseRow, LevelRow, NumberRow
from orchestration.glm.sample import Moments, SampleHead
from orchestration.glm.spec import ModelSpec


def list_cases(sample: SampleHead, spec: ModelSpec) -> tuple[CaseRow, ...]:
    """Included, excluded and total, then exclusions by condition and by variable."""
    cases = sample.cases
    total = cases.included + cases.excluded
    rows = [("included", None, cases.included), ("excluded", None, cases.excluded), ("total", None, total)]
    if cases.by_condition:
        rows.append(("excluded_by_variable", f"where {spec.where}", cases.by_condition))
    rows += [("excluded_by_variable", name, count) for name, count in cases.by_variable]
    return tuple(CaseRow(kind, name, count, 100 * count / total) for kind, name, count in rows)


def list_levels(sample: SampleHead, spec: ModelSpec) -> tuple[LevelRow, ...]:
    """Cases in each category of the response and at each level; levels that do not occur with 0."""
    included = sample.cases.included
    rows = [
        ("response_category", spec.response.name, category.level, category.label, category.n)
        for category in sample.categories
    ]
    for factor in sample.factors:
        rows += [
            ("factor_level", factor.name, level, label, int(count))
            for level, label, count in zip(factor.levels, factor.labels, factor.counts, strict=True)
        ]
        rows += [
            ("factor_level", name, level, label, 0)
            for name, level, label in sample.unused_levels
            if name == factor.name
        ]
    return tuple(LevelRow(*row, percent=100 * row[-1] / included) for row in rows)


def list_numbers(sample: SampleHead, spec: ModelSpec) -> tuple[NumberRow, ...]:
    """Numeric response, covariates and offset over the included rows."""
    rows = []
    if not sample.categories:
        rows.append(_describe(spec.response.name, "response", sample.response_moments, sample.size))
    for name, moments in zip(sample.covariate_names, sample.covariate_moments, strict=True):
        rows.append(_describe(name, "covariate", moments, sample.size))
    if sample.offset_moments is not None:
        rows.append(_describe(spec.offset or "offset", "offset", sample.offset_moments, sample.size))
    return tuple(rows)


def _describe(name: str, role: str, moments: Moments, n: float) -> NumberRow:
    deviation = moments.spread * math.sqrt(n / (n - 1)) if n > 1 else 0.0
    return NumberRow(name, role, int(n), moments.minimum, moments.maximum, moments.mean, deviation)
