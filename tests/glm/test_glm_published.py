"""Published results, to the digits that were printed or in the full precision of R."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from orchestration.glm.battery import fit_battery
from orchestration.glm.results import Coefficient, GlmResult

Load = Callable[[str], str]
Printed = Callable[[str, str], dict[str, dict[str, str]]]

SHIPS = {
    "name": "ships",
    "response": "incidents",
    "distribution": "poisson",
    "factors": ["type", "year", "period"],
    "offset": "log(service)",
    "where": "service > 0",
}
STATA = "ships_statsmodels.csv"


def fit(connection: duckdb.DuckDBPyConnection, relation: str, **spec: Any) -> GlmResult:
    (result,) = fit_battery(connection, {"name": "published", **spec}, relation)
    return result


def free(result: GlmResult) -> list[Coefficient]:
    """Parameters of the linear predictor that are estimated."""
    return [
        entry
        for entry in result.coefficients
        if not entry.is_redundant and entry.parameter_type not in ("scale", "ancillary")
    ]


def assert_parameters(result: GlmResult, expected: list[dict[str, Any]], tolerance: float = 1e-7) -> None:
    for entry, row in zip(free(result), expected, strict=True):
        assert entry.estimate == pytest.approx(row["B"], rel=tolerance)
        assert entry.std_error == pytest.approx(row["SE"], rel=tolerance)
        assert entry.wald_chi2 == pytest.approx(row["wald"], rel=10 * tolerance)
        assert entry.ci_low == pytest.approx(row["lower"], rel=10 * tolerance)
        assert entry.ci_high == pytest.approx(row["upper"], rel=10 * tolerance)


def assert_as_printed(value: float | None, text: str) -> None:
    """The value rounds to the text."""
    assert value is not None
    digits = len(text.split("e")[0].split(".")[1]) if "." in text else 0
    unit = 10.0**-digits * (10.0 ** float(text.split("e")[1]) if "e" in text else 1.0)
    assert abs(value - float(text)) <= 0.5000001 * unit


@pytest.mark.parametrize(
    ("key", "spec"),
    [
        ("params", {}),
        ("params_scale_pearson", {"scale": "pearson"}),
        ("params_robust_HC0", {"covariance": "robust"}),
    ],
)
def test_ships_parameters(
    connection: duckdb.DuckDBPyConnection, published: Load, r_expected: dict[str, Any], key: str, spec: dict
) -> None:
    result = fit(connection, published("ships_MASS.csv"), **SHIPS | spec)
    assert_parameters(result, r_expected["ships_poisson"][key])
    assert [entry.level for entry in result.coefficients if entry.is_redundant] == ["E", "75", "75"]


@pytest.mark.parametrize(
    ("key", "spec"),
    [
        ("type3_wald", {}),
        ("type3_wald_scale_pearson", {"scale": "pearson"}),
        ("type3_wald_robust", {"covariance": "robust"}),
        ("type3_lr", {"tests": {"type": "III", "statistic": "lr"}}),
        ("type1_lr", {"tests": {"type": "I", "statistic": "lr"}}),
    ],
)
def test_ships_effects(
    connection: duckdb.DuckDBPyConnection, published: Load, r_expected: dict[str, Any], key: str, spec: dict
) -> None:
    result = fit(connection, published("ships_MASS.csv"), **SHIPS | spec)
    for test, row in zip(result.effects, r_expected["ships_poisson"][key], strict=True):
        assert (test.effect, test.df) == (row["source"], row["df"])
        assert test.chi2 == pytest.approx(row.get("wald", row.get("lr")), rel=1e-8)
        assert test.p_value == pytest.approx(row["p"], rel=1e-6, abs=1e-300)


def test_ships_fit_and_cases(
    connection: duckdb.DuckDBPyConnection, published: Load, r_expected: dict[str, Any]
) -> None:
    expected = r_expected["ships_poisson"]
    result = fit(connection, published("ships_MASS.csv"), **SHIPS | {"scale": "pearson"})
    values = {entry.statistic: entry.value for entry in result.fit}
    gof, scaled = expected["gof"], expected["gof_scale_pearson"]
    assert values["deviance"] == pytest.approx(gof["deviance"], rel=1e-10)
    assert values["pearson_chi2"] == pytest.approx(gof["pearson"], rel=1e-10)
    assert result.statistic("deviance").df == gof["df"]
    assert values["log_likelihood"] == pytest.approx(gof["loglik_full"], rel=1e-10)
    assert values["log_likelihood_kernel"] == pytest.approx(gof["loglik_kernel"], rel=1e-10)
    for name in ("AIC", "AICC", "BIC", "CAIC"):
        assert values[name.lower()] == pytest.approx(gof[name], rel=1e-10)
    assert values["scaled_deviance"] == pytest.approx(scaled["scaled_deviance"], rel=1e-10)
    assert values["adjusted_log_likelihood"] == pytest.approx(scaled["adjusted_loglik"], rel=1e-10)
    assert values["omnibus_chi2"] == pytest.approx(expected["omnibus"]["lr"], rel=1e-10)
    assert values["omnibus_chi2_scaled"] == pytest.approx(expected["omnibus"]["lr_scale_pearson"], rel=1e-10)
    cases = {row.kind: row.n for row in result.cases}
    assert (cases["included"], cases["excluded"], cases["total"]) == (34, 6, 40)


def test_ships_marginal_means(
    connection: duckdb.DuckDBPyConnection, published: Load, r_expected: dict[str, Any]
) -> None:
    result = fit(connection, published("ships_MASS.csv"), **SHIPS | {"marginal_means": ["type"]})
    means = [entry for entry in result.marginal_means if entry.scale == "response"]
    for mean, row in zip(means, r_expected["ships_poisson"]["emmeans_type_response_at_mean_offset"], strict=True):
        assert mean.level == row["type"]
        assert mean.mean == pytest.approx(row["rate"], rel=1e-8)
        assert mean.std_error == pytest.approx(row["SE"], rel=1e-8)
        assert (mean.ci_low, mean.ci_high) == pytest.approx((row["asymp.LCL"], row["asymp.UCL"]), rel=1e-7)


def test_ships_negative_binomial_with_fixed_parameter(
    connection: duckdb.DuckDBPyConnection, published: Load, r_expected: dict[str, Any]
) -> None:
    expected = r_expected["ships_poisson"]["nb_alpha1"]
    spec = SHIPS | {"distribution": "negative_binomial", "alpha": 1}
    result = fit(connection, published("ships_MASS.csv"), **spec)
    assert result.statistic("log_likelihood").value == pytest.approx(expected["loglik_full"], rel=1e-10)
    assert result.statistic("deviance").value == pytest.approx(expected["deviance"], rel=1e-10)
    # R stopped these iterations early.
    assert_parameters(result, expected["params"], tolerance=1e-6)


def test_ships_poisson_of_mccullagh_and_nelder(connection: duckdb.DuckDBPyConnection, published: Load) -> None:
    spec = SHIPS | {"reference": "first", "scale": "pearson"}
    result = fit(connection, published("ships_MASS.csv"), **spec)
    printed = [
        ("-6.41", None),
        ("-0.54", "0.23"),
        ("-0.69", "0.43"),
        ("-0.08", "0.38"),
        ("0.33", "0.31"),
        ("0.70", "0.19"),
        ("0.82", "0.22"),
        ("0.45", "0.30"),
        ("0.38", "0.15"),
    ]
    for entry, (estimate, error) in zip(free(result), printed, strict=True):
        assert_as_printed(entry.estimate, estimate)
        if error is not None:
            assert_as_printed(entry.std_error, error)
    assert_as_printed(result.coefficient("(Scale)").estimate, "1.69")


STATA_MODELS = [
    (f"{command} accident yr_con op_75_79, {exposure}{vce}".rstrip(", "), command, bool(exposure), vce)
    for command in ("poisson", "nbreg")
    for exposure in ("exposure(service) ", "")
    for vce in ("", "vce(robust)", "vce(cluster ship)")
    # What was published of the twelve.
    if (vce or exposure) and (command, exposure[:1], vce) != ("nbreg", "e", "vce(robust)")
]


@pytest.mark.parametrize(("model", "command", "has_exposure", "vce"), STATA_MODELS)
def test_stata_ships(
    connection: duckdb.DuckDBPyConnection,
    published: Load,
    printed: Printed,
    model: str,
    command: str,
    has_exposure: bool,
    vce: str,
) -> None:
    """Stata's covariances: robust with N / (N - 1), clustered with G / (G - 1); its nbreg stops at steps of 1e-6."""
    rows = printed(STATA, f"Stata: {model}".strip())
    assert rows
    covariances: dict[str, dict[str, Any]] = {
        "": {},
        "vce(robust)": {"covariance": "robust", "small_sample": ["N/(N-1)"]},
        "vce(cluster ship)": {"cluster": "ship", "small_sample": ["G/(G-1)"]},
    }
    result = fit(
        connection,
        published(STATA),
        response="accident",
        distribution={"poisson": "poisson", "nbreg": "negative_binomial"}[command],
        covariates=["yr_con", "op_75_79"],
        where="service > 0",
        information="observed",
        offset="log(service)" if has_exposure else None,
        **covariances[vce],
    )
    names = {"yr_con": "yr_con", "op_75_79": "op_75_79", "_cons": "(Intercept)", "alpha": "(Negative binomial)"}
    for term, name in names.items():
        if term not in rows:
            continue
        entry = result.coefficient(name)
        assert entry.estimate == pytest.approx(float(rows[term]["estimate"]), rel=5e-6)
        assert entry.std_error == pytest.approx(float(rows[term]["se"]), rel=2e-6)


def test_british_doctors(connection: duckdb.DuckDBPyConnection, published: Load, printed: Printed) -> None:
    model = "Stata: poisson deaths smokes i.agecat, exposure(pyears) [results_exposure_noconstraint]"
    rows = printed("doctors_dollhill.csv", model)
    result = fit(
        connection,
        published("doctors_dollhill.csv"),
        response="deaths",
        distribution="poisson",
        factors=["agecat"],
        covariates=["smokes"],
        offset="log(pyears)",
        reference="first",
    )
    entries = {"smokes": result.coefficient("smokes"), "_cons": result.coefficient("(Intercept)")}
    entries |= {f"{level}.agecat": result.coefficient("agecat", str(level)) for level in range(2, 6)}
    for term, entry in entries.items():
        assert entry.estimate == pytest.approx(float(rows[term]["estimate"]), rel=1e-9)
        assert entry.std_error == pytest.approx(float(rows[term]["se"]), rel=1e-8)
    assert result.statistic("log_likelihood").value == pytest.approx(-33.6001534405213, rel=1e-12)
    omnibus = result.statistic("omnibus_chi2")
    assert (omnibus.value, omnibus.df) == (pytest.approx(922.9349644730232, rel=1e-10), 5)


def test_british_doctors_with_exposure_as_a_predictor(
    connection: duckdb.DuckDBPyConnection, published: Load, printed: Printed
) -> None:
    rows = printed(
        "doctors_dollhill.csv", "Stata: poisson deaths lnpyears smokes i.agecat [results_noexposure_noconstraint]"
    )
    table = published("doctors_dollhill.csv")
    connection.execute(f"create table doctors as select *, ln(pyears) as lnpyears from {table}")
    result = fit(
        connection,
        "doctors",
        response="deaths",
        distribution="poisson",
        factors=["agecat"],
        covariates=["lnpyears", "smokes"],
        reference="first",
    )
    for term, row in rows.items():
        level = term.removesuffix(".agecat")
        name = {"_cons": "(Intercept)"}.get(term, "agecat" if level != term else term)
        entry = result.coefficient(name, level if level != term else None)
        if entry.is_redundant:
            continue
        assert entry.estimate == pytest.approx(float(row["estimate"]), rel=1e-8)
        assert entry.std_error == pytest.approx(float(row["se"]), rel=1e-7)
    assert result.statistic("log_likelihood").value == pytest.approx(-33.45804471711131, rel=1e-11)


def test_insurance(connection: duckdb.DuckDBPyConnection, published: Load) -> None:
    result = fit(
        connection,
        published("Insurance_MASS.csv"),
        response="Claims",
        distribution="poisson",
        factors=["District", "Group", "Age"],
        offset="log(Holders)",
        reference="first",
    )
    for level, text in (("2", "0.025868"), ("3", "0.038524"), ("4", "0.234205")):
        assert_as_printed(result.coefficient("District", level).estimate, text)
    assert_as_printed(result.statistic("deviance").value, "51.42003")
    assert result.statistic("deviance").df == 54
    assert result.statistic("pearson_chi2").value == pytest.approx(48.62933, abs=1e-5)
    assert_as_printed(result.statistic("aic").value, "388.7")


def assert_negative_binomial(result: GlmResult, expected: dict[str, Any]) -> None:
    names = {"deviance": "deviance", "pearson": "pearson_chi2", "loglik_full": "log_likelihood"}
    for key, value in expected["gof"].items():
        if key == "df":
            assert result.statistic("deviance").df == value
        else:
            name = names.get(key, key.lower())
            assert result.statistic(name).value == pytest.approx(value, rel=1e-9)
    for test, row in zip(
        sorted(result.effects, key=lambda test: test.effect),
        sorted(expected["type3_wald"], key=lambda row: row["source"]),
        strict=True,
    ):
        assert (test.effect, test.df) == (row["source"], row["df"])
        assert test.chi2 == pytest.approx(row["wald"], rel=1e-8)
    assert result.coefficient("(Negative binomial)").estimate == pytest.approx(expected["alpha"], rel=1e-9)


@pytest.mark.parametrize("file", ["nb_data.csv", "nb_data.sav"])
def test_ucla_negative_binomial(
    connection: duckdb.DuckDBPyConnection, published: Load, r_expected: dict[str, Any], file: str
) -> None:
    expected = r_expected["ucla_nb"]
    levels = {"csv": ("Academic", "General", "Vocational"), "sav": ("2", "1", "3")}[file.split(".")[1]]
    result = fit(
        connection,
        published(file),
        response="daysabs",
        distribution="negative_binomial",
        factors=["prog"],
        covariates=["math"],
    )
    rows = {row["parameter"]: row for row in expected["params"]}
    entries = {
        "(Intercept)": result.coefficient("(Intercept)"),
        "math": result.coefficient("math"),
        "progAcademic": result.coefficient("prog", levels[0]),
        "progGeneral": result.coefficient("prog", levels[1]),
    }
    for name, entry in entries.items():
        assert entry.estimate == pytest.approx(rows[name]["B"], rel=1e-10)
        assert entry.std_error == pytest.approx(rows[name]["SE"], rel=1e-9)
    assert result.coefficient("prog", levels[2]).is_redundant
    assert_negative_binomial(result, expected)
    theta = result.coefficient("(Negative binomial theta)")
    assert theta.estimate == pytest.approx(expected["theta"], rel=1e-9)
    assert theta.std_error == pytest.approx(expected["SE_theta_given_beta"], rel=1e-6)
    null = result.statistic("log_likelihood_null").value
    assert null == pytest.approx(expected["null_loglik"], rel=1e-10)


def test_ucla_negative_binomial_as_printed(connection: duckdb.DuckDBPyConnection, published: Load) -> None:
    result = fit(
        connection,
        published("nb_data.sav"),
        response="daysabs",
        distribution="negative_binomial",
        factors=["prog"],
        covariates=["math"],
        reference="first",
    )
    for entry, text in zip(
        [
            result.coefficient("(Intercept)"),
            result.coefficient("math"),
            result.coefficient("prog", "2"),
            result.coefficient("prog", "3"),
        ],
        ["2.61527", "-0.00599", "-0.44076", "-1.27865"],
        strict=True,
    ):
        assert_as_printed(entry.estimate, text)


def test_quine_negative_binomial(
    connection: duckdb.DuckDBPyConnection, published: Load, r_expected: dict[str, Any]
) -> None:
    expected = r_expected["quine_nb"]
    result = fit(
        connection,
        published("quine_MASS.csv"),
        response="Days",
        distribution="negative_binomial",
        factors=["Eth", "Sex", "Age", "Lrn"],
    )
    assert_parameters(result, expected["params"])
    assert_negative_binomial(result, expected)
    theta = result.coefficient("(Negative binomial theta)")
    assert theta.std_error == pytest.approx(expected["SE_theta"], rel=1e-5)


QUINE = {
    "response": "Days",
    "distribution": "negative_binomial",
    "factors": ["Eth", "Age", "Lrn", "Sex"],
    "reference": "first",
}


def products(names: list[str], sizes: range) -> list[list[str]]:
    return [list(term) for size in sizes for term in itertools.combinations(names, size)]


def test_quine_four_way_model_with_aliased_terms(
    connection: duckdb.DuckDBPyConnection, published: Load, printed: Printed
) -> None:
    model = "negbin log: Days ~ Eth*Age*Lrn*Sex (theta ML=1.928360145, SE 0.269; 4 aliased terms dropped)"
    rows = printed("quine_MASS.csv", model)
    result = fit(
        connection,
        published("quine_MASS.csv"),
        **QUINE,
        interactions=products(["Eth", "Age", "Lrn", "Sex"], range(2, 5)),
    )
    assert len(rows) == 28
    for term, row in rows.items():
        parts = [(part[:3], part[3:]) for part in term.split(":")]
        name, level = "*".join(part[0] for part in parts), "*".join(part[1] for part in parts)
        entry = result.coefficient("(Intercept)") if term == "(Intercept)" else result.coefficient(name, level)
        assert_as_printed(entry.estimate, row["estimate"])
        assert_as_printed(entry.std_error, row["se"])
        assert entry.p_value == pytest.approx(float(row["p"]), rel=2e-2)
    assert sum(not entry.is_redundant for entry in free(result)) == 28
    theta = result.coefficient("(Negative binomial theta)")
    assert_as_printed(theta.estimate, "1.928360145")
    assert theta.std_error is not None
    assert theta.std_error == pytest.approx(0.269, abs=0.0006)
    assert_as_printed(result.statistic("deviance").value, "167.45")
    assert result.statistic("deviance").df == 118
    assert_as_printed(2 * result.statistic("log_likelihood").value, "-1039.324")
    empty = next(warning for warning in result.warnings if "without cases" in warning)
    assert "Age*Lrn (F3*SL; 1 of 8)" in empty
    assert "Eth*Age*Lrn*Sex (N*F3*SL*M, N*F3*SL*F, A*F3*SL*M, A*F3*SL*F; 4 of 32)" in empty
    assert not any("determine each other" in warning for warning in result.warnings)


def test_quine_nested_models(connection: duckdb.DuckDBPyConnection, published: Load) -> None:
    """Three nested models; what Sex / (Age + Eth * Lrn) spans, main effects and products span as well."""
    table = published("quine_MASS.csv")
    base = [["Sex", "Age"], ["Sex", "Eth"], ["Sex", "Lrn"], ["Eth", "Lrn"], ["Sex", "Eth", "Lrn"]]
    printed = [
        (base, "1.597991", "-1063.025", 132),
        ([*base, ["Age", "Lrn"], ["Sex", "Age", "Lrn"]], "1.686899", "-1055.398", 128),
        (products(["Eth", "Age", "Lrn", "Sex"], range(2, 5)), "1.928360", "-1039.324", 118),
    ]
    results = [fit(connection, table, **QUINE, interactions=terms) for terms, *_ in printed]
    for result, (_, theta, minus_two, df) in zip(results, printed, strict=True):
        assert_as_printed(result.coefficient("(Negative binomial theta)").estimate, theta)
        assert_as_printed(2 * result.statistic("log_likelihood").value, minus_two)
        assert result.statistic("deviance").df == df
    values = [2 * result.statistic("log_likelihood").value for result in results]
    assert values[1] - values[0] == pytest.approx(7.627279, abs=1e-6)
    assert values[2] - values[1] == pytest.approx(16.073723, abs=1e-6)


@pytest.mark.parametrize(
    ("model", "factors", "covariates", "deviance", "df", "aic"),
    [
        (
            "binomial logit: case ~ spontaneous+induced",
            [],
            ["spontaneous", "induced"],
            "279.61",
            245,
            "285.61",
        ),
        (
            "binomial logit: case ~ age+parity+education+spontaneous+induced",
            ["education"],
            ["age", "parity", "spontaneous", "induced"],
            "257.80",
            241,
            "271.8",
        ),
    ],
)
def test_infert(
    connection: duckdb.DuckDBPyConnection,
    published: Load,
    printed: Printed,
    model: str,
    factors: list[str],
    covariates: list[str],
    deviance: str,
    df: int,
    aic: str,
) -> None:
    result = fit(
        connection,
        published("infert.csv"),
        response="case",
        distribution="binomial",
        factors=factors,
        covariates=covariates,
        reference={"education": "0-5yrs"} if factors else "last",
    )
    for term, row in printed("infert.csv", model).items():
        if term.startswith("education"):
            entry = result.coefficient("education", term.removeprefix("education"))
        else:
            entry = result.coefficient(term)
        assert_as_printed(entry.estimate, row["estimate"])
        # R takes the standard error from the iteration before the last.
        assert entry.std_error == pytest.approx(float(row["se"]), abs=5e-5)
    assert_as_printed(result.statistic("deviance").value, deviance)
    assert result.statistic("deviance").df == df
    assert_as_printed(result.statistic("aic").value, aic)


def test_infert_by_patterns(connection: duckdb.DuckDBPyConnection, published: Load) -> None:
    table = published("infert.csv")
    result = fit(
        connection,
        table,
        response="case",
        distribution="binomial",
        covariates=["spontaneous", "induced"],
        fit_by="patterns",
    )
    patterns = connection.execute(f"select count(*) from (select distinct spontaneous, induced from {table})")
    (count,) = patterns.fetchone() or (0,)
    assert result.statistic("deviance").df == count - 3


@pytest.fixture
def ologit(connection: duckdb.DuckDBPyConnection, published: Load) -> str:
    table = published("ologit_ucla.csv")
    order = "list_position(['unlikely', 'somewhat likely', 'very likely'], apply)"
    connection.execute(f"create table ologit as select *, {order} as code from {table}")
    return "ologit"


RESPONSE = {"name": "apply", "column": "code", "label": "apply"}


def test_ologit_as_polr(connection: duckdb.DuckDBPyConnection, ologit: str, r_expected: dict[str, Any]) -> None:
    expected = r_expected["ucla_ologit"]
    result = fit(
        connection,
        ologit,
        response=RESPONSE,
        distribution="ordinal",
        covariates=["pared", "public", "gpa"],
        information="observed",
    )
    assert_parameters(result, expected["params"], tolerance=1e-9)
    assert result.statistic("log_likelihood").value == pytest.approx(expected["loglik"], rel=1e-12)
    assert [entry.level_label for entry in result.thresholds] == ["unlikely", "somewhat likely"]


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_ologit_with_other_links(
    connection: duckdb.DuckDBPyConnection, ologit: str, printed: Printed, link: str
) -> None:
    result = fit(
        connection,
        ologit,
        response=RESPONSE,
        distribution="ordinal",
        link=link,
        covariates=["pared", "public", "gpa"],
        information="observed",
    )
    for term, row in printed("ologit_ucla.csv", f"polr {link}").items():
        # R stopped at a relative change of 1e-8 of the likelihood.
        assert result.coefficient(term).estimate == pytest.approx(float(row["estimate"]), abs=2e-5)
        assert result.coefficient(term).std_error == pytest.approx(float(row["se"]), abs=6e-5)


def test_ologit_as_spss_plum(connection: duckdb.DuckDBPyConnection, ologit: str, printed: Printed) -> None:
    model = (
        "SPSS PLUM logit apply BY pared public WITH gpa (last category = reference; stat column = Wald "
        "chi-square, 1 df)"
    )
    rows = printed("ologit_ucla.csv", model)
    result = fit(
        connection,
        ologit,
        response=RESPONSE,
        distribution="ordinal",
        factors=["pared", "public"],
        covariates=["gpa"],
        information="expected",
        fit_by="patterns",
    )
    entries = {
        "[apply = 1]": result.coefficient("Threshold", "1"),
        "[apply = 2]": result.coefficient("Threshold", "2"),
        "gpa": result.coefficient("gpa"),
        "[pared=.00]": result.coefficient("pared", "0"),
        "[public=.00]": result.coefficient("public", "0"),
    }
    for name, entry in entries.items():
        assert_as_printed(entry.estimate, rows[name]["estimate"])
        assert_as_printed(entry.std_error, rows[name]["se"])
        assert_as_printed(entry.wald_chi2, rows[name]["z_or_wald"])
        assert_as_printed(entry.p_value, rows[name]["p"])
    for statistic, text in (("pearson_chi2", "400.843"), ("deviance", "400.749")):
        assert_as_printed(result.statistic(statistic).value, text)
        assert result.statistic(statistic).df == 435
