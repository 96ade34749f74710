"""Cells of a relation: one GROUP BY that serves every model of a battery, with its columns encoded."""

import decimal
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestration.glm.arrays import Booleans, Floats, Integers, floats_of, integers_of
from orchestration.glm.errors import GlmError
from orchestration.glm.packing import PackedKey, unpack
from orchestration.glm.query import (
    CellQuery,
    Key,
    Weighting,
    response_variable,
    subset_variables,
)
from orchestration.glm.spec import ModelSpec, VariableSpec
from orchestration.glm.sql import quote_identifier

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Categorical:
    """A categorical column of the cells.

    `codes` (n_cells) index `values`, which are sorted ascending (an ENUM as declared); -1 is missing.
    `levels` are the values as text, `labels` their labels where there is a label column.
    """

    codes: Integers
    values: tuple[Any, ...]
    levels: tuple[str, ...]
    labels: tuple[str | None, ...]


@dataclass(frozen=True)
class CellWeights:
    """Sums over the rows of each cell: frequencies (cases), frequency times weight, and times its square."""

    n: Floats
    weight: Floats
    squares: Floats


@dataclass(frozen=True)
class Pooled:
    """A response summed by cell, about `shift`, with frequency times weight and times its square.

    `low` and `high` are the extremes where the response has no histogram; `query` makes the histogram.
    """

    column: str
    shift: float
    first: Floats
    second: Floats
    first_squared: Floats
    second_squared: Floats
    sums: dict[str, Floats]
    low: Floats | None
    high: Floats | None
    query: CellQuery

    def histogram(self, *, is_complete: bool) -> tuple[Floats, Floats, Floats]:
        """Distinct values ascending, their weights and their rows, over the rows that the model uses."""
        table = self.query.histogram("" if is_complete else self.query.completeness())
        y, weight, n = (floats_of(table.column(name)) for name in ("y", "w", "n"))
        order = np.argsort(y)
        return y[order], weight[order], n[order]


@dataclass(frozen=True)
class Cells:
    """What one GROUP BY of a relation returns: a row per distinct combination of the models' columns.

    `invalid` marks rows whose frequency or weight cannot be used; `pooled` is the response of a single model
    whose cells hold its sums in place of its values.
    """

    relation: str
    n: Integers
    categoricals: dict[tuple[str, str | None], Categorical]
    numbers: dict[str, Floats]
    conditions: dict[str | None, Booleans]
    offsets: dict[tuple[str, str | None], Floats]
    weights: dict[Weighting, CellWeights]
    invalid: dict[tuple[str, str], Booleans]
    absent: dict[str, Booleans]
    pooled: Pooled | None
    synthetic: Booleans | None

    def categorical(self, variable: VariableSpec) -> Categorical:
        """The categorical column of a variable."""
        return self.categoricals[variable.column, variable.label]


def read_cells(query: CellQuery) -> Cells:
    """The cells of a query.

    Raises:
        GlmError: an expression fails.
    """
    table, packed = query.run()
    columns = _Columns(query, table, packed)
    variables = {(v.column, v.label) for spec in query.specs for v in _variables(spec)}
    encoded = {column: columns.encode(column) for column, _ in sorted_pairs(variables)}
    categoricals = {
        (column, label): with_labels(query, column, label, *encoded[column])
        for column, label in sorted_pairs(variables)
    }
    conditions: dict[str | None, Booleans] = {None: np.ones(table.num_rows, dtype=bool)}
    conditions |= {key[1]: columns.flag(key) for key in query.keys if key[0] == "where"}
    synthetic = table.column("synthetic")
    return Cells(
        relation=query.relation,
        n=integers_of(table.column("n")),
        categoricals=categoricals,
        numbers={key[1]: columns.number(key) for key in query.keys if key[0] == "number"},
        conditions=conditions,
        offsets={key[1:]: columns.number(key) for key in query.keys if key[0] == "offset"},
        weights={pair: _weights(table, index) for index, pair in enumerate(query.weightings)},
        invalid={key[:2]: ~columns.flag(key) for key in query.keys if key[0] in ("frequency", "weight")},
        absent={key[1]: ~columns.flag(key) for key in query.keys if key[0] == "present"},
        pooled=_pooled(table, query) if query.pooled else None,
        synthetic=None if synthetic.null_count == len(synthetic) else integers_of(synthetic, 0).astype(bool),
    )


def _variables(spec: ModelSpec) -> list[VariableSpec]:
    response = response_variable(spec)
    cluster = [] if spec.cluster is None else [cluster_variable(spec.cluster)]
    return [*spec.factors, *([response] if response else []), *subset_variables(spec), *cluster]


def cluster_variable(column: str) -> VariableSpec:
    """The column of the clusters as a categorical variable."""
    return VariableSpec(name=column, column=column)


class _Columns:
    """Columns of the grouped table, whether packed or not."""

    def __init__(self, query: CellQuery, table: "pa.Table", packed: dict[int, PackedKey]) -> None:
        self.table = table
        self.position = {key: index for index, key in enumerate(query.keys)}
        self.packed = packed

    @cached_property
    def parts(self) -> dict[int, Integers]:
        """Codes of the packed keys."""
        if not self.packed:
            return {}
        codes = integers_of(self.table.column("packed"))
        return dict(zip(self.packed, unpack(codes, list(self.packed.values())), strict=True))

    def flag(self, key: Key) -> Booleans:
        """A key that is 0 or 1."""
        position = self.position[key]
        if position in self.packed:
            return (self.parts[position] + self.packed[position].low).astype(bool)
        return integers_of(self.table.column(f"c{position}"), 0).astype(bool)

    def number(self, key: Key) -> Floats:
        """A number; missing ones as NaN."""
        position = self.position[key]
        if position not in self.packed:
            return _as_float(self.table.column(f"c{position}"))
        part, found = self.parts[position], self.packed[position]
        values = (part + found.low).astype(np.float64)
        return np.where(part < found.size, values, np.nan) if found.has_null else values

    def encode(self, column: str) -> tuple[Integers, tuple[Any, ...]]:
        """Codes and sorted values of a categorical column."""
        position = self.position["categorical", column, None]
        if position not in self.packed:
            return encode_values(self.table.column(f"c{position}"))
        part, found = self.parts[position], self.packed[position]
        used = np.bincount(part, minlength=found.width) > 0
        rank = np.cumsum(used) - 1
        if found.has_null:
            rank[found.size] = -1
        values = (np.flatnonzero(used[: found.size]) + found.low).tolist()
        return rank[part], tuple(bool(value) for value in values) if found.is_boolean else tuple(values)


def _weights(table: "pa.Table", index: int) -> CellWeights:
    if f"n{index}" not in table.column_names:
        n = floats_of(table.column("n"))
        return CellWeights(n, n, n)
    return CellWeights(*(floats_of(table.column(f"{name}{index}")) for name in ("n", "w", "ww")))


def _pooled(table: "pa.Table", query: CellQuery) -> Pooled:
    def column(name: str) -> Floats | None:
        if name not in table.column_names:
            return None
        return floats_of(table.column(name))

    first, second = column("s1"), column("s2")
    assert first is not None
    assert second is not None
    first_squared, second_squared = column("t1"), column("t2")
    sums = {name.removeprefix("sum_"): column(name) for name in table.column_names if name.startswith("sum_")}
    return Pooled(
        column=query.pooled_column(),
        shift=query.shift,
        first=first,
        second=second,
        first_squared=first if first_squared is None else first_squared,
        second_squared=second if second_squared is None else second_squared,
        sums={name: values for name, values in sums.items() if values is not None},
        low=column("low"),
        high=column("high"),
        query=query,
    )


def sorted_pairs(pairs: set[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Column and label pairs in a stable order."""
    return sorted(pairs, key=lambda pair: (pair[0], pair[1] or ""))


def _as_float(column: "pa.ChunkedArray") -> Floats:
    # A missing number becomes NaN; so does what is not finite, which no model can use. Adding 0 turns -0
    # into 0.
    values = floats_of(column) + 0.0
    return np.where(np.isfinite(values), values, np.nan)


def encode_values(column: "pa.ChunkedArray") -> tuple[Integers, tuple[Any, ...]]:
    """Codes and sorted values of a column; a NaN is missing like a null."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):
        column = pa.chunked_array([pa.array(floats_of(column) + 0.0)])
    is_enum = pa.types.is_dictionary(column.type)
    array = column.combine_chunks() if is_enum else column.dictionary_encode().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.DictionaryArray.from_arrays(pa.array([], "int32"), [])
    values = array.dictionary.to_pylist()
    codes = integers_of(pa.chunked_array([array.indices]))
    kept = [index for index, value in enumerate(values) if not _is_nan(value)]
    order = kept if is_enum else sorted(kept, key=lambda index: values[index])
    rank = np.full(len(values) + 1, -1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], tuple(values[index] for index in order)


def _is_nan(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def with_labels(
    query: CellQuery, column: str, label: str | None, codes: Integers, values: tuple[Any, ...]
) -> Categorical:
    labels = {} if label is None else _read_labels(query, column, label)
    return Categorical(
        codes=codes,
        values=values,
        levels=tuple(level_text(value) for value in values),
        labels=tuple(labels.get(value) for value in values),
    )


def _read_labels(query: CellQuery, column: str, label: str) -> dict[Any, str]:
    code, text = quote_identifier(column), quote_identifier(label)
    rows = query.connection.execute(
        f"SELECT {code}, min({text}), max({text}) FROM {query.source} WHERE {code} IS NOT NULL GROUP BY 1"
    ).fetchall()
    for value, first, last in rows:
        if first != last:
            raise GlmError(
                f"Column {column} of {query.relation} has the code {value!r} with two labels in {label}: "
                f"{first!r} and {last!r}. A code needs one label."
            )
    return {value: str(first) for value, first, _ in rows if first is not None}


def level_text(value: object) -> str:
    """A level as it is printed: 1.0 from a file of doubles as 1, true and false in lower case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | decimal.Decimal) and value == int(value):
        return str(int(value))
    return str(value)
