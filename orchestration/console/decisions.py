"""`frontier waive` and `frontier correct`: a steward's decisions, written where the next refresh reads them."""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from pathlib import Path

from orchestration.database import open_readonly
from orchestration.errors import UsageError
from orchestration.quality.corrections import CORRECTIONS
from orchestration.quality.decisions import correct, waive
from orchestration.quality.findings import read_findings
from orchestration.quality.waivers import WAIVERS
from orchestration.release.candidate import latest_refused
from orchestration.release.store import current_release
from orchestration.workspace import Workspace


def run_waive(workspace: Workspace, finding_id: str, reason: str, until: str, by: str | None) -> None:
    """Waive a finding of the newest refused candidate, or else of the current release."""
    with open_readonly(_newest_database(workspace)) as connection:
        findings = read_findings(connection)
    waiver = waive(workspace.expectations, findings, finding_id, reason, _day(until), by or _who(), _today())
    sys.stdout.write(
        f"Waived {waiver.finding} ({waiver.rule}) until {waiver.expires_on}, in {workspace.expectations / WAIVERS}. "
        "The next refresh heeds it.\n"
    )


def run_correct(
    workspace: Workspace,
    place: tuple[str, str, str | None, str],
    value: str,
    reason: str,
    evidence: str,
    by: str | None,
) -> None:
    """Correct a cell that the newest refused candidate, or else the current release, has read."""
    with open_readonly(_newest_database(workspace)) as connection:
        entry = correct(workspace.expectations, connection, place, value, reason, evidence, by or _who(), _today())
    sys.stdout.write(
        f"Corrected {entry.place} from {entry.expect!r} to {entry.value}, in {workspace.expectations / CORRECTIONS}. "
        "The next refresh heeds it.\n"
    )


def _newest_database(workspace: Workspace) -> Path:
    refused, current = latest_refused(workspace), current_release(workspace)
    if refused and (current is None or refused.release_id > current.id):
        return refused.database
    if current is None:
        raise UsageError(f"Nothing stands in {workspace.warehouse} yet: run frontier refresh first.")
    return current.database


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no day: write it as 2027-12-31.") from None


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _who() -> str:
    return getpass.getuser()
