"""Definitions: wires assets, checks, jobs, schedules, sensors and resources together."""

import os
from pathlib import Path

import dagster as dg

from orchestration import pipeline
from orchestration.assets.audit import build_audit_assets
from orchestration.assets.fetching import build_fetch_asset, is_live
from orchestration.assets.glm import glm_tables
from orchestration.assets.landing import build_dataset_assets, build_landed_tables_asset, candidate
from orchestration.assets.models import build_model_assets
from orchestration.assets.release import build_release_asset
from orchestration.jobs import refresh_job
from orchestration.modelling.dbt_runner import ensure_manifest
from orchestration.resources import WarehouseResource
from orchestration.schedules import build_fetch_schedule, daily_refresh
from orchestration.sensors import failure_alerts, overdue_editions, raw_folder
from orchestration.workspace import Workspace


def build_definitions(workspace: Workspace) -> dg.Definitions:
    """Everything that Dagster knows of a warehouse."""
    datasets = pipeline.catalogue(workspace)
    live = [dataset for dataset in datasets if is_live(dataset)]
    models, result_models = build_model_assets(ensure_manifest(workspace.dbt_target, workspace.dbt_project))
    audit = build_audit_assets(sorted(models.keys), workspace.expectations / "suites")
    upstream = [*models.keys, *result_models.keys, *glm_tables.keys, *(key for one in audit for key in one.keys)]
    return dg.Definitions(
        assets=[
            *(build_fetch_asset(dataset) for dataset in live),
            candidate,
            build_dataset_assets(datasets),
            build_landed_tables_asset(datasets),
            models,
            *audit,
            glm_tables,
            result_models,
            build_release_asset(sorted(upstream)),
        ],
        jobs=[refresh_job],
        # Also for what is materialized by hand: two processes would collide on the candidate's lock.
        executor=dg.in_process_executor,
        schedules=[daily_refresh, *(build_fetch_schedule(dataset) for dataset in live)],
        sensors=[raw_folder, failure_alerts, overdue_editions],
        resources={
            "warehouse": WarehouseResource(
                raw=str(workspace.raw), warehouse=str(workspace.warehouse), expectations=str(workspace.expectations)
            )
        },
    )


def _workspace_of_environment() -> Workspace:
    names = ("FRONTIER_RAW", "FRONTIER_WAREHOUSE", "FRONTIER_EXPECTATIONS")
    return Workspace.of(*(Path(os.environ[name]) if name in os.environ else None for name in names))


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of the warehouse that the environment names."""
    return build_definitions(_workspace_of_environment())
