"""Assets of the GLMs: the result tables that the models of frontier migration and of the flows fill."""

from collections.abc import Iterator

import dagster as dg

from orchestration import pipeline
from orchestration.assets import failures_in_words
from orchestration.assets.audit import CHECK_RESULT
from orchestration.assets.landing import column_schema
from orchestration.modelling.declared_tables import declared_tables
from orchestration.resources import WarehouseResource

SURVEY_MART = dg.AssetKey(["main", "mart_survey_respondent"])
FLOWS = (dg.AssetKey(["main", "fct_migration_flow"]), dg.AssetKey(["main", "mart_migration_effectiveness"]))
_TABLES = {name: table for name, table in declared_tables().items() if name.startswith(("main.glm_", "main.flow_"))}


@dg.multi_asset(
    name="glm_tables",
    specs=[
        dg.AssetSpec(
            key=["glm", table.name],
            deps=[*(FLOWS if table.name.startswith("flow_") else [SURVEY_MART]), CHECK_RESULT],
            group_name="glm",
            kinds={"python"},
            description=table.description,
            metadata={"dagster/column_schema": column_schema(table)},
        )
        for table in _TABLES.values()
    ],
)
def glm_tables(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """Fit every model on every subset and write what GENLIN prints."""
    with failures_in_words():
        rows = pipeline.fit_models(warehouse.candidate(context.run))
    for table in _TABLES.values():
        yield dg.MaterializeResult(
            asset_key=["glm", table.name], metadata={"dagster/row_count": rows.get(table.name, 0)}
        )
