"""The refresh as one call: is there anything to do, and if so, the job in this process and what came of it."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration import progress
from orchestration.errors import FrontierError, GateRefusal
from orchestration.landing.catalogue import read_catalogue, verify_edition
from orchestration.quality.expectations.worker import dismiss
from orchestration.release.candidate import candidate_of_run
from orchestration.release.store import (
    Release,
    current_release,
    find_release,
    is_current_whole,
    is_up_to_date,
    make_current,
    note_rollback,
)
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from dagster._core.execution.plan.objects import UserFailureData
    from dagster._utils.error import SerializableErrorInfo

DAGSTER_SETTINGS = """\
# Written by the refresh. Nothing is reported to anybody, and no pop-up covers the page.
telemetry: {enabled: false}
nux: {enabled: false}
# Fetched datasets have a freshness policy.
freshness: {enabled: true}
# One refresh at a time: the others wait.
concurrency:
  runs:
    max_concurrent_runs: 1
"""


@dataclass(frozen=True)
class Outcome:
    """What a refresh came to: the release that stands now, and whether this refresh published it."""

    release: Release
    is_published: bool
    previous: Release | None


def refresh(workspace: Workspace, is_full: bool = False) -> Outcome:
    """Bring the published warehouse up to date with its inputs.

    Returns at once when the current release was made from just these inputs, unless `is_full`. Raises
    `FrontierError` when a step fails, `GateRefusal` when the gate refuses; the published database is as
    it was then.
    """
    workspace.warehouse.mkdir(parents=True, exist_ok=True)
    with _only_one(workspace):
        before = current_release(workspace)
        if is_full or not is_up_to_date(workspace):
            _verify_raw(workspace)
            try:
                _run_job(workspace)
            finally:
                dismiss()
        after = current_release(workspace)
        if after is None:
            raise FrontierError("The refresh ended without a release. Run it again with --debug to see why.")
        if not is_current_whole(workspace):
            make_current(workspace, after)
        return Outcome(after, before is None or after.id != before.id, before)


def roll_back(workspace: Workspace, release_id: str) -> Release:
    """Make an earlier release the current one again.

    The inputs as they stand now are not built again until one of them changes: the next scheduled refresh would
    publish what was just taken back. Raises `UsageError` when there is no such release.
    """
    with _only_one(workspace):
        release = find_release(workspace, release_id)
        make_current(workspace, release)
        note_rollback(workspace, release)
        return release


def _verify_raw(workspace: Workspace) -> None:
    """Refuse a raw folder in which a file is not what it says, before anything heavy starts."""
    for dataset in read_catalogue(workspace.raw):
        for edition in dataset.editions:
            verify_edition(edition)


def prepare_dagster_home(workspace: Workspace) -> Path:
    """Folder of Dagster's settings and run history in the warehouse, made when it is missing."""
    home = workspace.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.is_file():
        settings.write_text(DAGSTER_SETTINGS, encoding="utf-8")
    return home


@contextmanager
def _only_one(workspace: Workspace) -> Generator[None]:
    """Two refreshes of one warehouse at a time would build on each other's candidates."""
    with (workspace.warehouse / ".refresh.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FrontierError(
                f"Another refresh of {workspace.warehouse} is running: wait until it has ended."
            ) from None
        yield


def _run_job(workspace: Workspace) -> None:
    """Execute the job that the orchestrator schedules, in this process."""
    with progress.step("Read the definitions"):
        from orchestration import pipeline
        from orchestration.definitions import build_definitions
        from orchestration.jobs import REFRESH
        from orchestration.unrecorded import unrecorded_instance

        job = build_definitions(workspace).resolve_job_def(REFRESH)
    with unrecorded_instance() as instance:
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    if result.success:
        return
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            failure = data.user_failure_data
            if failure and failure.description:
                raise foreseen_error(failure)
            if data.error and "AssetCheck" not in (data.error.cls_name or ""):
                raise _internal_error(data.error)
    candidate = candidate_of_run(workspace, result.run_id)
    if candidate.is_audited:
        pipeline.refuse_if_blocked(workspace, candidate)
    raise FrontierError("The refresh failed, and nothing was published. Run it again with --debug to see why.")


def foreseen_error(failure: UserFailureData) -> FrontierError:
    """The error that a step of the job has turned into a failure: a refusal of the gate stays one."""
    code = failure.metadata.get("exit code")
    is_refusal = code is not None and code.value == GateRefusal.exit_code
    return (GateRefusal if is_refusal else FrontierError)(failure.description or "")


def _internal_error(error: SerializableErrorInfo) -> FrontierError:
    """An error that no step foresaw, with its own traceback for --debug."""
    while error.cause is not None:
        error = error.cause
    internal = FrontierError(f"A step of the refresh failed, and nothing was published: {error.message.strip()}")
    internal.add_note("".join(error.stack))
    return internal
