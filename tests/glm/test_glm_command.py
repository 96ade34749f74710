"""`frontier glm fit` as a script would call it: shapes, files, exit codes and errors in words."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

SPEC = """
name: accidents
response: accidents
distribution: poisson
factors: [ship, year]
offset: log(service)
where: service > 0
marginal_means: [ship]
contrasts: pairwise
"""
ROWS = [
    ("A", 60, 127, 0),
    ("A", 65, 1095, 3),
    ("A", 70, 1512, 6),
    ("B", 60, 44882, 39),
    ("B", 65, 28609, 58),
    ("B", 70, 7064, 12),
    ("C", 60, 1179, 1),
    ("C", 65, 552, 1),
    ("C", 70, 781, 0),
    ("C", 75, 0, 0),
]
"""Some of the ships whose damage by waves McCullagh and Nelder (1989, section 6.3.2) tabulate."""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = "from orchestration.cli import main; main()"
        options = ["--warehouse", str(tmp_path / "nowhere")]
        return subprocess.run(
            [sys.executable, "-c", program, "glm", "fit", *arguments, *options],
            capture_output=True,
            text=True,
            timeout=120,
        )

    return call


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "ships.yml"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "ships.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("ship", "year", "service", "accidents"), *ROWS])
    return path


def test_json_has_the_agreed_shape(run: Run, spec: Path, data: Path) -> None:
    outcome = run(str(spec), "--data", str(data), "--format", "json", "--profile")
    assert outcome.returncode == 0, outcome.stderr
    document = json.loads(outcome.stdout)
    assert document["model"]["link"] == "log"
    assert {"n", "deviance", "pearson_chi2", "log_likelihood", "aic", "aicc", "bic", "caic"} <= set(document["fit"])
    assert (document["fit"]["n"], document["fit"]["df_residual"]) == (9, 4)
    assert document["thresholds"] == []
    first = document["coefficients"][0]
    assert {"term", "level", "estimate", "std_error", "ci_low", "ci_high", "wald_chi2"} <= set(first)
    assert {"df", "p_value", "exp_estimate"} <= set(first)
    assert (first["term"], first["level"]) == ("(Intercept)", None)
    assert set(document["effects"][0]) == {"effect", "type", "statistic", "chi2", "df", "p_value"}
    assert (document["cases"]["included"], document["cases"]["excluded"]) == (9, 1)
    assert set(document["profile"]) == {"aggregate", "fit", "tests", "total"}
    assert len(document["covariance"]["values"]) == len(document["covariance"]["parameters"])


@pytest.mark.parametrize("kind", ["parquet", "duckdb", "sav"])
def test_the_kind_of_file_changes_no_number(run: Run, spec: Path, data: Path, tmp_path: Path, kind: str) -> None:
    path, options = tmp_path / f"ships.{kind}", []
    if kind == "parquet":
        duckdb.execute(f"copy (from read_csv('{data}')) to '{path}'")
    elif kind == "duckdb":
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"create table ships as from read_csv('{data}')")
        options = ["--relation", "ships"]
    else:
        import pandas as pd
        import pyreadstat

        pyreadstat.write_sav(pd.read_csv(data), str(path))
    expected = json.loads(run(str(spec), "--data", str(data), "--format", "json").stdout)
    outcome = run(str(spec), "--data", str(path), *options, "--format", "json")
    assert outcome.returncode == 0, outcome.stderr
    found = json.loads(outcome.stdout)
    assert found["fit"] == pytest.approx(expected["fit"])
    levels = [row["level"] for row in expected["coefficients"]]
    assert [row["level"] for row in found["coefficients"]] == levels


def test_tables_and_files(run: Run, spec: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = run(str(spec), "--data", str(data), "--out", str(out))
    assert outcome.returncode == 0, outcome.stderr
    for title in ("Goodness of Fit", "Tests of Model Effects (Type III)", "Parameter Estimates", "Pairwise Contrasts"):
        assert title in outcome.stdout
    assert "Set to zero because this parameter is redundant." in outcome.stdout
    document = json.loads((out / "results.json").read_text(encoding="utf-8"))
    page = (out / "results.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert repr(document["fit"]["deviance"]) in page
    with (out / "glm_coefficient.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["estimate"]) == document["coefficients"][0]["estimate"]


def test_matrices_are_printed_on_request(run: Run, spec: Path, data: Path) -> None:
    titles = ("Covariances of Parameter Estimates", "Correlations of Parameter Estimates")
    for kind in ("table", "html"):
        plain = run(str(spec), "--data", str(data), "--format", kind).stdout
        outcome = run(str(spec), "--data", str(data), "--format", kind, "--matrices")
        assert outcome.returncode == 0, outcome.stderr
        assert all(title in outcome.stdout and title not in plain for title in titles)


@pytest.mark.parametrize(
    ("change", "options", "code", "words"),
    [
        ("factors: [ship, yaer]", [], 1, "no column yaer. Nearest: year"),
        ("factors: [ship]\ncolour: red", [], 1, "colour: is not a key of a model"),
        ("factors: [ship]\nlink: logit", [], 1, "link logit does not go with poisson"),
        ("factors: [ship]\nwhere: service > 1e9", [], 1, "line 8 gives 'where' a second time"),
        ("factors: [ship]\nsubsets: [{by: nothing}]", [], 1, "has no column nothing"),
        ("factors: [ship]\nfrequency: service / 2", [], 1, "but a frequency counts cases and is a whole number"),
        ("factors: [ship]\nreference: {ship: Z}", [], 1, "has no level 'Z' to be its reference"),
        ("factors: [ship", [], 1, "is not valid YAML"),
        (None, ["--relation", "ships"], 2, "is no database"),
        (None, ["--data", "missing.csv"], 2, "missing.csv does not exist"),
    ],
)
def test_errors_are_one_paragraph(
    run: Run, spec: Path, data: Path, change: str | None, options: list[str], code: int, words: str
) -> None:
    if change is not None:
        spec.write_text(
            SPEC.replace("factors: [ship, year]", change).replace("marginal_means: [ship]\ncontrasts: pairwise", "")
        )
    outcome = run(str(spec), "--data", str(data), *options)
    assert outcome.returncode == code
    assert words in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert outcome.stdout == ""


def test_without_data_the_published_database_is_asked(run: Run, spec: Path) -> None:
    outcome = run(str(spec))
    assert outcome.returncode == 2
    assert "Nothing has been published" in outcome.stderr
