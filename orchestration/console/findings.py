"""`frontier findings`: the steward's list."""

from __future__ import annotations

import sys
from collections import Counter

from orchestration.console.output import Format, counts_in_words, print_json, print_rows
from orchestration.database import open_readonly, published_database
from orchestration.errors import UsageError
from orchestration.quality.findings import Finding, as_json, read_findings
from orchestration.quality.history import read_history
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
        columns = ["id", "rule", "severity", "state", "owner", "dataset", "edition", "cells", "suspects", "message"]
        print_rows(columns, [_row(one) for one in found], "csv")
    else:
        _print_list(found, everything)


def print_history(workspace: Workspace, output: Format, dataset: str | None) -> None:
    """Print every stay of a finding in the published releases, the latest first."""
    with open_readonly(published_database(workspace)) as connection:
        stays = read_history(connection, dataset)
    columns = ["finding", "rule", "severity", "state", "owner", "dataset", "edition", "first_seen", "last_seen",
               "resolved_in"]  # fmt: skip
    rows = [
        [
            one.finding_id, one.rule_id, one.severity, one.state, one.owner, one.dataset, one.edition, one.first_seen,
            one.last_seen, one.resolved_in,
        ]
        for one in stays
    ]  # fmt: skip
    if output == "table":
        print_rows(columns, rows, output)
    else:
        print_rows([*columns, "message"], [[*row, one.message] for row, one in zip(rows, stays, strict=True)], output)


def _row(finding: Finding) -> list[str | None]:
    cells, suspects = ("; ".join(cell.place for cell in group) for group in (finding.cells, finding.suspects))
    return [
        finding.id, finding.rule, finding.severity, finding.state, finding.owner, finding.dataset, finding.edition,
        cells, suspects, finding.message,
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
            sys.stdout.write(f"  Since release {finding.first_seen}. Owner: {finding.owner}.\n")
        sys.stdout.write("\n")
    counts = Counter(f"{finding.severity} {finding.state}" for finding in found)
    sys.stdout.write(counts_in_words(counts) + "\n")
