"""The store of releases: what stands in `warehouse/releases`, which one is current, how one is published."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.errors import FrontierError, UsageError
from orchestration.release.candidate import Candidate
from orchestration.release.fingerprint import file_sha256, inputs_fingerprint
from orchestration.workspace import Workspace

KEPT_RELEASES = 5
_MARKER = "SUCCESS"
_CHECKED = "checked.json"


@dataclass(frozen=True)
class Release:
    """A published release: a folder with database, report, manifest and, written last, the marker."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def database(self) -> Path:
        return self.folder / "frontier.duckdb"

    @property
    def report(self) -> Path:
        """The page that shows what was found and what changed."""
        return self.folder / "report.html"


def list_releases(workspace: Workspace) -> list[Release]:
    """Every whole release, newest first; a folder without its marker is no release."""
    if not workspace.releases.is_dir():
        return []
    folders = sorted(workspace.releases.iterdir(), reverse=True)
    return [
        Release(folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
        for folder in folders
        if (folder / _MARKER).is_file()
    ]


def find_release(workspace: Workspace, release_id: str) -> Release:
    """The release with this id; `UsageError` names the ones that there are."""
    releases = list_releases(workspace)
    for release in releases:
        if release.id == release_id:
            return release
    known = ", ".join(release.id for release in releases) or "none yet"
    raise UsageError(f"There is no release {release_id!r}. Releases: {known}.")


def current_release(workspace: Workspace) -> Release | None:
    """The release that analysts open now, or None before the first."""
    pointer = workspace.warehouse / "current.json"
    if not pointer.is_file():
        return None
    current = json.loads(pointer.read_text(encoding="utf-8"))["release"]
    return next((release for release in list_releases(workspace) if release.id == current), None)


def is_up_to_date(workspace: Workspace) -> bool:
    """Whether the current release was made from just the inputs that stand there now.

    Inputs that were found to make the same contents count too, since code can change and figures stay, and so do
    those that stood there when it was rolled back to.
    """
    current = current_release(workspace)
    if current is None:
        return False
    fingerprint = inputs_fingerprint(workspace)
    return current.manifest["inputs_fingerprint"] == fingerprint or _checked(workspace).get(current.id) == fingerprint


def is_rolled_back(workspace: Workspace) -> bool:
    """Whether the current release is one to which somebody has rolled back."""
    current = current_release(workspace)
    return current is not None and _checked(workspace).get("rolled_back_to") == current.id


def note_same_contents(workspace: Workspace, current: Release, fingerprint: str) -> None:
    """Remember that these inputs make just what the current release holds."""
    _write(workspace.warehouse / _CHECKED, {current.id: fingerprint})


def note_rollback(workspace: Workspace, current: Release) -> None:
    """Remember that what the inputs of today make was taken back, so that no schedule publishes it again."""
    _write(workspace.warehouse / _CHECKED, {current.id: inputs_fingerprint(workspace), "rolled_back_to": current.id})


def _checked(workspace: Workspace) -> dict[str, str]:
    checked = workspace.warehouse / _CHECKED
    return json.loads(checked.read_text(encoding="utf-8")) if checked.is_file() else {}


def publish(workspace: Workspace, candidate: Candidate, manifest: dict[str, Any]) -> Release:
    """Make a release of the candidate and let the current database be replaced by it in one atomic step.

    Until the last rename readers see the old release whole; after it they see the new one whole. The
    candidate's database must be closed. Raises `FrontierError` when a connection left a log behind.
    """
    log = candidate.database.with_name(candidate.database.name + ".wal")
    if log.exists():
        raise FrontierError(f"{log} was left behind: the candidate's database was not closed. Nothing is published.")
    folder = workspace.releases / candidate.release_id
    workspace.releases.mkdir(parents=True, exist_ok=True)
    _write(candidate.folder / "manifest.json", manifest)
    candidate.note.unlink(missing_ok=True)
    candidate.database.chmod(0o444)
    _sync(candidate.database)
    candidate.folder.replace(folder)
    _write(folder / _MARKER, {"release": folder.name})
    _sync(workspace.releases)
    release = Release(folder, manifest)
    make_current(workspace, release)
    _prune(workspace, keep=release)
    return release


def make_current(workspace: Workspace, release: Release) -> None:
    """Put a copy of the release where analysts open it, by an atomic rename."""
    fresh = workspace.database.with_name(".frontier.duckdb.new")
    fresh.unlink(missing_ok=True)
    shutil.copyfile(release.database, fresh)
    fresh.chmod(0o444)
    _sync(fresh)
    # A log of the old file beside the new one would be replayed into it.
    workspace.database.with_name(workspace.database.name + ".wal").unlink(missing_ok=True)
    fresh.replace(workspace.database)
    _write(workspace.warehouse / "current.json", {"release": release.id, "sha256": file_sha256(workspace.database)})
    _sync(workspace.warehouse)


def is_current_whole(workspace: Workspace) -> bool:
    """Whether the published database is there, byte for byte as it was published."""
    pointer = workspace.warehouse / "current.json"
    if not pointer.is_file() or not workspace.database.is_file():
        return False
    return json.loads(pointer.read_text(encoding="utf-8"))["sha256"] == file_sha256(workspace.database)


def _prune(workspace: Workspace, keep: Release) -> None:
    for release in list_releases(workspace)[KEPT_RELEASES:]:
        if release.id != keep.id:
            shutil.rmtree(release.folder)


def _write(path: Path, content: dict[str, Any]) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
    _sync(fresh)
    fresh.replace(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
