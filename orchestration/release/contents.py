"""What a database holds, in hashes and counts: equal contents give equal hashes, whatever the row order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# These say when something happened, not what is so.
_VOLATILE_TABLES = {"audit.release"}
_VOLATILE_COLUMNS = {"audit.finding": {"first_seen", "last_seen"}}
_HASHED_SCHEMAS = ("raw", "main", "audit")


@dataclass(frozen=True)
class TableContent:
    """Rows of a table and the hash of their content."""

    rows: int
    content_hash: str


def table_contents(connection: duckdb.DuckDBPyConnection) -> dict[str, TableContent]:
    """Rows and content hash of every table that a release publishes, by `schema.table`."""
    tables = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        f"where table_schema in {_HASHED_SCHEMAS} and table_type = 'BASE TABLE' order by 1, 2"
    ).fetchall()
    return {
        f"{schema}.{table}": _content(connection, schema, table)
        for schema, table in tables
        if f"{schema}.{table}" not in _VOLATILE_TABLES
    }


def _content(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> TableContent:
    volatile = _VOLATILE_COLUMNS.get(f"{schema}.{table}", set())
    columns = connection.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = ? and table_name = ? order by ordinal_position",
        [schema, table],
    ).fetchall()
    kept = [(name, data_type) for name, data_type in columns if name not in volatile]
    row = " || chr(31) || ".join(f"coalesce(cast({_stable(name, kind)} as varchar), chr(1))" for name, kind in kept)
    rows, total = connection.execute(
        f'select count(*), coalesce(sum(cast(md5_number_lower({row}) as hugeint)), 0) from "{schema}"."{table}"'
    ).fetchone() or (0, 0)
    described = f"{kept}\0{rows}\0{total}"
    return TableContent(rows, hashlib.sha256(described.encode()).hexdigest()[:32])


def _stable(name: str, data_type: str) -> str:
    """Numbers that iterate to a limit are compared to nine significant digits, the rest to the last bit."""
    if data_type == "DOUBLE":
        return f'''case when "{name}" is not null then printf('%.9g', "{name}") end'''
    return f'"{name}"'


def contents_hash(contents: dict[str, TableContent]) -> str:
    """One hash of a whole database."""
    joined = "\n".join(f"{table} {content.content_hash}" for table, content in sorted(contents.items()))
    return hashlib.sha256(joined.encode()).hexdigest()
