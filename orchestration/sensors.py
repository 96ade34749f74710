"""Dagster sensors: what starts a refresh when something new stands in the raw folder."""

import dagster as dg

from orchestration.jobs import refresh_job
from orchestration.release.fingerprint import inputs_fingerprint
from orchestration.resources import WarehouseResource


@dg.sensor(job=refresh_job, minimum_interval_seconds=60, description="Refreshes when raw/ or a declaration changes.")
def raw_folder(context: dg.SensorEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
    """Ask for a refresh once per state of the inputs."""
    fingerprint = inputs_fingerprint(warehouse.workspace)
    if fingerprint == context.cursor:
        return dg.SkipReason("Nothing has changed in raw/ since the last look.")
    context.update_cursor(fingerprint)
    return dg.RunRequest(run_key=fingerprint)
