"""Dagster schedules: when the refresh runs by itself, and when each source is asked."""

import dagster as dg

from orchestration.jobs import build_fetch_job, refresh_job
from orchestration.landing.catalogue import Dataset
from orchestration.policies import SCHEDULE_STATUS
from orchestration.release.store import is_up_to_date
from orchestration.resources import WarehouseResource


@dg.schedule(
    job=refresh_job,
    cron_schedule="30 5 * * *",
    execution_timezone="UTC",
    default_status=SCHEDULE_STATUS,
    description="Every morning, when an input has changed since the current release.",
)
def daily_refresh(warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
    """Ask for a refresh unless the current release holds just these inputs."""
    if is_up_to_date(warehouse.workspace):
        return dg.SkipReason("The current release was made from just these inputs.")
    return dg.RunRequest()


def build_fetch_schedule(dataset: Dataset) -> dg.ScheduleDefinition:
    """Ask a source when its release calendar says that an edition is due."""
    calendar = dataset.declaration.release_calendar
    job = build_fetch_job(dataset)
    return dg.ScheduleDefinition(
        name=f"{job.name}_by_calendar",
        job=job,
        cron_schedule=calendar.cron,
        execution_timezone="UTC",
        description=calendar.description,
        default_status=SCHEDULE_STATUS,
    )
