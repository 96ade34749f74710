"""The quarantine: files that could not be landed, each kept with the reason until a steward decides."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from orchestration.release.fingerprint import file_sha256
from orchestration.workspace import Workspace

NOTE = "quarantine.json"
Kind = Literal["refused", "removed"]


@dataclass(frozen=True)
class Quarantined:
    """A file in quarantine, at the path `file`; `kind` says why: refused at landing, or taken out of `raw/` by hand."""

    dataset: str
    edition: str
    kind: Kind
    reason: str
    file: str
    sha256: str
    put_aside_at: str
    url: str | None = None


def put_aside(
    workspace: Workspace,
    file: Path,
    file_name: str,
    dataset: str,
    edition: str,
    kind: Kind,
    reason: str,
    url: str | None = None,
) -> Path:
    """Copy a file into quarantine with its reason; its folder there.

    The same bytes for the same edition are one entry: the reason is renewed.
    """
    digest = file_sha256(file)
    folder = workspace.quarantine / dataset / f"{edition}_{digest[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file_name
    if not target.is_file() or file_sha256(target) != digest:
        shutil.copyfile(file, target)
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    entry = Quarantined(dataset, edition, kind, reason, str(target), digest, now, url)
    partial = folder / f".{NOTE}.partial"
    partial.write_text(json.dumps(asdict(entry), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / NOTE)
    return folder


def list_quarantined(workspace: Workspace) -> list[Quarantined]:
    """Everything in quarantine, by dataset and edition."""
    notes = sorted(workspace.quarantine.glob(f"*/*/*/{NOTE}")) if workspace.quarantine.is_dir() else []
    return [_read_note(note) for note in notes]


def _read_note(note: Path) -> Quarantined:
    """The entry of a folder, with the file where it stands now: a warehouse may have been moved or copied."""
    entry = Quarantined(**json.loads(note.read_text(encoding="utf-8")))
    return replace(entry, file=str(note.parent / Path(entry.file).name))


def discharge(workspace: Workspace, dataset: str, sha256: str) -> None:
    """Take a file out of quarantine after it was landed."""
    for entry in list_quarantined(workspace):
        if entry.dataset == dataset and entry.sha256 == sha256:
            shutil.rmtree(Path(entry.file).parent)
