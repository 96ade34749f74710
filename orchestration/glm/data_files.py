"""A data file as a relation that models are fitted on: CSV, Parquet, DuckDB, or a statistics package's file."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.errors import UsageError
from orchestration.glm.sql import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RELATION = "data"
_TEXT = (".csv", ".tsv", ".txt", ".csv.gz")
_STATISTICS = (".sav", ".zsav", ".por", ".dta", ".sas7bdat")
_KEPT_BYTES = 64 * 2**20
_DATABASES = (".duckdb", ".db")


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
        raise UsageError(f"The data file {path} does not exist.")
    name = path.name.lower()
    if name.endswith(_DATABASES):
        try:
            database = duckdb.connect(str(path), read_only=True)
        except duckdb.Error as error:
            raise UsageError(f"{path} cannot be opened as a DuckDB database: {_first_line(error)}") from None
        with database:
            yield database, None
        return
    with duckdb.connect() as connection:
        try:
            _attach(connection, path, name)
        except duckdb.Error as error:
            raise UsageError(f"{path} cannot be read: {_first_line(error)}") from None
        yield connection, RELATION


def _attach(connection: "DuckDBPyConnection", path: Path, name: str) -> None:
    literal = "'" + str(path).replace("'", "''") + "'"
    if name.endswith(_TEXT):
        # A view guesses the columns of the file anew for each query.
        kind = "table" if path.stat().st_size < _KEPT_BYTES else "view"
        connection.execute(f"create {kind} {RELATION} as from read_csv({literal})")
    elif name.endswith((".parquet", ".pq")):
        connection.execute(f"create view {RELATION} as from read_parquet({literal})")
    elif name.endswith(_STATISTICS):
        _attach_statistics(connection, path)
    else:
        kinds = ", ".join((*_TEXT, ".parquet", *_STATISTICS, *_DATABASES))
        raise UsageError(f"{path} is not a data file that the engine reads. It reads {kinds}.")


def _attach_statistics(connection: "DuckDBPyConnection", path: Path) -> None:
    import pyarrow as pa
    import pyreadstat

    readers = {".dta": pyreadstat.read_dta, ".sas7bdat": pyreadstat.read_sas7bdat, ".por": pyreadstat.read_por}
    reader = readers.get(path.suffix.lower(), pyreadstat.read_sav)
    try:
        columns, meta = reader(str(path), output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as error:
        raise UsageError(f"{path} cannot be read as a {path.suffix} file: {_first_line(error)}") from None
    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
    connection.register("incoming", table)
    connection.execute(f"create table {RELATION} as from incoming")
    connection.unregister("incoming")
    for name, labels in meta.variable_value_labels.items():
        _add_labels(connection, name, labels, set(columns))


def _add_labels(connection: "DuckDBPyConnection", name: str, labels: dict, taken: set[str]) -> None:
    column = f"{name}_label"
    if column in taken or not labels:
        return
    connection.execute(f"alter table {RELATION} add column {quote_identifier(column)} varchar")
    for value, label in labels.items():
        connection.execute(
            f"update {RELATION} set {quote_identifier(column)} = $1 where {quote_identifier(name)} = $2",
            [str(label), value],
        )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
