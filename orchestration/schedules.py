"""Dagster schedules: when the refresh runs by itself."""

import dagster as dg

from orchestration.jobs import refresh_job
from orchestration.release.store import is_up_to_date
from orchestration.resources import WarehouseResource


@dg.schedule(
    job=refresh_job,
    cron_schedule="30 5 * * *",
    execution_timezone="UTC",
    description="Every morning, when an input has changed since the current release.",
)
def daily_refresh(warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
    """Ask for a refresh unless the current release holds just these inputs."""
    if is_up_to_date(warehouse.workspace):
        return dg.SkipReason("The current release was made from just these inputs.")
    return dg.RunRequest()
