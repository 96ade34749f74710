"""Asking a published database as of an earlier day: its facts with the editions that were released by then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import UsageError

if TYPE_CHECKING:
    import duckdb

# Computed from the newest editions, so that they cannot be had as of another day.
_OF_TODAY = ("mart_", "glm_", "flow_", "fct_published_claim")


def run_query_as_of(database: Path, sql: str, day: dt.date) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a statement on what was known on `day`.

    Raises `UsageError` with the engine's words when it is wrong, or when it names a table of today.
    """
    import duckdb

    with open_as_of(database, day) as connection:
        try:
            cursor = connection.execute(sql)
        except duckdb.Error as error:
            raise UsageError(
                f"The query cannot be answered as of {day}: {_without_advice(error)}\n"
                "As of a day there are the tables dim_*, bridge_* and fct_* of main; what is computed from the newest "
                "editions (mart_*, glm_*, flow_*, fct_published_claim) is not kept by day."
            ) from error
        return [column[0] for column in cursor.description or []], cursor.fetchall()


def _without_advice(error: Exception) -> str:
    """The engine's words, without its advice to read the tables of today instead."""
    return "\n".join(line for line in str(error).splitlines() if not line.startswith('Did you mean "released.'))


@contextmanager
def open_as_of(database: Path, day: dt.date) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection that sees the tables of the database as they were on `day`, and nothing else on the machine.

    Tables that know their edition hold the rows of the editions released by then; `is_latest` of the facts says
    what was the newest then. The names and codes of territories, periods and indicators are those of today.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"attach '{str(database).replace(chr(39), chr(39) * 2)}' as released (read_only)")
        connection.execute("set enable_external_access = false")
        connection.execute("use released")
        macros = connection.execute(
            "select macro_name, fact, row_key, definition from main.table_macro order by 1"
        ).fetchall()
        for macro, fact, row_key, _ in macros:
            connection.execute(_fact_as_of(macro, fact, row_key, day))
        for table, has_edition in _other_tables(connection, {fact for _, fact, _, _ in macros}):
            connection.execute(_view_as_of(table, has_edition, day))
        connection.execute("use memory")
        for macro, _, _, definition in macros:
            connection.execute(f"create macro main.{macro}(day) as table {definition}")
        yield connection


def _fact_as_of(macro: str, fact: str, row_key: str, day: dt.date) -> str:
    """The fact, its newest editions marked as the macro tells them."""
    return f"""
        create table memory.main.{fact} as
        select facts.* replace (newest.{row_key} is not null as is_latest)
        from main.{fact} as facts
        inner join main.dim_edition as editions on facts.edition_key = editions.edition_key
        left join main.{macro}(date '{day}') as newest on facts.{row_key} = newest.{row_key}
        where editions.released_on <= date '{day}'
    """


def _view_as_of(table: str, has_edition: bool, day: dt.date) -> str:
    known = (
        f"where edition_key in (select edition_key from released.main.dim_edition where released_on <= date '{day}')"
        if has_edition
        else ""
    )
    return f"create view memory.main.{table} as select * from released.main.{table} {known}"


def _other_tables(connection: duckdb.DuckDBPyConnection, facts: set[str]) -> list[tuple[str, bool]]:
    """The other tables that can be had as of a day, and whether their rows belong to an edition."""
    rows = connection.execute(
        "select table_name, bool_or(column_name = 'edition_key') from information_schema.columns "
        "where table_catalog = 'released' and table_schema = 'main' group by 1 order by 1"
    ).fetchall()
    return [(table, has) for table, has in rows if table not in facts and not table.startswith(_OF_TODAY)]
