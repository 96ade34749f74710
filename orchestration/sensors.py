"""Dagster sensors: what starts a refresh when something new stands in the raw folder."""

import dagster as dg

from orchestration.jobs import refresh_job
from orchestration.release.fingerprint import inputs_fingerprint
from orchestration.release.store import is_up_to_date
from orchestration.resources import WarehouseResource


@dg.sensor(job=refresh_job, minimum_interval_seconds=60)
def raw_folder(warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
    """Ask for a refresh, once per state of the inputs, when raw/ or a declaration has changed."""
    if is_up_to_date(warehouse.workspace):
        return dg.SkipReason("The current release was made from just these inputs.")
    return dg.RunRequest(run_key=inputs_fingerprint(warehouse.workspace))
