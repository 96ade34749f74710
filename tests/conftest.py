"""Fixtures that several folders of tests share: a candidate of the bundled raw data, built once per session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestration import pipeline
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.release.candidate import Candidate


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The bundled raw folder and declarations, with a warehouse of the session's own."""
    return Workspace.of(warehouse=tmp_path_factory.mktemp("warehouse"))


@pytest.fixture(scope="session")
def candidate(workspace: Workspace) -> Candidate:
    """Every dataset landed, every model built, the identities evaluated; to be opened for reading only."""
    built = pipeline.begin(workspace, "tests")
    for dataset in pipeline.catalogue(workspace):
        pipeline.land(workspace, built, dataset.name)
    built.note_failed_tests(pipeline.model(workspace, built))
    pipeline.audit(workspace, built)
    return built
