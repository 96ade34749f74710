"""Dagster schedules: when the refresh runs by itself."""

import dagster as dg

from orchestration.jobs import refresh_job

daily_refresh = dg.ScheduleDefinition(
    name="daily_refresh",
    job=refresh_job,
    cron_schedule="30 5 * * *",
    execution_timezone="UTC",
    description="Every morning; a run whose inputs have not changed publishes nothing.",
)
