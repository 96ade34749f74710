"""The same fit from every kind of relation, and from large ones whose keys are packed and responses summed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from orchestration.glm import query
from orchestration.glm.battery import fit_battery
from orchestration.glm.errors import GlmError
from orchestration.glm.query import CellQuery
from orchestration.glm.results import GlmResult
from orchestration.glm.spec import parse_spec

SPEC: dict[str, Any] = {
    "name": "m",
    "response": "count",
    "distribution": "poisson",
    "factors": ["a", "flag", "text"],
    "covariates": ["x"],
    "where": "a <> 9",
    "offset": "log(exposure)",
}


@pytest.fixture
def rows() -> pa.Table:
    rng = np.random.default_rng(77)
    n = 2000
    columns: dict[str, NDArray[Any]] = {
        "a": rng.integers(-2, 3, n),
        "flag": rng.integers(0, 2, n).astype(bool),
        "text": np.array(["low", "mid", "high"])[rng.integers(0, 3, n)],
        "x": rng.integers(1, 6, n),
        "exposure": rng.integers(1, 4, n),
        "count": rng.poisson(2.5, n),
        "grade": rng.integers(1, 5, n),
        "event": rng.integers(0, 2, n),
    }
    columns["a"][:20] = 9
    table = pa.table(columns)
    for place, name in enumerate(("a", "x", "count", "flag")):
        values = table.column(name).to_pylist()
        values[30 + 5 * place : 33 + 5 * place] = [None] * 3
        table = table.set_column(table.column_names.index(name), name, pa.array(values, table.column(name).type))
    return table


def fit(connection: duckdb.DuckDBPyConnection, relation: str, **spec: Any) -> GlmResult:
    (result,) = fit_battery(connection, SPEC | spec, relation)
    return result


def assert_same(left: GlmResult, right: GlmResult) -> None:
    assert left.cases == right.cases
    assert left.levels == right.levels
    for one, other in zip(left.coefficients, right.coefficients, strict=True):
        assert (one.term, one.level, one.is_redundant) == (other.term, other.level, other.is_redundant)
        assert other.estimate == pytest.approx(one.estimate, rel=1e-9, abs=1e-12)
        if one.std_error is not None:
            assert other.std_error == pytest.approx(one.std_error, rel=1e-9)
    for one in left.fit:
        assert right.statistic(one.statistic).value == pytest.approx(one.value, rel=1e-9)
    for one, other in zip(left.lagrange, right.lagrange, strict=True):
        assert (other.z, other.p_value) == (pytest.approx(one.z, rel=1e-8), pytest.approx(one.p_value, rel=1e-7))
    for one, other in zip(left.numbers, right.numbers, strict=True):
        assert (one.variable, one.n) == (other.variable, other.n)
        assert (other.minimum, other.maximum) == (one.minimum, one.maximum)
        assert (other.mean, other.std_deviation) == pytest.approx((one.mean, one.std_deviation), rel=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"covariance": "robust"},
        {"cluster": "exposure"},
        {"frequency": "exposure"},
        {"distribution": "negative_binomial"},
        {"distribution": "negative_binomial", "covariance": "robust"},
        {"distribution": "negative_binomial", "alpha": 0.5},
        {"distribution": "gaussian"},
        {"distribution": "gaussian", "scale": 2.0},
        {"response": "grade", "distribution": "ordinal"},
        {"response": "event", "distribution": "binomial"},
        {"covariates": [], "factors": ["a", "x"]},
    ],
)
@pytest.mark.parametrize("source", ["table", "arrow", "parquet", "csv", "view"])
def test_large_relations_give_the_same_fit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: pa.Table, change: dict[str, Any], source: str
) -> None:
    connection = duckdb.connect()
    connection.register("arrow", rows)
    connection.execute("create table small as from arrow")
    connection.execute("create view view as from small where exposure > 0")
    connection.execute(f"copy small to '{tmp_path / 'rows.parquet'}'")
    connection.execute(f"copy small to '{tmp_path / 'rows.csv'}'")
    connection.execute(f"create view parquet as from '{tmp_path / 'rows.parquet'}'")
    connection.execute(f"create view csv as from '{tmp_path / 'rows.csv'}'")
    connection.execute('create table "table" as from small')
    expected = fit(connection, "small", **change)
    monkeypatch.setattr(query, "LARGE", 1)
    assert_same(expected, fit(connection, f'"{source}"', **change))


def test_keys_with_a_small_range_are_packed(monkeypatch: pytest.MonkeyPatch, rows: pa.Table) -> None:
    connection = duckdb.connect()
    connection.register("arrow", rows)
    connection.execute("create table small as from arrow")
    assert CellQuery(connection, "small", [parse_spec(SPEC)]).packed == {}
    monkeypatch.setattr(query, "LARGE", 1)
    packed = CellQuery(connection, "small", [parse_spec(SPEC)])
    names = {list(packed.keys)[position][:2] for position in packed.packed}
    assert names == {
        ("categorical", "a"),
        ("categorical", "flag"),
        ("number", "x"),
        ("present", "count"),
        ("where", "a <> 9"),
    }


def test_declared_order_of_categories(rows: pa.Table) -> None:
    connection = duckdb.connect()
    connection.register("rows", rows)
    response = {"name": "text", "column": "text", "order": ["low", "mid", "high"]}
    spec = {"response": response, "distribution": "ordinal", "factors": ["a"], "offset": None}
    result = fit(connection, "rows", **spec)
    assert [entry.level for entry in result.thresholds] == ["low", "mid"]
    turned = fit(connection, "rows", **spec | {"response": response | {"order": ["high", "mid", "low"]}})
    assert turned.coefficient("x").estimate == pytest.approx(-result.coefficient("x").estimate, rel=1e-8)
    with pytest.raises(GlmError, match=r"response.order does not name category high of text"):
        fit(connection, "rows", **spec | {"response": response | {"order": ["low", "mid"]}})


@pytest.mark.parametrize(
    ("values", "distribution", "message"),
    [
        ([0.0, 1.0, 2.0], "gamma", "a gamma response is positive, but y has the value 0"),
        ([-1.0, 1.0, 2.0], "inverse_gaussian", "a inverse_gaussian response is positive"),
        ([-1.0, 1.0, 2.0], "tweedie", "y lies between -1 and 2"),
        ([0.0, 0.0, 0.0], "tweedie", "not always 0"),
        ([1.5, 1.0, 2.0], "negative_binomial", "values that are not whole numbers"),
    ],
)
@pytest.mark.parametrize("large", [1, 50_000])
def test_responses_out_of_range(
    monkeypatch: pytest.MonkeyPatch, values: list[float], distribution: str, message: str, large: int
) -> None:
    monkeypatch.setattr(query, "LARGE", large)
    connection = duckdb.connect()
    connection.register("rows", pa.table({"y": values * 10, "g": [1, 2, 3] * 10}))
    spec = {"name": "m", "response": "y", "distribution": distribution, "factors": ["g"]}
    if distribution == "tweedie":
        spec["tweedie_power"] = 1.5
    with pytest.raises(GlmError, match=message):
        fit_battery(connection, spec, "rows")


def test_unusable_frequencies_and_weights_are_excluded() -> None:
    connection = duckdb.connect()
    connection.execute(
        "create table t as select i % 3 as g, i % 5 as y, "
        "case when i < 10 then null when i < 15 then 0 when i < 20 then -1 else 2 end as f, "
        "case when i between 20 and 29 then -1.0 else 1.0 + i % 2 end as w from range(200) as r(i)"
    )
    spec = {"name": "m", "response": "y", "distribution": "poisson", "factors": ["g"], "frequency": "f", "weight": "w"}
    (result,) = fit_battery(connection, spec, "t")
    cases = {(row.kind, row.variable): row.n for row in result.cases}
    assert cases["excluded_by_variable", "frequency"] == 20
    assert cases["excluded_by_variable", "weight"] == 2 * 10
    assert cases["included", None] == 2 * 170


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frequency": "0.5 + g"}, r"frequency 0.5 \+ g of t has the value [0-9.]+, but a frequency counts cases"),
        ({"response": "same", "distribution": "gaussian"}, "response same is always 7 in the rows that are used"),
        ({"response": "same"}, "response same is always 7 in the rows that are used"),
        ({"where": "y > 99", "subsets": [{"by": "g"}]}, "no row of t has a value of g and meets the condition"),
    ],
)
def test_data_that_no_model_serves(change: dict[str, Any], message: str) -> None:
    connection = duckdb.connect()
    connection.execute("create table t as select i % 3 as g, i % 5 as y, 7 as same from range(60) as r(i)")
    spec = {"name": "m", "response": "y", "distribution": "poisson", "factors": ["g"]}
    with pytest.raises(GlmError, match=message):
        fit_battery(connection, spec | change, "t")


def test_a_constant_count_has_a_rate_where_exposures_differ() -> None:
    connection = duckdb.connect()
    connection.execute("create table t as select i % 3 as g, 1 as y, 1 + i % 7 as years from range(60) as r(i)")
    spec = {"name": "m", "response": "y", "distribution": "poisson", "factors": ["g"], "offset": "log(years)"}
    (result,) = fit_battery(connection, spec, "t")
    assert result.is_converged


def test_one_cluster_is_refused() -> None:
    connection = duckdb.connect()
    connection.execute("create table t as select i % 3 as g, i % 5 as y, 1 as place from range(60) as r(i)")
    spec = {"name": "m", "response": "y", "distribution": "poisson", "factors": ["g"], "cluster": "place"}
    with pytest.raises(GlmError, match="all rows are in one cluster of place"):
        fit_battery(connection, spec, "t")
