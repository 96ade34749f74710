"""How fast a year of findings is queried: daily releases of a hundred datasets, generated.

Run: python -m benchmarks.finding_history [--datasets 100] [--days 365] [--new 3]
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.modelling.declared_tables import create_declared_table
from orchestration.quality.findings import read_findings
from orchestration.quality.history import HISTORY, read_history, record_history

_REPEATS = 20
_LONGEST = 30
"""Days that a generated finding stands at most."""


def generate(database: Path, datasets: int, days: int, new_per_day: int) -> None:
    """Write a release at the end of the time: every finding that has stood, and those that stand."""
    release = "strftime(date '2026-01-01' + cast({} as integer), '%Y%m%dT063000000Z')"
    with duckdb.connect(str(database)) as connection:
        for table in (HISTORY, "audit.finding", "audit.finding_cell"):
            create_declared_table(connection, table)
        connection.execute(
            f"""
            insert into {HISTORY} by name
            with numbers as (
                select d.range as dataset, t.range as day, n.range as number,
                    1 + cast(hash(d.range, t.range, n.range) % {_LONGEST} as integer) as stays
                from range({datasets}) as d, range({days}) as t, range({new_per_day}) as n
            )
            select
                left(md5(concat_ws('|', dataset, day, number)), 12) as finding_id,
                'rule_' || (number + dataset) % 25 as rule_id,
                'ref_area=' || number || ' time_period=' || day as instance,
                case number % 3 when 0 then 'error' when 1 then 'warning' else 'info' end as severity,
                case number % 3 when 0 then 'waived' when 1 then 'open' else 'explained' end as state,
                'Steward ' || dataset % 7 as owner,
                'agency_' || dataset % 10 || '/table_' || dataset as dataset,
                cast(2026 as varchar) as edition,
                'The parts add up to the whole. Not so in table ' || dataset || '. Cells: B4 1; C4 2.' as message,
                {release.format("day")} as first_seen,
                {release.format(f"least(day + stays, {days}) - 1")} as last_seen,
                case when day + stays < {days} then {release.format("day + stays")} end as resolved_in
            from numbers
            """
        )
        connection.execute(
            f"insert into audit.finding by name select * exclude (resolved_in) from {HISTORY} where resolved_in is null"
        )


def measure(name: str, ask: Callable[[], int]) -> float:
    """Milliseconds of the median of some repeats; prints them with the rows and the processor's time."""
    elapsed: list[float] = []
    busy: list[float] = []
    rows = 0
    for _ in range(_REPEATS):
        start, began = time.perf_counter(), time.process_time()
        rows = ask()
        elapsed.append(1000 * (time.perf_counter() - start))
        busy.append(1000 * (time.process_time() - began))
    median = statistics.median(elapsed)
    sys.stdout.write(
        f"{name:<48} {rows:>6,} rows  median {median:6.1f} ms  max {max(elapsed):6.1f} ms  "
        f"processor {statistics.median(busy):6.1f} ms\n"
    )
    return median


def main() -> int:
    """Generate, ask what stewards ask, and say how long it takes; exit code 1 when a question takes 100 ms."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option, default in (("--datasets", 100), ("--days", 365), ("--new", 3)):
        parser.add_argument(option, type=int, default=default)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "frontier.duckdb"
        generate(database, options.datasets, options.days, options.new)
        sys.stdout.write(f"{database.stat().st_size / 1e6:.1f} MB\n")
        slowest = _ask_all(database)
        _carry_over(Path(folder), database)
    return int(slowest >= 100)


def _ask_all(database: Path) -> float:
    since = (dt.date(2026, 1, 1) + dt.timedelta(days=180)).strftime("%Y%m%d")
    by_month = (
        f"select dataset, left(first_seen, 6), severity, count(*), count(resolved_in) from {HISTORY} group by all"
    )
    standing = f"select * from {HISTORY} where first_seen <= '{since}' and coalesce(resolved_in > '{since}', true)"

    def ask(question: Callable[[duckdb.DuckDBPyConnection], int]) -> Callable[[], int]:
        def opened() -> int:
            with duckdb.connect(str(database), read_only=True) as connection:
                return question(connection)

        return opened

    finding_id = _some_id(database)
    questions: dict[str, Callable[[duckdb.DuckDBPyConnection], int]] = {
        "history of one dataset": lambda one: len(read_history(one, dataset="agency_7/table_17")),
        "history of one finding": lambda one: len(read_history(one, finding_id=finding_id)),
        "what stands now, with everything": lambda one: len(read_findings(one)),
        "what stood on one day": lambda one: len(one.execute(standing).fetchall()),
        "new and resolved by dataset, month and severity": lambda one: len(one.execute(by_month).fetchall()),
    }
    return max(measure(name, ask(question)) for name, question in questions.items())


def _some_id(database: Path) -> str:
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute(f"select min(finding_id) from {HISTORY}").fetchone()
    return row[0] if row else ""


def _carry_over(folder: Path, last: Path) -> None:
    """What the history costs the next refresh."""
    with duckdb.connect(str(folder / "next.duckdb")) as connection:
        create_declared_table(connection, "audit.finding")
        start = time.perf_counter()
        record_history(connection, last, "20270101T063000000Z")
        sys.stdout.write(f"carried over into the next release in {1000 * (time.perf_counter() - start):.0f} ms\n")


if __name__ == "__main__":
    sys.exit(main())
