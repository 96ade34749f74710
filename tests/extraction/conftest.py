"""Fixtures of the extraction tests: every bundled table, landed once."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.extraction.landed_tables import create_landed_tables, land_dataset
from orchestration.extraction.names import TerritoryNames
from orchestration.landing.catalogue import read_catalogue
from orchestration.workspace import Workspace


@pytest.fixture(scope="session")
def landed(names: TerritoryNames) -> duckdb.DuckDBPyConnection:
    """A database with all bundled tables, but no survey, in its landed tables; to be read only."""
    connection = duckdb.connect()
    create_landed_tables(connection)
    for dataset in read_catalogue(Workspace.of().raw):
        if dataset.declaration.kind != "survey":
            land_dataset(connection, dataset, names)
    return connection
