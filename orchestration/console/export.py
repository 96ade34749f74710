"""`frontier export`: where the files are, what they hold, and which of them are synthetic."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from orchestration.console.output import print_json, print_rows
from orchestration.export.exporting import Exported, export_release
from orchestration.export.folder import DESCRIPTOR
from orchestration.export.synthetic import NOTICE
from orchestration.workspace import Workspace


def run_export(
    workspace: Workspace,
    target: Path | None,
    formats: Sequence[str],
    tables: Sequence[str],
    release_id: str | None,
    is_latest: bool,
    output: Literal["table", "json"],
) -> None:
    """Export, and print what was written."""
    exported = export_release(workspace, target, formats, tables, release_id, is_latest)
    if output == "json":
        print_json(_document(exported))
        return
    rows = [
        [one["path"], one.get("row_count"), one["bytes"], "synthetic" if one.get("is_synthetic") else ""]
        for one in exported.resources
    ]
    print_rows(["file", "rows", "bytes", ""], rows, "table")
    sys.stdout.write(f"Release {exported.release} is in {exported.folder}, described by {DESCRIPTOR}.\n")
    if any(one.get("is_synthetic") for one in exported.resources):
        sys.stdout.write(f"{NOTICE}\n")


def _document(exported: Exported) -> dict[str, object]:
    return {
        "release": exported.release,
        "folder": str(exported.folder),
        "seconds": round(exported.seconds, 3),
        "files": [
            {
                "path": one["path"],
                "mediatype": one["mediatype"],
                "rows": one.get("row_count"),
                "bytes": one["bytes"],
                "sha256": one["hash"].removeprefix("sha256:"),
                "is_synthetic": one.get("is_synthetic", False),
            }
            for one in exported.resources
        ],
    }
