"""Infinite estimates, aliased predictors, boundaries, missing values: found, named, and not in the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray

from orchestration.glm.battery import fit_battery
from orchestration.glm.errors import ConvergenceError
from orchestration.glm.results import GlmResult

MakeTable = Callable[[str, Mapping[str, Any]], None]


@pytest.fixture
def base() -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(7)
    n = 300
    data: dict[str, NDArray[Any]] = {"g": rng.integers(1, 4, n), "s": rng.integers(1, 3, n)}
    data["x"] = rng.normal(size=n)
    data["count"] = rng.poisson(2.0, n)
    data["event"] = rng.integers(0, 2, n)
    data["grade"] = rng.integers(1, 5, n)
    return data


def fit(connection: duckdb.DuckDBPyConnection, **spec: Any) -> GlmResult:
    (result,) = fit_battery(connection, {"name": "m", "factors": ["g", "s"], **spec}, "t")
    return result


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize(
    ("distribution", "link", "response", "extreme"),
    [
        ("poisson", "log", "count", 0),
        ("negative_binomial", "log", "count", 0),
        ("binomial", "logit", "event", 1),
        ("binomial", "probit", "event", 0),
        ("binomial", "cloglog", "event", 1),
        ("ordinal", "logit", "grade", 4),
        ("ordinal", "probit", "grade", 1),
        ("ordinal", "cloglog", "grade", 4),
    ],
)
def test_infinite_estimate_is_named(
    connection: duckdb.DuckDBPyConnection,
    make_table: MakeTable,
    base: dict[str, NDArray[Any]],
    level: int,
    distribution: str,
    link: str,
    response: str,
    extreme: int,
) -> None:
    values = np.where(base["g"] == level, extreme, base[response])
    make_table("t", base | {response: values})
    result = fit(connection, response=response, distribution=distribution, link=link)
    assert not result.is_converged
    assert "quasi-complete separation" in result.warnings[0]
    assert f"along g={level}." in result.warnings[0]
    assert result.coefficient("s", "1").std_error == pytest.approx(0.2, abs=0.2)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_complete_separation_is_named(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, base: dict[str, NDArray[Any]], link: str
) -> None:
    make_table("t", base | {"event": (base["x"] > 0).astype(int)})
    result = fit(connection, response="event", distribution="binomial", link=link, covariates=["x"], factors=[])
    assert not result.is_converged
    assert "complete separation): the data fits perfectly along x" in result.warnings[0]


def test_too_few_iterations_are_an_error(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, base: dict[str, NDArray[Any]]
) -> None:
    make_table("t", base)
    with pytest.raises(ConvergenceError, match="Model m/pooled: not converged after 1 iterations. Raise"):
        fit(connection, response="grade", distribution="ordinal", max_iterations=1)


def test_nested_factor_is_redundant_and_reported(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, base: dict[str, NDArray[Any]]
) -> None:
    make_table("t", base | {"country": (base["g"] > 1).astype(int)})
    spec = {"response": "count", "distribution": "poisson", "marginal_means": ["country", "s"]}
    inner = fit(connection, factors=["country", "g", "s"], **spec)
    outer = fit(connection, factors=["g", "country", "s"], **spec)
    assert any("country=0" in text for text in outer.warnings)
    for result in (inner, outer):
        assert (result.effect("country").df, result.effect("country").chi2) == (0, None)
        assert result.effect("g").df == 1
        assert {m.mean for m in result.marginal_means if m.factor == "country"} == {None}
    assert inner.effect("g").chi2 == pytest.approx(outer.effect("g").chi2)
    assert inner.effect("s").chi2 == pytest.approx(outer.effect("s").chi2)


def test_no_overdispersion_is_the_poisson_model(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, base: dict[str, NDArray[Any]]
) -> None:
    make_table("t", base | {"count": np.random.default_rng(3).binomial(6, 0.5, len(base["g"]))})
    poisson = fit(connection, response="count", distribution="poisson")
    result = fit(connection, response="count", distribution="negative_binomial")
    assert "no overdispersion" in result.warnings[0]
    assert result.coefficient("(Negative binomial)").estimate == 0
    assert result.coefficient("g", "1") == poisson.coefficient("g", "1")
    assert result.statistic("log_likelihood") == poisson.statistic("log_likelihood")


def test_slight_overdispersion_is_stable(connection: duckdb.DuckDBPyConnection, make_table: MakeTable) -> None:
    rng = np.random.default_rng(5)
    n = 200_000
    mean = rng.gamma(2000, 3 / 2000, n)
    make_table("t", {"g": rng.integers(1, 3, n), "s": rng.integers(1, 3, n), "count": rng.poisson(mean)})
    poisson = fit(connection, response="count", distribution="poisson")
    result = fit(connection, response="count", distribution="negative_binomial")
    assert result.coefficient("(Negative binomial)").estimate < 0.01
    gain = result.statistic("log_likelihood").value - poisson.statistic("log_likelihood").value
    assert 0 <= gain < 20


def test_constant_factor_and_covariate_are_dropped_and_reported(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, base: dict[str, NDArray[Any]]
) -> None:
    make_table("t", base | {"same": np.ones(len(base["g"]))})
    result = fit(
        connection,
        response="count",
        distribution="poisson",
        covariates=["same"],
        where="g = 2",
        marginal_means=["g", "s"],
    )
    assert result.info.dropped_predictors == ("g", "same")
    assert result.info.predictors == ("s",)
    assert {m.factor for m in result.marginal_means} == {"s"}


def test_missing_values_are_excluded_and_counted(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table t as select case when i % 10 = 0 then null else i % 3 end as g, i % 2 as s, "
        "case when i % 7 = 0 then 'NaN'::double else i % 5 end as count, i from range(210) as r(i)"
    )
    result = fit(connection, response="count", distribution="poisson", where="i < 200")
    cases = {(row.kind, row.variable): row.n for row in result.cases}
    assert cases["total", None] == 210
    assert cases["excluded_by_variable", "where i < 200"] == 10
    assert cases["excluded_by_variable", "g"] == 20
    assert cases["excluded_by_variable", "count"] == 29
    assert cases["included", None] == 200 - 20 - 29 + 3
    assert cases["included", None] + cases["excluded", None] == 210


def test_levels_follow_their_type_and_labels_are_shown(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create type size as enum ('small', 'medium', 'large')")
    connection.execute(
        "create table t as select (['small', 'medium', 'large'])[1 + i % 3]::size as g, "
        "(2 - i % 2)::double as s, case when i % 2 = 0 then 'women' else 'men' end as s_name, "
        "(i * i) % 11 as count from range(120) as r(i)"
    )
    sex = {"name": "sex", "column": "s", "label": "s_name"}
    result = fit(connection, response="count", distribution="poisson", factors=["g", sex])
    levels = [(row.variable, row.level, row.level_label) for row in result.levels]
    assert levels == [
        ("g", "small", None),
        ("g", "medium", None),
        ("g", "large", None),
        ("sex", "1", "men"),
        ("sex", "2", "women"),
    ]
    assert result.coefficient("g", "large").is_redundant
    (first,) = fit_battery(
        connection,
        {
            "name": "m",
            "response": "count",
            "distribution": "poisson",
            "factors": ["g", sex],
            "reference": {"g": "medium", "sex": "men"},
        },
        "t",
    )
    assert [(c.term, c.level) for c in first.coefficients if c.is_redundant] == [
        ("g", "medium"),
        ("sex", "1"),
    ]


def test_overdispersion_is_flagged_where_the_scale_is_fixed(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, base: dict[str, NDArray[Any]]
) -> None:
    counts = np.random.default_rng(4).negative_binomial(1, 0.2, len(base["g"]))
    make_table("t", base | {"count": counts})
    (warning,) = fit(connection, response="count", distribution="poisson").warnings
    assert warning.startswith("Overdispersion: Pearson chi-square is")
    for change in ({"scale": "pearson"}, {"covariance": "robust"}, {"distribution": "negative_binomial"}):
        assert fit(connection, **{"response": "count", "distribution": "poisson"} | change).warnings == ()
    make_table("t", base)
    assert fit(connection, response="count", distribution="poisson").warnings == ()
    assert fit(connection, response="event", distribution="binomial").warnings == ()


def test_combinations_without_cases_are_named_and_true_aliases_told_apart(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, base: dict[str, NDArray[Any]]
) -> None:
    keep = ~((base["g"] == 1) & (base["s"] == 2))
    make_table("t", {name: values[keep] for name, values in base.items()} | {"twin": 2 * base["x"][keep] + 1})
    spec = {"response": "count", "distribution": "poisson", "covariates": ["x", "twin"]}
    result = fit(connection, interactions=[["g", "s"]], **spec)
    empty, aliased = result.warnings
    assert "g*s (1*2; 1 of 6)" in empty
    assert aliased.endswith("determine each other: twin.")
    assert result.coefficient("twin").is_redundant
    assert result.coefficient("g*s", "1*2").is_redundant


def test_interaction_with_a_constant_predictor_is_dropped(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, base: dict[str, NDArray[Any]]
) -> None:
    make_table("t", base)
    result = fit(
        connection,
        response="count",
        distribution="poisson",
        covariates=["x"],
        interactions=[["g", "s"], ["g", "s", "x"]],
        where="g = 2",
    )
    assert result.info.dropped_predictors == ("g", "g*s")
    assert [c.term for c in result.coefficients if c.parameter_type == "interaction"] == ["s*x", "s*x"]
