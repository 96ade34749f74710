"""The models as dbt compiles them, on a small database in memory that a test fills."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from orchestration.modelling.dbt_runner import build, ensure_manifest
from orchestration.modelling.declared_tables import create_declared_table, declared_tables
from orchestration.modelling.table_macros import TABLE_MACROS, create_table_macros

WANTED = [*(macro.fact for macro in TABLE_MACROS), "fct_revision", "observation_source", "dim_edition"]
# What observation_source says of marts is built once, without rows: the macros ask it of facts.
NOT_ASKED = ("mart_", "int_sources__", "int_claims__")


@dataclass(frozen=True)
class CompiledModels:
    """A database without figures, and the SQL of the models on the way to the facts, in the order of building."""

    database: Path
    statements: list[str] = field(repr=False)

    def empty_warehouse(self) -> duckdb.DuckDBPyConnection:
        """A copy in memory, under the name that the compiled SQL knows."""
        connection = duckdb.connect()
        connection.execute(f"attach '{self.database}' as template (read_only)")
        connection.execute("attach ':memory:' as frontier")
        connection.execute("copy from database template to frontier")
        connection.execute("detach template")
        connection.execute("use frontier")
        create_table_macros(connection)
        return connection

    def rebuild(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Build the facts anew from what has landed."""
        for statement in self.statements:
            connection.execute(statement)


@pytest.fixture(scope="session")
def compiled_models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    folder = tmp_path_factory.mktemp("vintages")
    database, target = folder / "frontier.duckdb", folder / "target"
    with duckdb.connect(str(database)) as connection:
        for table in declared_tables():
            create_declared_table(connection, table)
    results = build(database, target, select=" ".join(f"+{name}" for name in WANTED))
    assert [node.message for node in results if node.is_failed] == []
    nodes = json.loads(ensure_manifest(target).read_text(encoding="utf-8"))["nodes"]
    statements = []
    for node in (nodes[result.unique_id] for result in results if result.resource_type == "model"):
        if node["config"]["materialized"] == "table" and not node["name"].startswith(NOT_ASKED):
            compiled = target / "compiled" / "frontier" / node["original_file_path"]
            relation = f'"{node["schema"]}"."{node["name"]}"'
            statements.append(f"create or replace table {relation} as {compiled.read_text(encoding='utf-8')}")
    return CompiledModels(database, statements)
