"""`frontier add`, `remove`, `fetch` and `quarantine`: what came in, what it changes, and what was put aside."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from orchestration.console.output import Format, print_json, print_rows
from orchestration.errors import FrontierError, UsageError
from orchestration.landing.catalogue import Edition
from orchestration.landing.layout_declaration import Dimensions
from orchestration.reception.changes import CHANGE_TYPES, Change, Changes, ChangeType
from orchestration.reception.quarantine import list_quarantined
from orchestration.reception.receiving import Examined, HandPlaced, add_by_hand, receive, remove_edition
from orchestration.workspace import Workspace

_SHOWN = 20
# Changes that a person wants to see one by one.
_LISTED: tuple[ChangeType, ...] = ("revised", "definition", "withdrawn")


def read_covers(given: list[str]) -> dict[str, str]:
    """The members given as dimension=member; `UsageError` when one is not of that form."""
    pairs = [text.partition("=") for text in given]
    for dimension, equals, member in pairs:
        if not (dimension and equals and member) or dimension not in Dimensions.model_fields:
            raise UsageError(
                f"--covers {dimension}{equals}{member}: write dimension=member, with one of the dimensions "
                f"{', '.join(Dimensions.model_fields)}."
            )
    return {dimension: member for dimension, _, member in pairs}


def run_add(workspace: Workspace, placed: HandPlaced, is_rehearsal: bool, output: str) -> None:
    """Land a file and say what it changes; under a rehearsal, say what it would change."""
    added = add_by_hand(workspace, placed, is_rehearsal)
    if output == "json":
        print_json(_document(added, is_rehearsal))
        return
    for line in _report(added, is_rehearsal):
        sys.stdout.write(line + "\n")


def _document(added: Examined | Edition, is_rehearsal: bool) -> dict[str, Any]:
    edition = added.edition if isinstance(added, Examined) else added
    document: dict[str, Any] = {
        "status": _status(added, is_rehearsal),
        "dataset": edition.dataset,
        "edition": edition.name,
        "file": edition.relative_file,
        "sha256": edition.origin.sha256,
    }
    if isinstance(added, Examined):
        document["cells"] = added.cells
        if added.changes:
            changes = added.changes
            document["changes"] = {kind: changes.count(kind) for kind in CHANGE_TYPES}
            document |= {kind: [asdict(one) | {"figure": one.figure} for one in changes.of(kind)] for kind in _LISTED}
    return document


def _status(added: Examined | Edition, is_rehearsal: bool) -> str:
    if isinstance(added, Edition):
        return "already_there"
    return "rehearsed" if is_rehearsal else "landed"


def _report(added: Examined | Edition, is_rehearsal: bool) -> list[str]:
    if isinstance(added, Edition):
        return [f"Already there: {added.edition_id} is this very file. Nothing was landed."]
    edition = added.edition
    verb = "Would land" if is_rehearsal else "Landed"
    lines = [f"{verb} {edition.edition_id}: {added.cells:,} cells, released on {edition.origin.released_on}."]
    if added.changes:
        lines += _change_lines(added.changes)
    if is_rehearsal:
        return [*lines, "Nothing was landed: leave out --rehearse to land it."]
    return [
        *lines,
        "It enters the next release: frontier refresh. To take it back: "
        f"frontier remove --dataset {edition.dataset} --edition {edition.name}",
    ]


def _change_lines(changes: Changes) -> list[str]:
    lines = ["  " + ", ".join(f"{changes.count(kind):,} {kind}" for kind in CHANGE_TYPES)]
    for kind in _LISTED:
        found = changes.of(kind)
        lines += [f"    {_change_line(one)}" for one in found[:_SHOWN]]
        if len(found) > _SHOWN:
            lines.append(f"    … and {len(found) - _SHOWN:,} more {kind} (--format json lists them all)")
    return lines


def _change_line(change: Change) -> str:
    if change.change == "withdrawn":
        here = f"{change.printed} in {change.cell}" if change.cell else "gone here"
        return f"withdrawn: {change.figure}: {change.printed_before} in {change.edition_before}, {here}"
    before = f"{change.printed_before} in {change.edition_before}"
    return f"{change.change}: {change.figure}: {before}, {change.printed} in {change.cell}"


def run_remove(workspace: Workspace, dataset: str, edition: str) -> None:
    """Take an edition out of `raw/`, and say where its file is kept."""
    folder = remove_edition(workspace, dataset, edition)
    sys.stdout.write(f"Removed {dataset}@{edition}. The file is kept in {folder}. Next: frontier refresh\n")


def print_quarantine(workspace: Workspace, output: Format) -> None:
    """What is in quarantine, and why."""
    entries = list_quarantined(workspace)
    if not entries and output == "table":
        sys.stdout.write("Nothing is in quarantine.\n")
        return
    columns = ("dataset", "edition", "kind", "put_aside_at", "reason", "file", "sha256", "url")
    print_rows(columns, [[getattr(entry, name) for name in columns] for entry in entries], output)


def run_fetch(workspace: Workspace, names: list[str], output: Format) -> None:
    """Ask the live sources, and say what came; `FrontierError` when one of them failed."""
    from orchestration.fetching.fetch import fetch_datasets

    outcomes = fetch_datasets(workspace, names or None, lambda arrival: receive(workspace, arrival))
    columns = ("dataset", "status", "edition", "message")
    if not outcomes and output == "table":
        sys.stdout.write("No dataset declares a live source.\n")
        return
    print_rows(columns, [[getattr(outcome, name) for name in columns] for outcome in outcomes], output)
    failed = [outcome.dataset for outcome in outcomes if outcome.status in ("failed", "quarantined")]
    if failed:
        raise FrontierError(
            f"{len(failed)} of {len(outcomes)} sources brought nothing that could be landed: {', '.join(failed)}. "
            "The editions that stand in raw/ go on serving."
        )
