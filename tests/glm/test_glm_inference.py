"""What follows a fit: tests with interactions, intervals, contrasts, influence and calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.miscmodels.ordinal_model import OrderedModel

from orchestration.glm.battery import fit_battery
from orchestration.glm.effects import effect_tests_of
from orchestration.glm.inference.calibration import calibrate, hosmer_lemeshow, rootogram
from orchestration.glm.inference.contrasts import adjust
from orchestration.glm.inference.influence import measure_influence
from orchestration.glm.inference.plots import (
    plot_calibration,
    plot_forest,
    plot_marginal_means,
    plot_residuals,
    plot_rootogram,
)
from orchestration.glm.results import GlmResult

MakeTable = Callable[[str, Mapping[str, Any]], None]


@pytest.fixture
def people(make_table: MakeTable) -> pd.DataFrame:
    """Answers with an interaction of a and b in the counts, and an unbalanced design."""
    rng = np.random.default_rng(3)
    n = 500
    a, b = rng.choice(3, n, p=[0.2, 0.3, 0.5]), rng.choice(2, n, p=[0.35, 0.65])
    x = rng.normal(size=n).round(1)
    columns = {
        "a": a,
        "b": b,
        "x": x,
        "y": rng.poisson(np.exp(0.3 * a + 0.2 * x + 0.5 * (a == 1) * b)),
        "z": (rng.random(n) < 1 / (1 + np.exp(0.5 - 0.4 * b))).astype(int),
        "grade": np.clip((rng.logistic(size=n) + 0.5 * b + 0.3 * x + 2).round(), 0, 3).astype(int),
    }
    make_table("people", columns)
    return pd.DataFrame(columns)


def fit(connection: duckdb.DuckDBPyConnection, relation: str = "people", **spec: Any) -> GlmResult:
    base = {"name": "m", "response": "y", "distribution": "poisson", "factors": ["a", "b"], "covariates": ["x"]}
    (result,) = fit_battery(connection, {**base, **spec}, relation)
    return result


def effect_coded(data: pd.DataFrame) -> tuple[np.ndarray, dict[str, list[int]]]:
    """Deviation coding, in which a main effect's parameters are its Type III hypothesis where no cell is empty."""
    a = np.column_stack([(data.a == 0) * 1.0 - (data.a == 2), (data.a == 1) * 1.0 - (data.a == 2)])
    b = ((data.b == 0) * 1.0 - (data.b == 1)).to_numpy()[:, None]
    columns = [np.ones((len(data), 1)), a, b, data.x.to_numpy()[:, None], a * b]
    return np.hstack(columns), {"(Intercept)": [0], "a": [1, 2], "b": [3], "x": [4], "a*b": [5, 6]}


def test_type_three_wald_with_an_interaction(connection: duckdb.DuckDBPyConnection, people: pd.DataFrame) -> None:
    design, columns = effect_coded(people)
    rows = sm.GLM(people.y, design, family=sm.families.Poisson()).fit(tol=1e-13)
    result = fit(connection, interactions=[["a", "b"]])
    assert [test.effect for test in result.effects] == list(columns)
    for test in result.effects:
        used = columns[test.effect]
        value, spread = rows.params.to_numpy()[used], rows.cov_params().to_numpy()[np.ix_(used, used)]
        assert test.df == len(used)
        assert test.chi2 == pytest.approx(value @ np.linalg.solve(spread, value), rel=1e-8)


def test_type_three_likelihood_ratios_with_an_interaction(
    connection: duckdb.DuckDBPyConnection, people: pd.DataFrame
) -> None:
    design, columns = effect_coded(people)
    full = sm.GLM(people.y, design, family=sm.families.Poisson()).fit(tol=1e-13)
    result = fit(connection, interactions=[["a", "b"]], tests={"type": "III", "statistic": "lr"})
    for test in result.effects:
        smaller = np.delete(design, columns[test.effect], axis=1)
        lost = full.llf - sm.GLM(people.y, smaller, family=sm.families.Poisson()).fit(tol=1e-13).llf
        assert test.chi2 == pytest.approx(2 * lost, rel=1e-8)


def test_sequential_wald_of_a_gaussian_model_is_its_sum_of_squares(
    connection: duckdb.DuckDBPyConnection, people: pd.DataFrame
) -> None:
    result = fit(connection, distribution="gaussian", scale=2.0, interactions=[["a", "b"]])
    design, columns = effect_coded(people)
    squares, end = [], 0
    for used in columns.values():
        end += len(used)
        fitted = design[:, :end] @ np.linalg.lstsq(design[:, :end], people.y, rcond=None)[0]
        squares.append(float((fitted**2).sum()))
    expected = dict(zip(columns, np.diff([0.0, *squares]) / 2, strict=True))
    for test in effect_tests_of(result.fitted, "I", "wald"):
        assert test.chi2 == pytest.approx(expected[test.effect], rel=1e-8)
        assert test.df == len(columns[test.effect])


def test_profile_interval_is_where_the_deviance_rises_by_the_quantile(
    connection: duckdb.DuckDBPyConnection, people: pd.DataFrame
) -> None:
    result = fit(connection, intervals="profile")
    (interval,) = [row for row in result.profile if row.term == "x"]
    others = np.column_stack([np.ones(len(people)), people.a == 0, people.a == 1, people.b == 0]).astype(float)
    full = result.statistic("log_likelihood").value
    for limit in (interval.ci_low, interval.ci_high):
        held = sm.GLM(people.y, others, family=sm.families.Poisson(), offset=limit * people.x).fit(tol=1e-13)
        assert 2 * (full - held.llf) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)


def test_lagrange_multiplier_of_ships(
    connection: duckdb.DuckDBPyConnection, published: Callable[[str], str], r_expected: dict[str, Any]
) -> None:
    result = fit(
        connection,
        published("ships_MASS.csv"),
        response="incidents",
        factors=["type", "year", "period"],
        covariates=[],
        offset="log(service)",
        where="service > 0",
    )
    (test,) = result.lagrange
    assert test.chi2 == pytest.approx(r_expected["ships_poisson"]["lagrange_nb"]["stat"], rel=1e-9)
    assert test.z == pytest.approx(r_expected["ships_poisson"]["lagrange_nb"]["z"], rel=1e-9)


def test_lagrange_multiplier_vanishes_at_the_estimate(connection: duckdb.DuckDBPyConnection, people: Any) -> None:
    rng = np.random.default_rng(0)
    people["counts"] = rng.negative_binomial(1.5, 0.4, len(people))
    connection.register("overdispersed", people)
    spec = {"response": "counts", "distribution": "negative_binomial"}
    alpha = fit(connection, "overdispersed", **spec).coefficient("(Negative binomial)").estimate
    (at_estimate,) = fit(connection, "overdispersed", **spec, alpha=alpha).lagrange
    (below,) = fit(connection, "overdispersed", **spec, alpha=alpha / 3).lagrange
    assert at_estimate.chi2 == pytest.approx(0, abs=1e-8)
    assert below.p_above is not None
    assert below.p_above < 0.001


@pytest.mark.usefixtures("people")
def test_contrasts_are_differences_of_coefficients(connection: duckdb.DuckDBPyConnection) -> None:
    result = fit(connection, marginal_means=["a"], contrasts="pairwise", adjustment="bonferroni")
    on_link = {(row.level_1, row.level_2): row for row in result.contrasts if row.scale == "linear_predictor"}
    against_last = on_link["0", "2"]
    entry = result.coefficient("a", "0")
    assert (against_last.mean_difference, against_last.std_error) == pytest.approx((entry.estimate, entry.std_error))
    assert against_last.p_bonferroni == pytest.approx(min(3 * against_last.p_value, 1))
    width = stats.norm.ppf(1 - 0.025 / 3) * against_last.std_error
    assert against_last.ci_high == pytest.approx(against_last.mean_difference + width)
    means = {row.level: row.mean for row in result.marginal_means if row.scale == "response"}
    for row in result.contrasts:
        first, second = means[row.level_1], means[row.level_2]
        assert first is not None
        assert second is not None
        if row.scale == "response":
            assert row.mean_difference == pytest.approx(first - second)
    assert result.marginal_tests[0].chi2 == pytest.approx(result.effect("a").chi2)


def test_marginal_means_of_a_product_are_fitted_cell_means(
    connection: duckdb.DuckDBPyConnection, people: pd.DataFrame
) -> None:
    result = fit(connection, covariates=[], interactions=[["a", "b"]], marginal_means=["a*b"])
    observed = people.groupby(["a", "b"]).y.mean()
    for row in result.marginal_means:
        if row.scale == "response":
            a, b = row.level.split("*")
            assert row.mean == pytest.approx(observed[int(a), int(b)])


def test_adjusted_significance() -> None:
    p_values = [0.04, 0.001, 0.5]
    assert adjust(p_values, "lsd").tolist() == p_values
    assert adjust(p_values, "bonferroni") == pytest.approx([0.12, 0.003, 1.0])
    assert adjust(p_values, "sequential_sidak") == pytest.approx([1 - 0.96**2, 1 - 0.999**3, 0.5])
    with pytest.raises(ValueError, match="adjustment is one of"):
        adjust(p_values, "tukey")


def test_parallel_lines_of_a_binary_response_split(connection: duckdb.DuckDBPyConnection, people: pd.DataFrame) -> None:
    spec: dict[str, Any] = {"response": "grade", "distribution": "ordinal", "factors": ["b"], "parallel_lines": True}
    test = fit(connection, **spec).parallel_lines
    assert test is not None
    assert test.df == (people.grade.nunique() - 2) * 2
    assert test.p_value > 0.001
    # Without a covariate the larger model is saturated: its likelihood is that of the table.
    table = pd.crosstab(people.b, people.grade).to_numpy()
    shares = table / table.sum(axis=1, keepdims=True)
    saturated = float((table[table > 0] * np.log(shares[table > 0])).sum())
    spec["covariates"] = []
    result = fit(connection, **spec)
    rows = OrderedModel(people.grade, (people.b == 0).astype(float).to_frame(), distr="logit")
    restricted = rows.fit(method="newton", disp=False).llf
    assert result.parallel_lines is not None
    assert result.parallel_lines.log_likelihood_general == pytest.approx(saturated, rel=1e-9)
    assert result.parallel_lines.chi2 == pytest.approx(2 * (saturated - restricted), rel=1e-4)


@pytest.mark.parametrize(
    ("family", "spec"),
    [
        (sm.families.Poisson(), {}),
        (sm.families.Binomial(), {"response": "z", "distribution": "binomial"}),
        (sm.families.NegativeBinomial(alpha=0.7), {"distribution": "negative_binomial", "alpha": 0.7}),
        (sm.families.Gaussian(), {"distribution": "gaussian", "scale": "pearson"}),
    ],
)
def test_residuals_and_influence_against_rows(
    connection: duckdb.DuckDBPyConnection, people: pd.DataFrame, family: Any, spec: dict[str, Any]
) -> None:
    y = people[spec.get("response", "y")].to_numpy()
    columns = [np.ones(len(people)), people.a == 0, people.a == 1, people.b == 0, people.x]
    rows = sm.GLM(y, np.column_stack(columns).astype(float), family=family).fit(tol=1e-13)
    found = measure_influence(fit(connection, **spec).fitted)
    cells = zip(found.linear_predictor, found.observed, strict=True)
    place = {(round(eta, 5), value): number for number, (eta, value) in enumerate(cells)}
    index = [place[round(eta, 5), float(value)] for eta, value in zip(rows.predict(which="linear"), y, strict=True)]
    influence = rows.get_influence(observed=False)
    expected = {
        "pearson": rows.resid_pearson,
        "deviance": rows.resid_deviance,
        # statsmodels divides these by the scale parameter.
        "anscombe": rows.resid_anscombe * np.sqrt(rows.scale),
        "leverage": influence.hat_matrix_diag,
        "cooks_distance": influence.cooks_distance[0],
    }
    for name, values in expected.items():
        assert getattr(found, name)[index] == pytest.approx(values, rel=1e-5, abs=1e-6), name
    assert (found.n * found.leverage).sum() == pytest.approx(5)


def test_calibration_and_rootogram_count_everybody(connection: duckdb.DuckDBPyConnection, people: pd.DataFrame) -> None:
    result = fit(connection)
    groups = calibrate(result.fitted)
    assert sum(group.n for group in groups) == len(people)
    assert sum(group.n * group.fitted for group in groups) == pytest.approx(people.y.sum())
    assert sum(group.n * group.observed for group in groups) == pytest.approx(people.y.sum())
    bars = rootogram(result.fitted)
    assert [bar.observed for bar in bars] == np.bincount(people.y).tolist()
    expected = stats.poisson.pmf(2, result.fitted.mean[result.fitted.sample.pattern]) @ result.fitted.sample.n
    assert bars[2].expected == pytest.approx(float(expected))
    test = hosmer_lemeshow(fit(connection, response="z", distribution="binomial").fitted)
    assert test.p_value > 0.001


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("distribution", ["poisson", "negative_binomial"])
def test_iterations_climb_to_the_likelihood(connection: duckdb.DuckDBPyConnection, distribution: str) -> None:
    result = fit(connection, distribution=distribution)
    values = [value for _, value, _, _ in result.history]
    assert values[-1] == result.statistic("log_likelihood").value
    assert all(after >= before - 1e-9 for before, after in zip(values, values[1:], strict=False))
    assert result.history[-1][2] < 1e-8


def test_sparse_samples_are_named(connection: duckdb.DuckDBPyConnection, people: pd.DataFrame) -> None:
    assert not any("Sparse" in text for text in fit(connection).warnings)
    connection.register("few", people.head(12).assign(a=[0, 0] + [1, 2] * 5))
    (warning, rare) = fit(connection, "few", covariates=[]).warnings[-2:]
    assert "effective 12 cases for 3 parameters" in warning
    assert "a=0 (2)" in rare


@pytest.mark.usefixtures("people")
def test_charts_hold_the_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    pytest.importorskip("altair")
    result = fit(connection, marginal_means=["a"])
    charts = [plot_forest(result), plot_marginal_means(result, "a"), plot_rootogram(result)]
    documents = [chart.to_dict() for chart in [*charts, plot_residuals(result), plot_calibration(result)]]
    assert all(document["$schema"].startswith("https://vega.github.io/schema/vega-lite") for document in documents)
    assert str(result.coefficient("x").exp_estimate) in str(documents[0])


def test_likelihood_ratio_of_a_factor_holds_its_covariate_at_zero(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable
) -> None:
    rng = np.random.default_rng(8)
    b, z = rng.integers(1, 4, 400), rng.normal(3, 1, 400)
    count = rng.poisson(np.exp(0.2 * (b == 2) + 0.1 * z * (b == 3)))
    slopes = {f"z{level}": z * (b == level) for level in (1, 2, 3)}
    make_table("t", {"b": b, "z": z, "count": count, **slopes})
    spec = {"name": "m", "response": "count", "distribution": "poisson"}
    tests = {"type": "III", "statistic": "lr"}
    (full,) = fit_battery(
        connection, spec | {"factors": ["b"], "covariates": ["z"], "interactions": [["b", "z"]], "tests": tests}, "t"
    )
    (one_intercept,) = fit_battery(connection, spec | {"covariates": list(slopes)}, "t")
    lost = full.statistic("log_likelihood").value - one_intercept.statistic("log_likelihood").value
    assert full.effect("b").chi2 == pytest.approx(2 * lost, rel=1e-8)
    assert full.effect("b").df == 2


@pytest.mark.parametrize(
    ("distribution", "family"), [("gamma", sm.families.Gamma), ("inverse_gaussian", sm.families.InverseGaussian)]
)
def test_residuals_of_positive_responses_are_those_of_the_rows(
    connection: duckdb.DuckDBPyConnection, make_table: MakeTable, distribution: str, family: Any
) -> None:
    rng = np.random.default_rng(19)
    g, x = rng.integers(1, 4, 150), np.round(rng.normal(size=150), 3)
    y = np.round(rng.gamma(5, np.exp(0.2 * g + 0.3 * x) / 5) + 0.05, 4)
    make_table("t", {"g": g, "x": x, "y": y})
    spec = {"name": "m", "response": "y", "distribution": distribution, "link": "log", "factors": ["g"]}
    (result,) = fit_battery(connection, spec | {"covariates": ["x"], "scale": "pearson"}, "t")
    rows = pd.DataFrame(measure_influence(result.fitted).rows()).sort_values(["linear_predictor", "observed"])
    design = np.column_stack([np.ones(150), g == 1, g == 2, x]).astype(float)
    fitted = sm.GLM(y, design, family=family(sm.families.links.Log())).fit(tol=1e-12)
    influence = fitted.get_influence(observed=False)
    leverage = influence.hat_matrix_diag
    order = np.lexsort([y, fitted.model.family.link(fitted.mu)])
    scale = fitted.pearson_chi2 / fitted.df_resid
    expected = {
        "fitted": fitted.mu,
        "raw": fitted.resid_response,
        "pearson": fitted.resid_pearson,
        "deviance": fitted.resid_deviance,
        "leverage": leverage,
        "standardized_pearson": fitted.resid_pearson / np.sqrt(scale * (1 - leverage)),
        "standardized_deviance": fitted.resid_deviance / np.sqrt(scale * (1 - leverage)),
        "cooks_distance": fitted.resid_pearson**2 / scale * leverage / (1 - leverage) ** 2 / 4,
    }
    for name, values in expected.items():
        np.testing.assert_allclose(rows[name], values[order], rtol=1e-6, atol=1e-9, err_msg=name)
    power = {"gamma": lambda t: 3 * t ** (1 / 3), "inverse_gaussian": np.log}[distribution]
    variance = fitted.model.family.variance(fitted.mu)
    anscombe = (power(y) - power(fitted.mu)) / variance ** (1 / 6)
    np.testing.assert_allclose(rows["anscombe"], anscombe[order], rtol=1e-6, atol=1e-9)
