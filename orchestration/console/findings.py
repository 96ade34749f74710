"""`frontier findings`: the steward's list."""

from __future__ import annotations

import sys

from orchestration.console.output import Format, print_json, print_rows
from orchestration.database import open_readonly, published_database
from orchestration.errors import UsageError
from orchestration.quality.findings import Finding, as_json, read_findings
from orchestration.release.candidate import latest_refused
from orchestration.workspace import Workspace


def print_findings(workspace: Workspace, output: Format, everything: bool, of_candidate: bool) -> None:
    """Print the findings of the published release, or of the newest refused candidate."""
    if of_candidate:
        candidate = latest_refused(workspace)
        if candidate is None:
            raise UsageError(f"No refused candidate stands in {workspace.candidates}.")
        database = candidate.database
    else:
        database = published_database(workspace)
    with open_readonly(database) as connection:
        found = [one for one in read_findings(connection) if everything or one.state == "open"]
    if output == "json":
        print_json([as_json(one) for one in found])
    elif output == "csv":
        columns = ["id", "rule", "severity", "state", "dataset", "edition", "cells", "suspects", "message"]
        print_rows(columns, [_row(one) for one in found], "csv")
    else:
        _print_list(found, everything)


def _row(finding: Finding) -> list[str | None]:
    cells, suspects = ("; ".join(cell.place for cell in group) for group in (finding.cells, finding.suspects))
    return [
        finding.id, finding.rule, finding.severity, finding.state, finding.dataset, finding.edition, cells, suspects,
        finding.message,
    ]  # fmt: skip


def _print_list(found: list[Finding], everything: bool) -> None:
    if not found:
        sys.stdout.write("No findings.\n" if everything else "No open errors or warnings (--all shows the rest).\n")
        return
    for finding in found:
        sys.stdout.write(f"{finding.severity} · {finding.state} · {finding.rule} · {finding.id}\n")
        sys.stdout.write(f"  {finding.message}\n")
        if finding.decision and finding.decision not in finding.message:
            sys.stdout.write(f"  {'Waived' if finding.state == 'waived' else 'Explained'}: {finding.decision}\n")
        if finding.first_seen:
            sys.stdout.write(f"  Since release {finding.first_seen}.\n")
        sys.stdout.write("\n")
    counts: dict[str, int] = {}
    for finding in found:
        kind = f"{finding.severity} {finding.state}"
        counts[kind] = counts.get(kind, 0) + 1
    sys.stdout.write(", ".join(f"{count} {kind}" for kind, count in counts.items()) + "\n")
