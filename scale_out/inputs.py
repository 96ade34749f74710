"""What dbt does not build (landed tables, seeds, fitted models), handed from DuckDB to Spark as Parquet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.errors import FrontierError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Table = tuple[str, str]
"""Schema and name of a table; both engines call it the same."""


def export_inputs(database: Path, tables: Iterable[Table], folder: Path) -> dict[Table, Path]:
    """Write each table of the database to a folder of Parquet below `folder`; the folders by table.

    Raises `FrontierError` when the database lacks one: it was published from another state of the project.
    """
    folders = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for schema, name in sorted(tables):
            target = folder / schema / name
            target.mkdir(parents=True)
            try:
                connection.sql(f'from "{schema}"."{name}"').write_parquet(str(target / "rows.parquet"))
            except duckdb.CatalogException:
                raise FrontierError(
                    f"{database} has no table {schema}.{name}, which the dbt project reads. "
                    "Publish a release of this checkout first: make refresh."
                ) from None
            folders[schema, name] = target
    return folders


def register_inputs(session: SparkSession, folders: dict[Table, Path]) -> None:
    """Make each folder of Parquet a table of the session's catalogue, without copying it."""
    for (schema, name), folder in folders.items():
        session.sql(f"create schema if not exists {schema}")
        session.sql(f"create table {schema}.{name} using parquet location '{folder.as_uri()}'")
