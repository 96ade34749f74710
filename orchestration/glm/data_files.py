"""A data file as a relation that models are fitted on: CSV, Parquet, DuckDB, or a statistics package's file."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.errors import UsageError
from orchestration.glm.statistics_files import STATISTICS, attach_in_chunks, attach_whole, is_large

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RELATION = "data"
_TEXT = (".csv", ".tsv", ".txt", ".csv.gz")
_KEPT_BYTES = 64 * 2**20
_DATABASES = (".duckdb", ".db")
_MEMORY_MB = 220
_MEMORY_MB_PER_THREAD = 40


@contextmanager
def open_data_file(path: Path) -> "Generator[tuple[DuckDBPyConnection, str | None]]":
    """A connection, and the name of the relation that holds the file's rows (None: a database has its own).

    A variable with value labels in a statistics package's file has a second column, `<name>_label`; user-missing
    values are missing.

    Raises:
        UsageError: there is no such file, or it is of another kind, or cannot be read.
    """
    import duckdb

    if not path.is_file():
        raise UsageError(f"The data file {path} does not exist, or is a folder.")
    name = path.name.lower()
    with tempfile.TemporaryDirectory() as scratch:
        is_database = name.endswith(_DATABASES)
        own = str(Path(scratch) / "cases.duckdb") if name.endswith(STATISTICS) and is_large(path) else ":memory:"
        try:
            opened = duckdb.connect(str(path) if is_database else own, read_only=is_database)
        except duckdb.Error as error:
            raise UsageError(f"{path} cannot be opened as a DuckDB database: {_first_line(error)}") from None
        with opened as connection:
            bound_memory(connection, scratch)
            try:
                if not is_database:
                    _attach(connection, path, name)
            except duckdb.Error as error:
                raise UsageError(f"{path} cannot be read: {_first_line(error)}") from None
            yield connection, None if is_database else RELATION


def bound_memory(connection: "DuckDBPyConnection", scratch: str) -> None:
    """Keep the memory of a connection that only aggregates small; what does not fit goes to a folder."""
    row = connection.execute("select current_setting('threads')").fetchone()
    threads = int(row[0]) if row else 1
    connection.execute(f"set memory_limit = '{max(_MEMORY_MB, _MEMORY_MB_PER_THREAD * threads)}MB'")
    folder = scratch.replace("'", "''")
    connection.execute(f"set temp_directory = '{folder}'")


def _attach(connection: "DuckDBPyConnection", path: Path, name: str) -> None:
    literal = "'" + str(path).replace("'", "''") + "'"
    if name.endswith(_TEXT):
        # A view guesses the columns of the file anew for each query.
        kind = "table" if path.stat().st_size < _KEPT_BYTES else "view"
        connection.execute(f"create {kind} {RELATION} as from read_csv({literal})")
    elif name.endswith((".parquet", ".pq")):
        connection.execute(f"create view {RELATION} as from read_parquet({literal})")
    elif name.endswith(STATISTICS):
        (attach_in_chunks if is_large(path) else attach_whole)(connection, path, RELATION)
    else:
        kinds = ", ".join((*_TEXT, ".parquet", *STATISTICS, *_DATABASES))
        raise UsageError(f"{path} is not a data file that the engine reads. It reads {kinds}.")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
