"""Cells of a relation: one GROUP BY that serves every model of a battery, with its columns encoded."""

import decimal
import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestration.glm.arrays import Booleans, Floats, Integers
from orchestration.glm.errors import GlmError, SpecificationError
from orchestration.glm.spec import ModelSpec, VariableSpec
from orchestration.glm.sql import parse_expression, quote_identifier, quote_relation

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

SYNTHETIC_COLUMN = "is_synthetic"

# Kind of a selected item, its column or expression, and the condition that guards an offset.
_Key = tuple[str, str, str | None]

_NUMERIC_TYPES = ("INT", "DECIMAL", "FLOAT", "DOUBLE", "BOOLEAN", "REAL")


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
class Cells:
    """What one GROUP BY of a relation returns: a row per distinct combination of the models' columns."""

    relation: str
    n: Integers
    categoricals: dict[tuple[str, str | None], Categorical]
    numbers: dict[str, Floats]
    conditions: dict[str | None, Booleans]
    offsets: dict[tuple[str, str | None], Floats]
    synthetic: Booleans | None

    def categorical(self, variable: VariableSpec) -> Categorical:
        """The categorical column of a variable."""
        return self.categoricals[variable.column, variable.label]


def response_variable(spec: ModelSpec) -> VariableSpec | None:
    """The response as a categorical variable; None where it is a number."""
    response = spec.response
    if response.column is None or spec.distribution not in ("ordinal", "binomial"):
        return None
    return VariableSpec(name=response.name, column=response.column, label=response.label)


def response_numbers(spec: ModelSpec) -> tuple[str, ...]:
    """Numeric columns of the response: the count or measurement, or events and trials."""
    response = spec.response
    if response.events is not None and response.trials is not None:
        return (response.events, response.trials)
    return () if response_variable(spec) or response.column is None else (response.column,)


def subset_variable(spec: ModelSpec, name: str) -> VariableSpec:
    """What a subset is made by: the factor of this name, or else the column."""
    named = (factor for factor in spec.factors if factor.name == name)
    return next(named, VariableSpec(name=name, column=name))


class _Query:
    """Collects the columns of all models, each once."""

    def __init__(self, connection: "DuckDBPyConnection", relation: str, specs: Sequence[ModelSpec]) -> None:
        self.connection = connection
        self.relation = relation
        self.source = quote_relation(relation)
        self.types = self._describe()
        self.selected: dict[_Key, str] = {}
        for spec in specs:
            self._add_model(spec)

    def _describe(self) -> dict[str, str]:
        import duckdb

        try:
            rows = self.connection.execute(f"DESCRIBE SELECT * FROM {self.source}").fetchall()
        except duckdb.Error as error:
            text = str(error).splitlines()[0]
            raise GlmError(f"Relation {self.relation} cannot be read: {text}") from None
        return {row[0]: row[1] for row in rows}

    def _add_model(self, spec: ModelSpec) -> None:
        variables = list(spec.factors)
        variables += [
            subset_variable(spec, name) for subset in spec.subsets if not isinstance(subset, str) for name in subset.by
        ]
        response = response_variable(spec)
        for variable in [*variables, *([response] if response else [])]:
            self._require(spec, variable.column)
            if variable.label is not None:
                self._require(spec, variable.label)
            self.selected["categorical", variable.column, None] = quote_identifier(variable.column)
        for column in (*spec.covariates, *response_numbers(spec)):
            self._add_number(spec, column)
        self._add_expressions(spec)

    def _add_number(self, spec: ModelSpec, column: str) -> None:
        self._require(spec, column)
        if not any(kind in self.types[column].upper() for kind in _NUMERIC_TYPES):
            raise SpecificationError(
                f"Model {spec.name}: column {column} of {self.relation} is {self.types[column]}, but a "
                f"covariate or a numeric response must be a number. List it under factors, or convert it."
            )
        self.selected["number", column, None] = f"CAST({quote_identifier(column)} AS DOUBLE)"

    def _add_expressions(self, spec: ModelSpec) -> None:
        condition = "true"
        if spec.where is not None:
            condition = self._expression(spec, spec.where, "where")
            self.selected["where", spec.where, None] = f"coalesce(CAST(({condition}) AS BOOLEAN), false)"
        if spec.offset is not None:
            offset = self._expression(spec, spec.offset, "offset", natural_log=True)
            # The condition guards the expression: log(0) is an error, also in rows that are left out.
            self.selected["offset", spec.offset, spec.where] = (
                f"CASE WHEN {condition} THEN CAST(({offset}) AS DOUBLE) END"
            )

    def _expression(self, spec: ModelSpec, text: str, kind: str, *, natural_log: bool = False) -> str:
        purpose = f"{kind} of model {spec.name}"
        parsed = parse_expression(self.connection, text, purpose=purpose, natural_log=natural_log)
        lower = {name.lower(): name for name in self.types}
        for column in parsed.columns:
            self._require(spec, lower.get(column.lower(), column))
        return parsed.sql

    def _require(self, spec: ModelSpec, column: str) -> None:
        if column in self.types:
            return
        near = difflib.get_close_matches(column, self.types, n=3)
        hint = f"Nearest: {', '.join(near)}." if near else f"It has {', '.join(self.types)}."
        raise SpecificationError(f"Model {spec.name}: relation {self.relation} has no column {column}. {hint}")

    def run(self) -> "tuple[pa.Table, dict[_Key, int]]":
        """The grouped cells, and the position of each selected item in them."""
        import duckdb

        items = list(self.selected.values())
        synthetic = f"bool_or({quote_identifier(SYNTHETIC_COLUMN)})"
        has_synthetic = self.types.get(SYNTHETIC_COLUMN) == "BOOLEAN"
        columns = [f"{item} AS c{position}" for position, item in enumerate(items)]
        columns += ["count(*) AS n", f"{synthetic if has_synthetic else 'NULL::BOOLEAN'} AS synthetic"]
        groups = ", ".join(str(position + 1) for position in range(len(items)))
        grouping = f" GROUP BY {groups}" if items else ""
        try:
            result = self.connection.execute(f"SELECT {', '.join(columns)} FROM {self.source}{grouping}")
            table = result.to_arrow_table()
        except duckdb.Error as error:
            text = str(error).splitlines()[0]
            raise GlmError(
                f"The cells of {self.relation} cannot be computed: {text}. Check the offset and where "
                f"expressions; a 'where' is applied before the offset is evaluated."
            ) from None
        return table, {key: position for position, key in enumerate(self.selected)}


def read_cells(connection: "DuckDBPyConnection", relation: str, specs: Sequence[ModelSpec]) -> Cells:
    """Group a relation by everything that these models name.

    Args:
        connection: an open DuckDB connection; only reads.
        relation: table or view, schema-qualified where needed.
        specs: the models; their factors, covariates, offsets, conditions and responses share one GROUP BY.

    Raises:
        GlmError: the relation cannot be read, or has no such column, or an expression fails.
    """
    query = _Query(connection, relation, specs)
    table, position = query.run()
    variables = {
        (variable.column, variable.label)
        for spec in specs
        for variable in (*spec.factors, response_variable(spec), *_subset_variables(spec))
        if variable is not None
    }
    encoded = {
        column: _encode(table.column(position["categorical", column, None])) for column, _ in sorted_pairs(variables)
    }
    categoricals = {
        (column, label): _with_labels(query, column, label, *encoded[column])
        for column, label in sorted_pairs(variables)
    }
    floats = {key: _as_float(table.column(index)) for key, index in position.items() if key[0] in ("number", "offset")}
    conditions: dict[str | None, Booleans] = {None: np.ones(table.num_rows, dtype=bool)}
    for (kind, text, _), index in position.items():
        if kind == "where":
            conditions[text] = table.column(index).to_numpy()
    synthetic = table.column("synthetic")
    return Cells(
        relation=relation,
        n=table.column("n").to_numpy(),
        categoricals=categoricals,
        numbers={key[1]: value for key, value in floats.items() if key[0] == "number"},
        conditions=conditions,
        offsets={key[1:]: value for key, value in floats.items() if key[0] == "offset"},
        synthetic=None if synthetic.null_count == len(synthetic) else synthetic.fill_null(False).to_numpy(),
    )


def sorted_pairs(pairs: set[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Column and label pairs in a stable order."""
    return sorted(pairs, key=lambda pair: (pair[0], pair[1] or ""))


def _subset_variables(spec: ModelSpec) -> list[VariableSpec]:
    return [subset_variable(spec, name) for subset in spec.subsets if not isinstance(subset, str) for name in subset.by]


def _as_float(column: "pa.ChunkedArray") -> Floats:
    # A missing number becomes NaN; so does what is not finite, which no model can use. Adding 0 turns -0
    # into 0.
    values = column.to_numpy().astype(np.float64) + 0.0
    return np.where(np.isfinite(values), values, np.nan)


def _encode(column: "pa.ChunkedArray") -> tuple[Integers, tuple[Any, ...]]:
    """Codes and sorted values of a column; a NaN is missing like a null."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):
        column = pa.chunked_array([pa.array(column.to_numpy() + 0.0, mask=column.is_null().to_numpy())])
    is_enum = pa.types.is_dictionary(column.type)
    array = column.combine_chunks() if is_enum else column.dictionary_encode().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.DictionaryArray.from_arrays(pa.array([], "int32"), [])
    values = array.dictionary.to_pylist()
    codes = array.indices.cast(pa.int64()).fill_null(-1).to_numpy()
    kept = [index for index, value in enumerate(values) if not _is_nan(value)]
    order = kept if is_enum else sorted(kept, key=lambda index: values[index])
    rank = np.full(len(values) + 1, -1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], tuple(values[index] for index in order)


def _is_nan(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _with_labels(
    query: _Query, column: str, label: str | None, codes: Integers, values: tuple[Any, ...]
) -> Categorical:
    labels = {} if label is None else _read_labels(query, column, label)
    return Categorical(
        codes=codes,
        values=values,
        levels=tuple(level_text(value) for value in values),
        labels=tuple(labels.get(value) for value in values),
    )


def _read_labels(query: _Query, column: str, label: str) -> dict[Any, str]:
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
