"""`frontier query`: the answer to one statement on the published database."""

from __future__ import annotations

from orchestration.console.output import Format, print_rows
from orchestration.database import published_database, run_query
from orchestration.workspace import Workspace


def print_query(workspace: Workspace, sql: str, output: Format) -> None:
    """Print the rows that the statement gives."""
    columns, rows = run_query(published_database(workspace), sql)
    print_rows(columns, rows, output)
