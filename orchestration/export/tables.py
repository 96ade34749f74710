"""Tables as Parquet and CSV files, streamed by the engine in an order that the same release always gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.export.contents import Column, Table, literal
from orchestration.export.synthetic import NOTICE

if TYPE_CHECKING:
    import duckdb


def write_parquet(
    connection: duckdb.DuckDBPyConnection, table: Table, file: Path, release: str, is_synthetic: bool
) -> int:
    """Write a table with its comment, release and warning in the file's own metadata; the count of rows."""
    metadata = {"release": release, "table_name": table.name, "description": table.comment}
    if is_synthetic:
        metadata["warning"] = NOTICE
    entries = ", ".join(f"{name}: {literal(text)}" for name, text in metadata.items())
    return _copy(connection, _ordered(table, "*"), file, f"format parquet, compression zstd, kv_metadata {{{entries}}}")


def write_csv(connection: duckdb.DuckDBPyConnection, table: Table, file: Path) -> int:
    """Write a table as UTF-8 with a header row; null is an empty field; the count of rows.

    A nested value is written as JSON text.
    """
    columns = ", ".join(_csv_column(column) for column in table.columns)
    options = "format csv, header, delimiter ',', nullstr '', timestampformat '%Y-%m-%dT%H:%M:%SZ'"
    return _copy(connection, _ordered(table, columns), file, options)


def copy_query(connection: duckdb.DuckDBPyConnection, sql: str, file: Path) -> int:
    """Write the rows of a query as CSV with a header row, in the order that the query gives; their count."""
    return _copy(connection, sql, file, "format csv, header, delimiter ',', nullstr ''")


def is_nested(column: Column) -> bool:
    """Whether a column holds lists, structures or maps."""
    return column.data_type.endswith("]") or column.data_type.startswith(("STRUCT", "MAP", "UNION"))


def _ordered(table: Table, columns: str) -> str:
    # The first column is the key, natural or surrogate; the others settle what a key that repeats leaves open.
    return f"select {columns} from (select * from {table.sql_name} order by all)"


def _csv_column(column: Column) -> str:
    return f'to_json("{column.name}") as "{column.name}"' if is_nested(column) else f'"{column.name}"'


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, file: Path, options: str) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    counted = connection.execute(f"copy ({sql}) to {literal(str(file))} ({options})").fetchone()
    return int(counted[0]) if counted else 0
