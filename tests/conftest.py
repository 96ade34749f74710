"""Fixtures that several folders of tests share: a candidate of the bundled raw data, and copies of raw folders."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from orchestration import pipeline
from orchestration.extraction.landed_tables import create_landed_tables, land_dataset
from orchestration.extraction.names import TerritoryNames
from orchestration.landing.catalogue import read_dataset
from orchestration.release.candidate import Candidate
from orchestration.workspace import Workspace


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The bundled raw folder and declarations, with a warehouse of the session's own."""
    return Workspace.of(warehouse=tmp_path_factory.mktemp("warehouse"))


@pytest.fixture(scope="session")
def candidate(workspace: Workspace) -> Candidate:
    """Every dataset landed, every model built, everything audited; to be opened for reading only."""
    built = pipeline.begin(workspace, "tests")
    for _ in pipeline.land(workspace, built, [dataset.name for dataset in pipeline.catalogue(workspace)]):
        pass
    pipeline.model(workspace, built)
    pipeline.audit(workspace, built)
    return built


@pytest.fixture(scope="session")
def names() -> TerritoryNames:
    """The spellings of territories that the project knows."""
    return TerritoryNames.from_seed(Workspace.of().territory_names)


@dataclass
class RawCopy:
    """A raw folder of a test's own, filled with copies of bundled datasets that the test may change."""

    root: Path
    names: TerritoryNames = field(repr=False)

    def add(self, dataset: str) -> Path:
        """Copy a bundled dataset; the folder of the copy."""
        shutil.copytree(Workspace.of().raw / dataset, self.root / dataset)
        return self.root / dataset

    def table(self, dataset: str, edition: str) -> Path:
        """The data file of an edition."""
        folder = self.root / dataset / edition
        return next(path for path in folder.iterdir() if path.name != "origin.yml")

    def replace(self, dataset: str, edition: str, old: str, new: str) -> None:
        """Change text that stands once in the file, as a publisher would: its origin describes the result."""
        table = self.table(dataset, edition)
        text = table.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {table.name}"
        self.write(dataset, edition, text.replace(old, new).encode())

    def write(self, dataset: str, edition: str, content: bytes) -> None:
        """Put other bytes in place of the file and describe them in its origin."""
        self.table(dataset, edition).write_bytes(content)
        origin = self.root / dataset / edition / "origin.yml"
        described = origin.read_text(encoding="utf-8")
        described = re.sub(r"(?m)^sha256: .*$", f"sha256: {hashlib.sha256(content).hexdigest()}", described)
        origin.write_text(re.sub(r"(?m)^bytes: .*$", f"bytes: {len(content)}", described), encoding="utf-8")

    def land(self, dataset: str, connection: duckdb.DuckDBPyConnection) -> int:
        """Land a dataset of this folder."""
        return land_dataset(connection, read_dataset(self.root, dataset), self.names)


@pytest.fixture
def raw_copy(tmp_path: Path, names: TerritoryNames) -> RawCopy:
    return RawCopy(tmp_path / "raw", names)


@pytest.fixture
def landing_zone() -> duckdb.DuckDBPyConnection:
    """A database with the landed tables, empty."""
    connection = duckdb.connect()
    create_landed_tables(connection)
    return connection
