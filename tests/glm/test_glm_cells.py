"""Fits on cells against fits on rows by statsmodels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from statsmodels.discrete.discrete_model import NegativeBinomial
from statsmodels.miscmodels.ordinal_model import OrderedModel

from orchestration.glm.battery import fit_battery
from orchestration.glm.results import GlmResult

MakeTable = Callable[[str, Mapping[str, Any]], None]
Floats = NDArray[np.float64]

FACTORS = {"region": 4, "sex": 2, "age": 3}


@pytest.fixture
def rows() -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(20091)
    n = 900
    data: dict[str, NDArray[Any]] = {name: rng.integers(1, size + 1, n) for name, size in FACTORS.items()}
    data["income"] = rng.integers(10, 60, n) / 10 + 2000
    data["exposure"] = rng.integers(1, 5, n).astype(float)
    eta = 0.2 * data["region"] - 0.5 * (data["sex"] == 1) + 0.1 * data["age"] + 0.15 * (data["income"] - 2003)
    data["count"] = rng.negative_binomial(2, 2 / (2 + np.exp(eta) * data["exposure"]))
    data["event"] = (rng.random(n) < 1 / (1 + np.exp(1 - eta))).astype(int)
    data["amount"] = eta + rng.normal(size=n)
    cuts = np.array([0.0, 1.0, 2.5])
    data["grade"] = ((eta + rng.logistic(size=n))[:, None] > cuts).sum(axis=1)
    return data


def dummies(data: Mapping[str, NDArray[Any]]) -> Floats:
    """Treatment contrasts with the last level as reference, then income."""
    columns = [(data[name] == level).astype(float) for name, size in FACTORS.items() for level in range(1, size)]
    return np.column_stack([*columns, data["income"]])


def estimated(result: GlmResult) -> tuple[Floats, Floats]:
    entries = [
        entry
        for entry in result.coefficients
        if not entry.is_redundant and entry.parameter_type not in ("scale", "ancillary")
    ]
    return np.array([e.estimate for e in entries]), np.array([e.std_error for e in entries], dtype=float)


def fit(connection: duckdb.DuckDBPyConnection, **spec: Any) -> GlmResult:
    base = {"name": "model", "factors": list(FACTORS), "covariates": ["income"]}
    (result,) = fit_battery(connection, base | spec, "people")
    return result


@pytest.fixture
def people(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, rows: dict[str, NDArray[Any]]
) -> duckdb.DuckDBPyConnection:
    make_table("people", rows)
    return connection


@pytest.mark.parametrize(
    ("distribution", "link", "response", "family"),
    [
        ("poisson", "log", "count", sm.families.Poisson()),
        ("binomial", "logit", "event", sm.families.Binomial()),
        ("binomial", "probit", "event", sm.families.Binomial(sm.families.links.Probit())),
        ("binomial", "cloglog", "event", sm.families.Binomial(sm.families.links.CLogLog())),
        ("gaussian", "identity", "amount", sm.families.Gaussian()),
    ],
)
@pytest.mark.parametrize("covariance", ["model", "robust"])
def test_cells_equal_rows(
    people: duckdb.DuckDBPyConnection,
    rows: dict[str, NDArray[Any]],
    distribution: str,
    link: str,
    response: str,
    family: Any,
    covariance: str,
) -> None:
    offset = None if distribution != "poisson" else np.log(rows["exposure"])
    spec = {} if offset is None else {"offset": "log(exposure)"}
    scale = {"scale": "pearson"} if distribution == "gaussian" else {}
    result = fit(
        people,
        response=response,
        distribution=distribution,
        link=link,
        covariance=covariance,
        information="observed",
        **spec,
        **scale,
    )
    model = sm.GLM(rows[response], sm.add_constant(dummies(rows)), family=family, offset=offset)
    options = {} if covariance == "model" else {"cov_type": "HC0"}
    expected = model.fit(method="newton", tol=1e-14, **options)
    estimates, errors = estimated(result)
    order = np.arange(len(estimates))
    np.testing.assert_allclose(estimates, np.asarray(expected.params)[order], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(errors, np.asarray(expected.bse)[order], rtol=1e-6)
    assert result.statistic("deviance").value == pytest.approx(expected.deviance, rel=1e-9)
    assert result.statistic("pearson_chi2").value == pytest.approx(expected.pearson_chi2, rel=1e-8)
    if distribution != "gaussian":
        assert result.statistic("log_likelihood").value == pytest.approx(expected.llf, rel=1e-10)
        assert result.statistic("log_likelihood_null").value == pytest.approx(expected.llnull, rel=1e-9)


def test_negative_binomial_equals_rows(people: duckdb.DuckDBPyConnection, rows: dict[str, NDArray[Any]]) -> None:
    result = fit(
        people,
        response="count",
        distribution="negative_binomial",
        offset="ln(exposure)",
        information="observed",
    )
    # The covariate is centred for the row-level fit, whose own algorithm would lose digits.
    design = dummies(rows)
    design[:, -1] -= 2003
    model = NegativeBinomial(rows["count"], sm.add_constant(design), offset=np.log(rows["exposure"]))
    expected = model.fit(method="newton", maxiter=200, tol=1e-13, disp=False)
    estimates, errors = estimated(result)
    np.testing.assert_allclose(estimates[1:], expected.params[1:-1], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(errors[1:], expected.bse[1:-1], rtol=1e-5)
    alpha = result.coefficient("(Negative binomial)")
    assert alpha.estimate == pytest.approx(expected.params[-1], rel=1e-6)
    assert alpha.std_error == pytest.approx(expected.bse[-1], rel=1e-4)
    assert result.statistic("log_likelihood").value == pytest.approx(expected.llf, rel=1e-10)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_ordinal_equals_rows(people: duckdb.DuckDBPyConnection, rows: dict[str, NDArray[Any]], link: str) -> None:
    result = fit(people, response="grade", distribution="ordinal", link=link, information="observed")
    design = dummies(rows)
    design[:, -1] -= 2003
    expected = OrderedModel(rows["grade"], design, distr=link).fit(method="bfgs", gtol=1e-7, disp=False)
    estimates, errors = estimated(result)
    size = len(result.thresholds)
    np.testing.assert_allclose(estimates[size:], expected.params[:-size], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(errors[size:], expected.bse[:-size], rtol=1e-3)
    assert result.statistic("log_likelihood").value == pytest.approx(expected.llf, rel=1e-9)


def test_two_ordered_categories_are_a_binomial_model(people: duckdb.DuckDBPyConnection) -> None:
    ordinal = fit(people, response="event", distribution="ordinal", covariance="robust")
    binomial = fit(people, response="event", distribution="binomial", covariance="robust")
    ordered, errors = estimated(ordinal)
    binary, others = estimated(binomial)
    np.testing.assert_allclose(ordered[1:], binary[1:], rtol=1e-8)
    assert ordered[0] == pytest.approx(-binary[0], rel=1e-8)
    np.testing.assert_allclose(errors, others, rtol=1e-7)


def test_events_among_trials_equal_single_rows(people: duckdb.DuckDBPyConnection) -> None:
    single = fit(people, response="event", distribution="binomial", covariates=[], fit_by="patterns")
    people.execute(
        "create table grouped as select region, sex, age, sum(event) as events, count(*) as trials "
        "from people group by all"
    )
    (grouped,) = fit_battery(
        people,
        {
            "name": "grouped",
            "response": {"events": "events", "trials": "trials"},
            "distribution": "binomial",
            "factors": list(FACTORS),
        },
        "grouped",
    )
    np.testing.assert_allclose(estimated(single)[0], estimated(grouped)[0], rtol=1e-9)
    np.testing.assert_allclose(estimated(single)[1], estimated(grouped)[1], rtol=1e-9)
    assert single.statistic("deviance").value == pytest.approx(grouped.statistic("deviance").value, rel=1e-9)
    assert single.statistic("deviance").df == grouped.statistic("deviance").df


def test_subsets_equal_fits_on_filtered_rows(people: duckdb.DuckDBPyConnection) -> None:
    spec = {"response": "count", "distribution": "negative_binomial", "marginal_means": ["region"]}
    base = {"name": "m", "factors": list(FACTORS), **spec}
    results = fit_battery(people, base | {"subsets": ["pooled", {"by": "sex"}, {"by": ["sex", "age"]}]}, "people")
    assert [result.info.subset for result in results][:3] == ["pooled", "sex=1", "sex=2"]
    assert results[3].info.subset == "sex=1,age=1"
    for result in results[1:]:
        condition = result.info.condition
        assert condition is not None
        (filtered,) = fit_battery(people, base | {"where": condition}, "people")
        assert filtered.coefficients == result.coefficients
        assert filtered.effects == result.effects
        assert filtered.marginal_means == result.marginal_means
        assert "sex" in result.info.dropped_predictors
        assert result.input_fingerprint == filtered.input_fingerprint


def test_battery_shares_cells_between_models(people: duckdb.DuckDBPyConnection) -> None:
    common = {"factors": ["region", "sex"]}
    specs = [
        {"name": "a", "response": "count", "distribution": "poisson", **common},
        {"name": "b", "response": "grade", "distribution": "ordinal", "where": "age < 3", **common},
    ]
    together = fit_battery(people, specs, "people")
    alone = [result for spec in specs for result in fit_battery(people, spec, "people")]
    for left, right in zip(together, alone, strict=True):
        assert left.coefficients == right.coefficients
        assert left.fit == right.fit
        assert left.input_fingerprint == right.input_fingerprint
