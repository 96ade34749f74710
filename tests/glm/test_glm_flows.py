"""The shipped models of flows, on matrices made here and on the published one, against rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from orchestration.glm.battery import FLOWS_FILE, MODELS_FILE, fit_battery, write_results
from orchestration.glm.output.comparison import compare_models
from orchestration.glm.output.words import SYNTHETIC_BANNER, describe_effects
from orchestration.glm.spec import load_specs
from tests.shared_files import shared_file

MakeTable = Callable[[str, Mapping[str, Any]], None]


def matrix(regions: int, years: list[int]) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    rows = [
        (f"KZ-{i:02}", f"KZ-{j:02}", str(t)) for i in range(regions) for j in range(regions) for t in years if i != j
    ]
    frame = pd.DataFrame(rows, columns=["origin_id", "destination_id", "period_id"])
    frame["persons"] = rng.poisson(np.exp(rng.normal(1.5, 1.2, len(frame))))
    return frame


def as_facts(flows: pd.DataFrame) -> pd.DataFrame:
    return flows.assign(is_latest=True, counted_as="departures")


def star() -> pd.DataFrame:
    rng = np.random.default_rng(9)
    rows = [(p, str(t)) for p in ("AM", "KZ", "UA") for t in (2001, 2002, 2003, 2004)]
    frame = pd.DataFrame([*rows, ("CIS", "2001")], columns=["partner_id", "period_id"])
    arrivals, departures = rng.integers(500, 900, len(frame)), rng.integers(100, 400, len(frame))
    return frame.assign(
        territory_id="RU", arrivals=arrivals, departures=departures, gross_migration=arrivals + departures
    )


def fit_flows(connection: duckdb.DuckDBPyConnection, flows: pd.DataFrame) -> dict[str, Any]:
    for name, frame in (("fct_migration_flow", as_facts(flows)), ("mart_migration_effectiveness", star())):
        connection.register("incoming", frame)
        connection.execute(f"create or replace table {name} as from incoming")
    return {result.info.name: result for result in fit_battery(connection, FLOWS_FILE, skip_without_rows=True)}


def dummies(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """The intercept, and every level but the last."""
    parts = [pd.get_dummies(frame[column]).to_numpy(float)[:, :-1] for column in columns]
    return np.hstack([np.ones((len(frame), 1)), *parts])


def assert_gravity(result: Any, flows: pd.DataFrame) -> None:
    design = dummies(flows, ["origin_id", "destination_id", "period_id"])
    rows = sm.GLM(flows.persons, design, family=sm.families.Poisson()).fit(tol=1e-12, cov_type="HC0")
    free = [row for row in result.coefficients if row.std_error is not None]
    assert [row.estimate for row in free] == pytest.approx(rows.params.to_numpy(), rel=1e-7, abs=1e-8)
    n = len(flows)
    errors = rows.bse.to_numpy() * np.sqrt(n / (n - 1))
    assert [row.std_error for row in free] == pytest.approx(errors, rel=1e-6)


def test_gravity_model_against_rows(connection: duckdb.DuckDBPyConnection) -> None:
    flows = matrix(5, [2010, 2015, 2020])
    result = fit_flows(connection, flows)["kazakhstan_internal_gravity"]
    assert_gravity(result, flows)
    assert not result.is_synthetic


def test_gravity_model_on_the_published_matrix(connection: duckdb.DuckDBPyConnection) -> None:
    published = pd.read_csv(shared_file("kz/internal_migration_od_2010_2025.csv"))
    flows = pd.DataFrame(
        {
            "origin_id": "KZ-" + published.region_emmigr,
            "destination_id": "KZ-" + published.region_immigr,
            "period_id": published.Year.astype(str),
            "persons": published.N,
        }
    )
    assert_gravity(fit_flows(connection, flows)["kazakhstan_internal_gravity"], flows)


def test_pseudo_likelihood_reproduces_the_totals_of_every_effect(connection: duckdb.DuckDBPyConnection) -> None:
    result = fit_flows(connection, matrix(4, [2010, 2015]))["russia_arrivals"]
    countries = star().query("partner_id != 'CIS'")
    fit = result.fitted
    total = float(fit.sample.pattern_sums(fit.sample.n) @ fit.mean)
    assert total == pytest.approx(countries.arrivals.sum())
    armenia = fit.design.blocks[1].levels.index("AM")
    of_armenia = fit.mean[fit.design.blocks[1].codes == armenia].sum()
    assert of_armenia == pytest.approx(countries.query("partner_id == 'AM'").arrivals.sum())


def test_departures_among_migrants_are_scaled_by_pearson(connection: duckdb.DuckDBPyConnection) -> None:
    result = fit_flows(connection, matrix(4, [2010, 2015]))["russia_departures_among_migrants"]
    frame = star().query("partner_id != 'CIS'")
    design = dummies(frame, ["partner_id", "period_id"])
    counts = np.column_stack([frame.departures, frame.arrivals])
    rows = sm.GLM(counts, design, family=sm.families.Binomial()).fit(tol=1e-12)
    share = rows.fittedvalues
    squares = (frame.departures - frame.gross_migration * share) ** 2 / (frame.gross_migration * share * (1 - share))
    scale = float(squares.sum()) / rows.df_resid
    free = [row for row in result.coefficients if row.parameter_type != "scale" and row.std_error is not None]
    assert [row.estimate for row in free] == pytest.approx(rows.params.tolist(), rel=1e-7, abs=1e-8)
    assert [row.std_error for row in free] == pytest.approx((rows.bse * np.sqrt(scale)).tolist(), rel=1e-6)
    assert result.coefficient("(Scale)").estimate == pytest.approx(scale)


def test_a_flow_that_has_not_landed_is_left_out(connection: duckdb.DuckDBPyConnection) -> None:
    results = fit_flows(connection, matrix(4, [2010, 2015]).assign(origin_id="RU", destination_id="KZ"))
    assert set(results) == {"russia_arrivals", "russia_departures", "russia_departures_among_migrants"}
    counts = write_results(connection, list(results.values()), prefix="flow")
    assert counts["flow_model"] == 3
    assert connection.execute("select distinct is_synthetic from main.flow_coefficient").fetchall() == [(False,)]
    assert "flow_contrast" not in counts


def test_models_side_by_side_and_in_words(connection: duckdb.DuckDBPyConnection, make_table: MakeTable) -> None:
    rng = np.random.default_rng(2)
    sex = rng.integers(1, 3, 800)
    names = np.where(sex == 1, "men", "women")
    trips = rng.poisson(np.where(sex == 1, 4.0, 2.0))
    synthetic = np.ones(800, dtype=bool)
    make_table("survey", {"sex_code": sex, "sex_name": names, "trips": trips, "is_synthetic": synthetic})
    factor = {"name": "sex", "column": "sex_code", "label": "sex_name"}
    common = {"relation": "survey", "response": "trips", "factors": [factor]}
    results = fit_battery(
        connection,
        [
            {"name": "poisson", "distribution": "poisson", **common},
            {"name": "negative_binomial", "distribution": "negative_binomial", **common},
        ],
    )
    banner, sentence = describe_effects(results[0])
    assert banner == SYNTHETIC_BANNER
    ratio = results[0].coefficient("sex", "1").exp_estimate
    assert sentence.startswith(f"sex men has {ratio:.2f} times the mean trips of women (95 % interval")
    fits, effects, coefficients = compare_models(results)
    assert [row[0] for row in fits.rows] == ["poisson/pooled", "negative_binomial/pooled"]
    assert effects.columns[1:] == ("poisson/pooled", "negative_binomial/pooled")
    assert any(str(row[1]).endswith("***") for row in coefficients.rows)


def test_the_shipped_survey_models_are_crossed_and_compared() -> None:
    specs = load_specs(MODELS_FILE)
    assert [spec.distribution for spec in specs] == ["ordinal", "negative_binomial", "poisson"]
    assert {spec.contrasts for spec in specs} == {"pairwise"}
    assert all(len(spec.subsets) == 4 for spec in specs)
    assert specs[-1].covariance == "robust"
