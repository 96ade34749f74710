"""From a relation to a stream: levels and cases by queries, then its rows encoded piece by piece."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from orchestration.glm.arrays import Booleans, Floats, Integers, floats_of, sum_by_code
from orchestration.glm.cells import Categorical, cluster_variable, encode_values, with_labels
from orchestration.glm.errors import GlmError
from orchestration.glm.query import (
    SYNTHETIC_COLUMN,
    CellQuery,
    Key,
    response_numbers,
    response_variable,
    subset_variables,
)
from orchestration.glm.responses import Response, SampleColumn, categorical_response, check_numbers
from orchestration.glm.sample import (
    Cases,
    Factor,
    Subset,
    no_rows,
    no_subsets,
    reduce_interactions,
    reference,
    subset_name,
)
from orchestration.glm.spec import ModelSpec, VariableSpec
from orchestration.glm.spill import Columns, Spill, narrowed
from orchestration.glm.sql import quote_identifier
from orchestration.glm.streams import (
    RunningHistogram,
    RunningMoments,
    Stream,
    StreamTotals,
    row_hash,
    start_of_patterns,
)

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_ROWS = 2**17
_MANY_LEVELS = 5000
_MANY_VALUES = 200_000
_SUMS = {"log": np.log, "inverse": np.reciprocal}


def list_stream_subsets(query: CellQuery) -> list[Subset]:
    """The subsets that a model on too many rows for cells asks for."""
    (spec,) = query.specs
    subsets: list[Subset] = []
    for entry in spec.subsets:
        if isinstance(entry, str):
            subsets.append(Subset(name="pooled", condition=None, codes={}))
            continue
        variables = [next(v for v in subset_variables(spec) if v.name == name) for name in entry.by]
        keys = [("categorical", variable.column, None) for variable in variables]
        columns = ", ".join(f"{query.keys[key]} AS c{place}" for place, key in enumerate(keys))
        where = [query.presence()[key] for key in keys]
        where += [condition for key, condition in query.presence().items() if key[0] == "where"]
        table = query.connection.execute(
            f"SELECT {columns} FROM {query.source} WHERE {' AND '.join(where)} GROUP BY ALL"
        ).to_arrow_table()
        if not table.num_rows:
            raise GlmError(no_subsets(query.relation, spec, entry.by))
        encoded = [encode_values(table.column(f"c{place}")) for place in range(len(keys))]
        for codes in np.unique(np.stack([codes for codes, _ in encoded]), axis=1).T.tolist():
            values = [found[code] for (_, found), code in zip(encoded, codes, strict=True)]
            subsets.append(subset_name(variables, values))
    return subsets


def open_stream(query: CellQuery, subset: Subset) -> Stream:
    """Read the rows that one model uses on one subset, in a single pass, into a stream.

    Args:
        query: of this one model, without pooling of the response.
        subset: one of `list_stream_subsets`.

    Raises:
        GlmError: no rows are left, or the response does not fit the distribution.
    """
    return _Reader(query, query.specs[0], subset).read()


@dataclass(frozen=True)
class _Coded:
    """A categorical column: all its levels in the relation, and cases of each among the rows that are used."""

    categorical: Categorical
    counts: Floats

    @cached_property
    def used(self) -> Booleans:
        return self.counts > 0

    def column(self, name: str) -> SampleColumn:
        """The levels that occur, its codes being these levels themselves."""
        found = self.categorical
        pairs = list(zip(found.levels, found.labels, self.used.tolist(), strict=True))
        return SampleColumn(
            name=name,
            codes=np.arange(int(self.used.sum())),
            levels=tuple(level for level, _, keep in pairs if keep),
            labels=tuple(label for _, label, keep in pairs if keep),
            unused=tuple((level, label) for level, label, keep in pairs if not keep),
        )

    def encode(self, values: "pa.ChunkedArray | pa.Array") -> Integers:
        """Codes of some values among the levels that occur."""
        import pyarrow as pa
        import pyarrow.compute as pc

        known = [value for value, keep in zip(self.categorical.values, self.used.tolist(), strict=True) if keep]
        codes = pc.call_function("index_in", [values], pc.SetLookupOptions(pa.array(known, type=values.type)))
        return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64)


class _Reader:
    """One model on one subset."""

    def __init__(self, query: CellQuery, spec: ModelSpec, subset: Subset) -> None:
        self.query, self.spec, self.subset = query, spec, subset
        self.measure = query.weightings[spec.frequency, spec.weight]
        self.inside = subset.condition or "true"
        self.complete = " AND ".join([f"({self.inside})", *query.presence().values()])
        self.numbers = [*response_numbers(spec), *spec.covariates]

    def read(self) -> Stream:
        cases, is_synthetic = self._count()
        if cases.included == 0:
            raise GlmError(no_rows(self.query.relation, self.spec, self.subset, cases))
        factors = [self._levels(variable) for variable in self.spec.factors]
        columns = [coded.column(variable.name) for coded, variable in zip(factors, self.spec.factors, strict=True)]
        for column in columns:
            self._check_levels(column)
        response, coded_response = self._response()
        cluster = None if self.spec.cluster is None else self._levels(cluster_variable(self.spec.cluster))
        if cluster is not None and cluster.used.sum() < 2:
            raise GlmError(
                f"Model {self.spec.name}: all rows are in one cluster of {self.spec.cluster}; name a finer column."
            )
        filling = _Filling(self.spec, factors, response, coded_response, cluster)
        for batch in self._batches():
            filling.add(batch)
        filling.finish()
        return self._stream(filling, columns, response, cluster, cases, is_synthetic=is_synthetic)

    def _count(self) -> tuple[Cases, bool]:
        """Cases by frequency, as for cells; and whether any row is synthetic."""
        names = self._names()
        presence = self.query.presence()
        chosen = [f"({self.inside})", *(text for key, text in presence.items() if key[0] == "where")]
        inside, where = f"({self.inside})", " AND ".join(chosen)
        n = self.measure.frequency
        filters = [inside, f"{inside} AND NOT coalesce({where}, false)", self.complete]
        filters += [f"{where} AND NOT coalesce({presence[key]}, false)" for key in names]
        sums = ", ".join(f"coalesce(sum({n}) FILTER (WHERE {text}), 0)" for text in filters)
        synthetic = "false"
        if self.query.types.get(SYNTHETIC_COLUMN) == "BOOLEAN":
            synthetic = f"coalesce(bool_or({quote_identifier(SYNTHETIC_COLUMN)}) FILTER (WHERE {self.complete}), false)"
        row = self.query.connection.execute(f"SELECT {sums}, {synthetic} FROM {self.query.source}").fetchone()
        assert row is not None
        total, by_condition, included, *absent = (round(value) for value in row[:-1])
        by_variable = tuple((name, count) for name, count in zip(names.values(), absent, strict=True) if count)
        return Cases(included, total - included, by_condition, by_variable), bool(row[-1])

    def _names(self) -> dict[Key, str]:
        """What each key is called where cases lack it, in the order of the report."""
        spec = self.spec
        names: dict[Key, str] = {("number", name, None): name for name in response_numbers(spec)}
        variable = response_variable(spec)
        if variable is not None:
            names["categorical", variable.column, None] = variable.name
        names |= {("categorical", factor.column, None): factor.name for factor in spec.factors}
        names |= {("number", name, None): name for name in spec.covariates}
        if spec.offset is not None:
            names["offset", spec.offset, spec.where] = "offset"
        names |= {(kind, text, None): kind for kind, text in self._weightings() if text is not None}
        if spec.cluster is not None:
            names["categorical", spec.cluster, None] = spec.cluster
        return names

    def _weightings(self) -> tuple[tuple[str, str | None], ...]:
        return ("frequency", self.spec.frequency), ("weight", self.spec.weight)

    def _levels(self, variable: VariableSpec) -> _Coded:
        table = self.query.connection.execute(
            f"SELECT {quote_identifier(variable.column)} AS c, "
            f"coalesce(sum({self.measure.frequency}) FILTER (WHERE {self.complete}), 0) AS n "
            f"FROM {self.query.source} GROUP BY 1"
        ).to_arrow_table()
        codes, values = encode_values(table.column("c"))
        labelled = with_labels(self.query, variable.column, variable.label, codes, values)
        present = codes >= 0
        return _Coded(labelled, sum_by_code(codes[present], floats_of(table.column("n"))[present], len(values)))

    def _check_levels(self, column: SampleColumn) -> None:
        if len(column.levels) > _MANY_LEVELS:
            raise GlmError(
                f"Model {self.spec.name}: factor {column.name} has {len(column.levels):,} levels. A number belongs "
                f"under covariates; merge the levels of a true factor, or name it as the cluster."
            )

    def _response(self) -> tuple[Response | None, _Coded | None]:
        variable = response_variable(self.spec)
        if variable is None:
            return None, None
        coded = self._levels(variable)
        return categorical_response(self.spec, coded.column(variable.name), coded.counts[coded.used]), coded

    def _batches(self) -> "Iterator[pa.RecordBatch]":
        """The complete rows; where patterns count, summed by pattern and response and sorted by pattern."""
        import duckdb

        spec, keys = self.spec, self.query.keys
        columns = [f"{self._plain(factor.column)} AS f{place}" for place, factor in enumerate(spec.factors)]
        columns += [f"{keys['number', name, None]} AS x{place}" for place, name in enumerate(spec.covariates)]
        if spec.offset is not None:
            columns.append(f"{keys['offset', spec.offset, spec.where]} AS offset_")
        n_keys = len(columns)
        variable, numbers = response_variable(spec), response_numbers(spec)
        columns.append(f"{self._plain(variable.column) if variable else keys['number', numbers[0], None]} AS y")
        if len(numbers) == 2:
            columns.append(f"{keys['number', numbers[1], None]} AS trials")
        if spec.cluster is not None:
            columns.append(f"{self._plain(spec.cluster)} AS cluster_")
        is_grouped = spec.fit_by == "patterns"
        grouping = ""
        if is_grouped:
            every = ", ".join(str(place + 1) for place in range(len(columns)))
            order = ", ".join(str(place + 1) for place in range(n_keys)) or "1"
            grouping = f" GROUP BY {every} ORDER BY {order}, {every}"
        columns += self._weight_columns(is_grouped=is_grouped)
        try:
            result = self.query.connection.execute(
                f"SELECT {', '.join(columns)} FROM {self.query.source} WHERE {self.complete}{grouping}"
            )
            yield from result.to_arrow_reader(CHUNK_ROWS)
        except duckdb.Error as error:
            text = str(error).splitlines()[0]
            raise GlmError(f"The rows of {self.query.relation} cannot be read: {text}") from None

    def _plain(self, column: str) -> str:
        """SQL of a categorical column as it is looked up: an ENUM as text, -0 as 0."""
        kind, name = self.query.types[column].upper(), quote_identifier(column)
        if kind.startswith("ENUM"):
            return f"CAST({name} AS VARCHAR)"
        return f"CAST({name} AS DOUBLE) + 0.0" if kind in ("DOUBLE", "FLOAT", "REAL") else name

    def _weight_columns(self, *, is_grouped: bool) -> list[str]:
        f, w = self.measure.frequency, self.measure.weight
        parts = [("n", f), *([("weight", f"{f} * {w}"), ("weight_squares", f"{f} * {w} * {w}")] if w != "1" else [])]
        if is_grouped:
            return [f"CAST(sum({sql}) AS DOUBLE) AS {name}" for name, sql in parts]
        return [f"CAST({sql} AS DOUBLE) AS {name}" for name, sql in parts if sql != "1"]

    def _stream(
        self,
        filling: "_Filling",
        columns: Sequence[SampleColumn],
        response: Response | None,
        cluster: _Coded | None,
        cases: Cases,
        *,
        is_synthetic: bool,
    ) -> Stream:
        spec = self.spec
        varying = [place for place, column in enumerate(columns) if len(column.levels) > 1]
        numbers = [running.moments() for running in filling.covariates]
        moving = [place for place, found in enumerate(numbers) if found.minimum != found.maximum]
        names = {columns[place].name for place in varying} | {spec.covariates[place] for place in moving}
        interactions, merged = reduce_interactions(spec, names)
        constant = [column.name for column in columns if len(column.levels) == 1]
        constant += [name for place, name in enumerate(spec.covariates) if place not in moving]
        counts = [coded.counts[coded.used].astype(np.int64) for coded in filling.factors]
        factors = tuple(
            Factor(
                name=columns[place].name,
                levels=columns[place].levels,
                labels=columns[place].labels,
                codes=np.empty(0, dtype=np.int64),
                counts=counts[place],
                reference=reference(spec, columns[place]),
            )
            for place in varying
        )
        header = {
            "response": spec.response.name,
            "categories": [] if response is None else [category.level for category in response.categories],
            "factors": [[factor.name, list(factor.levels)] for factor in factors],
            "covariates": list(spec.covariates),
            "offset": spec.offset,
            "rows": filling.hash,
        }
        return Stream(
            factors=factors,
            dropped=(*constant, *merged),
            unused_levels=tuple((column.name, *level) for column in columns for level in column.unused),
            covariate_names=tuple(spec.covariates[place] for place in moving),
            interactions=interactions,
            categories=() if response is None else response.categories,
            cases=cases,
            n_clusters=0 if cluster is None else int(cluster.used.sum()),
            n_patterns=filling.n_patterns,
            fingerprint=hashlib.sha256(json.dumps(header, ensure_ascii=False).encode()).hexdigest(),
            is_synthetic=is_synthetic,
            spill=filling.spill,
            columns=(tuple(varying), tuple(moving)),
            found=filling.totals(),
            n_rows=filling.response.count,
            sums=(filling.response.mean * filling.response.count, filling.trials),
            numbers=tuple(numbers[place] for place in moving),
            response=filling.response.moments(),
            offset=None if spec.offset is None else filling.offset.moments(),
            is_plain=spec.fit_by == "rows",
        )


class _Filling:
    """Writes batches of rows to the spill, and keeps what is known of all of them."""

    def __init__(
        self,
        spec: ModelSpec,
        factors: Sequence[_Coded],
        response: Response | None,
        coded_response: _Coded | None,
        cluster: _Coded | None,
    ) -> None:
        self.spec, self.factors, self.cluster = spec, factors, cluster
        self.coded_response = coded_response
        self.response_codes = None if response is None else response.y
        self.spill = Spill()
        self.covariates = [RunningMoments() for _ in spec.covariates]
        self.offset, self.response = RunningMoments(), RunningMoments()
        self.is_listed = spec.distribution in ("poisson", "negative_binomial", "binomial")
        self.histogram = RunningHistogram(_MANY_VALUES if spec.distribution != "negative_binomial" else 2**62)
        self.sums: dict[str, float] = {}
        self.weight = self.trials = 0.0
        self.hash = self.n_patterns = 0
        self.fraction: list[float] = []
        self.waiting: Columns | None = None

    def add(self, batch: "pa.RecordBatch") -> None:
        """Encode a batch, and write the patterns that are complete."""
        columns = self._encode(batch)
        if not len(columns["y"]):
            return
        self._measure(columns)
        if self.spec.fit_by == "rows":
            self.n_patterns += len(columns["y"])
            self.spill.append(columns)
            return
        if self.waiting is not None:
            held = self.waiting
            columns = {name: np.concatenate([held[name], values]) for name, values in columns.items()}
        starts = self._starts(columns)
        last = int(starts[-1])
        self._write({name: values[:last] for name, values in columns.items()}, starts[:-1])
        self.waiting = {name: values[last:] for name, values in columns.items()}

    def finish(self) -> None:
        """Write the last pattern, and check the response."""
        if self.waiting is not None:
            self._write(self.waiting, np.zeros(1, dtype=np.int64))
        if self.response_codes is None and self.spec.response.events is None:
            ends = np.array([self.response.minimum, self.response.maximum, *self.fraction])
            check_numbers(self.spec, ends, np.ones_like(ends))

    def _starts(self, columns: Columns) -> Integers:
        keys = [values for name, values in columns.items() if name[0] in "fx" or name == "offset"]
        return start_of_patterns(keys, len(columns["y"]))

    def _write(self, columns: Columns, starts: Integers) -> None:
        length = len(columns["y"])
        if not length:
            return
        pattern = np.zeros(length, dtype=np.int64)
        pattern[starts[1:]] = 1
        self.n_patterns += len(starts)
        self.spill.append({**columns, "pattern": np.cumsum(pattern)})

    def _encode(self, batch: "pa.RecordBatch") -> Columns:
        columns: Columns = {}
        for place, coded in enumerate(self.factors):
            columns[f"f{place}"] = narrowed(coded.encode(batch.column(f"f{place}")), int(coded.used.sum()))
        for place in range(len(self.covariates)):
            columns[f"x{place}"] = _numbers(batch.column(f"x{place}"))
        if self.spec.offset is not None:
            columns["offset"] = _numbers(batch.column("offset_"))
        columns["y"] = self._encode_response(batch.column("y"))
        if self.cluster is not None:
            size = int(self.cluster.used.sum())
            columns["cluster"] = narrowed(self.cluster.encode(batch.column("cluster_")), size)
        present = set(batch.schema.names)
        columns |= {
            name: _numbers(batch.column(name))
            for name in ("trials", "n", "weight", "weight_squares")
            if name in present
        }
        return columns

    def _encode_response(self, values: "pa.Array") -> NDArray[np.generic]:
        if self.coded_response is None or self.response_codes is None:
            return _numbers(values)
        codes = self.response_codes[self.coded_response.encode(values)]
        return narrowed(codes.astype(np.int64), len(self.response_codes) + 1)

    def _measure(self, columns: Columns) -> None:
        y = columns["y"].astype(np.float64)
        ones = np.ones(len(y))
        n, trials = (np.asarray(columns.get(name, ones), dtype=np.float64) for name in ("n", "trials"))
        weight = np.asarray(columns.get("weight", n), dtype=np.float64)
        if self.spec.response.events is not None:
            check_numbers(self.spec, y, trials)
        self.hash = (self.hash + row_hash(columns)) % 2**64
        self.response.add(y, n)
        for place, running in enumerate(self.covariates):
            running.add(np.asarray(columns[f"x{place}"], dtype=np.float64), n)
        if "offset" in columns:
            self.offset.add(np.asarray(columns["offset"], dtype=np.float64), n)
        self.weight += float(weight.sum())
        self.trials += float(n @ trials)
        if self.is_listed:
            self.histogram.add(y, trials, weight)
            if not self.fraction:
                self.fraction = y[y != np.floor(y)][:1].tolist()
        elif self.response_codes is None:
            self._add_sums(y, weight)

    def _add_sums(self, y: Floats, weight: Floats) -> None:
        functions = {"gamma": _SUMS, "inverse_gaussian": _SUMS}.get(self.spec.distribution, {})
        with np.errstate(divide="ignore", invalid="ignore"):
            for name, function in functions.items():
                self.sums[name] = self.sums.get(name, 0.0) + float(weight @ function(y))
            if self.spec.tweedie_power is not None:
                powers = float(weight @ y ** (2 - self.spec.tweedie_power))
                self.sums["power"] = self.sums.get("power", 0.0) + powers

    def totals(self) -> StreamTotals:
        """Sums over all rows of functions of the response."""
        listed = self.histogram.weights
        if not self.is_listed or listed is None:
            empty = np.empty(0)
            return StreamTotals(empty, empty, empty, self.weight, self.sums, spill=self.spill)
        y, trials = np.array(sorted(listed)).T
        weight = np.array([listed[pair] for pair in sorted(listed)])
        return StreamTotals(y, trials, weight, self.weight, self.sums)


def _numbers(values: "pa.Array") -> Floats:
    import pyarrow as pa

    return floats_of(pa.chunked_array([values]))
