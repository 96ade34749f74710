"""Measures the evaluation of all declared identities over many figures in DuckDB, with two threads.

Run from the checkout: `.venv/bin/python benchmarks/identities_scale.py [--database frontier.duckdb] [--rows 10000000]`.
The figures are those of the bundled tables, printed again for each of as many ages as the rows need, so that every
identity has work to do. What breaks an identity in print is printed for the first age only: thousands of copies of
one error are no warehouse. Without a database the bundled tables are
landed first, which is not counted.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.mutation import build_database
from orchestration.modelling.declared_tables import create_declared_table
from orchestration.quality.identities.evaluation import evaluate
from orchestration.quality.identities.rules import load_identities
from orchestration.workspace import Workspace

_DECLARED = (
    "main.dim_period", "main.dim_territory", "main.bridge_territory_group", "raw.territory", "raw.territory_group",
    "raw.territory_group_member",
)  # fmt: skip


class Timed:
    """A connection that adds up the processor time of what it executes, by the table that is written."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.seconds: dict[str, float] = defaultdict(float)

    def execute(self, sql: str, *parameters: Any) -> Any:
        """Execute as the connection does."""
        before = time.process_time()
        result = self._connection.execute(sql, *parameters)
        words = sql.split()
        written = next((word for word in words if word.startswith("audit")), "questions before")
        self.seconds[written] += time.process_time() - before
        return result


def fill(connection: duckdb.DuckDBPyConnection, database: Path, rows: int) -> int:
    """Copy what the evaluation reads, every figure as often as the rows need; how many figures there are."""
    connection.execute(f"attach '{database}' as printed (read_only)")
    connection.execute("create schema raw; create schema intermediate")
    for table in _DECLARED:
        connection.execute(f"create table {table} as from printed.{table}")
    for table in ("audit.identity_term", "audit.identity_result"):
        create_declared_table(connection, table)
    connection.execute(
        f"""
        create table intermediate.int_figures__versioned as
        with printed as (
            select figures.*, terms.observation_id is not null as is_broken
            from printed.intermediate.int_figures__versioned as figures
            left join (
                select distinct terms.observation_id
                from printed.audit.identity_result as results
                inner join printed.audit.identity_term as terms using (rule_id, instance)
                where results.verdict != 'holds'
            ) as terms using (observation_id)
        )
        select * exclude (is_broken) replace (
            observation_id || '#' || number as observation_id,
            'Y' || number as age,
            'age=Y' || number as breakdown
        )
        from printed, range((select {rows} // count(*) from printed where not is_broken)) as copies(number)
        where number = 0 or not is_broken
        """
    )
    return _count(connection, "intermediate.int_figures__versioned")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    return row[0] if row else 0


def main() -> None:
    """Fill, evaluate, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, help="the database of a candidate or release")
    parser.add_argument("--rows", type=int, default=10**7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.of(warehouse=Path(folder))
        database = chosen.database or build_database(workspace)
        with duckdb.connect(str(Path(folder) / "scale.duckdb")) as connection:
            connection.execute("set threads = 2; set preserve_insertion_order = false")
            rows = fill(connection, database, chosen.rows)
            timed = Timed(connection)
            wall, processor = time.perf_counter(), time.process_time()
            evaluate(timed, load_identities(workspace.expectations / "identities.yml"))  # ty: ignore[invalid-argument-type]
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            terms, written = (_count(connection, f"audit.identity_{name}") for name in ("term", "result"))
            row = connection.execute("select cast(sum(instances) as bigint) from audit.identity_result").fetchone()
            judged = row[0] if row else 0
    print(f"{rows:,} figures, {judged:,} instances judged; {terms:,} cells in {written:,} rows written down")
    print(f"{wall:.1f} s, {processor:.1f} s of processor time")
    for name, seconds in sorted(timed.seconds.items(), key=lambda one: -one[1]):
        print(f"  {name:34}{seconds:8.1f} s of processor time")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
