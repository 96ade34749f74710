"""The asset of the release: the published database."""

from collections.abc import Sequence

import dagster as dg

from orchestration import pipeline
from orchestration.assets import failures_in_words
from orchestration.resources import WarehouseResource

RELEASE = dg.AssetKey("release")


def build_release_asset(upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The release, downstream of every model and every check."""

    @dg.asset(key=RELEASE, deps=upstream, group_name="release", kinds={"duckdb"})
    def release(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
        """The database that analysts open, replaced in one atomic step or not at all."""
        with failures_in_words():
            published = pipeline.release(warehouse.workspace, warehouse.candidate(context.run))
        if published is None:
            return dg.MaterializeResult(metadata={"published": False, "why": "the contents have not changed"})
        return dg.MaterializeResult(
            metadata={"published": True, "release": published.id, "database": str(warehouse.workspace.database)}
        )

    return release
