"""Case processing, categorical and continuous variable information of a sample."""

from dataclasses import replace

import numpy as np

from orchestration.glm.arrays import Floats
from orchestration.glm.results import CaseRow, LevelRow, NumberRow
from orchestration.glm.sample import Sample
from orchestration.glm.spec import ModelSpec


def list_cases(sample: Sample, spec: ModelSpec) -> tuple[CaseRow, ...]:
    """Included, excluded and total, then exclusions by condition and by variable."""
    cases = sample.cases
    total = cases.included + cases.excluded
    rows = [("included", None, cases.included), ("excluded", None, cases.excluded), ("total", None, total)]
    if cases.by_condition:
        rows.append(("excluded_by_variable", f"where {spec.where}", cases.by_condition))
    rows += [("excluded_by_variable", name, count) for name, count in cases.by_variable]
    return tuple(CaseRow(kind, name, count, 100 * count / total) for kind, name, count in rows)


def list_levels(sample: Sample, spec: ModelSpec) -> tuple[LevelRow, ...]:
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


def list_numbers(sample: Sample, spec: ModelSpec) -> tuple[NumberRow, ...]:
    """Numeric response, covariates and offset over the included rows."""
    counts = sample.pattern_sums(sample.n)
    rows = []
    if not sample.categories:
        rows.append(_describe_response(sample, spec.response.name))
    for index, name in enumerate(sample.covariate_names):
        rows.append(_describe(name, "covariate", sample.covariates[:, index], counts))
    if sample.offset is not None:
        rows.append(_describe(spec.offset or "offset", "offset", sample.offset, counts))
    return tuple(rows)


def _describe_response(sample: Sample, name: str) -> NumberRow:
    described = _describe(name, "response", sample.y, sample.n)
    within = sample.within
    if within is None:
        return described
    return replace(described, minimum=within.minimum, maximum=within.maximum, std_deviation=within.deviation)


def _describe(name: str, role: str, values: Floats, n: Floats) -> NumberRow:
    total = float(n.sum())
    mean = float(np.average(values, weights=n))
    squares = float((n * (values - mean) ** 2).sum())
    deviation = float(np.sqrt(squares / (total - 1))) if total > 1 else 0.0
    return NumberRow(name, role, int(total), float(values.min()), float(values.max()), mean, deviation)
