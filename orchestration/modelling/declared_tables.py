"""Tables that Python writes, created from their dbt source declarations: types and comments in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orchestration
from orchestration.yaml_text import parse_yaml

if TYPE_CHECKING:
    import duckdb

DBT_PROJECT = Path(orchestration.__file__).parents[1] / "dbt_project"


@dataclass(frozen=True)
class DeclaredColumn:
    """A column as declared: its name, DuckDB type and description."""

    name: str
    data_type: str
    description: str


@dataclass(frozen=True)
class DeclaredTable:
    """A table as declared in `dbt_project/models/sources/*.yml`."""

    schema: str
    name: str
    description: str
    columns: tuple[DeclaredColumn, ...]

    @property
    def qualified_name(self) -> str:
        return f'"{self.schema}"."{self.name}"'

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]


@cache
def declared_tables(dbt_project: Path = DBT_PROJECT) -> dict[str, DeclaredTable]:
    """Every declared source table, by `schema.table`."""
    tables = {}
    for path in sorted((dbt_project / "models" / "sources").glob("*.yml")):
        for source in parse_yaml(path.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                columns = tuple(
                    DeclaredColumn(one["name"], one["data_type"], one["description"]) for one in table["columns"]
                )
                declared = DeclaredTable(source["schema"], table["name"], table["description"], columns)
                tables[f"{declared.schema}.{declared.name}"] = declared
    return tables


def create_declared_table(
    connection: duckdb.DuckDBPyConnection, table: str, dbt_project: Path = DBT_PROJECT
) -> DeclaredTable:
    """Create (or replace, empty) the table `schema.name` with its types and comments.

    Raises `KeyError` when no source declares the table.
    """
    declared = declared_tables(dbt_project)[table]
    columns = ", ".join(f'"{column.name}" {column.data_type}' for column in declared.columns)
    comments = [f"comment on table {declared.qualified_name} is {_literal(declared.description)}"] + [
        f'comment on column {declared.qualified_name}."{column.name}" is {_literal(column.description)}'
        for column in declared.columns
    ]
    # One transaction: each statement by itself would be written to the disk by itself.
    statements = [
        "begin",
        f'create schema if not exists "{declared.schema}"',
        f"create or replace table {declared.qualified_name} ({columns})",
        *comments,
        "commit",
    ]
    connection.execute("; ".join(statements))
    return declared


def insert_rows(
    connection: duckdb.DuckDBPyConnection,
    table: DeclaredTable,
    rows: Iterable[Mapping[str, Any]] | Sequence[Mapping[str, Any]],
) -> int:
    """Append rows (column name to value; absent columns are null) to a declared table; the count of rows.

    Raises `KeyError` when a row has a column that the table does not declare.
    """
    import pyarrow as pa

    rows = list(rows)
    if not rows:
        return 0
    known = set(table.column_names)
    for row in rows:
        unknown = row.keys() - known
        if unknown:
            raise KeyError(f"{table.qualified_name} declares no column {sorted(unknown)}")
    columns = {name: pa.array([row.get(name) for row in rows]) for name in table.column_names}
    landed = pa.table({name: array for name, array in columns.items() if array.type != pa.null()})
    names = ", ".join(f'"{name}"' for name in landed.column_names)
    connection.register("landed_rows", landed)
    try:
        connection.execute(f"insert into {table.qualified_name} ({names}) select {names} from landed_rows")
    finally:
        connection.unregister("landed_rows")
    return len(rows)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
