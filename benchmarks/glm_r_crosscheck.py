"""Every printed number of random models, fitted on random data by the engine and by R.

Needs R with MASS and sandwich (Debian: r-base-core, r-cran-mass, r-cran-sandwich); with car and emmeans
(r-cran-car, r-cran-emmeans) also the Type III tests and the marginal means are compared. Run it as
`python benchmarks/glm_r_crosscheck.py [--models 60] [--seed 1]`; it ends with 1 where a number differs. Of
aliased models car has no tests, and of models with interactions the profile intervals are not asked for.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.glm.battery import fit_battery
from orchestration.glm.errors import GlmError
from orchestration.glm.results import GlmResult

FACTORS = ("a", "b", "c")
FAMILIES: dict[str, tuple[str, dict[str, str]]] = {
    "gaussian": ("amount", {"identity": "gaussian()", "log": 'gaussian("log")'}),
    "binomial": (
        "event",
        {name: f'binomial("{name}")' for name in ("logit", "probit", "cloglog", "cauchit")},
    ),
    "poisson": ("count", {"log": "poisson()"}),
    "gamma": ("positive", {"log": 'Gamma("log")', "inverse": "Gamma()"}),
    "inverse_gaussian": ("positive", {"log": 'inverse.gaussian("log")', "power(-2)": "inverse.gaussian()"}),
    "negative_binomial": ("count", {"log": ""}),
    "ordinal": ("grade", {"logit": "logistic", "probit": "probit", "cloglog": "cloglog", "loglog": "loglog"}),
}

R_PROGRAM = r"""
suppressPackageStartupMessages({library(MASS); library(sandwich)})
arguments <- commandArgs(TRUE)
data <- read.csv(arguments[1])
for (name in c("a", "b", "c")) data[[name]] <- factor(data[[name]])
models <- readLines(arguments[2])
number <- function(x) paste(formatC(as.numeric(x), digits = 17, format = "g"), collapse = " ")
out <- file(arguments[3], "w")
control <- glm.control(epsilon = 1e-14, maxit = 200)
has_car <- requireNamespace("car", quietly = TRUE)
has_emmeans <- requireNamespace("emmeans", quietly = TRUE)
quietly <- function(x) tryCatch(suppressWarnings(suppressMessages(x)), error = function(problem) NULL)
# Type III tests need contrasts that sum to 0; without an intercept row, as likelihood ratios have none.
# Aliased columns are found for certain in the fit with treatment contrasts, where they are 0.
tests <- function(plain, refit, statistic) {
  if (!has_car || any(is.na(coef(plain)))) return(NULL)
  before <- options(contrasts = c("contr.sum", "contr.poly"))
  on.exit(options(before))
  quietly({
    table <- car::Anova(refit(), type = 3, test.statistic = statistic)
    found <- table[setdiff(rownames(table), c("(Intercept)", "Residuals")), ]
    found[[grep("Chisq", colnames(found))[1]]]
  })
}
means <- function(fit, factors) {
  if (!has_emmeans) return(NULL)
  quietly({
    grids <- lapply(factors, function(name) emmeans::emmeans(fit, name, data = data))
    rows <- do.call(rbind, lapply(grids, function(grid) as.data.frame(grid)[, c("emmean", "SE")]))
    # Of pairs that cannot be estimated the two count differently, which adjusts the others differently.
    if (anyNA(rows$emmean)) return(list(mean = rows$emmean, mean_se = rows$SE))
    pairs <- do.call(rbind, lapply(grids, function(grid)
      as.data.frame(pairs(grid, adjust = "bonferroni"))[, c("estimate", "SE", "p.value")]))
    list(mean = rows$emmean, mean_se = rows$SE, pair = pairs$estimate, pair_se = pairs$SE, pair_p = pairs$p.value)
  })
}
for (line in models) {
  part <- strsplit(line, "\t")[[1]]
  formula <- as.formula(part[2])
  values <- tryCatch({
    if (part[1] == "ordinal") {
      data$grade <- factor(data$grade)
      fit <- polr(formula, data = data, method = part[3], Hess = TRUE,
                  control = list(reltol = 1e-15, maxit = 2000))
      refit <- function() polr(formula, data = data, method = part[3], Hess = TRUE,
                               control = list(reltol = 1e-15, maxit = 2000))
      list(coef = c(fit$zeta, coef(fit)), se = sqrt(diag(vcov(fit))),
           # For another link car refits the logit model.
           lr = if (part[3] == "logistic") tests(fit, refit, "LR") else NULL,
           loglik = logLik(fit), deviance = NA, pearson = NA, df = NA, aic = AIC(fit), robust = NULL,
           extra = NA, extra_se = NA)
    } else if (part[1] == "negative_binomial") {
      fit <- glm.nb(formula, data = data, control = glm.control(epsilon = 1e-13, maxit = 200))
      for (step in 1:3) {
        mean <- fitted(fit)
        fit$theta <- theta.ml(data$count, mean, sum(rep(1, nrow(data))), limit = 200, eps = 1e-14)
        again <- glm(formula, data = data, family = negative.binomial(fit$theta), control = control,
                     start = coef(fit)[!is.na(coef(fit))])
        fit$coefficients <- coef(again); fit$fitted.values <- fitted(again)
      }
      dispersion <- summary(again, dispersion = 1)
      theta <- as.numeric(fit$theta)
      loglik <- sum(dnbinom(data$count, size = theta, mu = fitted(again), log = TRUE))
      list(coef = coef(again), se = dispersion$coefficients[, 2], loglik = loglik, deviance = deviance(again),
           pearson = sum(residuals(again, "pearson")^2), df = df.residual(again),
           aic = -2 * loglik + 2 * (again$rank + 1), robust = NULL, extra = theta,
           extra_se = attr(theta.ml(data$count, fitted(again), sum(rep(1, nrow(data))), limit = 200,
                                    eps = 1e-14), "SE"))
    } else {
      fit <- glm(formula, data = data, family = eval(parse(text = part[3])), control = control)
      pearson <- sum(residuals(fit, "pearson")^2)
      scale <- if (part[1] %in% c("binomial", "poisson")) 1 else pearson / df.residual(fit)
      table <- summary(fit, dispersion = scale)$coefficients
      robust <- sqrt(diag(vcovHC(fit, type = "HC0")))
      is_plain <- part[1] %in% c("binomial", "poisson")
      loglik <- if (is_plain) logLik(fit) else NA
      refit <- function() glm(formula, data = data, family = eval(parse(text = part[3])), control = control)
      margins <- means(fit, intersect(c("a", "b", "c"), all.vars(formula)))
      limits <- if (is_plain && !grepl(":", part[2])) quietly(as.vector(confint(fit))) else NULL
      list(wald = tests(fit, refit, "Wald"), lr = if (is_plain) tests(fit, refit, "LR") else NULL, profile = limits,
           mean = margins$mean, mean_se = margins$mean_se, pair = margins$pair, pair_se = margins$pair_se,
           pair_p = if (is_plain) margins$pair_p else NULL, coef = coef(fit),
           se = table[, 2], loglik = loglik, deviance = deviance(fit), pearson = pearson,
           df = df.residual(fit), aic = if (is.na(loglik)) NA else AIC(fit), robust = robust[!is.na(robust)],
           extra = NA, extra_se = NA)
    }
  }, error = function(problem) NULL, warning = function(problem) NULL)
  if (is.null(values)) { writeLines("failed", out); next }
  keys <- names(values)[!vapply(values, is.null, TRUE)]
  writeLines(paste(vapply(keys, function(k) paste0(k, "=", number(values[[k]][!is.na(values[[k]])])), ""),
                   collapse = ";"), out)
}
close(out)
"""


def draw_data(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Rows with three factors (some crossings empty), two covariates and a response for each distribution."""
    a, b, c = rng.integers(1, 5, n), rng.integers(1, 4, n), rng.integers(1, 3, n)
    b = np.where((a == 4) & (b == 3), 1, b)
    x, z = np.round(rng.normal(10, 2, n), 1), np.round(rng.uniform(-1, 1, n), 2)
    eta = 0.8 + 0.2 * (a == 2) - 0.3 * (b == 3) + 0.25 * (c == 2) * (a == 1) + 0.05 * (x - 10) + 0.2 * z
    return {
        "a": a,
        "b": b,
        "c": c,
        "x": x,
        "z": z,
        "count": rng.negative_binomial(2, 2 / (2 + np.exp(eta))),
        "event": (rng.random(n) < 1 / (1 + np.exp(1 - eta))).astype(int),
        "amount": np.round(5 + eta + rng.normal(size=n), 3),
        "positive": np.round(rng.gamma(6, np.exp(eta) / 6) + 0.01, 3),
        "grade": 1 + ((eta + rng.logistic(size=n))[:, None] > np.array([0.0, 1.2, 2.4])).sum(axis=1),
    }


def draw_model(rng: np.random.Generator) -> dict[str, Any]:
    """A random specification."""
    distribution = str(rng.choice(list(FAMILIES)))
    response, links = FAMILIES[distribution]
    factors = [name for name in FACTORS if rng.random() < 0.7] or ["a"]
    covariates = [name for name in ("x", "z") if rng.random() < 0.5]
    predictors = factors + covariates
    pairs = [[one, other] for place, one in enumerate(predictors) for other in predictors[place + 1 :]]
    interactions = [pair for pair in pairs if rng.random() < 0.35]
    if len(factors) == 3 and all(pair in interactions for pair in (["a", "b"], ["a", "c"], ["b", "c"])):
        interactions.append(list(FACTORS))
    return {
        "name": "model",
        "response": response,
        "distribution": distribution,
        "link": str(rng.choice(list(links))),
        "factors": factors,
        "covariates": covariates,
        "interactions": interactions,
        "reference": "first",
    }


def as_formula(spec: dict[str, Any]) -> str:
    """The model in R's notation."""
    terms = [*spec["factors"], *spec["covariates"], *(":".join(pair) for pair in spec["interactions"])]
    return f"{spec['response']} ~ {' + '.join(terms)}"


def run_r(
    folder: Path, connection: duckdb.DuckDBPyConnection, specs: list[dict[str, Any]]
) -> list[dict[str, Any] | None]:
    """R's numbers for each model; None where it fails or warns."""
    data, models, program, out = (folder / name for name in ("data.csv", "models.txt", "fit.R", "out.txt"))
    connection.execute(f"copy rows to '{data}' (header)")
    lines = [
        f"{spec['distribution']}\t{as_formula(spec)}\t{FAMILIES[spec['distribution']][1][spec['link']] or '-'}"
        for spec in specs
    ]
    models.write_text("\n".join(lines) + "\n", encoding="utf-8")
    program.write_text(R_PROGRAM, encoding="utf-8")
    subprocess.run(["Rscript", str(program), str(data), str(models), str(out)], check=True)
    results: list[dict[str, Any] | None] = []
    for line in out.read_text(encoding="utf-8").splitlines():
        if line == "failed":
            results.append(None)
            continue
        pairs = [part.split("=", 1) for part in line.split(";")]
        results.append({key: [float(value) for value in text.split()] for key, text in pairs})
    return results


def list_estimates(result: GlmResult) -> tuple[np.ndarray, np.ndarray]:
    """Estimated parameters of the linear predictor with their standard errors."""
    entries = [e for e in result.coefficients if not e.is_redundant and e.parameter_type not in ("scale", "ancillary")]
    return np.array([e.estimate for e in entries]), np.array([e.std_error for e in entries], dtype=float)


def list_tests(result: GlmResult, statistic: str) -> np.ndarray:
    """Type III chi-squares of the effects, without the intercept's."""
    tests = [test for test in result.effects if test.statistic == statistic and test.effect != "(Intercept)"]
    return np.array([test.chi2 for test in tests], dtype=float)


def list_margins(result: GlmResult) -> dict[str, np.ndarray]:
    """Marginal means of the linear predictor that are estimable, and their pairs."""
    means = [row for row in result.marginal_means if row.scale == "linear_predictor" and row.mean is not None]
    pairs = [row for row in result.contrasts if row.scale == "linear_predictor"]
    return {
        "mean": np.array([row.mean for row in means]),
        "mean_se": np.array([row.std_error for row in means]),
        "pair": np.array([row.mean_difference for row in pairs]),
        "pair_se": np.array([row.std_error for row in pairs]),
        "pair_p": np.array([row.p_bonferroni for row in pairs]),
    }


def add_on_request(
    connection: duckdb.DuckDBPyConnection, spec: dict[str, Any], expected: dict[str, Any], found: dict[str, Any]
) -> None:
    """What is printed on request: likelihood ratios, profile intervals, marginal means with their pairs."""
    if expected.get("lr"):
        (tested,) = fit_battery(connection, spec | {"tests": {"type": "III", "statistic": "lr"}}, "rows")
        found["lr"] = np.sort(list_tests(tested, "lr"))
    if expected.get("profile"):
        (profiled,) = fit_battery(connection, spec | {"intervals": "profile"}, "rows")
        limits = [(row.ci_low, row.ci_high) for row in profiled.profile]
        found["profile"] = np.sort(np.array(limits, dtype=float).ravel())
    if expected.get("mean"):
        wanted = {"marginal_means": spec["factors"], "contrasts": "pairwise"}
        (averaged,) = fit_battery(connection, spec | wanted, "rows")
        found |= {key: np.sort(values) for key, values in list_margins(averaged).items()}


def compare(connection: duckdb.DuckDBPyConnection, spec: dict[str, Any], expected: dict[str, Any]) -> dict[str, float]:
    """Largest relative difference of each kind of number."""
    scaled = spec["distribution"] in ("gaussian", "gamma", "inverse_gaussian")
    spec = spec | ({"scale": "pearson"} if scaled else {})
    if spec["distribution"] == "ordinal":
        spec = spec | {"information": "observed"}
    (result,) = fit_battery(connection, spec, "rows")
    estimates, errors = list_estimates(result)
    found: dict[str, Any] = {"coef": np.sort(estimates), "se": np.sort(errors)}
    for key, name in (
        ("loglik", "log_likelihood"),
        ("deviance", "deviance"),
        ("pearson", "pearson_chi2"),
        ("aic", "aic"),
    ):
        found[key] = np.array([result.statistic(name).value])
    found["df"] = np.array([result.statistic("deviance").df])
    if spec["distribution"] == "negative_binomial":
        theta = result.coefficient("(Negative binomial theta)")
        found |= {"extra": np.array([theta.estimate]), "extra_se": np.array([theta.std_error])}
    if expected.get("robust"):
        (robust,) = fit_battery(connection, spec | {"covariance": "robust"}, "rows")
        found["robust"] = np.sort(list_estimates(robust)[1])
    found["wald"] = np.sort(list_tests(result, "wald"))
    add_on_request(connection, spec, expected, found)
    differences = {}
    for key, values in expected.items():
        if not values:
            continue
        wanted = np.sort(np.array(values))
        if wanted.shape != found[key].shape:
            differences[key] = float("inf")
            continue
        size = np.maximum(np.abs(wanted), 1e-3 * np.abs(wanted).max())
        differences[key] = float((np.abs(found[key] - wanted) / size).max())
    return differences


def main() -> int:
    """Draw models, fit them twice, print the largest differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=60)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    connection = duckdb.connect()
    rows = draw_data(rng, arguments.rows)
    connection.register("incoming", pa.table(dict(rows)))
    connection.execute("create table rows as from incoming")
    specs = [draw_model(rng) for _ in range(arguments.models)]
    with tempfile.TemporaryDirectory() as folder:
        expected = run_r(Path(folder), connection, specs)
    worst: dict[str, float] = {}
    failures, skipped = 0, 0
    for spec, numbers in zip(specs, expected, strict=True):
        text = f"{spec['distribution']} {spec['link']}: {as_formula(spec)}"
        if numbers is None:
            skipped += 1
            continue
        try:
            differences = compare(connection, spec, numbers)
        except GlmError as error:
            print(f"REFUSED {text}\n    {error}")
            failures += 1
            continue
        # R's ordinal fit stops at a relative change of the likelihood, its profiles are interpolated.
        limit = 1e-3 if spec["distribution"] == "ordinal" else arguments.tolerance
        limits = {"profile": 5e-3}
        bad = {key: value for key, value in differences.items() if not value <= limits.get(key, limit)}
        if bad:
            failures += 1
            print(f"DIFFERS {text}\n    {json.dumps(bad)}")
        for key, value in differences.items():
            name = f"{spec['distribution']} {key}"
            worst[name] = max(worst.get(name, 0.0), value)
    for name, value in sorted(worst.items()):
        print(f"{name:32s} {value:.1e}")
    print(f"{len(specs)} models, {skipped} that R did not fit cleanly, {failures} with differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
