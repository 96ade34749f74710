"""Fits on tables of a Spark session; where pyspark is not installed, on a stand-in that DuckDB serves."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.glm import query
from orchestration.glm.battery import fit_battery
from orchestration.glm.errors import GlmError
from orchestration.glm.spark import as_spark_sql, connect_spark
from tests.published import CHECKOUT

SPEC: dict[str, Any] = {
    "name": "m",
    "response": "count",
    "distribution": "negative_binomial",
    "factors": ["a", "text"],
    "covariates": ["x"],
    "where": "text <> 'it''s'",
    "offset": "log(exposure)",
    "frequency": "f",
}


class Frame:
    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def toArrow(self) -> pa.Table:  # noqa: N802 (as pyspark calls it)
        return self.table

    def collect(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.table.to_pylist()]

    @property
    def dtypes(self) -> list[tuple[str, str]]:
        kinds = {"int64": "bigint", "double": "double", "string": "string", "bool": "boolean"}
        return [(field.name, kinds[str(field.type)]) for field in self.table.schema]


class Session:
    """Runs Spark's quoting through DuckDB, which would read a backquote as a syntax error."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def sql(self, statement: str) -> Frame:
        assert '"' not in statement
        back = statement.replace("\\'", "''").replace("`", '"')
        return Frame(self.connection.execute(back).to_arrow_table())


@pytest.fixture
def rows() -> pa.Table:
    rng = np.random.default_rng(9)
    n = 500
    return pa.table(
        {
            "a": rng.integers(0, 3, n),
            "text": np.array(["x", "y", "it's"])[rng.integers(0, 3, n)],
            "x": rng.normal(size=n).round(1),
            "exposure": rng.integers(1, 4, n),
            "f": rng.integers(1, 3, n),
            "count": rng.negative_binomial(2, 0.4, n),
        }
    )


@pytest.mark.parametrize("large", [1, 50_000])
def test_spark_gives_the_same_fit(monkeypatch: pytest.MonkeyPatch, rows: pa.Table, large: int) -> None:
    connection = duckdb.connect()
    connection.register("incoming", rows)
    connection.execute("create table people as from incoming")
    (expected,) = fit_battery(connection, SPEC, "people")
    monkeypatch.setattr(query, "LARGE", large)
    (result,) = fit_battery(connect_spark(Session(connection)), SPEC, "people")
    assert result.cases == expected.cases
    for one, other in zip(expected.coefficients, result.coefficients, strict=True):
        assert (one.term, one.level) == (other.term, other.level)
        assert other.estimate == pytest.approx(one.estimate, rel=1e-10, abs=1e-12)


def test_a_missing_table_is_named() -> None:
    connection = duckdb.connect()
    with pytest.raises(GlmError, match="Relation nowhere cannot be read"):
        fit_battery(connect_spark(Session(connection)), SPEC, "nowhere")


def test_spark_itself(rows: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark has an environment of its own: its packages are looked for last, where `make spark` has made it."""
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java")
    packages = [str(path) for path in (CHECKOUT / "scale_out/.venv/lib").glob("python3.*/site-packages")]
    monkeypatch.setattr(sys, "path", [*sys.path, *packages])
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(packages))
    pyspark_sql = pytest.importorskip("pyspark.sql", reason="`make spark` has not made the environment of Spark")
    session = pyspark_sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        session.createDataFrame(rows).createOrReplaceTempView("people")
        (result,) = fit_battery(connect_spark(session), SPEC, "people")
    finally:
        session.stop()
    connection = duckdb.connect()
    connection.register("people", rows)
    (expected,) = fit_battery(connection, SPEC, "people")
    for one, other in zip(expected.coefficients, result.coefficients, strict=True):
        assert other.estimate == pytest.approx(one.estimate, rel=1e-10, abs=1e-12)


def test_quotes_are_translated_outside_of_text() -> None:
    statement = """SELECT "a b", "c""d" FROM "t" WHERE "e" = 'it''s "f"'"""
    assert as_spark_sql(statement) == """SELECT `a b`, `c"d` FROM `t` WHERE `e` = 'it\\'s "f"'"""
