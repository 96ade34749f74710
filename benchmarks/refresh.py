"""Measures the refresh as whole processes: a full one in a warm environment, and one with nothing to do.

Run from the checkout: `.venv/bin/python benchmarks/refresh.py [--runs 5]`. The first, cold run is reported apart
and not counted: it parses the dbt project.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_STEP = re.compile(r"^(?P<title>.+): done in (?P<seconds>[\d.]+) s$", re.MULTILINE)


def _run(warehouse: Path, *arguments: str) -> tuple[float, dict[str, float]]:
    """Wall seconds of one process, and the seconds of its steps (landing added up)."""
    command = [sys.executable, "-c", "from orchestration.cli import main; main()", "refresh", *arguments]
    began = time.perf_counter()
    outcome = subprocess.run(
        [*command, "--warehouse", str(warehouse)], capture_output=True, text=True, check=True, timeout=600
    )
    seconds = time.perf_counter() - began
    steps: dict[str, float] = {}
    for step in _STEP.finditer(outcome.stderr):
        title = "Land the datasets" if step["title"].startswith("Land ") else step["title"]
        steps[title] = steps.get(title, 0.0) + float(step["seconds"])
    return seconds, steps


def main() -> None:
    """Print medians and what dominates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "warehouse"
        cold, _ = _run(warehouse)
        full = [_run(warehouse, "--full") for _ in range(runs)]
        idle = [_run(warehouse)[0] for _ in range(runs)]
    print(f"first refresh        {cold:6.1f} s")
    print(f"full refresh, warm   {_spread([seconds for seconds, _ in full])}")
    for title in full[0][1]:
        print(f"  {title:<44}{statistics.median([steps[title] for _, steps in full]):5.1f} s")
    print(f"nothing to do        {_spread(idle)}")


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):6.2f} s  (of {len(seconds)}: {min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    main()
