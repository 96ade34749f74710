"""Properties that no data set may break: order of rows, coding of levels, choice of reference."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from orchestration.glm.battery import fit_battery
from orchestration.glm.results import GlmResult

Columns = dict[str, NDArray[Any]]
DISTRIBUTIONS = ["poisson", "negative_binomial", "binomial", "gaussian", "ordinal"]
RELAXED = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def samples(draw: st.DrawFn) -> Columns:
    """Rows with two factors, of which one may nest in the other, a covariate and a response of each kind."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(150, 300))
    a = rng.integers(0, draw(st.integers(2, 4)), n)
    b = a // 2 if draw(st.booleans()) and a.max() > 1 else rng.integers(0, draw(st.integers(2, 3)), n)
    x = np.round(rng.normal(size=n), 1)
    eta = 0.3 * a - 0.2 * b + 0.2 * x
    return {
        "a": a,
        "b": b,
        "x": x,
        "count": rng.negative_binomial(1.5, 1.5 / (1.5 + np.exp(1 + eta))),
        "event": (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int),
        "amount": np.round(eta + rng.normal(size=n), 3),
        "grade": np.digitize(eta + rng.logistic(size=n), [-1.0, 0.5, 2.0]),
    }


RESPONSES = {
    "poisson": "count",
    "negative_binomial": "count",
    "binomial": "event",
    "gaussian": "amount",
    "ordinal": "grade",
}


def fit(columns: Columns, distribution: str, **spec: Any) -> GlmResult:
    connection = duckdb.connect()
    connection.register("sample", pa.table(dict(columns)))
    base = {
        "name": "property",
        "response": RESPONSES[distribution],
        "distribution": distribution,
        "factors": ["a", "b"],
        "covariates": ["x"],
        "marginal_means": ["a", "b"],
    }
    (result,) = fit_battery(connection, base | spec, "sample")
    return result


def assert_same_fit(left: GlmResult, right: GlmResult) -> None:
    for one in left.fit:
        assert right.statistic(one.statistic).value == pytest.approx(one.value, rel=1e-8, abs=1e-7)
        assert right.statistic(one.statistic).df == one.df
    for test in left.effects:
        other = right.effect(test.effect)
        assert other.df == test.df
        assert other.chi2 == (None if test.chi2 is None else pytest.approx(test.chi2, rel=1e-6, abs=1e-8))


def means_by_label(result: GlmResult, names: dict[str, dict[str, str]] | None = None) -> dict[Any, float | None]:
    rename = names or {}
    return {
        (m.factor, rename.get(m.factor, {}).get(m.level, m.level), m.scale, m.category): m.mean
        for m in result.marginal_means
    }


def assert_same_means(left: dict[Any, float | None], right: dict[Any, float | None]) -> None:
    assert left.keys() == right.keys()
    for key, value in left.items():
        expected = None if value is None else pytest.approx(value, rel=1e-6, abs=1e-8)
        assert right[key] == expected


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@RELAXED
@given(columns=samples(), seed=st.integers(0, 1000))
def test_order_of_rows_changes_nothing(distribution: str, columns: Columns, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(columns["a"]))
    shuffled = {name: values[order] for name, values in columns.items()}
    left, right = fit(columns, distribution), fit(shuffled, distribution)
    assert left.input_fingerprint == right.input_fingerprint
    assert left.coefficients == right.coefficients
    assert left.effects == right.effects
    assert left.fit == right.fit


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@RELAXED
@given(columns=samples())
def test_reference_changes_no_fit(distribution: str, columns: Columns) -> None:
    last = fit(columns, distribution)
    for reference in ("first", {"a": "1"}):
        other = fit(columns, distribution, reference=reference)
        assert_same_fit(last, other)
        assert_same_means(means_by_label(last), means_by_label(other))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@RELAXED
@given(columns=samples(), seed=st.integers(0, 1000))
def test_coding_of_levels_changes_no_fit(distribution: str, columns: Columns, seed: int) -> None:
    codes = np.random.default_rng(seed).permutation(10)[: columns["a"].max() + 1] + 100
    recoded = columns | {"a": codes[columns["a"]]}
    back = {"a": {str(code): str(level) for level, code in enumerate(codes)}}
    left, right = fit(columns, distribution), fit(recoded, distribution)
    assert_same_fit(left, right)
    assert_same_means(means_by_label(left), means_by_label(right, back))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@RELAXED
@given(columns=samples())
def test_order_of_factors_changes_no_fit(distribution: str, columns: Columns) -> None:
    assert_same_fit(fit(columns, distribution), fit(columns, distribution, factors=["b", "a"]))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@RELAXED
@given(columns=samples(), shift=st.floats(-1e4, 1e4), factor=st.floats(1e-3, 1e3))
def test_unit_of_a_covariate_changes_no_fit(distribution: str, columns: Columns, shift: float, factor: float) -> None:
    moved = columns | {"x": shift + factor * columns["x"]}
    left, right = fit(columns, distribution), fit(moved, distribution)
    # The level-averaged intercept is taken at 0 of the covariate.
    for test in left.effects[0 if distribution == "ordinal" else 1 :]:
        other = right.effect(test.effect).chi2
        assert other == (None if test.chi2 is None else pytest.approx(test.chi2, rel=1e-4, abs=1e-7))
    slope = left.coefficient("x").estimate
    assert right.coefficient("x").estimate * factor == pytest.approx(slope, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@RELAXED
@given(columns=samples())
def test_cases_counted_twice_halve_the_covariance(distribution: str, columns: Columns) -> None:
    doubled = {name: np.concatenate([values, values]) for name, values in columns.items()}
    left, right = fit(columns, distribution), fit(doubled, distribution)
    assert right.statistic("log_likelihood").value == pytest.approx(
        2 * left.statistic("log_likelihood").value, rel=1e-9
    )
    np.testing.assert_allclose(2 * right.covariance, left.covariance, rtol=1e-5, atol=1e-10)
