"""Fixtures of the GLM tests: published data sets in DuckDB, and tables made from arrays."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

PUBLISHED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "glm"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.fixture
def make_table(connection: duckdb.DuckDBPyConnection) -> Callable[[str, Mapping[str, Any]], None]:
    """Create a table of the connection from arrays."""

    def make(name: str, columns: Mapping[str, Any]) -> None:
        connection.register("incoming", pa.table(dict(columns)))
        connection.execute(f'create or replace table "{name}" as from incoming')
        connection.unregister("incoming")

    return make


@pytest.fixture
def published(connection: duckdb.DuckDBPyConnection) -> Callable[[str], str]:
    """Load a published data set into a table named after its file."""
    if not PUBLISHED.is_dir():
        pytest.skip("the published data sets are not beside the checkout (../shared/data/glm)")

    def load(file: str) -> str:
        path, table = PUBLISHED / file, Path(file).stem
        if path.suffix == ".sav":
            import pyreadstat

            frame, _ = pyreadstat.read_sav(path)
            connection.register("incoming", frame)
            connection.execute(f'create table "{table}" as from incoming')
            connection.unregister("incoming")
        else:
            connection.execute(f'create table "{table}" as from read_csv(?)', [str(path)])
        return table

    return load


@pytest.fixture(scope="session")
def r_expected() -> dict[str, Any]:
    """Results that R computed, in full precision."""
    path = PUBLISHED / "r_expected.json"
    if not path.exists():
        pytest.skip("the reference results are not beside the checkout (../shared/data/glm)")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def printed() -> Callable[[str, str], dict[str, dict[str, str]]]:
    """Printed coefficients of a data set and the model whose description contains a text, by term."""
    path = PUBLISHED / "published_coefficients.csv"
    if not path.exists():
        pytest.skip("the published coefficients are not beside the checkout (../shared/data/glm)")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def select(dataset: str, model: str) -> dict[str, dict[str, str]]:
        return {row["term"]: row for row in rows if row["dataset"].startswith(dataset) and row["model"] == model}

    return select
