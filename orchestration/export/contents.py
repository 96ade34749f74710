"""The tables of a release as an export sees them: a connection that can only write the export, names, comments."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Column:
    """A column as published: DuckDB type, whether it may be null, and its comment."""

    name: str
    data_type: str
    is_nullable: bool
    comment: str


@dataclass(frozen=True)
class Table:
    """A table of schema `main` as published."""

    name: str
    comment: str
    columns: tuple[Column, ...]

    @property
    def sql_name(self) -> str:
        return f'main."{self.name}"'

    def has(self, column: str) -> bool:
        """Whether the table has such a column."""
        return any(one.name == column for one in self.columns)


@contextmanager
def open_for_export(database: Path, folder: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection that reads the database, writes into the folder, and can reach nothing else on the machine."""
    import duckdb

    spill = folder / ".spill"
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute(f"set temp_directory = {literal(str(spill))}")
        connection.execute(f"set allowed_directories = [{literal(str(folder))}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set timezone = 'UTC'")
        yield connection
    shutil.rmtree(spill, ignore_errors=True)


def read_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, Table]:
    """Every table and view of schema `main`, by name."""
    comments: dict[str, str] = dict(
        connection.execute(
            "select table_name, coalesce(comment, '') from duckdb_tables() where schema_name = 'main' and not internal "
            "union all "
            "select view_name, coalesce(comment, '') from duckdb_views() where schema_name = 'main' and not internal"
        ).fetchall()
    )
    columns: dict[str, list[Column]] = {name: [] for name in comments}
    found = connection.execute(
        "select table_name, column_name, data_type, is_nullable, coalesce(comment, '') from duckdb_columns() "
        "where schema_name = 'main' and not internal order by table_name, column_index"
    ).fetchall()
    for table, *column in found:
        columns[table].append(Column(*column))
    return {name: Table(name, comments[name], tuple(columns[name])) for name in sorted(comments)}


def fetch_rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any] | list[Any] | None = None
) -> list[dict[str, Any]]:
    """The rows of a statement, each by column name."""
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def literal(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
