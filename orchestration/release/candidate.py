"""A candidate: the folder in which a release is built, which no analyst opens until it is published."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.errors import FrontierError
from orchestration.workspace import Workspace

_KEPT_CANDIDATES = 3


@dataclass(frozen=True)
class Candidate:
    """The folder of a candidate; its name is the id of the release that it may become."""

    folder: Path

    @property
    def release_id(self) -> str:
        return self.folder.name

    @property
    def database(self) -> Path:
        return self.folder / "frontier.duckdb"

    @property
    def data_docs(self) -> Path:
        return self.folder / "data_docs"

    @property
    def note(self) -> Path:
        """What the steps of the refresh leave for each other and for the steward."""
        return self.folder / "candidate.json"

    @property
    def is_audited(self) -> bool:
        """Whether its findings have been collected."""
        return bool(self.read_note().get("is_audited"))

    def write_note(self, **facts: Any) -> None:
        """Add facts to the candidate's note."""
        self.note.write_text(json.dumps(self.read_note() | facts, indent=2, default=str), encoding="utf-8")

    def read_note(self) -> dict[str, Any]:
        """The facts noted so far."""
        return json.loads(self.note.read_text(encoding="utf-8")) if self.note.is_file() else {}


def new_release_id(now: dt.datetime | None = None) -> str:
    """A release id: the moment in UTC to the millisecond, so that ids sort by time."""
    moment = now or dt.datetime.now(dt.UTC)
    return moment.strftime("%Y%m%dT%H%M%S") + f"{moment.microsecond // 1000:03d}Z"


def start_candidate(workspace: Workspace, release_id: str, fingerprint: str, run_id: str) -> Candidate:
    """Make the folder of a new candidate, and let only the newest few refused ones stand beside it."""
    folder = workspace.candidates / release_id
    folder.mkdir(parents=True)
    older = sorted(path for path in workspace.candidates.iterdir() if path.is_dir())[:-_KEPT_CANDIDATES]
    for path in older:
        shutil.rmtree(path)
    candidate = Candidate(folder)
    candidate.write_note(inputs_fingerprint=fingerprint, run_id=run_id, started_at=dt.datetime.now(dt.UTC).isoformat())
    return candidate


def latest_refused(workspace: Workspace) -> Candidate | None:
    """The newest candidate that was audited and not published, or None."""
    if not workspace.candidates.is_dir():
        return None
    candidates = [Candidate(folder) for folder in sorted(workspace.candidates.iterdir(), reverse=True)]
    return next((one for one in candidates if one.is_audited), None)


def candidate_of_run(workspace: Workspace, run_id: str) -> Candidate:
    """The candidate that a run started; `FrontierError` when the run has started none."""
    folders = sorted(workspace.candidates.iterdir(), reverse=True) if workspace.candidates.is_dir() else []
    for folder in folders:
        candidate = Candidate(folder)
        if candidate.read_note().get("run_id") == run_id:
            return candidate
    raise FrontierError(
        "This step belongs to a refresh: it builds on a candidate that the first step starts. Run the job `refresh`."
    )
