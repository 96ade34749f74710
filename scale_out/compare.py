"""Comparing the tables of two engines: columns, types, and rows as a multiset, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

_SAMPLE = 3


@dataclass(frozen=True)
class Comparison:
    """What became of one table. `problems` are differences of its columns, for which no rows are compared."""

    table: str
    rows: int
    rows_of_spark: int
    differing: int
    problems: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        return not self.differing and not self.problems


def compare_tables(database: Path, schema: str, tables: Iterable[str], folder: Path) -> list[Comparison]:
    """Compare tables of a DuckDB file with what Spark has written to `folder`, a folder of Parquet per table.

    Floating-point numbers must be equal to the last bit. Tables are compared in the order of their names.
    """
    with duckdb.connect(str(database), read_only=True) as connection:
        return [_compare(connection, f'"{schema}"."{name}"', name, folder / name) for name in sorted(tables)]


def _compare(connection: duckdb.DuckDBPyConnection, released: str, name: str, folder: Path) -> Comparison:
    rows = _count(connection, released)
    if not any(folder.glob("*.parquet")):
        return Comparison(name, rows, 0, rows, ("Spark has no such table",))
    built = f"read_parquet('{folder}/*.parquet')"
    rows_of_spark = _count(connection, built)
    columns, columns_of_spark = _columns(connection, released), _columns(connection, built)
    if columns != columns_of_spark:
        missing = [f"only DuckDB has column {column}" for column in columns if column not in columns_of_spark]
        added = [f"only Spark has column {column}" for column in columns_of_spark if column not in columns]
        problems = (*missing, *added) or ("the columns stand in another order",)
        return Comparison(name, rows, rows_of_spark, max(rows, rows_of_spark), problems)
    lost = connection.sql(f"from {released} except all from {built}")
    found = connection.sql(f"from {built} except all from {released}")
    differing = max(len(lost), len(found))
    return Comparison(name, rows, rows_of_spark, differing, examples=_examples(lost, found) if differing else ())


def _examples(lost: duckdb.DuckDBPyRelation, found: duckdb.DuckDBPyRelation) -> tuple[str, ...]:
    """A few of the differing rows of each engine: the first column, the key, and the columns that differ."""
    key, *others = lost.columns
    differing = [
        column
        for column in others
        if len(lost.select(duckdb.ColumnExpression(column)).except_(found.select(duckdb.ColumnExpression(column))))
        or len(found.select(duckdb.ColumnExpression(column)).except_(lost.select(duckdb.ColumnExpression(column))))
    ]
    shown = [key, *differing]
    return tuple(
        f"{engine}: " + ", ".join(f"{column}={value!r}" for column, value in zip(shown, row, strict=True))
        for engine, side in (("DuckDB", lost), ("Spark", found))
        for row in side.select(*map(duckdb.ColumnExpression, shown)).order(f'"{key}"').limit(_SAMPLE).fetchall()
    )


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """Names and types in DuckDB's words, which it also has for those of Parquet."""
    return [f"{name} {kind}" for name, kind, *_ in connection.execute(f"describe from {relation}").fetchall()]
