"""The folder of an export: written beside its place, put there whole, and replaced only where it is ours."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from orchestration.errors import UsageError

DESCRIPTOR = "datapackage.json"
MADE_BY = "frontier export"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def staged_folder(target: Path) -> Generator[Path]:
    """A new folder beside the target that takes its place when the block ends, and is gone when the block fails.

    Raises `UsageError` before anything is written when something stands at the target that no export made.
    """
    target = target.resolve()
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
    try:
        yield staging
        staging.chmod(0o755)
        check_target(target)
        _put_in_place(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def check_target(target: Path) -> None:
    """Raise `UsageError` unless nothing stands there, or an earlier export and nothing besides."""
    if not target.exists():
        return
    if not target.is_dir() or not (target / DESCRIPTOR).is_file():
        raise UsageError(f"{target} is there already and is no earlier export. Name a folder that does not exist yet.")
    known = _files_of_export(target)
    if known is None:
        raise UsageError(f"{target} holds a data package that another program made. Name another folder.")
    present = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
    foreign = sorted(present - known)
    if foreign:
        raise UsageError(
            f"{target} is an earlier export, but holds {foreign[0]!r}, which no export made and which would be lost. "
            "Move it away, or name another folder."
        )


def _files_of_export(target: Path) -> set[str] | None:
    try:
        descriptor = json.loads((target / DESCRIPTOR).read_text(encoding="utf-8"))
    except ValueError:
        return None
    if not isinstance(descriptor, dict) or descriptor.get("made_by") != MADE_BY:
        return None
    return {DESCRIPTOR, *(resource["path"] for resource in descriptor.get("resources", []))}


def _put_in_place(staging: Path, target: Path) -> None:
    if not target.exists():
        staging.rename(target)
    elif not _exchange(staging, target):
        # Without an exchange of names the target is missing for a moment, never half there.
        old = staging.with_suffix(".old")
        target.rename(old)
        try:
            staging.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step of the file system; False where it cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if rename is None:
        return False
    return rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0
