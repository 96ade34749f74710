"""The sample of one fit: the cells of a subset, reduced to covariate patterns and the response in them."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from orchestration.glm.arrays import Booleans, Floats, Integers, sum_by_code
from orchestration.glm.cells import Cells, cluster_variable, level_text
from orchestration.glm.errors import GlmError
from orchestration.glm.merging import Merging, dense_codes, rank_combinations
from orchestration.glm.query import response_numbers, response_variable, subset_variable
from orchestration.glm.responses import (
    Category,
    SampleColumn,
    Within,
    measure_within,
    pooled_response,
    take_response,
)
from orchestration.glm.spec import ModelSpec, VariableSpec
from orchestration.glm.sql import quote_identifier, quote_literal
from orchestration.glm.totals import ResponseTotals


@dataclass(frozen=True)
class Subset:
    """Part of the relation that a model is fitted on: levels (as codes) of some variables; none is pooled."""

    name: str
    condition: str | None
    codes: Mapping[tuple[str, str | None], int]


@dataclass(frozen=True)
class Factor:
    """A factor as it stands in a sample: its levels that occur, ascending, and the pattern's codes."""

    name: str
    levels: tuple[str, ...]
    labels: tuple[str | None, ...]
    codes: Integers
    counts: Integers
    reference: int


@dataclass(frozen=True)
class Cases:
    """How many rows the fit uses, and why the others are left out.

    A row may lack several variables; it is counted at each of them.
    """

    included: int
    excluded: int
    by_condition: int
    by_variable: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Moments:
    """Range, mean and standard deviation (by N) of a number over the cases."""

    minimum: float
    maximum: float
    mean: float
    spread: float

    @classmethod
    def of(cls, values: Floats, n: Floats) -> "Moments":
        """Of values that `n` cases have each."""
        mean = float(np.average(values, weights=n))
        spread = float(np.sqrt(np.average((values - mean) ** 2, weights=n)))
        return cls(float(values.min()), float(values.max()), mean, spread)


@dataclass(frozen=True, kw_only=True)
class SampleHead(ABC):
    """What is known of the rows of one fit besides the rows themselves; `fingerprint` is a hash of these."""

    factors: tuple[Factor, ...]
    dropped: tuple[str, ...]
    unused_levels: tuple[tuple[str, str, str | None], ...]
    covariate_names: tuple[str, ...]
    interactions: tuple[tuple[str, ...], ...]
    categories: tuple[Category, ...]
    cases: Cases
    n_clusters: int
    n_patterns: int
    fingerprint: str
    is_synthetic: bool

    @abstractmethod
    def pieces(self) -> "Iterator[Sample]":
        """The rows, a part of the covariate patterns at a time."""

    @abstractmethod
    def shifted(self, offset_of: "Callable[[Sample], Floats]") -> "SampleHead":
        """The same rows with something added to the offset of each pattern."""

    @property
    @abstractmethod
    def totals(self) -> ResponseTotals:
        """Sums over all rows of functions of the response."""

    @property
    @abstractmethod
    def size(self) -> float:
        """Number of cases."""

    @property
    @abstractmethod
    def events(self) -> tuple[float, float]:
        """Sums over the cases of response and trials."""

    @property
    @abstractmethod
    def covariate_moments(self) -> tuple[Moments, ...]:
        """Moments of each covariate."""

    @property
    @abstractmethod
    def response_moments(self) -> Moments:
        """Moments of the response."""

    @property
    @abstractmethod
    def offset_moments(self) -> Moments | None:
        """Moments of the offset; None without one."""


@dataclass(frozen=True, kw_only=True)
class Sample(SampleHead):
    """Patterns (length P) and response cells (length C) of one fit, in an order that the data fixes.

    `y` is the response of a cell (ordinal: the category's index; binomial: events), `trials` its binomial
    trials (1 elsewhere), `n` the number of cases, `pattern` its covariate pattern. `covariates` is P x k.
    `weight` sums frequency times sampling weight over the rows of a cell, and `weight_squares` frequency times
    its square; without a weight both equal `n`. `cluster` is the cluster of each cell, 0 .. n_clusters - 1.
    Where rows of different responses are pooled, `y` is a cell's mean and `within` says how they vary.
    `is_plain` marks a sample whose cells are its patterns.
    """

    covariates: Floats
    offset: Floats | None
    pattern: Integers
    y: Floats
    trials: Floats
    n: Floats
    weight: Floats
    weight_squares: Floats
    cluster: Integers | None
    within: Within | None
    is_plain: bool = False

    def pieces(self) -> "Iterator[Sample]":
        """The sample itself."""
        yield self

    def shifted(self, offset_of: "Callable[[Sample], Floats]") -> "Sample":
        """The same cells with something added to the offset of each pattern."""
        added = offset_of(self)
        return replace(self, offset=added if self.offset is None else self.offset + added)

    def pattern_sums(self, values: Floats) -> Floats:
        """Sums of a value of the cells by pattern."""
        return values if self.is_plain else sum_by_code(self.pattern, values, self.n_patterns)

    def category_counts(self, weights: Floats | None = None) -> Floats:
        """Weight of the rows by pattern and category of an ordinal response, P x J; or other sums of the cells."""
        # Categories are the slow index, so that each one's patterns lie together.
        key = self.y.astype(np.int64) * self.n_patterns + self.pattern
        values = self.weight if weights is None else weights
        return sum_by_code(key, values, len(self.categories) * self.n_patterns).reshape(-1, self.n_patterns).T

    def squared_residuals(self, mean: Floats, *, by_weight: bool = False) -> Floats:
        """Sum over the rows of each pattern of squared weight (or weight) times the squared residual."""
        residual = self.y - self.trials * mean[self.pattern]
        values = (self.weight if by_weight else self.weight_squares) * residual**2
        if self.within is not None and by_weight:
            values = values + self.within.squares
        elif self.within is not None:
            values = values + 2 * residual * self.within.cross + self.within.squares_squared
        return self.pattern_sums(values)

    @cached_property
    def totals(self) -> ResponseTotals:
        """Sums over all rows of functions of the response."""
        if self.within is not None:
            return self.within.totals
        return ResponseTotals.of(self.y, self.trials, self.weight)

    @property
    def size(self) -> float:
        """Number of cases."""
        return float(self.n.sum())

    @property
    def events(self) -> tuple[float, float]:
        """Sums over the cases of response and trials."""
        return float(self.n @ self.y), float(self.n @ self.trials)

    @property
    def covariate_moments(self) -> tuple[Moments, ...]:
        """Moments of each covariate."""
        counts = self.pattern_sums(self.n)
        return tuple(Moments.of(values, counts) for values in self.covariates.T)

    @property
    def response_moments(self) -> Moments:
        """Moments of the response."""
        found = Moments.of(self.y, self.n)
        if self.within is None:
            return found
        return Moments(self.within.minimum, self.within.maximum, found.mean, self.within.spread)

    @property
    def offset_moments(self) -> Moments | None:
        """Moments of the offset; None without one."""
        return None if self.offset is None else Moments.of(self.offset, self.pattern_sums(self.n))


def list_subsets(cells: Cells, spec: ModelSpec) -> list[Subset]:
    """The subsets that a specification asks for: pooled, and each level (or combination) that has rows."""
    subsets: list[Subset] = []
    for entry in spec.subsets:
        if isinstance(entry, str):
            subsets.append(Subset(name="pooled", condition=None, codes={}))
            continue
        variables = [subset_variable(spec, name) for name in entry.by]
        columns = [cells.categorical(variable) for variable in variables]
        stacked = np.stack([column.codes for column in columns])
        present = np.unique(stacked[:, cells.conditions[spec.where] & (stacked >= 0).all(axis=0)], axis=1).T
        if not len(present):
            raise GlmError(no_subsets(cells.relation, spec, entry.by))
        for codes in present.tolist():
            values = [column.values[code] for column, code in zip(columns, codes, strict=True)]
            named = subset_name(variables, values)
            keys = [(variable.column, variable.label) for variable in variables]
            subsets.append(replace(named, codes=dict(zip(keys, codes, strict=True))))
    return subsets


def no_subsets(relation: str, spec: ModelSpec, names: Sequence[str]) -> str:
    """Why a model has no subsets to be fitted on."""
    condition = "" if spec.where is None else f" and meets the condition '{spec.where}'"
    return (
        f"Model {spec.name}: no row of {relation} has a value of {', '.join(names)}{condition}, so that there is no "
        f"subset to fit the model on. Check the condition and the missing values."
    )


def subset_name(variables: Sequence[VariableSpec], values: Sequence[object]) -> Subset:
    """The subset at some values of variables: its name and its SQL condition."""
    pairs = list(zip(variables, values, strict=True))
    return Subset(
        name=",".join(f"{variable.name}={level_text(value)}" for variable, value in pairs),
        condition=" AND ".join(
            f"{quote_identifier(variable.column)} = {quote_literal(value)}" for variable, value in pairs
        ),
        codes={},
    )


def draw_sample(cells: Cells, spec: ModelSpec, subset: Subset) -> Sample:
    """Reduce the cells to what one model on one subset needs.

    Raises:
        GlmError: no rows are left, or the response does not fit the distribution.
    """
    complete, cases = _choose(cells, spec, subset)
    rows = np.flatnonzero(complete)
    found = _Predictors.take(cells, spec, rows)
    cluster, n_clusters = _clusters(cells, spec, rows)
    pooled = cells.pooled
    response = take_response(cells, spec, rows) if pooled is None else pooled_response(cells, spec, rows)
    parts = [(found.pattern, len(found.first))]
    if pooled is None:
        parts += [dense_codes(response.y), dense_codes(response.trials)]
    if cluster is not None:
        parts.append((cluster, n_clusters))
    merging = Merging.of(parts)
    assert pooled is None or len(merging.first) == len(rows), "pooled cells are distinct"
    weights = cells.weights[spec.frequency, spec.weight]
    sums = [weights.n] if weights.n is weights.weight else [weights.n, weights.weight, weights.squares]
    summed = [merging.add(values[rows]) for values in sums]
    pattern, y, trials = (merging.take(values) for values in (found.pattern, response.y, response.trials))
    merged_cluster = None if cluster is None else merging.take(cluster)
    within = None if pooled is None else measure_within(cells, pooled, spec, rows, complete, merging)
    factors = tuple(_factor(spec, column, column.codes[found.first], weights.n[rows]) for column in found.columns)
    extra: list[NDArray[np.generic]] = [] if within is None else [within.squares]
    extra += [] if merged_cluster is None else [merged_cluster]
    fingerprint = _fingerprint(spec, factors, found, response.categories, [pattern, y, trials, *summed, *extra])
    return Sample(
        factors=factors,
        dropped=found.dropped,
        unused_levels=tuple((column.name, *level) for column in found.columns for level in column.unused),
        covariate_names=found.covariate_names,
        covariates=found.covariates,
        interactions=found.interactions,
        offset=found.offset,
        pattern=pattern,
        y=y,
        trials=trials,
        n=summed[0],
        weight=summed[min(1, len(summed) - 1)],
        weight_squares=summed[-1],
        cluster=merged_cluster,
        n_clusters=n_clusters,
        within=within,
        n_patterns=len(found.first),
        categories=response.categories,
        cases=cases,
        fingerprint=fingerprint,
        is_synthetic=bool(cells.synthetic is not None and cells.synthetic[rows].any()),
    )


def _choose(cells: Cells, spec: ModelSpec, subset: Subset) -> tuple[Booleans, Cases]:
    """The cells that the fit uses, and how many cases it leaves out."""
    inside = np.ones(len(cells.n), dtype=bool)
    for key, code in subset.codes.items():
        inside &= cells.categoricals[key].codes == code
    chosen = inside & cells.conditions[spec.where]
    missing = _missing(cells, spec)
    complete = chosen.copy()
    for absent in missing.values():
        complete &= ~absent
    cases = _count_cases(cells.weights[spec.frequency, spec.weight].n, inside, chosen, complete, missing)
    if cases.included == 0:
        raise GlmError(no_rows(cells.relation, spec, subset, cases))
    return complete, cases


@dataclass(frozen=True)
class _Predictors:
    """Predictors that vary in the chosen cells.

    `pattern` numbers the covariate pattern of each cell, `first` (P) is a cell of each pattern; covariates and
    offset are by pattern, the columns of factors by cell.
    """

    columns: tuple[SampleColumn, ...]
    covariate_names: tuple[str, ...]
    covariates: Floats
    offset: Floats | None
    interactions: tuple[tuple[str, ...], ...]
    dropped: tuple[str, ...]
    pattern: Integers
    first: Integers

    @classmethod
    def take(cls, cells: Cells, spec: ModelSpec, rows: Integers) -> "_Predictors":
        columns = [SampleColumn.take(factor.name, cells.categorical(factor), rows) for factor in spec.factors]
        varying = [column for column in columns if len(column.levels) > 1]
        numbers = {name: cells.numbers[name][rows] for name in spec.covariates}
        moving = {name: values for name, values in numbers.items() if values.min() != values.max()}
        constant = [column.name for column in columns if len(column.levels) == 1]
        constant += [name for name in numbers if name not in moving]
        interactions, merged = reduce_interactions(spec, {column.name for column in varying} | set(moving))
        offset = None if spec.offset is None else cells.offsets[spec.offset, spec.where][rows]
        parts = [(column.codes, len(column.levels)) for column in varying]
        parts += [dense_codes(values) for values in (*moving.values(), *(() if offset is None else (offset,)))]
        pattern, first = rank_combinations(parts, len(rows))
        stacked = [moving[name][first] for name in moving]
        return cls(
            columns=tuple(varying),
            covariate_names=tuple(moving),
            covariates=np.column_stack(stacked) if stacked else np.empty((len(first), 0)),
            offset=None if offset is None else offset[first],
            interactions=interactions,
            dropped=(*constant, *merged),
            pattern=pattern,
            first=first,
        )


def reduce_interactions(spec: ModelSpec, moving: set[str]) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Interactions without the predictors that are constant here, and those that are nothing new then."""
    kept: dict[tuple[str, ...], tuple[str, ...]] = {}
    dropped = []
    for term in spec.interactions:
        rest = tuple(name for name in term if name in moving)
        if len(rest) < 2 or tuple(sorted(rest)) in kept:
            dropped.append("*".join(term))
        else:
            kept[tuple(sorted(rest))] = rest
    return tuple(kept.values()), tuple(dropped)


def _clusters(cells: Cells, spec: ModelSpec, rows: Integers) -> tuple[Integers | None, int]:
    """Cluster of each cell and how many there are."""
    if spec.cluster is None:
        return None, 0
    codes = cells.categorical(cluster_variable(spec.cluster)).codes[rows]
    used, cluster = np.unique(codes, return_inverse=True)
    if len(used) < 2:
        raise GlmError(f"Model {spec.name}: all rows are in one cluster of {spec.cluster}; name a finer column.")
    return cluster.astype(np.int64), len(used)


def _missing(cells: Cells, spec: ModelSpec) -> dict[str, Booleans]:
    """Where each variable of the model is missing."""
    response = response_variable(spec)
    numbers = response_numbers(spec)
    missing = {name: cells.absent[name] if cells.pooled else np.isnan(cells.numbers[name]) for name in numbers}
    if response is not None:
        missing[response.name] = cells.categorical(response).codes < 0
    missing |= {factor.name: cells.categorical(factor).codes < 0 for factor in spec.factors}
    missing |= {name: np.isnan(cells.numbers[name]) for name in spec.covariates}
    if spec.offset is not None:
        missing["offset"] = np.isnan(cells.offsets[spec.offset, spec.where])
    for kind, text in (("frequency", spec.frequency), ("weight", spec.weight)):
        if text is not None:
            missing[kind] = cells.invalid[kind, text]
    if spec.cluster is not None:
        missing[spec.cluster] = cells.categorical(cluster_variable(spec.cluster)).codes < 0
    return missing


def _count_cases(
    n: Floats, inside: Booleans, chosen: Booleans, complete: Booleans, missing: Mapping[str, Booleans]
) -> Cases:
    """Cases by frequency; a row without a usable frequency counts once."""
    total, included = round(n[inside].sum()), round(n[complete].sum())
    counts = {name: round(n[chosen & absent].sum()) for name, absent in missing.items()}
    return Cases(
        included=included,
        excluded=total - included,
        by_condition=round(n[inside & ~chosen].sum()),
        by_variable=tuple((name, count) for name, count in counts.items() if count),
    )


def no_rows(relation: str, spec: ModelSpec, subset: Subset, cases: Cases) -> str:
    """Why a model has no rows to be fitted on."""
    reasons = [f"{count} lack {name}" for name, count in cases.by_variable]
    reasons += [f"{cases.by_condition} fail the condition '{spec.where}'"] if cases.by_condition else []
    detail = f" ({'; '.join(reasons)})" if reasons else ""
    return (
        f"Model {spec.name}, subset {subset.name}: none of the {cases.excluded} rows of {relation} "
        f"can be used{detail}. Check the condition and the missing values."
    )


def _factor(spec: ModelSpec, column: SampleColumn, codes: Integers, n: Floats) -> Factor:
    counts = sum_by_code(column.codes, n, len(column.levels)).astype(np.int64)
    return Factor(
        name=column.name,
        levels=column.levels,
        labels=column.labels,
        codes=codes,
        counts=counts,
        reference=reference(spec, column),
    )


def reference(spec: ModelSpec, column: SampleColumn) -> int:
    """Which level of a factor is the reference.

    Raises:
        GlmError: the specification names a level that the factor does not have.
    """
    last = len(column.levels) - 1
    if isinstance(spec.reference, str):
        return 0 if spec.reference == "first" else last
    if column.name not in spec.reference:
        return last
    value = spec.reference[column.name]
    wanted = str(value).lower() if isinstance(value, bool) else str(value)
    for index, (level, label) in enumerate(zip(column.levels, column.labels, strict=True)):
        if wanted in (level, label):
            return index
    if any(wanted in pair for pair in column.unused):
        return last
    raise GlmError(
        f"Model {spec.name}: factor {column.name} has no level '{wanted}' to be its reference. "
        f"Its levels are {', '.join(column.levels)}."
    )


def _fingerprint(
    spec: ModelSpec,
    factors: Sequence[Factor],
    predictors: _Predictors,
    categories: Sequence[Category],
    cells: Sequence[NDArray[np.generic]],
) -> str:
    """sha256 of the ordered cells: names, levels, patterns, responses and counts."""
    header = {
        "response": spec.response.name,
        "categories": [category.level for category in categories],
        "factors": [[factor.name, list(factor.levels)] for factor in factors],
        "covariates": list(spec.covariates),
        "offset": spec.offset,
    }
    digest = hashlib.sha256(json.dumps(header, ensure_ascii=False).encode())
    arrays = [factor.codes.astype("<i4") for factor in factors]
    offset = predictors.offset
    arrays += [predictors.covariates.astype("<f8")] + ([] if offset is None else [offset.astype("<f8")])
    for array in [*arrays, *(values.astype("<f8") for values in cells)]:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
