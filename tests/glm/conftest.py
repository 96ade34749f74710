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

from tests.shared_files import shared_file


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

    def load(file: str) -> str:
        path, table = shared_file(f"glm/{file}"), Path(file).stem
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
    return json.loads(shared_file("glm/r_expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def printed() -> Callable[[str, str], dict[str, dict[str, str]]]:
    """Printed coefficients of a data set and the model whose description contains a text, by term."""
    with shared_file("glm/published_coefficients.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def select(dataset: str, model: str) -> dict[str, dict[str, str]]:
        return {row["term"]: row for row in rows if row["dataset"].startswith(dataset) and row["model"] == model}

    return select
