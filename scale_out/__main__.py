"""The command: build the dbt project on Spark from the inputs of a release, and compare every table of `main`."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.errors import FrontierError
from scale_out.compare import Comparison, compare_tables
from scale_out.inputs import export_inputs, register_inputs
from scale_out.project import ProjectTables, build_models, read_project
from scale_out.session import require_java, spark_session

_CHECKOUT = Path(__file__).resolve().parents[1]
_PUBLISHED = "main"


def main() -> int:
    """Exit code 0 when no row differs, 1 when one does or something fails."""
    parser = argparse.ArgumentParser(prog="python -m scale_out", description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=_CHECKOUT / "warehouse", help="folder of the release")
    parser.add_argument("--master", default="local[*]", help="Spark's cluster, such as spark://host:7077")
    arguments = parser.parse_args()
    try:
        return _compare_engines(arguments.warehouse.resolve(), arguments.master)
    except FrontierError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code


def _compare_engines(warehouse: Path, master: str) -> int:
    database, folder = warehouse / "frontier.duckdb", warehouse / "spark"
    if not database.is_file():
        raise FrontierError(f"{database} does not exist. Publish a release first: make refresh.")
    require_java()
    shutil.rmtree(folder, ignore_errors=True)
    began = time.perf_counter()
    dbt_project, target = _CHECKOUT / "dbt_project", folder / "dbt"
    project = read_project(dbt_project, target)
    tables = _published_tables(database, project)
    inputs = export_inputs(database, project.inputs, folder / "inputs")
    with spark_session(folder, master) as session:
        register_inputs(session, inputs)
        started = time.perf_counter()
        models = build_models(dbt_project, target)
    built = time.perf_counter()
    print(f"Built {models} models on Spark in {built - started:.0f} s, after {started - began:.0f} s to start it.")
    comparisons = compare_tables(database, _PUBLISHED, tables, folder / "tables" / f"{_PUBLISHED}.db")
    return _report(comparisons)


def _published_tables(database: Path, project: ProjectTables) -> set[str]:
    """Tables of the release that models make. Raises `FrontierError` at a table whose maker is not known."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select table_name from information_schema.tables where table_schema = ?", [_PUBLISHED]
        ).fetchall()
    published = {(_PUBLISHED, name) for (name,) in rows}
    models = {table for table in project.models if table[0] == _PUBLISHED}
    unknown = published - models - project.written
    absent = models - published
    if unknown or absent:
        names = ", ".join(sorted(name for _, name in unknown | absent))
        raise FrontierError(
            f"{database} and the dbt project do not have the same tables ({names}). "
            "Publish a release of this checkout first: make refresh."
        )
    return {name for _, name in models}


def _report(comparisons: Sequence[Comparison]) -> int:
    width = max(len(comparison.table) for comparison in comparisons)
    print(f"{'table':{width}}  {'DuckDB':>9}  {'Spark':>9}  {'differing':>9}")
    for one in comparisons:
        print(f"{one.table:{width}}  {one.rows:>9,}  {one.rows_of_spark:>9,}  {one.differing:>9,}")
        for line in (*one.problems, *one.examples):
            print(f"    {line}")
    rows = sum(one.rows for one in comparisons)
    different = [one.table for one in comparisons if not one.is_same]
    print(
        f"{len(comparisons)} tables, {rows:,} rows compared, {sum(one.differing for one in comparisons):,} differing."
    )
    if different:
        print(f"Error: Spark and DuckDB do not agree on {', '.join(different)}.", file=sys.stderr)
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
