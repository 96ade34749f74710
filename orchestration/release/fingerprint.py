"""The fingerprint of everything that a release depends on: raw files, code, models, expectations, readers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from orchestration.workspace import CHECKOUT, Workspace

_IGNORED = {"__pycache__", "target", "logs", ".user.yml"}
_CODE_SUFFIXES = {".py", ".sql", ".yml", ".csv", ".html", ".css", ".js"}


def inputs_fingerprint(workspace: Workspace) -> str:
    """SHA-256 over the content of every input and the lock file; equal inputs give an equal fingerprint."""
    digest = hashlib.sha256()
    for label, path in _inputs(workspace):
        digest.update(f"{label}\0{file_sha256(path)}\n".encode())
    return digest.hexdigest()


def code_fingerprint(workspace: Workspace) -> str:
    """SHA-256 over code, models and expectations: what turns raw files into a release."""
    digest = hashlib.sha256()
    for label, path in _inputs(workspace):
        if not label.startswith("raw/"):
            digest.update(f"{label}\0{file_sha256(path)}\n".encode())
    return digest.hexdigest()


def _inputs(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    yield from _files("raw", workspace.raw, None)
    yield from _files("orchestration", CHECKOUT / "orchestration", _CODE_SUFFIXES)
    yield from _files("dbt_project", workspace.dbt_project, _CODE_SUFFIXES)
    yield from _files("expectations", workspace.expectations, _CODE_SUFFIXES)
    lock = CHECKOUT / "uv.lock"
    if lock.is_file():
        yield "uv.lock", lock


def _files(label: str, folder: Path, suffixes: set[str] | None) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        # A name with a leading point is work in progress, such as an edition that is just being examined.
        is_passing = _IGNORED & set(parts) or any(part.startswith(".") for part in parts)
        if path.is_file() and not is_passing and (suffixes is None or path.suffix in suffixes):
            yield f"{label}/{'/'.join(parts)}", path


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
