"""The sample of one fit: the cells of a subset, reduced to covariate patterns and the response in them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.glm.arrays import Booleans, Floats, Integers, sum_by_code
from orchestration.glm.cells import Categorical, Cells, response_numbers, response_variable, subset_variable
from orchestration.glm.errors import GlmError
from orchestration.glm.spec import ModelSpec
from orchestration.glm.sql import quote_identifier, quote_literal

_TABLE_FACTOR = 16


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
class Category:
    """A category of an ordinal or binomial response that occurs in the sample."""

    level: str
    label: str | None
    n: int


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
class Sample:
    """Patterns (length P) and response cells (length C) of one fit, in an order that the data fixes.

    `y` is the response of a cell (ordinal: the category's index; binomial: events), `trials` its binomial
    trials (1 elsewhere), `n` the number of rows, `pattern` its covariate pattern. `covariates` is P x k.
    """

    factors: tuple[Factor, ...]
    dropped: tuple[str, ...]
    unused_levels: tuple[tuple[str, str, str | None], ...]
    covariate_names: tuple[str, ...]
    covariates: Floats
    offset: Floats | None
    pattern: Integers
    y: Floats
    trials: Floats
    n: Floats
    n_patterns: int
    categories: tuple[Category, ...]
    cases: Cases
    fingerprint: str
    is_synthetic: bool

    def pattern_sums(self, values: Floats) -> Floats:
        """Sums of a value of the cells by pattern."""
        return sum_by_code(self.pattern, values, self.n_patterns)

    def category_counts(self) -> Floats:
        """Rows by pattern and category of an ordinal response, P x J."""
        width = len(self.categories)
        key = self.pattern * width + self.y.astype(np.int64)
        return sum_by_code(key, self.n, self.n_patterns * width).reshape(-1, width)


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
        for codes in present.tolist():
            parts = list(zip(variables, columns, codes, strict=True))
            subsets.append(
                Subset(
                    name=",".join(f"{variable.name}={column.levels[code]}" for variable, column, code in parts),
                    condition=" AND ".join(
                        f"{quote_identifier(variable.column)} = {quote_literal(column.values[code])}"
                        for variable, column, code in parts
                    ),
                    codes={(variable.column, variable.label): code for variable, _, code in parts},
                )
            )
    return subsets


def draw_sample(cells: Cells, spec: ModelSpec, subset: Subset) -> Sample:
    """Reduce the cells to what one model on one subset needs.

    Raises:
        GlmError: no rows are left, or the response does not fit the distribution.
    """
    inside = np.ones(len(cells.n), dtype=bool)
    for key, code in subset.codes.items():
        inside &= cells.categoricals[key].codes == code
    chosen = inside & cells.conditions[spec.where]
    missing = _missing(cells, spec)
    complete = chosen.copy()
    for absent in missing.values():
        complete &= ~absent
    cases = _count_cases(cells, inside, chosen, complete, missing)
    if cases.included == 0:
        raise GlmError(_no_rows(cells, spec, subset, cases))
    rows = np.flatnonzero(complete)
    columns = [_Column.take(factor.name, cells.categorical(factor), rows) for factor in spec.factors]
    varying = [column for column in columns if len(column.levels) > 1]
    numbers = {name: cells.numbers[name][rows] for name in spec.covariates}
    moving = {name: values for name, values in numbers.items() if values.min() != values.max()}
    dropped = [column.name for column in columns if len(column.levels) == 1]
    dropped += [name for name in numbers if name not in moving]
    offset = None if spec.offset is None else cells.offsets[spec.offset, spec.where][rows]
    parts = [(column.codes, len(column.levels)) for column in varying]
    parts += [_dense(values) for values in (*moving.values(), *(() if offset is None else (offset,)))]
    pattern, first = _rank(parts, len(rows))
    y, trials, categories = _response(cells, spec, rows)
    pattern, y, trials, n = _merge(pattern, y, trials, cells.n[rows])
    factors = tuple(_factor(spec, column, column.codes[first], cells.n[rows]) for column in varying)
    covariates = np.column_stack([moving[name][first] for name in moving]) if moving else np.empty((len(first), 0))
    sample_offset = None if offset is None else offset[first]
    return Sample(
        factors=factors,
        dropped=tuple(dropped),
        unused_levels=tuple((column.name, level, label) for column in varying for level, label in column.unused),
        covariate_names=tuple(moving),
        covariates=covariates,
        offset=sample_offset,
        pattern=pattern,
        y=y,
        trials=trials,
        n=n,
        n_patterns=len(first),
        categories=categories,
        cases=cases,
        fingerprint=_fingerprint(spec, factors, covariates, sample_offset, categories, (pattern, y, trials, n)),
        is_synthetic=bool(cells.synthetic is not None and cells.synthetic[rows].any()),
    )


@dataclass(frozen=True)
class _Column:
    """A categorical column in a sample, with the levels that occur."""

    name: str
    codes: Integers
    levels: tuple[str, ...]
    labels: tuple[str | None, ...]
    unused: tuple[tuple[str, str | None], ...]

    @classmethod
    def take(cls, name: str, column: Categorical, rows: Integers) -> "_Column":
        codes = column.codes[rows]
        used = np.bincount(codes, minlength=len(column.levels)) > 0
        return cls(
            name=name,
            codes=(np.cumsum(used) - 1)[codes],
            levels=tuple(level for level, keep in zip(column.levels, used, strict=True) if keep),
            labels=tuple(label for label, keep in zip(column.labels, used, strict=True) if keep),
            unused=tuple(
                pair
                for pair, keep in zip(zip(column.levels, column.labels, strict=True), used, strict=True)
                if not keep
            ),
        )


def _missing(cells: Cells, spec: ModelSpec) -> dict[str, Booleans]:
    """Where each variable of the model is missing."""
    response = response_variable(spec)
    missing = {column: np.isnan(cells.numbers[column]) for column in response_numbers(spec)}
    if response is not None:
        missing[response.name] = cells.categorical(response).codes < 0
    missing |= {factor.name: cells.categorical(factor).codes < 0 for factor in spec.factors}
    missing |= {name: np.isnan(cells.numbers[name]) for name in spec.covariates}
    if spec.offset is not None:
        missing["offset"] = np.isnan(cells.offsets[spec.offset, spec.where])
    return missing


def _count_cases(
    cells: Cells, inside: Booleans, chosen: Booleans, complete: Booleans, missing: Mapping[str, Booleans]
) -> Cases:
    total, included = int(cells.n[inside].sum()), int(cells.n[complete].sum())
    counts = {name: int(cells.n[chosen & absent].sum()) for name, absent in missing.items()}
    return Cases(
        included=included,
        excluded=total - included,
        by_condition=int(cells.n[inside & ~chosen].sum()),
        by_variable=tuple((name, count) for name, count in counts.items() if count),
    )


def _no_rows(cells: Cells, spec: ModelSpec, subset: Subset, cases: Cases) -> str:
    reasons = [f"{count} lack {name}" for name, count in cases.by_variable]
    reasons += [f"{cases.by_condition} fail the condition '{spec.where}'"] if cases.by_condition else []
    detail = f" ({'; '.join(reasons)})" if reasons else ""
    return (
        f"Model {spec.name}, subset {subset.name}: none of the {cases.excluded} rows of {cells.relation} "
        f"can be used{detail}. Check the condition and the missing values."
    )


def _factor(spec: ModelSpec, column: _Column, codes: Integers, n: Integers) -> Factor:
    counts = sum_by_code(column.codes, n, len(column.levels)).astype(np.int64)
    return Factor(
        name=column.name,
        levels=column.levels,
        labels=column.labels,
        codes=codes,
        counts=counts,
        reference=_reference(spec, column),
    )


def _reference(spec: ModelSpec, column: _Column) -> int:
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


def _dense(values: Floats) -> tuple[Integers, int]:
    distinct, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int64), len(distinct)


def _rank(parts: Sequence[tuple[Integers, int]], length: int) -> tuple[Integers, Integers]:
    """Number the distinct combinations of codes in lexicographic order; also where each first occurs."""
    key, size = np.zeros(length, dtype=np.int64), 1
    for codes, width in parts:
        if size > np.iinfo(np.int64).max // max(width, 1):
            distinct, key = np.unique(key, return_inverse=True)
            size = len(distinct)
        key, size = key * width + codes, size * width
    if size > _TABLE_FACTOR * length:
        _, first, pattern = np.unique(key, return_index=True, return_inverse=True)
        return pattern.astype(np.int64), first.astype(np.int64)
    # A table of the possible keys is cheaper than sorting them.
    present = np.zeros(size, dtype=bool)
    present[key] = True
    pattern = (np.cumsum(present) - 1)[key]
    first = np.empty(int(present.sum()), dtype=np.int64)
    first[pattern[::-1]] = np.arange(length - 1, -1, -1)
    return pattern, first


def _merge(pattern: Integers, y: Floats, trials: Floats, n: Integers) -> tuple[Integers, Floats, Floats, Floats]:
    """Add up cells of the same pattern, response and trials, in canonical order."""
    parts = [(pattern, int(pattern.max()) + 1), _dense(y)]
    if trials.min() != trials.max():
        parts.append(_dense(trials))
    cell, first = _rank(parts, len(pattern))
    return pattern[first], y[first], trials[first], sum_by_code(cell, n, len(first))


def _response(cells: Cells, spec: ModelSpec, rows: Integers) -> tuple[Floats, Floats, tuple[Category, ...]]:
    """Response and trials of the cells, and the categories of a categorical response."""
    variable = response_variable(spec)
    if variable is not None:
        column = _Column.take(variable.name, cells.categorical(variable), rows)
        counts = sum_by_code(column.codes, cells.n[rows], len(column.levels))
        triples = zip(column.levels, column.labels, counts, strict=True)
        categories = tuple(Category(level, label, int(count)) for level, label, count in triples)
        if len(categories) < 2:
            raise GlmError(
                f"Model {spec.name}: response {variable.name} is always {column.levels[0]} in the rows "
                f"that are used; there is nothing to explain."
            )
        codes = column.codes if spec.distribution == "ordinal" else _is_event(spec, column)
        return codes.astype(np.float64), np.ones(len(rows)), categories
    names = response_numbers(spec)
    y = cells.numbers[names[0]][rows]
    trials = cells.numbers[names[1]][rows] if len(names) == 2 else np.ones(len(rows))
    _check_numbers(spec, y, trials)
    return y, trials, ()


def _is_event(spec: ModelSpec, column: _Column) -> Booleans:
    if len(column.levels) != 2:
        raise GlmError(
            f"Model {spec.name}: a binomial response has two values, {column.name} has "
            f"{len(column.levels)}: {', '.join(column.levels[:8])}."
        )
    wanted = spec.response.event
    if wanted is None:
        return column.codes == 1
    text = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
    for index, names in enumerate(zip(column.levels, column.labels, strict=True)):
        if text in names:
            return column.codes == index
    raise GlmError(f"Model {spec.name}: response {column.name} has no value '{text}' to be the event.")


def _check_numbers(spec: ModelSpec, y: Floats, trials: Floats) -> None:
    name = spec.response.name
    if spec.distribution in ("poisson", "negative_binomial") and y.min() < 0:
        raise GlmError(f"Model {spec.name}: {name} is a count, but has the value {y.min():g}.")
    if spec.distribution == "negative_binomial" and (y != np.floor(y)).any():
        raise GlmError(
            f"Model {spec.name}: {name} has values that are not whole numbers; a negative binomial response "
            f"is a count. Use the poisson distribution with robust covariance."
        )
    if spec.distribution == "binomial" and ((y < 0) | (y > trials) | (trials <= 0)).any():
        raise GlmError(
            f"Model {spec.name}: events must lie between 0 and trials, and trials be positive; exclude "
            f"other rows with 'where'."
        )
    if spec.distribution in ("poisson", "negative_binomial") and y.max() == 0:
        raise GlmError(f"Model {spec.name}: {name} is 0 in every row that is used; there is nothing to explain.")


def _fingerprint(
    spec: ModelSpec,
    factors: Sequence[Factor],
    covariates: Floats,
    offset: Floats | None,
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
    arrays += [covariates.astype("<f8")] + ([] if offset is None else [offset.astype("<f8")])
    for array in [*arrays, *(values.astype("<f8") for values in cells)]:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
