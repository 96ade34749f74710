"""How the rows that a suite judges are read from the candidate database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.errors import FrontierError
from orchestration.quality.expectations.printed_cells import OBSERVATION_ID
from orchestration.quality.expectations.suite_files import (
    Condition,
    Scalar,
    SuiteFile,
    suggest,
)

if TYPE_CHECKING:
    import pandas as pd

# Great Expectations needs 5 to 7 s for a million rows, and a minute and 2 GB for ten.
MAX_ROWS = 1_000_000
# What a column holds, by the kind that pandas sees in it.
KINDS = {
    "string": "text",
    "integer": "numbers",
    "floating": "numbers",
    "boolean": "true or false",
    "datetime64": "days",
    "datetime": "days",
    "date": "days",
}


def read_frame(connection: duckdb.DuckDBPyConnection, file: SuiteFile, columns: list[str] | None) -> pd.DataFrame:
    """Read the columns (all of them where None) of a suite's table, narrowed by its filter.

    The id that leads a row to its printed cell is read too where there is one, unless answers of persons are judged.
    Decimals become floats, dates datetimes, text stays text with None or NaN where null.
    Raises FrontierError where the table or a column is missing, or the rows are too many.
    """
    table = file.suite.table
    present = _list_columns(connection, file)
    for column in [*(columns or []), *file.suite.filter]:
        if column not in present:
            raise FrontierError(
                f"{file.path}: table {table} has no column {column!r}{suggest(column, present)}; "
                f"it has {', '.join(present)}."
            )
    clause, values = _write_filter(file.suite.filter)
    try:
        [count] = connection.execute(f"select count(*) from {table}{clause}", values).fetchone() or (0,)
    except duckdb.ConversionException as error:
        raise FrontierError(f"{file.path}: 'filter' does not fit the type of its column: {error}") from error
    if count > MAX_ROWS:
        raise FrontierError(
            f"{file.path}: {table} has {count:,} rows to check, more than the {MAX_ROWS:,} that are read "
            "into memory. Let a dbt model aggregate them into a small table in the schema audit, and point "
            "the suite at that table."
        )
    # A suite that only counts rows still needs a column to count.
    chosen = present if columns is None else columns or present[:1]
    if OBSERVATION_ID in present and OBSERVATION_ID not in chosen and not file.suite.withholds_values:
        chosen = [*chosen, OBSERVATION_ID]
    selected = ", ".join(_quote(column) for column in chosen)
    frame = connection.execute(f"select {selected} from {table}{clause}", values).df()
    _refuse_mismatched_conditions(file, frame)
    return frame


def _list_columns(connection: duckdb.DuckDBPyConnection, file: SuiteFile) -> list[str]:
    schema, name = file.suite.table.split(".")
    listed = connection.execute(
        "select column_name from information_schema.columns "
        "where table_schema = ? and table_name = ? and table_catalog = current_database() "
        "order by ordinal_position",
        [schema, name],
    ).fetchall()
    if not listed:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_catalog = current_database()"
        ).fetchall()
        near = suggest(file.suite.table, [table for (table,) in tables])
        raise FrontierError(f"{file.path}: the candidate has no table {file.suite.table}{near}.")
    return [column for (column,) in listed]


def _write_filter(condition: Condition) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    for column, wanted in condition.items():
        options = wanted if isinstance(wanted, list) else [wanted]
        given = [option for option in options if option is not None]
        alternatives = []
        if given:
            alternatives.append(f"{_quote(column)} in ({', '.join('?' for _ in given)})")
        if None in options:
            alternatives.append(f"{_quote(column)} is null")
        parts.append(f"({' or '.join(alternatives) or 'false'})")
        values += given
    return (f" where {' and '.join(parts)}" if parts else ""), values


def _refuse_mismatched_conditions(file: SuiteFile, frame: pd.DataFrame) -> None:
    """A condition such as `edition: 2023` on a column of text keeps no row, and all would hold."""
    import pandas as pd

    for position, entry in enumerate(file.suite.expectations):
        for column, wanted in entry.where.items():
            held = KINDS.get(pd.api.types.infer_dtype(frame[column], skipna=True))
            for value in wanted if isinstance(wanted, list) else [wanted]:
                given = _kind_of(value)
                if value is not None and held is not None and given != held:
                    raise FrontierError(
                        f"{file.place(position)}: the column {column} of {file.suite.table} "
                        f"holds {held}, and {value!s} in 'where' is {given}"
                        f"{': put it in quotes' if held == 'text' else ''}."
                    )


def _kind_of(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "numbers"
    return "text" if isinstance(value, str) else "days"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
