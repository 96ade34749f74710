"""Specifications: what is read, what is refused and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.glm.battery import MODELS_FILE, fit_battery
from orchestration.glm.errors import GlmError, SpecificationError
from orchestration.glm.spec import load_specs, parse_spec

MODEL: dict[str, Any] = {"name": "m", "response": "y", "distribution": "poisson", "factors": ["g"]}


def test_shipped_models_have_nine_predictors_and_the_same_subsets() -> None:
    models = {spec.name: spec for spec in load_specs(MODELS_FILE)}
    frequency, trips = models["trip_frequency"], models["trips_per_year"]
    assert (frequency.distribution, trips.distribution) == ("ordinal", "negative_binomial")
    assert [factor.name for factor in frequency.factors] == list(frequency.marginal_means)
    assert len(frequency.factors) == 9
    assert frequency.factors == trips.factors
    assert frequency.subsets == trips.subsets


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"distribution": "weibull"}, "distribution: Input should be"),
        ({"link": "cauchit"}, "link cauchit does not go with poisson; use one of log, identity, inverse, power"),
        ({"link": "logit"}, "link logit does not go with poisson"),
        ({"link": "power"}, "link power needs its exponent"),
        ({"link_power": 2}, "link_power belongs to link: power"),
        ({"interactions": [["g", "h"]]}, "interactions: g*h names h, not a factor or covariate"),
        ({"interactions": [["g"]]}, "interactions: g has only one variable"),
        ({"interactions": [["g", "g"]]}, "interactions: g*g multiplies factor g by itself"),
        ({"covariates": ["x"], "interactions": ["g*x", ["x", "g"]]}, "interactions: x*g is listed twice"),
        ({"weight": "w", "covariance": "model"}, "weight is a sampling weight and needs covariance: robust"),
        ({"weight": "w", "tests": {"statistic": "lr"}}, "tests: likelihood ratios do not hold"),
        ({"weight": "w", "intervals": "profile"}, "intervals: profile needs a likelihood"),
        ({"cluster": "c", "covariance": "model"}, "cluster needs covariance: robust"),
        ({"covariance": "cluster"}, "a clustered one needs the column of the clusters"),
        ({"covariance": {"by": "c"}}, "covariance has no key by"),
        ({"small_sample": ["N/(N-1)"]}, "small_sample factors belong to covariance: robust"),
        ({"covariance": "robust", "small_sample": ["G/(G-1)"]}, "small_sample G/(G-1) counts clusters"),
        ({"colour": "red"}, "colour: is not a key of a model"),
        ({"factors": ["g", "g"]}, "predictor g is listed twice"),
        ({"factors": ["y"]}, "both response and predictor"),
        ({"marginal_means": ["h"]}, "marginal_means names h, not among the factors"),
        ({"contrasts": "pairwise"}, "contrasts compares marginal means"),
        ({"reference": {"h": 1}}, "reference names h, not among the factors"),
        ({"scale": -1}, "scale is pearson, deviance or a positive number"),
        ({"scale": "ml"}, "scale ml belongs to the gaussian, gamma, inverse_gaussian"),
        ({"alpha": 1}, "alpha belongs to the negative binomial"),
        ({"tweedie_power": 1.5}, "tweedie_power belongs to the tweedie"),
        ({"distribution": "tweedie"}, "tweedie_power is missing"),
        ({"distribution": "tweedie", "tweedie_power": 2}, "tweedie_power lies between 1 and 2"),
        ({"parallel_lines": True}, "parallel_lines belongs to the ordinal"),
        ({"response": {"column": "y", "order": [1, 2]}}, "order belongs to an ordinal response"),
        ({"response": {"events": "y", "trials": "n"}}, "belong to a binomial response"),
        ({"response": {"events": "y"}}, "both events and trials"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecificationError, match="model m: ") as caught:
        parse_spec(MODEL | change)
    assert message in str(caught.value)


def test_absent_options_are_not_refused() -> None:
    spec = parse_spec(MODEL | {"frequency": None, "weight": None, "interactions": []})
    assert spec.link_name == "log"


@pytest.mark.parametrize("link", ["power(0.5)", {"power": 0.5}, "power( 5e-1 )"])
def test_power_link_may_be_written_short(link: Any) -> None:
    spec = parse_spec(MODEL | {"link": link})
    assert (spec.link_name, spec.power_of_link) == ("power", 0.5)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({}, "model"),
        ({"covariance": "HC0"}, "robust"),
        ({"covariance": "HC1"}, "robust, N/(N-K)"),
        ({"cluster": "c"}, "robust, clustered by c"),
        ({"covariance": {"cluster": "c", "small_sample": "G/(G-1)"}}, "robust, clustered by c, G/(G-1)"),
        ({"weight": "w"}, "robust"),
    ],
)
def test_covariance_may_be_written_short(change: dict[str, Any], name: str) -> None:
    assert parse_spec(MODEL | change).covariance_name == name


def test_terms_and_tests_are_listed_in_printed_order() -> None:
    spec = parse_spec(
        MODEL
        | {
            "covariates": ["x"],
            "interactions": ["g * x"],
            "marginal_means": [["g"]],
            "tests": {"type": "all", "statistic": "both"},
        }
    )
    assert spec.terms == ("g", "x", "g*x")
    assert spec.tests.kinds == (("I", "wald"), ("I", "lr"), ("III", "wald"), ("III", "lr"))
    assert spec.marginal_means == ("g",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models: [", "is not valid YAML"),
        ("models: []", "expected a model"),
        ("models: [{name: a}]\nother: 1", "unknown key other"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "models.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecificationError, match=message):
        load_specs(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match="cannot be read"):
        load_specs(tmp_path / "none.yml")


@pytest.fixture
def table(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute(
        "create table t as select i % 3 as g, case when i % 3 = 2 then 'two' else 'less' end as g_label, "
        'i % 7 as y, i % 4 as exposure, i as "odd "" name" from range(100) as r(i)'
    )
    return connection


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"factors": ["gg"]}, "relation t has no column gg"),
        ({"where": "yy > 0"}, "relation t has no column yy"),
        ({"where": "y >"}, "is not an SQL expression"),
        ({"where": "true) or (select 1"}, "without subqueries"),
        ({"where": "y in (select 1)"}, "without subqueries"),
        ({"where": "1), (2"}, "must be one expression"),
        ({"offset": "log(exposure)"}, "cannot take logarithm of zero"),
        ({"where": "y > 100"}, r"none of the 100 rows of t can be used \(100 fail the condition"),
        ({"factors": [{"name": "y2", "column": "exposure", "label": "g_label"}]}, "two labels in g_label"),
        ({"factors": [], "covariates": ["g_label"]}, "must be a number"),
        ({"reference": {"g": 9}}, "factor g has no level '9'"),
        ({"response": "g", "distribution": "binomial", "factors": ["exposure"]}, "has two values, g has 3"),
        ({"relation": None, "where": "g = 0 and y = 0"}, "is 0 in every row"),
    ],
)
def test_data_that_does_not_serve(table: duckdb.DuckDBPyConnection, change: dict[str, Any], message: str) -> None:
    with pytest.raises(GlmError, match=message):
        fit_battery(table, MODEL | change, "t")


def test_relation_must_exist_and_be_a_name(table: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(GlmError, match="Relation nowhere cannot be read"):
        fit_battery(table, MODEL, "nowhere")
    with pytest.raises(SpecificationError, match="is not the name of a relation"):
        fit_battery(table, MODEL, "")
    with pytest.raises(SpecificationError, match="names no relation"):
        fit_battery(table, MODEL)


def test_names_are_quoted(table: duckdb.DuckDBPyConnection) -> None:
    spec = MODEL | {"covariates": ['odd " name'], "where": '"odd "" name" > 5'}
    (result,) = fit_battery(table, spec, "main.t")
    assert result.n == 94
    assert result.coefficient('odd " name').df == 1


def test_offset_reads_log_as_natural_and_after_the_condition(table: duckdb.DuckDBPyConnection) -> None:
    spec = MODEL | {"where": "exposure > 0"}
    (short,) = fit_battery(table, spec | {"offset": "log(exposure)"}, "t")
    (plain,) = fit_battery(table, spec | {"offset": "ln(exposure)"}, "t")
    assert short.coefficients == plain.coefficients
    assert short.n == 75
