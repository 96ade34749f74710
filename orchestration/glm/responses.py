"""The response of a sample: taken from the cells, checked against its distribution, described where it is pooled."""

from dataclasses import dataclass, replace

import numpy as np

from orchestration.glm.arrays import Booleans, Floats, Integers, sum_by_code
from orchestration.glm.cells import Categorical, Cells, Pooled
from orchestration.glm.errors import GlmError
from orchestration.glm.merging import Merging
from orchestration.glm.query import response_numbers, response_variable
from orchestration.glm.spec import ModelSpec
from orchestration.glm.totals import ResponseTotals

_ROUNDING = 1e-13


@dataclass(frozen=True)
class Category:
    """A category of an ordinal or binomial response that occurs in the sample."""

    level: str
    label: str | None
    n: int


@dataclass(frozen=True)
class Within:
    """How a pooled response varies inside the cells, about each cell's mean, and over all rows.

    `squares` (C) is the sum of weight times squared deviation; `cross` and `squares_squared` are those of
    squared weight times the deviation and its square. `minimum`, `maximum` and `spread` (by N) describe all rows.
    """

    squares: Floats
    cross: Floats
    squares_squared: Floats
    totals: ResponseTotals
    minimum: float
    maximum: float
    spread: float


@dataclass(frozen=True)
class Response:
    """Response and trials of the chosen cells, and the categories of a categorical response."""

    y: Floats
    trials: Floats
    categories: tuple[Category, ...] = ()


@dataclass(frozen=True)
class SampleColumn:
    """A categorical column in a sample, with the levels that occur."""

    name: str
    codes: Integers
    levels: tuple[str, ...]
    labels: tuple[str | None, ...]
    unused: tuple[tuple[str, str | None], ...]

    @classmethod
    def take(cls, name: str, column: Categorical, rows: Integers) -> "SampleColumn":
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


def take_response(cells: Cells, spec: ModelSpec, rows: Integers) -> Response:
    """Response and trials of the cells, and the categories of a categorical response."""
    variable = response_variable(spec)
    if variable is None:
        names = response_numbers(spec)
        y = cells.numbers[names[0]][rows]
        trials = cells.numbers[names[1]][rows] if len(names) == 2 else np.ones(len(rows))
        check_numbers(spec, y, trials)
        return Response(y, trials)
    column = SampleColumn.take(variable.name, cells.categorical(variable), rows)
    n = cells.weights[spec.frequency, spec.weight].n[rows]
    return categorical_response(spec, column, n)


def categorical_response(spec: ModelSpec, column: SampleColumn, n: Floats) -> Response:
    """Response and categories of a categorical column; `n` cases have each of its codes."""
    if spec.response.order is not None:
        column = _in_order(spec, column)
    counts = sum_by_code(column.codes, n, len(column.levels))
    triples = zip(column.levels, column.labels, counts, strict=True)
    categories = tuple(Category(level, label, int(count)) for level, label, count in triples)
    if len(categories) < 2:
        raise GlmError(
            f"Model {spec.name}: response {column.name} is always {column.levels[0]} in the rows "
            f"that are used; there is nothing to explain."
        )
    codes = column.codes if spec.distribution == "ordinal" else _is_event(spec, column)
    return Response(codes.astype(np.float64), np.ones(len(codes)), categories)


def pooled_response(cells: Cells, spec: ModelSpec, rows: Integers) -> Response:
    """Mean of a pooled response in each cell; exactly 0 where the sum about a shift leaves only rounding."""
    assert cells.pooled is not None
    weight, shift = cells.weights[spec.frequency, spec.weight].weight[rows], cells.pooled.shift
    mean = shift + cells.pooled.first[rows] / weight
    return Response(np.where(np.abs(mean) <= _ROUNDING * abs(shift), 0.0, mean), np.ones(len(rows)))


def measure_within(
    cells: Cells, pooled: Pooled, spec: ModelSpec, rows: Integers, complete: Booleans, merging: Merging
) -> Within:
    """Moments within the cells, and the marginal distribution or sums that the family needs."""
    weights = cells.weights[spec.frequency, spec.weight]
    weight, squared = weights.weight[rows], weights.squares[rows]
    center = pooled.first[rows] / weight
    squares = np.maximum(pooled.second[rows] - center * pooled.first[rows], 0.0)
    cross = pooled.first_squared[rows] - center * squared
    of_squares = pooled.second_squared[rows] - 2 * center * pooled.first_squared[rows] + center**2 * squared
    y = pooled.shift + center
    total = float(weight.sum())
    if pooled.low is None or pooled.high is None:
        values, summed, _ = pooled.histogram(is_complete=bool(complete.all()))
        check_numbers(spec, values, np.ones_like(values))
        totals = ResponseTotals(values, np.ones_like(values), summed, total)
        ends = (float(values[0]), float(values[-1]))
    else:
        ends = (float(pooled.low[rows].min()), float(pooled.high[rows].max()))
        check_numbers(spec, np.array(ends), np.ones(2))
        sums = {name: float(values[rows].sum()) for name, values in pooled.sums.items()}
        totals = ResponseTotals(np.empty(0), np.empty(0), np.empty(0), total, sums)
    mean = float(np.average(y, weights=weight))
    spread = float((squares + weight * (y - mean) ** 2).sum()) / total
    return Within(
        squares=merging.take(squares),
        cross=merging.take(cross),
        squares_squared=merging.take(np.maximum(of_squares, 0.0)),
        totals=totals,
        minimum=ends[0],
        maximum=ends[1],
        spread=float(np.sqrt(spread)),
    )


def _in_order(spec: ModelSpec, column: SampleColumn) -> SampleColumn:
    """The response's categories in the order that the specification declares."""
    wanted = [str(value).lower() if isinstance(value, bool) else str(value) for value in spec.response.order or ()]
    places = []
    for level, label in zip(column.levels, column.labels, strict=True):
        found = [index for index, name in enumerate(wanted) if name in (level, label)]
        if not found:
            raise GlmError(
                f"Model {spec.name}: response.order does not name category {level} of {column.name}, which "
                f"occurs in the rows that are used. List every category, or leave rows out with 'where'."
            )
        places.append(found[0])
    order = np.argsort(places)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return replace(
        column,
        codes=rank[column.codes],
        levels=tuple(column.levels[index] for index in order),
        labels=tuple(column.labels[index] for index in order),
    )


def _is_event(spec: ModelSpec, column: SampleColumn) -> Booleans:
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


def check_numbers(spec: ModelSpec, y: Floats, trials: Floats) -> None:
    """Check the response's values, or its extremes with an example of a fraction, against the distribution.

    Raises:
        GlmError: a value is out of range, or all are the same.
    """
    name = spec.response.name
    if spec.distribution in ("poisson", "negative_binomial") and y.min() < 0:
        raise GlmError(f"Model {spec.name}: {name} is a count, but has the value {y.min():g}.")
    if spec.distribution in ("gamma", "inverse_gaussian") and y.min() <= 0:
        raise GlmError(
            f"Model {spec.name}: a {spec.distribution} response is positive, but {name} has the value "
            f"{y.min():g}. Exclude such rows with 'where', or use the tweedie distribution, which allows 0."
        )
    if spec.distribution == "tweedie" and (y.min() < 0 or y.max() == 0):
        raise GlmError(
            f"Model {spec.name}: a tweedie response is 0 or positive, and not always 0; {name} lies between "
            f"{y.min():g} and {y.max():g}."
        )
    if spec.distribution == "negative_binomial" and (y != np.floor(y)).any():
        raise GlmError(
            f"Model {spec.name}: {name} has values that are not whole numbers; a negative binomial response "
            f"is a count. Use the poisson distribution with robust covariance."
        )
    if spec.distribution != "binomial" and spec.offset is None and y.min() == y.max() != 0:
        raise GlmError(
            f"Model {spec.name}: response {name} is always {y.min():g} in the rows that are used; there is nothing to "
            f"explain."
        )
    if spec.distribution == "binomial" and ((y < 0) | (y > trials) | (trials <= 0)).any():
        raise GlmError(
            f"Model {spec.name}: events must lie between 0 and trials, and trials be positive; exclude "
            f"other rows with 'where'."
        )
    if spec.distribution in ("poisson", "negative_binomial") and y.max() == 0:
        raise GlmError(f"Model {spec.name}: {name} is 0 in every row that is used; there is nothing to explain.")
