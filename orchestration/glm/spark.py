"""Tables of a Spark session as relations of the engine: the same GROUP BY, run by Spark."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa

_DESCRIBE = re.compile(r"DESCRIBE SELECT \* FROM (?P<table>.+)", re.DOTALL)
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_STATISTICS = "SELECT stats("
_ENGINE_SETTINGS = ("SET ", "RESET ")
_PARSER = "json_"
_TYPES = {
    "byte": "TINYINT",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "string": "VARCHAR",
    "date": "DATE",
}


class SparkFrame(Protocol):
    """What is used of `pyspark.sql.DataFrame`."""

    @property
    def dtypes(self) -> list[tuple[str, str]]:
        """Names and types of the columns."""
        ...

    def collect(self) -> Sequence[Sequence[Any]]:
        """All rows."""
        ...

    def toArrow(self) -> "pa.Table":  # noqa: N802 (as pyspark calls it)
        """All rows as an Arrow table."""
        ...


class SparkSession(Protocol):
    """What is used of `pyspark.sql.SparkSession`."""

    def sql(self, sqlQuery: str, /) -> SparkFrame:  # noqa: N803 (as pyspark calls it)
        """The result of a query."""
        ...


class _Rows:
    """What a query returned, as the engine reads it."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], frame: SparkFrame | None = None) -> None:
        self._rows, self._frame = rows, frame

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows."""
        return list(self._rows) if self._frame is None else [tuple(row) for row in self._frame.collect()]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row."""
        return next(iter(self.fetchall()), None)

    def to_arrow_table(self) -> "pa.Table":
        """All rows as an Arrow table."""
        assert self._frame is not None
        return self._frame.toArrow()


class _SparkConnection:
    """Answers the statements of the engine: expressions are parsed by DuckDB, data is read by Spark."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self.parser = duckdb.connect()

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> _Rows:
        """Run one statement."""
        if _PARSER in statement and parameters is not None:
            return _Rows(self.parser.execute(statement, parameters).fetchall())
        if statement.startswith(_ENGINE_SETTINGS):
            return _Rows([])
        if statement.startswith(_STATISTICS):
            # Spark shows no statistics of columns; the engine then measures their ranges.
            return _Rows([("",) * (statement.count("stats("))])
        described = _DESCRIBE.fullmatch(statement)
        if described is not None:
            return _Rows(self._describe(described["table"]))
        return _Rows([], self.session.sql(as_spark_sql(statement)))

    def _describe(self, table: str) -> list[tuple[str, str]]:
        try:
            columns = self.session.sql(f"SELECT * FROM {as_spark_sql(table)} LIMIT 0").dtypes
        except Exception as error:
            # Spark's own class of errors is known only where it is installed; the engine names the relation.
            raise duckdb.CatalogException(str(error)) from error
        return [(name, _TYPES.get(kind, kind.upper())) for name, kind in columns]


def connect_spark(session: SparkSession) -> "duckdb.DuckDBPyConnection":
    """What `fit_battery` takes in place of a DuckDB connection, so that it fits on the session's tables.

    Only the grouped cells leave Spark; the fit runs in this process. Needs pyspark 4.
    """
    return cast("duckdb.DuckDBPyConnection", _SparkConnection(session))


def as_spark_sql(statement: str) -> str:
    """The engine's SQL with identifiers quoted as Spark does; text in single quotes stays as it is."""

    def requote(match: re.Match[str]) -> str:
        token = match.group()
        if token.startswith("'"):
            return "'" + token[1:-1].replace("\\", "\\\\").replace("''", "\\'") + "'"
        return "`" + token[1:-1].replace('""', '"').replace("`", "``") + "`"

    return _TOKEN.sub(requote, statement)
