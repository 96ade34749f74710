"""Fixtures of a warehouse that the real command has published once, for every folder of tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
TABLE_4 = "goskomstat/arrivals_departures_by_okrug/demographic_yearbook_2006/table_4.csv"
SURVEY = "survey/frontier_2009/2009/frontier_2009.sav"


@dataclass(frozen=True)
class Command:
    """The `frontier` command on one raw folder and one warehouse."""

    raw: Path
    warehouse: Path

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        folders = ["--raw", str(self.raw), "--warehouse", str(self.warehouse)]
        return subprocess.run(
            [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments, *folders],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=self.warehouse.parent,
        )

    @property
    def database(self) -> Path:
        return self.warehouse / "frontier.duckdb"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """A warehouse with one release of the bundled raw data; tests only read it."""
    folder = tmp_path_factory.mktemp("published")
    frontier = Command(CHECKOUT / "raw", folder / "warehouse")
    outcome = frontier("refresh")
    assert outcome.returncode == 0, outcome.stderr
    assert "Published release" in outcome.stdout
    return frontier


@pytest.fixture
def warehouse_copy(published: Command, tmp_path: Path) -> Path:
    """A copy of the published warehouse that a test may refresh."""
    return Path(shutil.copytree(published.warehouse, tmp_path / "warehouse"))
