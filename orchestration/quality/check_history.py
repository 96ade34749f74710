"""The history of checks: every stay of an outcome of an expectation, from release to release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.modelling.declared_tables import create_declared_table

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

HISTORY = "audit.check_history"
# What an outcome is; it stays as long as all of these do.
_OUTCOME = ("check_result_id", "severity", "is_success", "unexpected_count", "element_count", "observed")
_NAMES = ("suite", "table_name", "check_name", "column_name")


def record_check_history(connection: duckdb.DuckDBPyConnection, last_release: Path | None, release_id: str) -> None:
    """Write `audit.check_history`: the outcomes of this candidate's checks, and what the last release knew of earlier.

    An outcome that is as in the last release goes on with its stay; any other begins one, so that a year of daily
    releases needs few rows.
    """
    create_declared_table(connection, HISTORY)
    columns = ", ".join((*_OUTCOME, *_NAMES))
    if last_release is None:
        connection.execute(
            f"insert into {HISTORY} by name "
            f"select {columns}, $1 as first_seen, $1 as last_seen from audit.check_result",
            [release_id],
        )
        return
    path = str(last_release).replace("'", "''")
    connection.execute(f"attach '{path}' as last_release (read_only)")
    try:
        _carry_over(connection, columns, last_release.parent.name, release_id)
    finally:
        connection.execute("detach last_release")


def _carry_over(connection: duckdb.DuckDBPyConnection, columns: str, last_id: str, release_id: str) -> None:
    same = " and ".join(f"before.{name} is not distinct from now.{name}" for name in _OUTCOME)
    before = f"with before as ({_before_sql(connection, columns)})"
    connection.execute(
        f"""
        insert into {HISTORY} by name
        {before}
        select {", ".join(f"now.{name}" for name in (*_OUTCOME, *_NAMES))},
            coalesce(before.first_seen, $release) as first_seen, $release as last_seen
        from audit.check_result as now
        left join before on before.last_seen = $last and {same}
        """,
        {"last": last_id, "release": release_id},
    )
    connection.execute(
        f"""
        insert into {HISTORY} by name
        {before}
        select * from before
        where before.last_seen != $last or not exists (select 1 from audit.check_result as now where {same})
        """,
        {"last": last_id},
    )


def _before_sql(connection: duckdb.DuckDBPyConnection, columns: str) -> str:
    """What the last release knows of checks; one of an earlier version of the product has no history of them."""
    found = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'last_release' and schema_name = 'audit' "
        "and table_name in ('check_history', 'check_result') order by table_name"
    ).fetchall()
    if not found:
        return f"select {columns}, $last as first_seen, $last as last_seen from audit.check_result where false"
    table = found[0][0]
    seen = "first_seen, last_seen" if table == "check_history" else "$last as first_seen, $last as last_seen"
    return f"select {columns}, {seen} from last_release.audit.{table}"
