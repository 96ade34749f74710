"""Measures what a year of daily releases leaves behind: Data Docs, reports, and the history of the checks.

Run from the checkout: `.venv/bin/python benchmarks/data_docs_year.py --warehouse DIR [--days 365]` with a warehouse
that holds a release. The checks of that release are carried over day by day, as a refresh does; each day one in
twenty comes out with another number, and each week one fails for a day. Docs are kept as the store of releases
keeps them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import statistics
import tempfile
import time
from pathlib import Path

import duckdb

from orchestration.modelling.declared_tables import create_declared_table
from orchestration.quality.check_history import record_check_history
from orchestration.release.store import KEPT_RELEASES, Release, current_release
from orchestration.workspace import Workspace

SEED = 20261122
_QUESTION = """
    select suite, check_name, count(*) as stays, count(*) filter (where not is_success) as failures
    from audit.check_history
    group by all
    order by failures desc
    limit 20
"""


def carry_over(release: Release, days: int, folder: Path) -> None:
    """Carry the checks of a release over as many days, and say what a year's history costs."""
    source = folder / "0" / "frontier.duckdb"
    source.parent.mkdir()
    with duckdb.connect(str(source)) as connection:
        connection.execute(f"attach '{release.database}' as release (read_only)")
        connection.execute("create schema audit")
        connection.execute("create table audit.check_result as select * from release.audit.check_result")
        connection.execute("detach release")
        record_check_history(connection, None, "0")
    seconds, last, chance = [], source, random.Random(SEED)
    for day in range(1, days + 1):
        name = (dt.date(2026, 1, 1) + dt.timedelta(day)).strftime("%Y%m%d")
        database = folder / name / "frontier.duckdb"
        database.parent.mkdir()
        with duckdb.connect(str(database)) as connection:
            create_declared_table(connection, "audit.check_result")
            connection.execute(f"attach '{source}' as source (read_only)")
            connection.execute("insert into audit.check_result select * from source.audit.check_result")
            connection.execute("detach source")
            connection.execute(
                "update audit.check_result set element_count = ? where hash(check_result_id, ?) % 20 = 0", [day, day]
            )
            if day % 7 == 0:
                connection.execute(
                    "update audit.check_result set is_success = false, unexpected_count = ? where check_result_id = "
                    "(select check_result_id from audit.check_result order by hash(check_result_id, ?) limit 1)",
                    [chance.randrange(1, 9), day],
                )
            began = time.perf_counter()
            record_check_history(connection, last, name)
            seconds.append(time.perf_counter() - began)
        last = database
    with duckdb.connect(str(last), read_only=True) as connection:
        began = time.perf_counter()
        connection.execute(_QUESTION).fetchall()
        asked = time.perf_counter() - began
        [rows] = connection.execute("select count(*) from audit.check_history").fetchone() or (0,)
        [checks] = connection.execute("select count(*) from audit.check_result").fetchone() or (0,)
    print(f"{checks} checks, {days} daily releases: {rows:,} stays; a question of all of them {1000 * asked:.1f} ms")
    print(
        f"  carried over in {1000 * statistics.median(seconds):.0f} ms a day (median), {1000 * seconds[-1]:.0f} ms last"
    )


def measure_pages(release: Release) -> None:
    """Say how large the pages of a release are, and how many are kept."""
    docs = release.folder / "data_docs"
    files = [path for path in docs.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    index = (docs / "index.html").stat().st_size
    print(f"Data Docs of a release: {len(files)} files, {size / 1e6:.2f} MB; index {index / 1e3:.1f} kB")
    if release.report.is_file():
        print(f"Report of a release: {release.report.stat().st_size / 1e3:.0f} kB")
    print(f"Kept after a year: {KEPT_RELEASES} releases, {KEPT_RELEASES * size / 1e6:.1f} MB of Data Docs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, required=True)
    parser.add_argument("--days", type=int, default=365)
    arguments = parser.parse_args()
    release = current_release(Workspace.of(warehouse=arguments.warehouse))
    if release is None:
        raise SystemExit(f"{arguments.warehouse} holds no release.")
    measure_pages(release)
    with tempfile.TemporaryDirectory() as folder:
        carry_over(release, arguments.days, Path(folder))


if __name__ == "__main__":
    main()
