"""Assets of fetching: one per live dataset, which asks its source for a new edition and lands it."""

import dagster as dg

from orchestration import pipeline
from orchestration.landing.catalogue import Dataset
from orchestration.policies import FETCH_RETRIES, fetch_freshness
from orchestration.resources import WarehouseResource

FETCH_GROUP = "fetch"


def is_live(dataset: Dataset) -> bool:
    """Whether a dataset is fetched by the orchestrator: it has a source, and a calendar that says when."""
    declaration = dataset.declaration
    return declaration.source is not None and declaration.release_calendar.cron is not None


def fetched_key(dataset: Dataset) -> dg.AssetKey:
    """Asset key of a dataset's source: fetched / agency / folder."""
    return dg.AssetKey(["fetched", *dataset.name.split("/")])


def build_fetch_asset(dataset: Dataset) -> dg.AssetsDefinition:
    """The asset that asks the source of one dataset; a failed answer is tried again, a refused file is not."""
    declaration = dataset.declaration
    assert declaration.source is not None
    assert declaration.release_calendar.cron is not None

    @dg.asset(
        key=fetched_key(dataset),
        group_name=FETCH_GROUP,
        kinds={declaration.source.kind},
        description=f"New editions of: {declaration.title.en}",
        metadata={
            "publisher": declaration.agency.name_en,
            "url": declaration.source.url,
            "release calendar": declaration.release_calendar.description,
        },
        retry_policy=FETCH_RETRIES,
        freshness_policy=fetch_freshness(declaration.release_calendar.cron),
    )
    def fetched(warehouse: WarehouseResource) -> dg.MaterializeResult:
        outcome = pipeline.fetch(warehouse.workspace, dataset.name)
        if outcome.status in ("failed", "quarantined"):
            raise dg.Failure(description=f"{dataset.name}: {outcome.message}", allow_retries=outcome.status == "failed")
        return dg.MaterializeResult(
            metadata={"status": outcome.status, "edition": outcome.edition or "", "message": outcome.message}
        )

    return fetched
