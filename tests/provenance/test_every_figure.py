"""Every figure that analysts see leads to the printed cells behind it, or says why it has none."""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb
import pytest

from orchestration.provenance import WITHOUT_CELLS, reason_without_cells, trace
from tests.published import Command

NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
Column = tuple[str, str]


@pytest.fixture(scope="module")
def database(published: Command) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published.database), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def row_keys(database: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The first column of every fact and mart: the key of its rows."""
    rows = database.execute(
        "select table_name, first(column_name order by ordinal_position) from information_schema.columns "
        "where table_schema = 'main' and regexp_matches(table_name, '^(fct|mart)_') group by table_name"
    ).fetchall()
    return dict(rows)


@pytest.fixture(scope="module")
def figures(database: duckdb.DuckDBPyConnection) -> list[Column]:
    """Every numeric column of every fact and mart."""
    rows = database.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'main' and regexp_matches(table_name, '^(fct|mart)_') order by all"
    ).fetchall()
    return [(table, column) for table, column, data_type in rows if data_type.split("(")[0] in NUMERIC]


def values_without_cells(database: duckdb.DuckDBPyConnection, table: str, column: str, key: str) -> int:
    counted = database.execute(
        f'select count(*) from main."{table}" as facts where facts."{column}" is not null and facts."{key}" not in '
        "(select row_key from main.observation_source where table_name = ? and column_name = ?)",
        [table, column],
    ).fetchone()
    assert counted
    return counted[0]


def test_the_first_column_of_a_table_is_the_key_of_its_rows(
    database: duckdb.DuckDBPyConnection, row_keys: dict[str, str]
) -> None:
    repeated = [
        table
        for table, key in row_keys.items()
        if database.execute(f'select count(*) != count(distinct "{key}") from main."{table}"').fetchone() != (False,)
    ]
    assert repeated == []


def test_every_value_has_a_cell_or_its_column_says_why_it_has_none(
    database: duckdb.DuckDBPyConnection, figures: list[Column], row_keys: dict[str, str]
) -> None:
    assert len(figures) > 140
    astray = {
        f"{table}.{column}": count
        for table, column in figures
        if not reason_without_cells(table, column)
        and (count := values_without_cells(database, table, column, row_keys[table]))
    }
    assert astray == {}


def test_no_reason_is_given_for_a_column_whose_values_all_have_cells(
    database: duckdb.DuckDBPyConnection, figures: list[Column], row_keys: dict[str, str]
) -> None:
    needed = {
        (table, column)
        for table, column in figures
        if reason_without_cells(table, column) and values_without_cells(database, table, column, row_keys[table])
    }
    declared = {(table, column) for table, column in WITHOUT_CELLS if column != "*"}
    whole_tables = {table for table, column in WITHOUT_CELLS if column == "*"}
    assert {column for column in needed if column[0] not in whole_tables} == declared
    assert {table for table, _ in needed} >= whole_tables


def test_only_claims_on_counts_of_regions_and_respondents_have_no_cells(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        "select distinct computed_from from fct_published_claim where recomputed_value is not null and "
        "published_claim_key not in (select row_key from observation_source where table_name = 'fct_published_claim' "
        "and column_name = 'recomputed_value') order by all"
    ).fetchall()
    assert rows
    assert [name for (name,) in rows if not name.startswith(("border_regions_", "survey_respondents"))] == []


def test_every_link_is_to_a_row_and_a_column_that_exist(
    database: duckdb.DuckDBPyConnection, row_keys: dict[str, str]
) -> None:
    for table, key in row_keys.items():
        stray = database.execute(
            "select column_name, count(*) from observation_source where table_name = ? and (row_key not in "
            f'(select "{key}" from main."{table}") or column_name not in (select column_name from '
            "information_schema.columns where table_schema = 'main' and table_name = ?)) group by all",
            [table, table],
        ).fetchall()
        assert (table, stray) == (table, [])


def test_what_is_printed_in_a_cell_is_the_value(
    database: duckdb.DuckDBPyConnection, figures: list[Column], row_keys: dict[str, str]
) -> None:
    """Claims apart: their cells hold words as well, such as "60,000 or 51.2%"."""
    compared = 0
    for table, column in figures:
        if table in {"fct_published_claim", "mart_literature_claim"}:
            continue
        rows = database.execute(
            f'select facts."{column}", observations.value * power(10, observations.unit_mult), observations.cell '
            "from observation_source as sources "
            f'inner join main."{table}" as facts on sources.row_key = facts."{row_keys[table]}" '
            "inner join raw.observations as observations on sources.observation_id = observations.observation_id "
            "where sources.table_name = ? and sources.column_name = ? and sources.role = 'printed' "
            f'and facts."{column}" is not null',
            [table, column],
        ).fetchall()
        compared += len(rows)
        wrong = [row for row in rows if row[1] is None or abs(float(row[0]) - float(row[1])) > 1e-6 * abs(row[0])]
        assert (table, column, wrong) == (table, column, [])
    assert compared > 5_000


def test_source_answers_for_a_row_of_every_table_and_every_column(
    published: Command, database: duckdb.DuckDBPyConnection, figures: list[Column], row_keys: dict[str, str]
) -> None:
    """Of each column the row in the middle of those that have a value, by its key."""
    traced_columns: dict[str, set[str]] = {table: set() for table in row_keys}
    for table, column in database.execute("select distinct table_name, column_name from observation_source").fetchall():
        traced_columns[table].add(column)
    for table, column in figures:
        key = row_keys[table]
        found = database.execute(
            f'select "{key}" from main."{table}" where "{column}" is not null order by 1 '
            f'offset (select count(*) // 2 from main."{table}" where "{column}" is not null) limit 1'
        ).fetchone()
        if found is None:
            continue
        if column not in traced_columns[table]:
            assert reason_without_cells(table, column), f"{table}.{column}"
            continue
        [traced] = trace(published.database, table, column, {key: found[0]})
        assert traced.value is not None
        assert traced.cells or traced.reason, f"{table}.{column} of {found[0]}"
        assert all(cell["file"] and cell["cell"] and cell["publication"] for cell in traced.cells)


@pytest.mark.parametrize(
    ("column", "keys", "cells"),
    [
        ("mart_border_population_ratio.kazakh_population", ["section=whole border", "period=2009-01-01"], 7),
        ("mart_border_population_ratio.kazakh_population", ["section=whole border", "period=2022-01-01"], 8),
        ("mart_arrivals_concentration.herfindahl_index", ["region_level=federal districts", "period=2005"], 7),
        ("mart_partner_share.share_of_arrivals_pct", ["territory=RU", "partner=KZ", "period=2005"], 2),
        ("mart_population_balance.residual", ["territory=RU", "period=2004"], 4),
        (
            "mart_migration_rate.net_migration_rate_per_1000",
            ["basis=registered flows", "territory=RU", "period=2004"],
            4,
        ),
        ("mart_mirror_flow.kazakhstan_over_russia", ["origin=RU", "destination=KZ", "period=2005"], 2),
        ("mart_kim_2008_table_1.recomputed_value", ["partner=CIS", "indicator=arrivals", "period=2005"], 11),
        ("mart_kim_2008_table_2.recomputed_value", ["indicator=population", "period=2005-01-01"], 3),
        ("mart_kim_2008_table_4.difference", ["territory=RU", "indicator=arrivals"], 8),
        ("mart_literature_claim.recomputed_value", ["claim=replacement_over_migration_of_1990s"], 11),
    ],
)
def test_a_computed_value_leads_to_all_of_its_cells(
    published: Command, column: str, keys: list[str], cells: int
) -> None:
    table, _, name = column.partition(".")
    traced = trace(published.database, table, name, dict(key.split("=") for key in keys))
    assert {(len(one.cells), *{cell["role"] for cell in one.cells}) for one in traced} == {(cells, "computed from")}


def test_the_cells_of_a_sum_add_up_to_it(published: Command) -> None:
    [traced] = trace(
        published.database,
        "mart_border_population_ratio",
        "kazakh_population",
        {"section": "whole border", "period": "2022-01-01"},
    )
    assert sum(int(cell["raw_text"]) for cell in traced.cells) == traced.value


def test_a_count_of_regions_says_that_no_cell_stands_behind_it(published: Command) -> None:
    outcome = published("source", "fct_published_claim.recomputed_value", "claim=kz_border_regions", "--format", "json")
    assert outcome.returncode == 0, outcome.stderr
    assert [(one["cells"], one["reason"]) for one in json.loads(outcome.stdout)] == [
        ([], "counts territories of a group, or respondents of the survey")
    ]
    refused = published("source", "mart_survey_respondent.trips_per_year", "respondent=1")
    assert refused.returncode == 2
    assert "answer in the survey's file" in refused.stderr
