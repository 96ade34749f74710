"""Models on rows that do not compress: read in pieces from disk, they give the numbers of a fit in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.glm import query, sources, streaming
from orchestration.glm.battery import fit_battery
from orchestration.glm.errors import GlmError
from orchestration.glm.inference.calibration import rootogram
from orchestration.glm.inference.influence import measure_influence
from orchestration.glm.results import GlmResult
from orchestration.glm.streams import Stream

InPieces = Callable[..., None]

BASE: dict[str, Any] = {
    "name": "m",
    "response": "count",
    "distribution": "poisson",
    "factors": ["a", "text"],
    "covariates": ["x", "z"],
    "where": "a <> 9",
}


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """1,500 rows, with missing values, a level that the condition leaves out, and hardly two alike."""
    rng = np.random.default_rng(11)
    n = 1500
    a = rng.integers(1, 4, n)
    x, z = rng.normal(10, 2, n), rng.uniform(-1, 1, n)
    eta = 0.3 + 0.2 * (a == 2) + 0.05 * (x - 10) + 0.4 * z
    rows = pa.table(
        {
            "a": np.where(np.arange(n) < 20, 9, a),
            "text": np.array(["low", "mid", "high"])[rng.integers(0, 3, n)],
            "side": np.array([True, False])[rng.integers(0, 2, n)],
            "x": np.where(np.arange(n) % 97 == 0, np.nan, x),
            "z": np.round(z, 1),
            "count": rng.negative_binomial(2, 2 / (2 + np.exp(eta))),
            "event": (rng.random(n) < 1 / (1 + np.exp(0.5 - eta))).astype(int),
            "share": rng.integers(0, 3, n),
            "amount": eta + rng.normal(size=n),
            "positive": rng.gamma(4, np.exp(eta) / 4) + 0.01,
            "zeros": np.where(rng.random(n) < 0.3, 0.0, rng.gamma(3, np.exp(eta) / 3)),
            "grade": 1 + ((eta + rng.logistic(size=n))[:, None] > np.array([0.0, 1.2, 2.4])).sum(axis=1),
            "exposure": rng.integers(1, 4, n),
            "place": rng.integers(0, 40, n),
        }
    )
    connection = duckdb.connect()
    connection.register("incoming", rows)
    connection.execute("create table rows as from incoming")
    connection.execute("update rows set text = null where place = 3 and a = 2")
    return connection


def fit(connection: duckdb.DuckDBPyConnection, **spec: Any) -> list[GlmResult]:
    return fit_battery(connection, BASE | spec, "rows")


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> InPieces:
    """From the call on, rows are read in pieces of at most 128 wherever there are more cells than given."""

    def switch(many: int = 10) -> None:
        for module in (query, sources):
            monkeypatch.setattr(module, "MANY_CELLS", many)
        monkeypatch.setattr(streaming, "CHUNK_ROWS", 128)

    return switch


def close(value: float | None) -> Any:
    return value if value is None else pytest.approx(value, rel=1e-9, abs=1e-10, nan_ok=True)


def assert_same(held: GlmResult, read: GlmResult) -> None:
    assert isinstance(read.fitted.sample, Stream)
    assert not isinstance(held.fitted.sample, Stream)
    for table in ("fit", "coefficients", "effects", "marginal_means", "contrasts", "lagrange", "numbers", "profile"):
        expected, found = getattr(held, table), getattr(read, table)
        assert len(expected) == len(found), table
        for one, other in zip(expected, found, strict=True):
            for name, value in vars(one).items():
                seen = getattr(other, name)
                if isinstance(value, float):
                    is_profile = table == "profile"
                    # The search for a profile limit ends at a loss of likelihood within 1e-7.
                    tolerance = {"rel": 1e-6, "abs": 1e-7} if is_profile else {"rel": 1e-8, "abs": 1e-9}
                    assert seen == pytest.approx(value, nan_ok=True, **tolerance), (table, one, other)
                else:
                    assert seen == value, (table, one, other)
    for one, other in zip(held.coefficients, read.coefficients, strict=True):
        assert other.estimate == close(one.estimate)
        assert other.std_error == close(one.std_error)
    for entry in held.fit:
        assert read.statistic(entry.statistic).value == close(entry.value)
    np.testing.assert_allclose(read.covariance, held.covariance, rtol=1e-8, atol=1e-14)
    assert held.cases == read.cases
    assert held.levels == read.levels
    assert held.warnings == read.warnings
    assert held.info == read.info
    assert held.is_converged == read.is_converged


CASES: dict[str, dict[str, Any]] = {
    "poisson": {"marginal_means": ["a", "text"], "contrasts": "pairwise"},
    "offset": {"offset": "log(exposure)", "marginal_means": ["a"]},
    "robust": {"covariance": "robust"},
    "clustered": {"cluster": "place", "small_sample": ["G/(G-1)", "N/(N-K)"]},
    "frequency": {"frequency": "exposure"},
    "weight": {"weight": "exposure / 2.0", "cluster": "place"},
    "interaction": {"interactions": [["a", "text"], ["a", "x"], ["x", "z"]]},
    "type I": {"tests": {"type": "all", "statistic": "both"}, "interactions": [["a", "text"]]},
    "profile": {"intervals": "profile", "factors": ["a"]},
    "patterns": {"fit_by": "patterns", "covariates": ["z"]},
    "bool factor": {"factors": ["side", "a"], "reference": {"a": 2, "side": "first"} | {"side": True}},
    "subsets": {"subsets": ["pooled", {"by": "text"}, {"by": ["side", "text"]}]},
    "binomial": {"response": "event", "distribution": "binomial"},
    "probit": {"response": "event", "distribution": "binomial", "link": "probit", "information": "observed"},
    "trials": {
        "response": {"events": "share", "trials": "exposure"},
        "distribution": "binomial",
        "where": "share <= exposure",
    },
    "trials by patterns": {
        "response": {"events": "share", "trials": "exposure"},
        "distribution": "binomial",
        "where": "share <= exposure",
        "fit_by": "patterns",
        "scale": "pearson",
    },
    "gaussian": {"response": "amount", "distribution": "gaussian", "tests": {"statistic": "lr"}},
    "gaussian log": {"response": "positive", "distribution": "gaussian", "link": "log"},
    "gaussian scale": {"response": "amount", "distribution": "gaussian", "scale": 2.0},
    "gamma": {"response": "positive", "distribution": "gamma", "link": "log", "offset": "log(exposure)"},
    "gamma inverse": {"response": "positive", "distribution": "gamma", "factors": ["a"], "covariates": ["z"]},
    "inverse gaussian": {
        "response": "positive",
        "distribution": "inverse_gaussian",
        "link": "log",
        "scale": "deviance",
    },
    "tweedie": {"response": "zeros", "distribution": "tweedie", "tweedie_power": 1.5},
    "negative binomial": {"distribution": "negative_binomial", "information": "observed"},
    "negative binomial given": {"distribution": "negative_binomial", "alpha": 0.7},
    "negative binomial robust": {"distribution": "negative_binomial", "covariance": "robust"},
    "negative binomial clustered": {"distribution": "negative_binomial", "cluster": "place"},
    "ordinal": {"response": "grade", "distribution": "ordinal", "marginal_means": ["a"], "parallel_lines": True},
    "ordinal observed": {"response": "grade", "distribution": "ordinal", "link": "probit", "information": "observed"},
    "ordinal offset": {"response": "grade", "distribution": "ordinal", "offset": "exposure / 3.0"},
    "ordinal robust": {"response": "grade", "distribution": "ordinal", "covariance": "robust", "fit_by": "patterns"},
    "ordinal clustered": {"response": "grade", "distribution": "ordinal", "cluster": "place"},
}


@pytest.mark.parametrize("case", CASES)
def test_in_pieces_equals_in_memory(connection: duckdb.DuckDBPyConnection, in_pieces: InPieces, case: str) -> None:
    held = fit(connection, **CASES[case])
    in_pieces()
    read = fit(connection, **CASES[case])
    assert [one.info.subset for one in held] == [other.info.subset for other in read]
    for one, other in zip(held, read, strict=True):
        assert_same(one, other)
        if one.parallel_lines is not None:
            assert other.parallel_lines is not None
            assert other.parallel_lines.chi2 == pytest.approx(one.parallel_lines.chi2, rel=1e-7)


def test_pieces_are_read_from_disk(connection: duckdb.DuckDBPyConnection, in_pieces: InPieces) -> None:
    in_pieces()
    (result,) = fit(connection)
    sample = result.fitted.sample
    lengths = [len(piece.y) for piece in sample.pieces()]
    assert len(lengths) > 5
    assert max(lengths) <= 128
    assert sum(lengths) == result.n


@pytest.mark.parametrize("kind", ["enum", "date", "decimal", "double", "varchar"])
def test_levels_of_every_type(connection: duckdb.DuckDBPyConnection, in_pieces: InPieces, kind: str) -> None:
    sql = {
        "enum": "(['small', 'medium', 'large'])[exposure]::enum('small', 'medium', 'large')",
        "date": "date '2020-01-01' + exposure::int",
        "decimal": "(exposure / 4)::decimal(6, 2)",
        "double": "case when exposure = 2 then -0.0 when exposure = 3 then 'NaN'::double else 1.5 end",
        "varchar": "'x' || exposure",
    }[kind]
    connection.execute(f"create or replace table rows as select *, {sql} as level from rows")
    change = {"factors": ["level", "a"], "subsets": ["pooled", {"by": "level"}]}
    held = fit(connection, **change)
    in_pieces()
    for one, other in zip(held, fit(connection, **change), strict=True):
        assert_same(one, other)


def test_a_battery_reads_rows_only_for_the_models_that_need_it(
    connection: duckdb.DuckDBPyConnection, in_pieces: InPieces
) -> None:
    specs = [BASE, BASE | {"name": "small", "factors": ["side"], "covariates": [], "where": None}]
    held = fit_battery(connection, specs, "rows")
    in_pieces(100)
    large, small = fit_battery(connection, specs, "rows")
    assert_same(held[0], large)
    assert not isinstance(small.fitted.sample, Stream)
    assert small.coefficients == held[1].coefficients


def test_separation_is_named(connection: duckdb.DuckDBPyConnection, in_pieces: InPieces) -> None:
    connection.execute("update rows set event = 1 where a = 2")
    change = {"response": "event", "distribution": "binomial"}
    (held,) = fit(connection, **change)
    in_pieces()
    (read,) = fit(connection, **change)
    assert "along a=2." in held.warnings[0]
    assert read.warnings == held.warnings
    assert not read.is_converged


def test_what_needs_single_cases_says_so(connection: duckdb.DuckDBPyConnection, in_pieces: InPieces) -> None:
    (held,) = fit(connection)
    in_pieces()
    (read,) = fit(connection)
    with pytest.raises(GlmError, match="what is computed for single cases is not available"):
        measure_influence(read.fitted)
    for one, other in zip(rootogram(held.fitted), rootogram(read.fitted), strict=True):
        assert other.observed == one.observed
        assert other.expected == pytest.approx(one.expected, rel=1e-8)


def test_fingerprint_follows_the_rows_and_not_their_order(
    connection: duckdb.DuckDBPyConnection, in_pieces: InPieces
) -> None:
    in_pieces()
    (first,) = fit(connection)
    connection.execute("create or replace table rows as select * from rows order by place, x")
    (again,) = fit(connection)
    assert again.input_fingerprint == first.input_fingerprint
    connection.execute("update rows set count = count + 1 where rowid = 700")
    assert fit(connection)[0].input_fingerprint != first.input_fingerprint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"where": "a = 77"}, "none of the 1500 rows of rows can be used"),
        ({"response": "amount"}, "amount is a count, but has the value -"),
        ({"response": "place", "distribution": "gamma"}, "a gamma response is positive"),
        ({"response": "zeros", "distribution": "negative_binomial"}, "values that are not whole numbers"),
        ({"response": "event", "distribution": "binomial", "where": "event = 1"}, "event is always 1"),
        ({"response": {"events": "exposure", "trials": "share"}, "distribution": "binomial"}, "between 0 and trials"),
        ({"cluster": "a", "where": "a = 1", "factors": ["text"]}, "all rows are in one cluster of a"),
        ({"reference": {"text": "highest"}}, "no level 'highest' to be its reference"),
    ],
)
def test_errors_are_those_of_a_fit_in_memory(
    connection: duckdb.DuckDBPyConnection, in_pieces: InPieces, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(GlmError, match=message):
        fit(connection, **change)
    in_pieces()
    with pytest.raises(GlmError, match=message):
        fit(connection, **change)


def test_a_factor_with_thousands_of_levels_is_refused(
    connection: duckdb.DuckDBPyConnection, in_pieces: InPieces
) -> None:
    connection.execute(
        "create or replace table rows as select row_number() over () as id, i.* from rows as i, range(5)"
    )
    in_pieces()
    with pytest.raises(GlmError, match="factor id has 7,[0-9]+ levels. A number belongs under covariates"):
        fit(connection, factors=["id"])
