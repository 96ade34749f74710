"""Policies that hold across assets: retries of a fetch, freshness, and whether automation starts by itself."""

import datetime as dt
import os

import dagster as dg

from orchestration.landing.calendar import GRACE, release_gap

# Seconds, set shorter where a whole cycle is watched.
RETRY_SECONDS = int(os.environ.get("FRONTIER_RETRY_SECONDS", "300"))
# Whether schedules and sensors run from the start: a service says `on`, a newcomer's machine asks nobody.
IS_AUTOMATIC = os.environ.get("FRONTIER_AUTOMATION", "off") == "on"
SENSOR_SECONDS = int(os.environ.get("FRONTIER_SENSOR_SECONDS", "60"))

SCHEDULE_STATUS = dg.DefaultScheduleStatus.RUNNING if IS_AUTOMATIC else dg.DefaultScheduleStatus.STOPPED
SENSOR_STATUS = dg.DefaultSensorStatus.RUNNING if IS_AUTOMATIC else dg.DefaultSensorStatus.STOPPED

FETCH_RETRIES = dg.RetryPolicy(
    max_retries=2, delay=RETRY_SECONDS, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


def fetch_freshness(cron: str) -> dg.FreshnessPolicy:
    """A fetched dataset is stale when its source has not answered for longer than two releases lie apart."""
    gap = release_gap(cron, dt.datetime.now(dt.UTC))
    return dg.FreshnessPolicy.time_window(fail_window=gap + GRACE, warn_window=gap + GRACE / 2)
