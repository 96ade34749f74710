"""Files of statistics packages as tables of DuckDB: small ones as a whole, large ones a chunk of cases at a time."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import UsageError
from orchestration.glm.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from orchestration.extraction.surveys.chunks import Chunk
    from orchestration.extraction.surveys.dictionary import Dictionary, Variable

STATISTICS = (".sav", ".zsav", ".por", ".dta", ".sas7bdat")
HELD_BYTES = 16 * 2**20
"""Files from this size on are read in chunks."""

_CHUNK_ROWS = 122_880
_LARGEST_CHUNK = 5_000_000
_CASES = "cases"

Labels = Mapping[str, Mapping[Any, str]]


def is_large(path: Path) -> bool:
    """Whether a file is read in chunks, into a database on disk."""
    return path.stat().st_size >= HELD_BYTES


def attach_whole(connection: "DuckDBPyConnection", path: Path, relation: str) -> None:
    """Read a file at once into a table, with `<name>_label` beside a variable that has value labels.

    Raises:
        UsageError: the file cannot be read.
    """
    import pyarrow as pa
    import pyreadstat

    readers = {".dta": pyreadstat.read_dta, ".sas7bdat": pyreadstat.read_sas7bdat, ".por": pyreadstat.read_por}
    reader = readers.get(path.suffix.lower(), pyreadstat.read_sav)
    try:
        columns, meta = reader(str(path), output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"{path} cannot be read as a {path.suffix} file: {text}") from None
    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
    connection.register("incoming", table)
    connection.execute(f"create table {_CASES} as from incoming")
    connection.unregister("incoming")
    _create_view(connection, relation, list(columns), meta.variable_value_labels)


def attach_in_chunks(connection: "DuckDBPyConnection", path: Path, relation: str) -> None:
    """The same for a large file, which is never in memory as a whole; dates and times become ISO text.

    Raises:
        FrontierError: the file cannot be read, or is damaged.
    """
    import pyarrow as pa

    from orchestration.extraction.surveys.dictionary import read_dictionary

    dictionary = read_dictionary(path)
    is_created = False
    for chunk in _chunks(dictionary):
        arrays = [_array(variable, chunk) for variable in dictionary.variables]
        batch = pa.table(arrays, names=[variable.name for variable in dictionary.variables])
        connection.register("incoming", batch)
        verb = "insert into" if is_created else "create table"
        connection.execute(f"{verb} {_CASES} {'' if is_created else 'as '}from incoming")
        connection.unregister("incoming")
        is_created = True
    if not is_created:
        raise UsageError(f"{path} has no cases.")
    labels = {variable.name: variable.labels for variable in dictionary.variables if variable.labels}
    _create_view(connection, relation, [variable.name for variable in dictionary.variables], labels)


def _chunks(dictionary: "Dictionary") -> "Iterator[Chunk]":
    """The cases of a file of any kind."""
    rows = max(1, min(_CHUNK_ROWS, _LARGEST_CHUNK // len(dictionary.variables)))
    if dictionary.file_format in ("sav", "zsav"):
        from orchestration.extraction.surveys.sav_columns import fitting_layout, read_system_file

        layout = fitting_layout(dictionary)
        if layout is not None:
            return read_system_file(dictionary, layout, rows)
    from orchestration.extraction.surveys.foreign_columns import read_foreign_file

    return read_foreign_file(dictionary, rows)


def _array(variable: "Variable", chunk: "Chunk") -> "pa.Array":
    """A variable's values in a chunk; null where they are missing or declared as missing."""
    import numpy as np
    import pyarrow as pa

    from orchestration.extraction.surveys.chunks import Numbers
    from orchestration.extraction.surveys.times import iso_texts

    column = chunk.columns[variable.name]
    if not isinstance(column, Numbers):
        texts = column.values.to_pylist()
        return pa.array([None if text is None or variable.is_missing(text) else text for text in texts], pa.string())
    missing = column.is_missing.copy()
    for declared in variable.missing_ranges:
        if not isinstance(declared.low, str) and not isinstance(declared.high, str):
            missing |= (column.values >= declared.low) & (column.values <= declared.high)
    if variable.time is not None:
        return iso_texts(column.values, missing, variable.time)[0]
    return pa.array(column.values.astype(np.float64), mask=missing)


def _create_view(connection: "DuckDBPyConnection", relation: str, columns: list[str], labels: Labels) -> None:
    """The cases with a column of labels beside each labelled variable, made where it is asked for."""
    taken = {name.lower() for name in columns}
    added = []
    for name, texts in labels.items():
        label = f"{name}_label"
        numbers = {value: text for value, text in texts.items() if isinstance(value, int | float)}
        chosen = numbers or texts
        if label.lower() in taken or not chosen:
            continue
        cases = " ".join(f"WHEN {quote_literal(v)} THEN {quote_literal(str(text))}" for v, text in chosen.items())
        added.append(f"CASE {quote_identifier(name)} {cases} END AS {quote_identifier(label)}")
    connection.execute(f"create view {relation} as select {', '.join(['*', *added])} from {_CASES}")
