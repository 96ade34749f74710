"""Landing survey files in a database: the tables of the dictionary, the table of cases, and the long form."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from orchestration.errors import FrontierError
from orchestration.extraction.surveys.case_columns import CaseColumns, of_one_width
from orchestration.extraction.surveys.dictionary import ROW_COLUMN
from orchestration.extraction.surveys.dictionary_tables import file_table
from orchestration.extraction.surveys.notices import notices_table
from orchestration.extraction.surveys.reading import ROW_GROUP, SurveyReading

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path
    from typing import TypeVar

    import duckdb
    import pyarrow as pa

    from orchestration.extraction.surveys.notices import SurveyNotice
    from orchestration.landing.survey_declaration import SurveyDeclaration

    Item = TypeVar("Item")

# DuckDB writes the row groups of one insert in parallel.
_BATCHES_TOGETHER = 4
_SQL_TYPES = {"int32": "integer", "int64": "bigint", "double": "double", "string": "varchar"}


@dataclass(frozen=True)
class SurveyFile:
    """An edition of a survey: where its file is and what the edition is called."""

    path: Path
    dataset: str
    edition: str

    @property
    def edition_id(self) -> str:
        return f"{self.dataset}@{self.edition}"

    @property
    def case_table(self) -> str:
        """Name of its table of cases: cases_<agency>_<dataset>_<edition>, with _ for other signs."""
        return "cases_" + re.sub(r"\W+", "_", f"{self.dataset}_{self.edition}").lower()


@dataclass(frozen=True)
class LandedSurvey:
    """What became of a survey file: its table of cases, how many cells it has, and what a reader must know."""

    case_table: str
    cells: int
    notices: list[SurveyNotice]


class _Piece(NamedTuple):
    """Cases that go into the database in one go."""

    cases: pa.Table
    answers: list[pa.Table]
    special: list[pa.Table]


def land_surveys(
    connection: duckdb.DuckDBPyConnection, files: Iterable[SurveyFile], declaration: SurveyDeclaration
) -> list[LandedSurvey]:
    """Land all files in the tables raw.survey_*, and each in a table of cases of its own, in bounded memory.

    All or nothing, in a transaction of its own. Raises `FrontierError` when a file cannot be read or does
    not fit the declaration.
    """
    with _transaction(connection):
        return [_land(connection, one, declaration) for one in files]


def _land(
    connection: duckdb.DuckDBPyConnection, survey_file: SurveyFile, declaration: SurveyDeclaration
) -> LandedSurvey:
    reading = SurveyReading(survey_file.path, survey_file.edition_id, declaration)
    table = _CaseTable(connection, survey_file, reading)
    rows = 0
    for piece in _ahead(_pieces(reading)):
        table.append(piece.cases)
        rows += piece.cases.num_rows
        for name, parts in (("survey_responses", piece.answers), ("survey_special_missing", piece.special)):
            for part in parts:
                _append(connection, f"raw.{name}", part)
    table.finish()
    for name in ("survey_variables", "survey_value_labels", "survey_missing_ranges"):
        _append(connection, f"raw.{name}", getattr(reading, name.removeprefix("survey_")))
    _register(connection, survey_file, reading, rows)
    return LandedSurvey(survey_file.case_table, rows * reading.answers_per_case, reading.notices)


def _pieces(reading: SurveyReading) -> Iterator[_Piece]:
    columns = CaseColumns(reading.dictionary)
    batches: list[pa.RecordBatch] = []
    answers: list[pa.Table] = []
    special: list[pa.Table] = []
    for chunk in reading.chunks():
        iso_columns = reading.iso_columns(chunk)
        batches.append(columns.batch(chunk, iso_columns))
        if reading.declaration.has_long_form:
            answers.append(reading.answers(chunk, iso_columns))
        if chunk.special:
            special.append(reading.special_missing(chunk))
        if answers or chunk.rows < ROW_GROUP or len(batches) == _BATCHES_TOGETHER:
            yield _Piece(of_one_width(batches), answers, special)
            batches, answers, special = [], [], []
    if batches:
        yield _Piece(of_one_width(batches), answers, special)


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, the next one being made in a thread while the last one is in use."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        end = object()
        following = executor.submit(next, items, end)
        while (item := following.result()) is not end:
            following = executor.submit(next, items, end)
            yield item  # ty: ignore[invalid-yield]


class _CaseTable:
    """The table of cases of one file: made with the first cases, widened where later ones need it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, survey_file: SurveyFile, reading: SurveyReading) -> None:
        self._connection = connection
        self._reading = reading
        self._name = f"raw.{_quoted(survey_file.case_table)}"
        self._types: dict[str, str] = {}
        landed = dict(connection.execute("select table_name, edition_id from raw.survey_files").fetchall())
        if survey_file.case_table in landed:
            raise FrontierError(
                f"{survey_file.edition_id} and {landed[survey_file.case_table]} would both be landed in the table "
                f"{self._name}. Rename the folder of one of them so that they differ in letters or digits."
            )

    def append(self, cases: pa.Table) -> None:
        """Add cases; the table takes the columns of the first ones, and the types of the widest."""
        types = {field.name: _SQL_TYPES[str(field.type)] for field in cases.schema}
        if not self._types:
            columns = ", ".join(f"{_quoted(name)} {kind}" for name, kind in types.items())
            self._connection.execute(f"create or replace table {self._name} ({columns})")
        for name, kind in types.items():
            if kind != self._types.get(name, kind):
                self._connection.execute(f"alter table {self._name} alter {_quoted(name)} type {kind}")
        self._types = types
        _append(self._connection, self._name, cases)

    def finish(self) -> None:
        """Comment the table and, with the labels of the file, its columns."""
        dictionary = self._reading.dictionary
        self._comment("table", self._name, f"Cases of {self._reading.edition_id} as stored in the file, one row each.")
        self._comment_column(ROW_COLUMN, "Row in the file, from 1.")
        for variable in dictionary.variables:
            self._comment_column(variable.column, variable.label or "No label in the file.")
            if variable.iso_column:
                self._comment_column(variable.iso_column, f"ISO 8601 text of {variable.name} ({variable.format}).")

    def _comment_column(self, column: str, text: str) -> None:
        self._comment("column", f"{self._name}.{_quoted(column)}", text)

    def _comment(self, what: str, name: str, text: str) -> None:
        literal = text.replace("'", "''")
        self._connection.execute(f"comment on {what} {name} is '{literal}'")


def _register(
    connection: duckdb.DuckDBPyConnection, survey_file: SurveyFile, reading: SurveyReading, rows: int
) -> None:
    """Put the file into raw.survey_files, and its notices into raw.survey_notices."""
    about = file_table(survey_file.edition_id, survey_file.case_table, reading.dictionary, rows, reading.declaration)
    _append(connection, "raw.survey_files", about)
    _append(connection, "raw.survey_notices", notices_table(reading.notices))


def _append(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Append rows in the columns of the table.

    As a relation, for a registered view would keep the rows in memory until the transaction ends.
    """
    connection.from_arrow(rows).insert_into(table)


def _quoted(name: str) -> str:
    return f'"{name}"'


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Generator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
