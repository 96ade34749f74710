"""The history of findings: every stay of a finding in the releases, and the release that resolved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.modelling.declared_tables import create_declared_table

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

HISTORY = "audit.finding_history"


@dataclass(frozen=True)
class Stay:
    """A finding from the release in which it was first seen to the one that resolved it; None while it stands."""

    finding_id: str
    rule_id: str
    severity: str
    state: str
    owner: str | None
    dataset: str | None
    edition: str | None
    first_seen: str | None
    last_seen: str | None
    resolved_in: str | None
    message: str


def record_history(connection: duckdb.DuckDBPyConnection, last_release: Path | None, release_id: str) -> None:
    """Write `audit.finding_history`: the findings of the candidate, and what the last release knew of earlier ones.

    A finding of the last release that no longer stands is resolved by this release; when it comes back it begins
    another stay.
    """
    table = create_declared_table(connection, HISTORY)
    own = [name for name in table.column_names if name != "resolved_in"]
    connection.execute(f"insert into {HISTORY} by name select {', '.join(own)} from audit.finding")
    if last_release is None:
        return
    path = str(last_release).replace("'", "''")
    connection.execute(f"attach '{path}' as last_release (read_only)")
    try:
        _carry_over(connection, table.column_names, release_id)
    finally:
        connection.execute("detach last_release")


def _carry_over(connection: duckdb.DuckDBPyConnection, columns: list[str], release_id: str) -> None:
    present = {
        name: _columns(connection, name)
        # A release of an earlier version of the product has findings, and no history of them.
        for name in ("finding_history", "finding")
    }
    source = next((name for name, found in present.items() if found), None)
    if source is None:
        return
    kept = [name for name in columns if name in present[source] and name != "resolved_in"]
    resolved = "coalesce(resolved_in, ?)" if "resolved_in" in present[source] else "?"
    connection.execute(
        f"""
        insert into {HISTORY} by name
        select {", ".join(kept)}, {resolved} as resolved_in
        from last_release.audit.{source} as before
        where not exists (
            select 1 from audit.finding as now
            where now.finding_id = before.finding_id and now.first_seen is not distinct from before.first_seen
        )
        """,
        [release_id],
    )


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() "
        "where database_name = 'last_release' and schema_name = 'audit' and table_name = ?",
        [table],
    ).fetchall()
    return {name for (name,) in rows}


def read_history(
    connection: duckdb.DuckDBPyConnection,
    dataset: str | None = None,
    finding_id: str | None = None,
    is_resolved: bool | None = None,
) -> list[Stay]:
    """The stays of findings, the latest first: of all, or of one dataset or finding, resolved or standing."""
    conditions: list[str] = []
    values: list[Any] = []
    for column, value in (("dataset", dataset), ("finding_id", finding_id)):
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)
    if is_resolved is not None:
        conditions.append(f"resolved_in is {'not ' if is_resolved else ''}null")
    rows = connection.execute(
        f"select {', '.join(Stay.__dataclass_fields__)} from {HISTORY} where {' and '.join(conditions) or 'true'} "
        "order by coalesce(resolved_in, last_seen) desc, dataset, rule_id, finding_id",
        values,
    ).fetchall()
    return [Stay(*row) for row in rows]
