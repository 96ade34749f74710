"""Every distribution and link, with interactions, weights and clusters, against row-level fits by statsmodels."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.genmod.families import links
from statsmodels.stats.sandwich_covariance import cov_cluster, cov_white_simple

from orchestration.glm import query
from orchestration.glm.battery import fit_battery
from orchestration.glm.results import GlmResult

Columns = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]
pytestmark = pytest.mark.filterwarnings("ignore:The .* link function does not respect the domain")
RELAXED = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])

CASES: dict[str, tuple[str, Any, str]] = {
    "gaussian identity": ("amount", sm.families.Gaussian(), "identity"),
    "gaussian log": ("positive", sm.families.Gaussian(links.Log()), "log"),
    "binomial logit": ("event", sm.families.Binomial(), "logit"),
    "binomial probit": ("event", sm.families.Binomial(links.Probit()), "probit"),
    "binomial cloglog": ("event", sm.families.Binomial(links.CLogLog()), "cloglog"),
    "binomial loglog": ("event", sm.families.Binomial(links.LogLog()), "loglog"),
    "binomial cauchit": ("event", sm.families.Binomial(links.Cauchy()), "cauchit"),
    "poisson log": ("count", sm.families.Poisson(), "log"),
    "poisson power": ("count", sm.families.Poisson(links.Power(0.5), check_link=False), "power(0.5)"),
    "negative_binomial log": ("count", sm.families.NegativeBinomial(alpha=0.7), "log"),
    "gamma inverse": ("positive", sm.families.Gamma(), "inverse"),
    "gamma log": ("positive", sm.families.Gamma(links.Log()), "log"),
    "gamma identity": ("positive", sm.families.Gamma(links.Identity()), "identity"),
    "inverse_gaussian power": ("positive", sm.families.InverseGaussian(), "power(-2)"),
    "inverse_gaussian log": ("positive", sm.families.InverseGaussian(links.Log()), "log"),
    "tweedie log": ("mass", sm.families.Tweedie(links.Log(), var_power=1.6), "log"),
}


def draw_rows(seed: int, n: int = 400) -> Columns:
    """Rows with two factors, a covariate, a cluster, a weight and a response for each distribution."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 3, n), rng.integers(0, 2, n)
    x = np.round(rng.normal(size=n), 1)
    eta = 0.4 + 0.3 * (a == 1) - 0.2 * (b == 1) + 0.25 * (a == 2) * (b == 1) + 0.1 * x
    return {
        "a": a,
        "b": b,
        "x": x,
        "place": rng.integers(0, 25, n),
        "w": np.round(rng.uniform(0.3, 3, n), 2),
        "f": rng.integers(1, 4, n),
        "count": rng.negative_binomial(3, 3 / (3 + np.exp(eta))),
        "event": (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int),
        "amount": np.round(1000 + eta + rng.normal(size=n), 3),
        "positive": np.round(rng.gamma(8, np.exp(eta) / 8) + 0.01, 3),
        "mass": np.where(rng.random(n) < 0.2, 0.0, np.round(rng.gamma(2, np.exp(eta) / 2) + 0.01, 3)),
    }


def build_matrix(rows: Columns) -> Floats:
    """Columns as the engine keeps them: intercept, a, b, x, a*b, b*x with the last level as reference."""
    a, b, x = rows["a"], rows["b"], rows["x"]
    columns = [np.ones(len(a)), a == 0, a == 1, b == 0, x, (a == 0) & (b == 0), (a == 1) & (b == 0), (b == 0) * x]
    return np.column_stack([np.asarray(column, dtype=float) for column in columns])


def fit(rows: Columns, case: str, **spec: Any) -> GlmResult:
    distribution = case.split()[0]
    response, _, link = CASES[case]
    base: dict[str, Any] = {
        "name": "model",
        "response": response,
        "distribution": distribution,
        "link": link,
        "factors": ["a", "b"],
        "covariates": ["x"],
        "interactions": [["a", "b"], ["b", "x"]],
        "information": "observed",
    }
    if distribution == "tweedie":
        base["tweedie_power"] = 1.6
    if distribution == "negative_binomial":
        base["alpha"] = 0.7
    connection = duckdb.connect()
    connection.register("incoming", pa.table(dict(rows)))
    connection.execute("create table sample as from incoming")
    (result,) = fit_battery(connection, base | spec, "sample")
    return result


def estimated(result: GlmResult) -> tuple[Floats, Floats]:
    entries = [e for e in result.coefficients if not e.is_redundant and e.parameter_type not in ("scale", "ancillary")]
    return np.array([e.estimate for e in entries]), np.array([e.std_error for e in entries], dtype=float)


def row_fit(rows: Columns, case: str, **options: Any) -> Any:
    response, family, _ = CASES[case]
    weights = {name: options.pop(name) for name in ("freq_weights", "var_weights") if name in options}
    model = sm.GLM(rows[response], build_matrix(rows), family=family, **weights)
    start = model.fit(maxiter=200, tol=1e-12)
    return model.fit(start_params=start.params, method="newton", tol=1e-14, maxiter=200, **options)


def assert_same(result: GlmResult, expected: Any, tolerance: float = 1e-7) -> None:
    estimates, errors = estimated(result)
    np.testing.assert_allclose(estimates, expected.params, rtol=tolerance, atol=1e-8)
    np.testing.assert_allclose(errors, expected.bse, rtol=20 * tolerance)


@pytest.fixture(params=["by value", "by sums"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells grouped by the response, or holding its sums as those of a large relation."""
    if request.param == "by sums":
        monkeypatch.setattr(query, "LARGE", 1)


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("case", CASES)
def test_cells_equal_rows(case: str) -> None:
    rows = draw_rows(11)
    scale = {} if case.split()[0] in ("binomial", "poisson", "negative_binomial") else {"scale": "pearson"}
    result = fit(rows, case, **scale)
    expected = row_fit(rows, case)
    assert_same(result, expected)
    assert result.statistic("deviance").value == pytest.approx(expected.deviance, rel=1e-9)
    assert result.statistic("deviance").df == expected.df_resid
    assert result.statistic("pearson_chi2").value == pytest.approx(expected.pearson_chi2, rel=1e-9)
    assert result.coefficient("(Scale)").estimate == pytest.approx(expected.scale, rel=1e-9)
    if not case.startswith("gaussian"):
        # The likelihood at the scale that the model was given.
        assert result.statistic("log_likelihood").value == pytest.approx(
            expected.model.family.loglike(
                expected.model.endog, expected.mu, scale=expected.scale, var_weights=np.ones(result.n)
            ),
            rel=1e-9,
        )


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("spec", "correct"),
    [
        ({"covariance": "robust"}, False),
        ({"covariance": "HC1"}, True),
        ({"cluster": "place"}, False),
        ({"cluster": "place", "small_sample": ["G/(G-1)", "(N-1)/(N-K)"]}, True),
    ],
)
def test_robust_covariance_equals_rows(case: str, spec: dict[str, Any], correct: bool) -> None:
    rows = draw_rows(12)
    expected = row_fit(rows, case)
    if "cluster" in spec:
        covariance = cov_cluster(expected, rows["place"], use_correction=correct)
    else:
        covariance = cov_white_simple(expected, use_correction=correct)
    estimates, errors = estimated(fit(rows, case, **spec))
    np.testing.assert_allclose(estimates, expected.params, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(errors, np.sqrt(np.diagonal(covariance)), rtol=2e-6)


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("case", CASES)
def test_frequency_is_replication(case: str) -> None:
    rows = draw_rows(13)
    times = rows["f"]
    repeated = {name: np.repeat(values, times) for name, values in rows.items()}
    weighted = fit(rows, case, frequency="f", marginal_means=["a"])
    plain = fit(repeated, case, marginal_means=["a"])
    np.testing.assert_allclose(estimated(weighted)[0], estimated(plain)[0], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(estimated(weighted)[1], estimated(plain)[1], rtol=1e-8)
    assert [row.n for row in weighted.cases] == [row.n for row in plain.cases]
    for one in plain.fit:
        other = weighted.statistic(one.statistic)
        assert other.value == pytest.approx(one.value, rel=1e-8)
        assert other.df == one.df


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("case", ["poisson log", "binomial logit", "gamma log", "gaussian identity"])
@pytest.mark.parametrize("cluster", [None, "place"])
def test_sampling_weight_equals_weighted_scores(case: str, cluster: str | None) -> None:
    rows = draw_rows(14)
    spec = {"weight": "w"} | ({} if cluster is None else {"cluster": cluster})
    result = fit(rows, case, **spec)
    response, family, _ = CASES[case]
    design = build_matrix(rows)
    model = sm.GLM(rows[response], design, family=family, freq_weights=rows["w"])
    expected = model.fit(tol=1e-14, maxiter=200)
    mean = expected.mu
    slope = 1 / family.link.deriv(mean)
    scores = design * (rows["w"] * (rows[response] - mean) * slope / family.variance(mean))[:, None]
    hessian = -np.linalg.inv(model.hessian(expected.params, scale=1.0))
    if cluster is not None:
        scores = np.stack([scores[rows[cluster] == place].sum(axis=0) for place in np.unique(rows[cluster])])
    covariance = hessian @ scores.T @ scores @ hessian
    estimates, errors = estimated(result)
    np.testing.assert_allclose(estimates, expected.params, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(errors, np.sqrt(np.diagonal(covariance)), rtol=1e-6)


@pytest.mark.parametrize("case", ["gamma log", "inverse_gaussian log", "gaussian identity"])
def test_scale_by_maximum_likelihood_is_a_maximum(case: str) -> None:
    rows = draw_rows(15)
    best = fit(rows, case)
    scale = best.coefficient("(Scale)")
    assert scale.std_error is not None
    top = best.statistic("log_likelihood").value
    near = [
        fit(rows, case, scale=scale.estimate * factor).statistic("log_likelihood").value for factor in (0.999, 1.001)
    ]
    assert max(near) < top
    curvature = (2 * top - sum(near)) / (0.001 * scale.estimate) ** 2
    assert scale.std_error == pytest.approx(curvature**-0.5, rel=1e-3)


@pytest.mark.parametrize("case", ["poisson log", "gamma log", "binomial logit"])
@RELAXED
@given(seed=st.integers(0, 2**32 - 1))
def test_random_data_with_empty_cells(case: str, seed: int) -> None:
    """Rank-deficient crossings: fitted deviance as any basis of the same space gives it."""
    rows = draw_rows(seed, 250)
    keep = ~((rows["a"] == 1) & (rows["b"] == 1))
    rows = {name: values[keep] for name, values in rows.items()}
    result = fit(rows, case, interactions=[["a", "b"]])
    design = build_matrix(rows)[:, :6]
    response, family, _ = CASES[case]
    expected = sm.GLM(rows[response], design, family=family).fit(tol=1e-13, maxiter=200)
    assert result.statistic("deviance").value == pytest.approx(expected.deviance, rel=1e-8)
    assert result.statistic("deviance").df == len(design) - np.linalg.matrix_rank(design)
