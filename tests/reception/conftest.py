"""A raw folder with a declared dataset that awaits its first file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from orchestration.workspace import Workspace
from tests.long_series import DATASET, FIGURES, Row, write_long_series


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace whose raw folder holds the declaration alone."""
    source = Workspace.of().raw / DATASET / "dataset.yml"
    target = tmp_path / "raw" / DATASET / "dataset.yml"
    target.parent.mkdir(parents=True)
    shutil.copy(source, target)
    return Workspace.of(tmp_path / "raw", tmp_path / "warehouse")


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[..., Path]:
    """Write a look-alike table under a name."""

    def write(figures: Mapping[int, Row] = FIGURES, stamp: str | None = None, name: str = "demo11.xls") -> Path:
        return write_long_series(tmp_path / name, figures, stamp)

    return write
