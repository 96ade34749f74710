"""Dagster jobs: the refresh."""

import dagster as dg

REFRESH = "refresh"

# One process: two steps that write one DuckDB file in two processes would collide on its lock.
refresh_job = dg.define_asset_job(
    name=REFRESH,
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="Extract, model, audit, fit and publish.",
)
