"""The comparison of two engines finds every kind of difference, and nothing where there is none."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from scale_out.compare import Comparison, compare_tables

RELEASED = """
    select * from (values
        ('a', 1, 0.1::double, date '2005-01-01', null::varchar),
        ('b', 2, 0.2::double, null, 'twice'),
        ('b', 2, 0.2::double, null, 'twice')
    ) as rows (fact_key, persons, share_pct, known_on, note)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "frontier.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table main.fct_example as {RELEASED}")
    return path


def compare(database: Path, built: str) -> Comparison:
    """What the comparison says when Spark has built the table like this, in two files as Spark does."""
    folder = database.parent / "main.db"
    (folder / "fct_example").mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"create table built as {built}")
        for number, condition in enumerate(("rowid % 2 = 0", "rowid % 2 = 1")):
            connection.execute(
                f"copy (from built where {condition}) to '{folder}/fct_example/part-{number}.parquet' (format parquet)"
            )
    return compare_tables(database, "main", ["fct_example"], folder)[0]


def test_the_same_rows_in_another_order_are_the_same(database: Path) -> None:
    comparison = compare(database, f"select * from ({RELEASED}) order by persons desc")

    assert comparison.is_same
    assert (comparison.rows, comparison.rows_of_spark, comparison.differing) == (3, 3, 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("persons", "persons + 1"),
        ("share_pct", "share_pct + 1e-17"),
        ("known_on", "known_on + interval 1 day"),
        ("note", "coalesce(note, '')"),
    ],
)
def test_one_changed_value_is_found_and_shown(database: Path, column: str, value: str) -> None:
    built = f"select * replace ((case when fact_key = 'a' then {value} else {column} end)::type as {column})"
    kind = {"persons": "integer", "share_pct": "double", "known_on": "date", "note": "varchar"}[column]
    comparison = compare(database, built.replace("type", kind) + f" from ({RELEASED})")

    assert not comparison.is_same
    assert comparison.differing == 1
    assert [example.split(":")[0] for example in comparison.examples] == ["DuckDB", "Spark"]
    assert all(f"fact_key='a', {column}=" in example for example in comparison.examples)


def test_a_row_that_stands_once_too_few_is_found(database: Path) -> None:
    comparison = compare(database, f"select distinct * from ({RELEASED})")

    assert (comparison.rows, comparison.rows_of_spark, comparison.differing) == (3, 2, 1)
    assert [example[:20] for example in comparison.examples] == ["DuckDB: fact_key='b'"]


@pytest.mark.parametrize(
    ("built", "problem"),
    [
        ("* replace (persons::bigint as persons)", "only Spark has column persons BIGINT"),
        ("* exclude (note)", "only DuckDB has column note VARCHAR"),
        ("*, 1 as more", "only Spark has column more INTEGER"),
        ("persons, * exclude (persons)", "the columns stand in another order"),
    ],
)
def test_columns_that_differ_are_named(database: Path, built: str, problem: str) -> None:
    comparison = compare(database, f"select {built} from ({RELEASED})")

    assert not comparison.is_same
    assert problem in comparison.problems


def test_a_table_that_spark_lacks_is_a_difference(database: Path) -> None:
    comparison = compare_tables(database, "main", ["fct_example"], database.parent)[0]

    assert not comparison.is_same
    assert comparison.problems == ("Spark has no such table",)
