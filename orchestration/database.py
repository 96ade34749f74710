"""Reading a published database: where it is, a read-only connection, and errors in words."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import UsageError
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    import duckdb


def published_database(workspace: Workspace) -> Path:
    """The database that analysts open; `UsageError` before the first release."""
    if not workspace.database.is_file():
        raise UsageError(
            f"Nothing has been published in {workspace.warehouse} yet: run `frontier refresh`, or name another "
            "folder with --warehouse."
        )
    return workspace.database


@contextmanager
def open_readonly(database: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection that can read the database and nothing else on the machine."""
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set enable_external_access = false")
        yield connection


def run_query(database: Path, sql: str, parameters: Sequence[Any] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a statement; `UsageError` with the engine's words when it is wrong."""
    import duckdb

    with open_readonly(database) as connection:
        try:
            cursor = connection.execute(sql, list(parameters))
        except duckdb.Error as error:
            raise UsageError(f"The query cannot be answered: {error}") from error
        return [column[0] for column in cursor.description or []], cursor.fetchall()
