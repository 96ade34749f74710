"""Sets of values that a suite takes from a seed of the dbt project, so that no list is typed twice."""

from __future__ import annotations

import csv
from pathlib import Path

from orchestration.modelling.declared_tables import DBT_PROJECT

SEEDS = DBT_PROJECT / "seeds"


def seed_values(seed: str, column: str, seeds: Path = SEEDS) -> list[str]:
    """The values of a column of a seed, each once, in the order of the file; empty ones are left out.

    Raises `LookupError` that says what there is, where there is no such seed or column.
    """
    path = seeds / f"{seed}.csv"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in seeds.glob("*.csv")))
        raise LookupError(f"there is no seed {seed!r}; the seeds are {known}")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        columns = rows.fieldnames or []
        if column not in columns:
            raise LookupError(f"the seed {seed} has no column {column!r}; it has {', '.join(columns)}")
        return [value for value in dict.fromkeys(row[column] for row in rows) if value]
