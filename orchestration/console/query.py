"""`frontier query`: the answer to one statement on the published database, as it is or as of an earlier day."""

from __future__ import annotations

import datetime as dt

from orchestration.console.output import Format, print_rows
from orchestration.database import published_database, run_query
from orchestration.errors import UsageError
from orchestration.release.vintages import run_query_as_of
from orchestration.workspace import Workspace


def print_query(workspace: Workspace, sql: str, output: Format, as_of: str | None = None) -> None:
    """Print the rows that the statement gives; with `as_of`, an ISO date, as known on that day."""
    database = published_database(workspace)
    columns, rows = run_query(database, sql) if as_of is None else run_query_as_of(database, sql, _read_day(as_of))
    print_rows(columns, rows, output)


def _read_day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of takes a day such as 2006-12-31, not {text!r}.") from None
