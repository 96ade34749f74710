"""Measures a Poisson model of nine factors, with aggregation and standard errors, beside other packages.

Run from the checkout: `.venv/bin/python benchmarks/glm_speed.py [--rows 1000000 10000000] [--runs 3] [--big]`.
The data is generated (seeded; 51,200 covariate patterns) into a folder that is removed, as a DuckDB table and as
Parquet. Each measurement is a process of its own with two threads and `memory_limit` 400 MB; the best of the
runs counts. Seconds are wall clock and processor time of the call after the imports, then of the whole process;
MiB is its peak memory. statsmodels is measured up to 10^6 rows; glum, pyfixest and duckreg where they are
installed. `--big` adds 10^8 rows as Parquet.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

LEVELS = {
    "age_group": 5,
    "sex": 2,
    "education": 4,
    "marital_status": 4,
    "income": 5,
    "nationality": 4,
    "citizenship": 2,
    "settlement": 4,
    "country": 2,
}
FACTORS = list(LEVELS)
MODELS: dict[str, dict[str, Any]] = {
    "poisson": {"response": "trips", "distribution": "poisson"},
    "poisson, robust": {"response": "trips", "distribution": "poisson", "covariance": "robust"},
    "negative binomial": {"response": "trips", "distribution": "negative_binomial"},
    "ordinal logit": {"response": "grade", "distribution": "ordinal"},
}
GROUP_BY = "bare GROUP BY"
IMPORTS = {
    GROUP_BY: ["pyarrow"],
    "engine": ["pyarrow", "orchestration.glm.battery"],
    "statsmodels": ["pandas", "statsmodels.formula.api"],
    "glum": ["pandas", "glum"],
    "pyfixest": ["pandas", "pyfixest"],
    "duckreg": ["pandas", "duckreg.estimators"],
}
"""What each run imports before the clock starts."""
_ETA = "0.1 * age_group - 0.3 * sex + 0.05 * education + 0.1 * marital_status - 0.02 * income + 0.3 * country"


def generate(connection: duckdb.DuckDBPyConnection, rows: int) -> None:
    """A table `survey` of nine factors, a count and an ordered grade."""
    factors = ", ".join(
        f"CAST(1 + hash(i * {place + 11} + {place}) % {size} AS INTEGER) AS {name}"
        for place, (name, size) in enumerate(LEVELS.items())
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE survey AS
        WITH coded AS (
            SELECT {factors}, (hash(i * 7919 + 3) % 1000003 + 0.5) / 1000003.0 AS u FROM range({rows}) AS r(i)
        )
        SELECT
            {", ".join(FACTORS)},
            CAST(floor(-ln(u) * exp({_ETA})) AS INTEGER) AS trips,
            CAST(1 + least(3, floor(u * 4 + 0.15 * age_group - 0.2 * sex)) AS INTEGER) AS grade
        FROM coded
        """
    )


def connect(source: Path) -> tuple[duckdb.DuckDBPyConnection, str]:
    """The data, with two threads and little memory."""
    if source.suffix == ".duckdb":
        connection, relation = duckdb.connect(str(source), read_only=True), "survey"
    else:
        connection, relation = duckdb.connect(), "survey"
        connection.execute(f"CREATE VIEW survey AS FROM read_parquet('{source}')")
    connection.execute("SET threads = 2")
    connection.execute("SET memory_limit = '400MB'")
    return connection, relation


def run_group_by(source: Path) -> None:
    """The aggregation alone, as one would write it."""
    connection, relation = connect(source)
    connection.execute(
        f"SELECT {', '.join(FACTORS)}, count(*), sum(trips) FROM {relation} GROUP BY ALL"
    ).to_arrow_table()


def run_engine(source: Path, model: str) -> None:
    """The engine: cells, fit, standard errors, Type III tests, fit statistics."""
    from orchestration.glm.battery import fit_battery

    connection, relation = connect(source)
    fit_battery(connection, {"name": "speed", "factors": FACTORS, **MODELS[model]}, relation)


def run_statsmodels(source: Path) -> None:
    """statsmodels on the rows."""
    import statsmodels.formula.api as smf
    from statsmodels.genmod.families import Poisson

    connection, relation = connect(source)
    frame = connection.execute(f"SELECT * FROM {relation}").df()
    formula = "trips ~ " + " + ".join(f"C({name})" for name in FACTORS)
    smf.glm(formula, frame, family=Poisson()).fit()


def run_glum(source: Path) -> None:
    """glum on the rows."""
    glum = importlib.import_module("glum")
    connection, relation = connect(source)
    frame = connection.execute(f"SELECT * FROM {relation}").df()
    predictors = frame[FACTORS].astype("category")
    model = glum.GeneralizedLinearRegressor(family="poisson", alpha=0, drop_first=True)
    model.fit(predictors, frame["trips"]).covariance_matrix(predictors, frame["trips"])


def run_pyfixest(source: Path) -> None:
    """pyfixest on the rows."""
    pyfixest = importlib.import_module("pyfixest")
    connection, relation = connect(source)
    frame = connection.execute(f"SELECT * FROM {relation}").df()
    pyfixest.fepois("trips ~ " + " + ".join(f"C({name})" for name in FACTORS), frame)


def run_duckreg(source: Path) -> None:
    """duckreg's Poisson regression on compressed rows; factors are numbers to it, with one slope each."""
    estimators = importlib.import_module("duckreg.estimators")
    model = estimators.DuckPoissonRegression(
        db_name=str(source),
        table_name="survey",
        formula="trips ~ " + " + ".join(FACTORS),
        seed=1,
        n_bootstraps=0,
        method="irls",
    )
    model.fit()
    model.fit_vcov()


def list_runs(rows: int) -> dict[str, Callable[[Path], None]]:
    """What is measured at this many rows."""
    runs: dict[str, Callable[[Path], None]] = {GROUP_BY: run_group_by}
    for model in MODELS:
        runs[f"engine, {model}"] = lambda source, model=model: run_engine(source, model)
    others = {"statsmodels": run_statsmodels, "glum": run_glum, "pyfixest": run_pyfixest, "duckreg": run_duckreg}
    for name, run in others.items():
        if importlib.util.find_spec(name) is not None and rows <= (10**6 if name != "duckreg" else 10**7):
            runs[name] = run
    return runs


def measure(name: str, source: Path, rows: int) -> dict[str, float]:
    """Run once in this process, imports first."""
    for module in IMPORTS["engine" if name.startswith("engine") else name]:
        importlib.import_module(module)
    before, cpu = time.perf_counter(), time.process_time()
    list_runs(rows)[name](source)
    return {"wall": time.perf_counter() - before, "cpu": time.process_time() - cpu, "mib": peak_memory()}


def peak_memory() -> float:
    """The most memory that this process has held, in MiB; `getrusage` would count that of its parent too."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_apart(name: str, source: Path, rows: int, runs: int) -> dict[str, float] | None:
    """The best of some runs, each in a process of its own."""
    best: dict[str, float] | None = None
    for _ in range(runs):
        before = time.perf_counter()
        command = [sys.executable, __file__, "--measure", name, "--source", str(source), "--rows", str(rows)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "2"}
        )
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            print(f"{name:28s} failed: {last[0]}")
            return None
        found = {**json.loads(done.stdout), "process": time.perf_counter() - before}
        best = found if best is None or found["wall"] < best["wall"] else best
    return best


def report(source: Path, rows: int, runs: int) -> None:
    """Print a line for each run."""
    print(f"\n{rows:,} rows, {source.suffix[1:]}")
    print(f"{'':28s} {'wall s':>8s} {'cpu s':>8s} {'process s':>10s} {'MiB':>6s}")
    for name in list_runs(rows):
        if source.suffix != ".duckdb" and name == "duckreg":
            continue
        found = measure_apart(name, source, rows, runs)
        if found is not None:
            print(f"{name:28s} {found['wall']:8.3f} {found['cpu']:8.3f} {found['process']:10.3f} {found['mib']:6.0f}")


def main() -> None:
    """Generate, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10**6, 10**7])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--big", action="store_true", help="also 10^8 rows as Parquet (about 0.8 GB of disk)")
    parser.add_argument("--measure")
    parser.add_argument("--source", type=Path)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.source, arguments.rows[0])))
        return
    with tempfile.TemporaryDirectory() as folder:
        for rows in arguments.rows:
            database = Path(folder) / f"{rows}.duckdb"
            with duckdb.connect(str(database)) as connection:
                generate(connection, rows)
                connection.execute(f"COPY survey TO '{database.with_suffix('.parquet')}'")
                if arguments.big and rows == max(arguments.rows):
                    connection.execute(
                        f"COPY (SELECT survey.* FROM range({10**8 // rows}) AS r(i), survey) TO '{folder}/big.parquet'"
                    )
            report(database, rows, arguments.runs)
            report(database.with_suffix(".parquet"), rows, arguments.runs)
        if arguments.big:
            report(Path(folder) / "big.parquet", 10**8, arguments.runs)


if __name__ == "__main__":
    main()
