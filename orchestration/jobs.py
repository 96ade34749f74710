"""Dagster jobs: the refresh, and one fetch per live dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets.fetching import FETCH_GROUP, fetched_key

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

    from orchestration.landing.catalogue import Dataset

REFRESH = "refresh"

# One process: two steps that write one DuckDB file in two processes would collide on its lock.
refresh_job = dg.define_asset_job(
    name=REFRESH,
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups(FETCH_GROUP),
    executor_def=dg.in_process_executor,
    description="Extract, model, audit, fit and publish.",
)


def build_fetch_job(dataset: Dataset) -> UnresolvedAssetJobDefinition:
    """The job that asks the source of one dataset."""
    return dg.define_asset_job(
        name=f"fetch_{dataset.name.replace('/', '_')}",
        selection=dg.AssetSelection.assets(fetched_key(dataset)),
        executor_def=dg.in_process_executor,
        description=f"Ask the source for a new edition of: {dataset.declaration.title.en}",
    )
