"""Results as tables of the warehouse, against their declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import numpy as np
import pytest

from orchestration.glm.battery import fit_battery, write_results
from orchestration.glm.results import GlmResult
from orchestration.glm.tables import tabulate
from orchestration.modelling.declared_tables import declared_tables

MakeTable = Callable[[str, Mapping[str, Any]], None]


@pytest.fixture
def results(connection: duckdb.DuckDBPyConnection, make_table: MakeTable) -> list[GlmResult]:
    rng = np.random.default_rng(11)
    n = 400
    make_table(
        "survey",
        {
            "sex_code": rng.integers(1, 3, n),
            "country_code": rng.integers(1, 3, n),
            "grade": rng.integers(1, 4, n),
            "trips": rng.poisson(3, n),
            "is_synthetic": np.ones(n, dtype=bool),
        },
    )
    factors = [{"name": name, "column": f"{name}_code"} for name in ("sex", "country")]
    common = {"relation": "main.survey", "factors": factors, "subsets": ["pooled", {"by": "country"}]}
    return fit_battery(
        connection,
        [
            {
                "name": "grade",
                "response": "grade",
                "distribution": "ordinal",
                "marginal_means": ["sex"],
                "contrasts": "pairwise",
                **common,
            },
            {"name": "trips", "response": "trips", "distribution": "poisson", **common},
        ],
    )


def test_rows_have_the_declared_columns(results: list[GlmResult]) -> None:
    declared = declared_tables()
    for table, rows in tabulate(results).items():
        columns = {column.name for column in declared[f"main.{table}"].columns}
        assert rows or table == "glm_statement"
        assert all(row.keys() == columns for row in rows), table


def test_tables_are_created_with_types_comments_and_rows(
    connection: duckdb.DuckDBPyConnection, results: list[GlmResult]
) -> None:
    counts = write_results(connection, results)
    assert counts == write_results(connection, results)
    assert counts["glm_model"] == 6
    models = connection.execute(
        "select model_id, subset, predictors, dropped_predictors, condition, is_synthetic, "
        "length(input_fingerprint) from glm_model order by model_id"
    ).fetchall()
    assert models[0] == ("grade/country=1", "country=1", "sex", "country", '"country_code" = 1', True, 64)
    assert models[2] == ("grade/pooled", "pooled", "sex, country", None, None, True, 64)
    redundant = connection.execute(
        "select estimate, std_error, p_value from glm_coefficient "
        "where model_id = 'trips/pooled' and term = 'sex' and is_redundant"
    ).fetchall()
    assert redundant == [(0.0, None, None)]
    comments = connection.execute(
        "select count(*) from duckdb_columns() where table_name like 'glm_%' and comment is null"
    ).fetchone()
    assert comments == (0,)


def test_probabilities_of_categories_add_up(connection: duckdb.DuckDBPyConnection, results: list[GlmResult]) -> None:
    write_results(connection, results)
    sums = connection.execute(
        "select sum(mean), count(*) from glm_marginal_mean where scale = 'response' group by model_id, level"
    ).fetchall()
    assert len(sums) == 6
    for total, categories in sums:
        assert total == pytest.approx(1)
        assert categories == 3


def test_synthetic_mark_is_taken_from_the_data_or_given(results: list[GlmResult]) -> None:
    assert all(result.is_synthetic for result in results)
    assert {row["is_synthetic"] for row in tabulate(results, is_synthetic=False)["glm_effect_test"]} == {False}


def test_numbers_are_plain_python(results: list[GlmResult]) -> None:
    for rows in tabulate(results).values():
        for row in rows:
            assert {type(value) for value in row.values()} <= {str, int, float, bool, type(None)}
