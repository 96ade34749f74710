"""The one GROUP BY of a relation that serves its models: keys, sums by cell, and their names."""

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from orchestration.glm.errors import GlmError, SpecificationError
from orchestration.glm.packing import PackedKey, choose_packed, packed_bits, packed_sql, read_ranges
from orchestration.glm.spec import ModelSpec, VariableSpec
from orchestration.glm.sql import parse_expression, quote_identifier, quote_relation

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

SYNTHETIC_COLUMN = "is_synthetic"
LARGE = 50_000
"""Relations with as many rows are grouped by a packed key, and the response of a single model is summed."""

MANY_CELLS = 250_000
"""Where there are more cells the rows are not grouped, but read in pieces for each step of a fit."""

_LARGEST_NUMBER = "1.7976931348623157e308"

Key = tuple[str, str, str | None]
"""Kind of a grouping key, its column or expression, and the condition that guards an offset."""

Weighting = tuple[str | None, str | None]
"""Frequency and sampling weight of a model, as written in its specification."""

_INTEGER_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_NUMERIC_TYPES = ("INT", "DECIMAL", "FLOAT", "DOUBLE", "BOOLEAN", "REAL")
_DETERMINED_BY_RESPONSE = {
    "gamma": {"log": "ln({y})"},
    "inverse_gaussian": {"log": "ln({y})", "inverse": "1 / {y}"},
}


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


def subset_variables(spec: ModelSpec) -> list[VariableSpec]:
    """What all subsets of a model are made by."""
    return [subset_variable(spec, name) for subset in spec.subsets if not isinstance(subset, str) for name in subset.by]


def can_stream(connection: "DuckDBPyConnection") -> bool:
    """Whether rows can be read in batches; those of another engine come as a whole."""
    import duckdb

    return isinstance(connection, duckdb.DuckDBPyConnection)


def can_pool(specs: Sequence[ModelSpec]) -> bool:
    """Whether sums of the response by pattern serve in place of each of its values.

    They do for one model on one subset, unless its response is a category or the scores of single rows in
    alpha are needed.
    """
    if len(specs) != 1 or specs[0].subsets != ("pooled",):
        return False
    spec = specs[0]
    by_row = spec.estimates_alpha and spec.covariance == "robust"
    return spec.distribution not in ("ordinal", "binomial") and not by_row


@dataclass(frozen=True)
class Measure:
    """Sums by cell of one weighting: SQL of the frequency times powers of the weight."""

    frequency: str
    weight: str

    @classmethod
    def of(cls, frequency: str | None, weight: str | None) -> "Measure":
        """From expressions; None counts every row once."""
        if frequency is None and weight is None:
            return cls("1", "1")
        return cls(f"CAST({frequency or 1} AS DOUBLE)", f"CAST({weight or 1} AS DOUBLE)")


class CellQuery:
    """Collects the columns of all models, each once, and groups by them.

    Args:
        connection: an open DuckDB connection; only reads.
        relation: name of a table or view.
        specs: the models.
        may_pool: whether a response may be summed by cell, which loses its values.
    """

    def __init__(
        self, connection: "DuckDBPyConnection", relation: str, specs: Sequence[ModelSpec], *, may_pool: bool = True
    ) -> None:
        self.connection = connection
        self.relation = relation
        self.source = quote_relation(relation)
        self.specs = specs
        self.types = describe(connection, relation)
        self.n_rows = count_rows(connection, relation)
        self.is_large = self.n_rows >= LARGE
        self.pooled = may_pool and self.is_large and can_pool(specs)
        self.keys: dict[Key, str] = {}
        self.weightings: dict[Weighting, Measure] = {}
        self.shift = 0.0
        for spec in specs:
            self._add_model(spec)

    def _add_model(self, spec: ModelSpec) -> None:
        response = response_variable(spec)
        variables = [*spec.factors, *subset_variables(spec), *([response] if response else [])]
        if spec.cluster is not None:
            variables.append(VariableSpec(name=spec.cluster, column=spec.cluster))
        for variable in variables:
            self._require(spec, variable.column)
            if variable.label is not None:
                self._require(spec, variable.label)
            self.keys["categorical", variable.column, None] = quote_identifier(variable.column)
        for column in spec.covariates:
            self.keys["number", column, None] = self._number(spec, column)
        for column in response_numbers(spec):
            if self.pooled:
                self._add_validity(spec, column)
            else:
                self.keys["number", column, None] = self._number(spec, column)
        self._add_expressions(spec)
        self._add_weighting(spec)

    def _add_validity(self, spec: ModelSpec, column: str) -> None:
        """Rows with and without the pooled response are kept apart, where it can be missing at all."""
        number = self._number(spec, column)
        self.keys["present", column, None] = f"CASE WHEN {_is_finite(number)} THEN 1 ELSE 0 END"

    def _number(self, spec: ModelSpec, column: str) -> str:
        self._require(spec, column)
        if not any(kind in self.types[column].upper() for kind in _NUMERIC_TYPES):
            raise SpecificationError(
                f"Model {spec.name}: column {column} of {self.relation} is {self.types[column]}, but a "
                f"covariate or a numeric response must be a number. List it under factors, or convert it."
            )
        return f"CAST({quote_identifier(column)} AS DOUBLE)"

    def _add_expressions(self, spec: ModelSpec) -> None:
        condition = "true"
        if spec.where is not None:
            condition = self._expression(spec, spec.where, "where")
            self.keys["where", spec.where, None] = f"CASE WHEN CAST(({condition}) AS BOOLEAN) THEN 1 ELSE 0 END"
        if spec.offset is not None:
            offset = self._expression(spec, spec.offset, "offset", natural_log=True)
            # The condition guards the expression: log(0) is an error, also in rows that are left out.
            self.keys["offset", spec.offset, spec.where] = f"CASE WHEN {condition} THEN CAST(({offset}) AS DOUBLE) END"

    def _add_weighting(self, spec: ModelSpec) -> None:
        parsed: dict[str, str | None] = {"frequency": None, "weight": None}
        for kind, text in (("frequency", spec.frequency), ("weight", spec.weight)):
            if text is None:
                continue
            sql = self._expression(spec, text, kind)
            number = f"CAST(({sql}) AS DOUBLE)"
            valid = f"coalesce({_is_finite(number)} AND {number} > 0, false)"
            if kind == "frequency":
                self._refuse_fractions(spec, number)
            self.keys[kind, text, None] = f"CASE WHEN {valid} THEN 1 ELSE 0 END"
            parsed[kind] = f"CASE WHEN {valid} THEN {number} ELSE 1 END"
        measure = Measure.of(parsed["frequency"], parsed["weight"])
        self.weightings[spec.frequency, spec.weight] = measure

    def _refuse_fractions(self, spec: ModelSpec, number: str) -> None:
        """A frequency that is no whole number is a mistake, not a missing value."""
        condition = f"abs({number}) <= {_LARGEST_NUMBER} AND {number} <> floor({number})"
        if spec.where is not None:
            condition = f"{self.keys['where', spec.where, None]} = 1 AND {condition}"
        row = self.connection.execute(f"SELECT {number} FROM {self.source} WHERE {condition} LIMIT 1").fetchone()
        if row is not None:
            raise GlmError(
                f"Model {spec.name}: frequency {spec.frequency} of {self.relation} has the value {row[0]:g}, but a "
                f"frequency counts cases and is a whole number. Name a sampling weight under weight; or round it."
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

    def estimate_cells(self) -> int:
        """About how many cells there are, at the cost of a pass where the ranges of the keys leave it open."""
        if self.n_rows <= MANY_CELLS:
            return self.n_rows
        packed = self.packed
        if len(packed) == len(self.keys):
            size = math.prod(key.width for key in packed.values())
            if size <= MANY_CELLS:
                return size
        row = self.connection.execute(
            f"SELECT approx_count_distinct(hash({', '.join(self.keys.values())})) FROM {self.source}"
        ).fetchone()
        return int(row[0]) if row else 0

    @cached_property
    def packed(self) -> dict[int, PackedKey]:
        """The keys, by position, that are packed into one integer."""
        if not self.is_large:
            return {}
        columns = [column for kind, column, _ in self.keys if kind in ("categorical", "number")]
        columns += [column for kind, column, _ in self.keys if kind == "present"]
        ranges = read_ranges(self.connection, self.source, self.types, list(dict.fromkeys(columns)))
        packable: dict[int, PackedKey] = {}
        for position, ((kind, column, _), sql) in enumerate(self.keys.items()):
            if kind in ("where", "frequency", "weight"):
                packable[position] = PackedKey(sql, 0, 2, has_null=False)
            elif kind in ("categorical", "number") and column in ranges:
                found = ranges[column]
                packable[position] = PackedKey(
                    quote_identifier(column),
                    found.low,
                    found.high - found.low + 1,
                    has_null=found.has_null,
                    is_boolean=self.types[column] == "BOOLEAN",
                )
            elif kind == "present":
                certain = column in ranges and not ranges[column].has_null
                packable[position] = (
                    PackedKey("1", 1, 1, has_null=False) if certain else PackedKey(sql, 0, 2, has_null=False)
                )
        return choose_packed(packable)

    def measures(self) -> list[str]:
        """Columns of sums: rows, then for each weighting its sums, and those of a pooled response."""
        columns = ["count(*) AS n"]
        for index, measure in enumerate(self.weightings.values()):
            f, w = measure.frequency, measure.weight
            if f == "1" and w == "1":
                continue
            columns += [f"sum({f}) AS n{index}", f"sum({f} * {w}) AS w{index}", f"sum({f} * {w} * {w}) AS ww{index}"]
        if self.pooled:
            columns += self._pooled_sums()
        return columns

    def pooled_column(self) -> str:
        """Column of the pooled response."""
        return response_numbers(self.specs[0])[0]

    def _pooled_sums(self) -> list[str]:
        """Sums of a pooled response about a shift, by frequency times weight and times its square.

        Whole numbers are summed exactly; others about their mean, so that no digits are lost.
        """
        column = self.pooled_column()
        y, measure = quote_identifier(column), next(iter(self.weightings.values()))
        plain = measure.frequency == "1" and measure.weight == "1"
        if plain and self.types[column] in _INTEGER_TYPES:
            return [
                f"CAST(sum({y}) AS DOUBLE) AS s1",
                f"CAST(sum(CAST({y} AS BIGINT) * CAST({y} AS BIGINT)) AS DOUBLE) AS s2",
                *self._response_sums(y, "1"),
            ]
        self.shift = self._mean(y)
        value = f"(CAST({y} AS DOUBLE) - {self.shift!r})"
        weight = f"{measure.frequency} * {measure.weight}"
        columns = [f"sum({weight} * {value}) AS s1", f"sum({weight} * {value} * {value}) AS s2"]
        if not plain:
            square = f"{weight} * {measure.weight}"
            columns += [f"sum({square} * {value}) AS t1", f"sum({square} * {value} * {value}) AS t2"]
        return [*columns, *self._response_sums(f"CAST({y} AS DOUBLE)", weight)]

    def _response_sums(self, y: str, weight: str) -> list[str]:
        spec = self.specs[0]
        functions = dict(_DETERMINED_BY_RESPONSE.get(spec.distribution, {}))
        sums = [
            f"sum({weight} * {text.format(y=f'CASE WHEN {y} > 0 THEN {y} END')}) AS sum_{name}"
            for name, text in functions.items()
        ]
        if spec.distribution in ("gaussian", "gamma", "inverse_gaussian"):
            sums += [f"min({y}) AS low", f"max({y}) AS high"]
        return sums

    def _mean(self, y: str) -> float:
        row = self.connection.execute(
            f"SELECT avg({y}) FROM {self.source} WHERE {_is_finite(f'CAST({y} AS DOUBLE)')}"
        ).fetchone()
        return float(row[0]) if row and row[0] is not None else 0.0

    def run(self) -> "tuple[pa.Table, dict[int, PackedKey]]":
        """The grouped cells: unpacked keys as c<position>, packed ones as `packed`, sums under their names."""
        import duckdb

        packed = self.packed
        columns = [f"{sql} AS c{position}" for position, sql in enumerate(self.keys.values()) if position not in packed]
        if packed:
            columns.append(f"{packed_sql(list(packed.values()))} AS packed")
        groups = ", ".join(str(position + 1) for position in range(len(columns)))
        synthetic = f"bool_or({quote_identifier(SYNTHETIC_COLUMN)})"
        has_synthetic = self.types.get(SYNTHETIC_COLUMN) == "BOOLEAN"
        columns += self.measures()
        columns.append(f"{synthetic} AS synthetic" if has_synthetic else "CAST(NULL AS BOOLEAN) AS synthetic")
        grouping = f" GROUP BY {groups}" if groups else ""
        bits = packed_bits(list(packed.values()))
        try:
            if packed:
                self.connection.execute(f"SET perfect_ht_threshold = {min(max(bits, 12), 24)}")
            result = self.connection.execute(f"SELECT {', '.join(columns)} FROM {self.source}{grouping}")
            table = result.to_arrow_table()
        except duckdb.Error as error:
            text = str(error).splitlines()[0]
            raise GlmError(
                f"The cells of {self.relation} cannot be computed: {text}. Check the offset and where "
                f"expressions; a 'where' is applied before the offset is evaluated."
            ) from None
        finally:
            if packed:
                self.connection.execute("RESET perfect_ht_threshold")
        return table, packed

    def histogram(self, condition: str) -> "pa.Table":
        """Distinct values `y` of a pooled response with their summed weights `w` and rows `n`."""
        y, measure = f"CAST({quote_identifier(self.pooled_column())} AS DOUBLE)", next(iter(self.weightings.values()))
        plain = measure.frequency == "1" and measure.weight == "1"
        y = quote_identifier(self.pooled_column()) if self.types[self.pooled_column()] in _INTEGER_TYPES else y
        sums = "count(*)" if plain else f"sum({measure.frequency} * {measure.weight})"
        count = "count(*)" if plain else f"sum({measure.frequency})"
        where = f" WHERE {condition}" if condition else ""
        return self.connection.execute(
            f"SELECT {y} AS y, {sums} AS w, {count} AS n FROM {self.source}{where} GROUP BY 1"
        ).to_arrow_table()

    def completeness(self) -> str:
        """SQL condition of the rows that a single model uses; empty where that is every row."""
        return " AND ".join(self.presence().values())

    def presence(self) -> dict[Key, str]:
        """SQL condition that a row can be used as far as one key goes."""
        conditions = {}
        for key, sql in self.keys.items():
            kind, column, _ = key
            if kind in ("where", "frequency", "weight", "present"):
                conditions[key] = f"({sql}) = 1"
            elif kind in ("number", "offset"):
                conditions[key] = _is_finite(sql)
            elif any(word in self.types[column] for word in ("DOUBLE", "FLOAT")):
                conditions[key] = f"NOT isnan({sql})"
            else:
                conditions[key] = f"{sql} IS NOT NULL"
        return conditions


def _is_finite(number: str) -> str:
    """SQL condition that a number is neither missing, NaN nor infinite; NaN sorts above every number."""
    return f"abs({number}) <= {_LARGEST_NUMBER}"


def describe(connection: "DuckDBPyConnection", relation: str) -> dict[str, str]:
    """Column types of a relation by name.

    Raises:
        GlmError: the relation cannot be read.
    """
    import duckdb

    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {quote_relation(relation)}").fetchall()
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        raise GlmError(f"Relation {relation} cannot be read: {text}") from None
    return {row[0]: row[1] for row in rows}


def count_rows(connection: "DuckDBPyConnection", relation: str) -> int:
    """Number of rows of a relation."""
    row = connection.execute(f"SELECT count(*) FROM {quote_relation(relation)}").fetchone()
    assert row is not None
    return int(row[0])
