"""`frontier refresh`: progress while it runs, then what changed and where to look."""

from __future__ import annotations

import gc
import sys

from orchestration.console.output import counts_in_words
from orchestration.progress import Step, listening
from orchestration.refresh import Outcome, refresh
from orchestration.release.store import Release, is_rolled_back
from orchestration.workspace import Workspace


def run_refresh(workspace: Workspace, is_full: bool) -> None:
    """Refresh, and say what came of it."""
    # A short process that builds large graphs and drops few of them: collecting costs a second and frees little.
    gc.disable()
    with listening(_terminal_listener if sys.stderr.isatty() else _plain_listener):
        outcome = refresh(workspace, is_full)
    for line in _summary(workspace, outcome):
        sys.stdout.write(line + "\n")


def _plain_listener(step: Step) -> None:
    if step.seconds is not None:
        state = "failed" if step.is_failed else "done"
        sys.stderr.write(f"{step.title}: {state} in {step.seconds:.1f} s\n")


def _terminal_listener(step: Step) -> None:
    """Rewrite one line while a step runs."""
    if step.seconds is None:
        sys.stderr.write(f"\r\033[K  … {step.title}")
    else:
        mark = "✗" if step.is_failed else "✓"
        sys.stderr.write(f"\r\033[K  {mark} {step.title} ({step.seconds:.1f} s)\n")
    sys.stderr.flush()


def _summary(workspace: Workspace, outcome: Outcome) -> list[str]:
    release = outcome.release
    if not outcome.is_published and is_rolled_back(workspace):
        return [
            f"Nothing to do: release {release.id} was rolled back to, and no input has changed since "
            "(--full builds all the same). Nothing was published."
        ]
    if not outcome.is_published:
        return [f"Nothing to do: release {release.id} holds just these inputs. Nothing was published."]
    findings = counts_in_words(release.manifest["findings"]) or "none"
    lines = [
        f"Published release {release.id}.",
        *_changes(release, outcome.previous),
        f"  Findings:  {findings} (frontier findings --all)",
        f"  Database:  {workspace.database}",
        f"  Report:    {release.report}",
        f"  Checks:    {release.folder / 'data_docs' / 'index.html'}",
    ]
    if any(table.startswith("main.glm_") for table in release.manifest["tables"]):
        lines.append("  The models rest on a synthetic survey: they recover its generator and are no evidence.")
    return lines


def _changes(release: Release, previous: Release | None) -> list[str]:
    tables = release.manifest["tables"]
    if previous is None:
        rows = sum(table["rows"] for name, table in tables.items() if name.startswith("main."))
        return [f"  First release: {len(release.manifest['inputs'])} editions, {rows:,} rows in main."]
    before = previous.manifest["tables"]
    known = {edition["edition"] for edition in previous.manifest["inputs"]}
    added = [edition["edition"] for edition in release.manifest["inputs"] if edition["edition"] not in known]
    changed = [
        f"{name} ({table['rows'] - before[name]['rows']:+,} rows)" if name in before else f"{name} (new)"
        for name, table in tables.items()
        if name.startswith("main.") and table != before.get(name)
    ]
    return [
        f"  New editions: {', '.join(added) or 'none'}.",
        f"  Changed since {previous.id}: {', '.join(changed) or 'nothing in main'}.",
    ]
