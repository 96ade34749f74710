"""Measures how fast a large survey file gets into the warehouse, beside plain reads of the same file.

Run from the checkout: `.venv/bin/python benchmarks/survey_landing.py [--rows 1000000] [--runs 3]`. The file is
generated (seeded, 30 variables), once plain and once in the bytecode compression in which SPSS saves. Each
reading is a process of its own; the best of the runs counts. Seconds are those of the call, after the imports;
those of the whole process stand beside them. polars-readstat is measured where it is installed.
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

SEED = 20091120
REGIONS = ("Западно-Казахстанская", "Актюбинская", "Костанайская", "Астраханская", "Оренбургская", "Саратовская")
PLAIN_READS = ("pyreadstat, pandas", "pyreadstat, dict, user-missing kept")
LANDING = "landed in DuckDB"


def generate(path: Path, rows: int, is_compressed: bool) -> None:
    """Write a synthetic survey: a number, 22 coded items with missing codes, 4 counts, 2 decimals and a text."""
    import numpy as np
    import pandas as pd
    import pyreadstat

    random = np.random.default_rng(SEED)
    columns: dict[str, Any] = {"number": np.arange(1, rows + 1, dtype=float)}
    answers: dict[float, str] = {
        1: "Never",
        2: "Seldom",
        3: "Sometimes",
        4: "Often",
        5: "Always",
        98: "Hard to say",
        99: "Refused",
    }
    items = [f"item_{place}" for place in range(1, 23)]
    for name in items:
        codes = random.choice([*answers], size=rows, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05]).astype(float)
        codes[random.random(rows) < 0.03] = np.nan
        columns[name] = codes
    for place in range(1, 5):
        columns[f"visits_{place}"] = random.poisson(20, rows).astype(float)
    columns["weight"] = np.round(random.gamma(4, 0.25, rows), 6)
    columns["income"] = random.lognormal(10, 1, rows)
    columns["region"] = random.choice(np.array(REGIONS, dtype=object), rows)
    pyreadstat.write_sav(
        pd.DataFrame(columns),
        path,
        file_label="SYNTHETIC benchmark data: no respondents",
        variable_value_labels=dict.fromkeys(items, answers),
        missing_ranges=dict.fromkeys(items, [98, 99]),
        row_compress=is_compressed,
    )


def _read_pandas(path: Path) -> Callable[[], int]:
    import pandas as pd  # noqa: F401
    import pyreadstat

    return lambda: pyreadstat.read_sav(path)[1].number_rows or 0


def _read_dict(path: Path) -> Callable[[], int]:
    import pyreadstat

    options: dict[str, Any] = {"user_missing": True, "disable_datetime_conversion": True}
    return lambda: pyreadstat.read_sav(path, output_format="dict", **options)[1].number_rows or 0


def _read_multiprocess(path: Path) -> Callable[[], int]:
    import pandas as pd  # noqa: F401
    import pyreadstat

    processes = os.cpu_count() or 1
    read = pyreadstat.read_file_multiprocessing
    return lambda: read(pyreadstat.read_sav, path, num_processes=processes)[1].number_rows or 0


def _read_polars(path: Path) -> Callable[[], int]:
    polars_readstat = importlib.import_module("polars_readstat")
    return lambda: polars_readstat.scan_readstat(str(path), preserve_order=True).collect().height


def _land(path: Path) -> Callable[[], int]:
    import duckdb
    import pyarrow.dataset  # noqa: F401
    import pyreadstat  # noqa: F401

    from orchestration.extraction.landed_tables import create_landed_tables
    from orchestration.extraction.surveys.landing import SurveyFile, land_surveys
    from orchestration.landing.survey_declaration import SurveyDeclaration

    database = path.with_suffix(".duckdb")
    database.unlink(missing_ok=True)
    connection = duckdb.connect(str(database))
    create_landed_tables(connection)

    def land() -> int:
        survey = SurveyFile(path, "benchmark/survey", "1")
        (landed,) = land_surveys(connection, [survey], SurveyDeclaration(respondent_id="number"))
        connection.execute("checkpoint")
        return (connection.execute(f"select count(*) from raw.{landed.case_table}").fetchone() or (0,))[0]

    return land


READINGS: dict[str, Callable[[Path], Callable[[], int]]] = {
    PLAIN_READS[0]: _read_pandas,
    PLAIN_READS[1]: _read_dict,
    "pyreadstat, multiprocess": _read_multiprocess,
    "polars-readstat, user-missing lost": _read_polars,
    LANDING: _land,
}


def measure_here(name: str, path: Path) -> dict[str, float]:
    """Run one reading in this process: rows, seconds of the call, peak memory with its child processes in MiB."""
    read = READINGS[name](path)
    began = time.perf_counter()
    rows = read()
    seconds = time.perf_counter() - began
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # The system tells only the largest child; there are as many as processors.
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (os.cpu_count() or 1)
    return {"rows": rows, "seconds": seconds, "peak": (own + children) / 1024}


def measure(name: str, path: Path, runs: int) -> dict[str, float]:
    """The best of some processes that each run one reading."""
    outcomes = []
    for _ in range(runs):
        began = time.perf_counter()
        command = [sys.executable, str(Path(__file__).resolve()), "--measure", name, "--file", str(path)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout
        outcomes.append(json.loads(printed) | {"process": time.perf_counter() - began})
    return min(outcomes, key=lambda outcome: outcome["seconds"])


def report(path: Path, runs: int) -> None:
    """Print one line per reading, with its speed over that of the fastest plain read."""
    available = [name for name in READINGS if "polars" not in name or importlib.util.find_spec("polars_readstat")]
    results = {name: measure(name, path, runs) for name in available}
    plain = min(results[name]["seconds"] for name in PLAIN_READS)
    print(f"{'':36}{'seconds':>9}{'process':>9}{'rows/s':>12}{'ratio':>8}{'peak MiB':>10}")
    for name, one in results.items():
        speed = one["rows"] / one["seconds"]
        print(
            f"{name:36}{one['seconds']:9.2f}{one['process']:9.2f}{speed:12,.0f}{plain / one['seconds']:8.2f}"
            f"{one['peak']:10,.0f}"
        )


def main() -> None:
    """Generate the files, measure every reading on each, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--measure", choices=READINGS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measure_here(chosen.measure, chosen.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for is_compressed in (True, False):
            path = Path(folder) / ("bytecode.sav" if is_compressed else "plain.sav")
            generate(path, chosen.rows, is_compressed)
            print(f"\n{chosen.rows:,} x 30, {path.stem}, {path.stat().st_size / 1e6:.0f} MB")
            report(path, chosen.runs)
            path.unlink()


if __name__ == "__main__":
    main()
