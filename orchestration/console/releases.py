"""`frontier releases`: what has been published."""

from __future__ import annotations

import sys
from typing import Any, Literal

from orchestration.console.output import counts_in_words, print_json, print_rows
from orchestration.errors import UsageError
from orchestration.refresh import roll_back
from orchestration.release.differences import compare_releases
from orchestration.release.store import Release, current_release, find_release
from orchestration.release.store import list_releases as read_releases
from orchestration.workspace import Workspace


def print_releases(workspace: Workspace, output: Literal["table", "json"]) -> None:
    """Print every release that is kept."""
    current = current_release(workspace)
    documents = [_document(release, current) for release in read_releases(workspace)]
    if output == "json":
        print_json(documents)
        return
    rows = [
        [one["id"], one["published_at"], "current" if one["is_current"] else "", len(one["inputs"]), _counts(one)]
        for one in documents
    ]
    print_rows(["release", "published at", "", "editions", "findings"], rows, "table")


def print_release(workspace: Workspace, release_id: str | None, output: Literal["table", "json"]) -> None:
    """Print one release; the current one when none is named."""
    release = find_release(workspace, release_id) if release_id else current_release(workspace)
    if release is None:
        raise UsageError(f"Nothing has been published in {workspace.warehouse} yet: run `frontier refresh`.")
    if output == "json":
        print_json(_document(release, current_release(workspace)) | release.manifest)
        return
    manifest = release.manifest
    sys.stdout.write(f"Release {release.id}, published {manifest['published_at']}\n")
    sys.stdout.write(f"Folder   {release.folder}\n")
    sys.stdout.write(f"Contents {manifest['contents_hash']}\n")
    sys.stdout.write(f"Versions {', '.join(f'{name} {version}' for name, version in manifest['versions'].items())}\n")
    print_rows(["edition", "sha256"], [[one["edition"], one["sha256"]] for one in manifest["inputs"]], "table")
    print_rows(["table", "rows"], [[name, one["rows"]] for name, one in manifest["tables"].items()], "table")
    sys.stdout.write(f"Findings: {_counts(_document(release, None))}\n")


def print_differences(workspace: Workspace, older: str, newer: str, output: Literal["table", "json"]) -> None:
    """Print what differs between two releases."""
    differences = compare_releases(find_release(workspace, older), find_release(workspace, newer))
    if output == "json":
        print_json(differences.as_json())
        return
    sys.stdout.write(f"From {differences.older} to {differences.newer}\n")
    inputs = (
        [["new", edition] for edition in differences.inputs_added]
        + [["gone", edition] for edition in differences.inputs_removed]
        + [["changed", edition] for edition in differences.inputs_changed]
    )
    figures = [[dataset, *counts.values()] for dataset, counts in differences.figures.items()]
    tables = [[table, before, after] for table, (before, after) in differences.tables.items()]
    findings = [["new", *one.values()] for one in differences.findings_new]
    findings += [["gone", *one.values()] for one in differences.findings_gone]
    parts = (
        (["input", "edition"], inputs),
        (["dataset", "figures added", "removed", "changed"], figures),
        (["table", "rows before", "rows after"], tables),
        (["finding", "id", "severity", "state", "message"], findings),
    )
    for header, rows in parts:
        if rows:
            print_rows(header, rows, "table")
    if not any(rows for _, rows in parts):
        sys.stdout.write("They hold the same.\n")


def run_rollback(workspace: Workspace, release_id: str) -> None:
    """Roll back, and say what follows from it."""
    release = roll_back(workspace, release_id)
    sys.stdout.write(
        f"Release {release.id} is current again.\n"
        "The raw data and declarations as they stand now are not published again until one of them changes, "
        "or by `frontier refresh --full`.\n"
    )


def _document(release: Release, current: Release | None) -> dict[str, Any]:
    return {
        "id": release.id,
        "published_at": release.manifest["published_at"],
        "is_current": current is not None and release.id == current.id,
        "inputs": release.manifest["inputs"],
        "findings": release.manifest["findings"],
    }


def _counts(document: dict[str, Any]) -> str:
    return counts_in_words(document["findings"]) or "none"
