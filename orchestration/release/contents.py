"""What a database holds, in hashes and counts: equal contents give equal hashes, whatever the row order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# These say when something happened, not what is so.
_VOLATILE_TABLES = {"audit.release", "audit.finding_history", "audit.check_history"}
_VOLATILE_COLUMNS = {"audit.finding": {"first_seen", "last_seen"}}
# What changed against the last release is no longer so with the next one of the same inputs.
_PASSING = "rule_id like 'drift.%' or rule_id = 'figures_deleted'"
_PASSING_ROWS = {
    "audit.finding": _PASSING,
    "audit.finding_cell": f"finding_id in (select finding_id from audit.finding where {_PASSING})",
}
_HASHED_SCHEMAS = ("raw", "main", "audit")


@dataclass(frozen=True)
class TableContent:
    """Rows of a table and the hash of their content."""

    rows: int
    content_hash: str


def table_contents(connection: duckdb.DuckDBPyConnection) -> dict[str, TableContent]:
    """Rows and content hash of every table that a release publishes, by `schema.table`."""
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, data_type in connection.execute(
        "select columns.schema_name || '.' || columns.table_name, columns.column_name, columns.data_type "
        "from duckdb_columns() as columns inner join duckdb_tables() as tables using (table_oid, database_name) "
        f"where columns.schema_name in {_HASHED_SCHEMAS} order by columns.schema_name, columns.table_name, column_index"
    ).fetchall():
        columns.setdefault(table, []).append((column, data_type))
    return {
        table: _content(connection, table, described)
        for table, described in columns.items()
        if table not in _VOLATILE_TABLES
    }


def _content(connection: duckdb.DuckDBPyConnection, table: str, columns: list[tuple[str, str]]) -> TableContent:
    volatile = _VOLATILE_COLUMNS.get(table, set())
    kept = [(name, data_type) for name, data_type in columns if name not in volatile]
    row = " || chr(31) || ".join(f"coalesce(cast({_stable(name, kind)} as varchar), chr(1))" for name, kind in kept)
    lasting = f"not ({_PASSING_ROWS.get(table, 'false')})"
    rows, hashed, total = connection.execute(
        f"select count(*), count(*) filter (where {lasting}), "
        f"coalesce(sum(cast(md5_number_lower({row}) as hugeint)) filter (where {lasting}), 0) "
        f"from {_quoted(table)}"
    ).fetchone() or (0, 0, 0)
    described = f"{kept}\0{hashed}\0{total}"
    return TableContent(rows, hashlib.sha256(described.encode()).hexdigest()[:32])


def _quoted(table: str) -> str:
    schema, _, name = table.partition(".")
    return f'"{schema}"."{name}"'


def _stable(name: str, data_type: str) -> str:
    """Numbers that iterate to a limit are compared to nine significant digits, the rest to the last bit."""
    if data_type == "DOUBLE":
        return f'''case when "{name}" is not null then printf('%.9g', "{name}") end'''
    return f'"{name}"'


def contents_hash(contents: dict[str, TableContent]) -> str:
    """One hash of a whole database."""
    joined = "\n".join(f"{table} {content.content_hash}" for table, content in sorted(contents.items()))
    return hashlib.sha256(joined.encode()).hexdigest()
