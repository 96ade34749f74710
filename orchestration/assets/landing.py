"""Assets of landing: one per dataset folder in `raw/`, and the landed tables that they fill together."""

from collections.abc import Iterator, Sequence

import dagster as dg

from orchestration import pipeline
from orchestration.assets import failures_in_words
from orchestration.assets.fetching import fetched_key, is_live
from orchestration.extraction.landed_tables import LANDED_TABLES
from orchestration.landing.catalogue import Dataset
from orchestration.modelling.declared_tables import DeclaredTable, declared_tables
from orchestration.resources import WarehouseResource

CANDIDATE = dg.AssetKey("candidate")


@dg.asset(key=CANDIDATE, group_name="landing", description="The database in which the next release is built.")
def candidate(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
    """Start a candidate for this run."""
    with failures_in_words():
        started = pipeline.begin(warehouse.workspace, context.run.root_run_id or context.run.run_id)
    return dg.MaterializeResult(metadata={"release": started.release_id, "folder": str(started.folder)})


def dataset_key(dataset: Dataset) -> dg.AssetKey:
    """Asset key of a dataset: landed / agency / folder."""
    return dg.AssetKey(["landed", *dataset.name.split("/")])


def build_dataset_assets(datasets: Sequence[Dataset]) -> dg.AssetsDefinition:
    """The assets that verify and read every edition of a dataset, one per dataset.

    They are one step: a step of the orchestrator costs more than the landing of a table.
    """
    keys = {dataset.name: dataset_key(dataset) for dataset in datasets}

    @dg.multi_asset(
        name="landed_datasets",
        specs=[_dataset_spec(dataset) for dataset in datasets],
        can_subset=True,
    )
    def landed_datasets(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult]:
        wanted = [name for name, key in keys.items() if key in context.selected_asset_keys]
        with failures_in_words():
            for name, cells in pipeline.land(warehouse.workspace, warehouse.candidate(context.run), wanted):
                yield dg.MaterializeResult(asset_key=keys[name], metadata={"cells": cells})

    return landed_datasets


def _dataset_spec(dataset: Dataset) -> dg.AssetSpec:
    declaration = dataset.declaration
    return dg.AssetSpec(
        key=dataset_key(dataset),
        deps=[CANDIDATE, fetched_key(dataset)] if is_live(dataset) else [CANDIDATE],
        group_name="landing",
        kinds={declaration.file.formats[0]} if declaration.kind != "survey" else {"spss"},
        description=declaration.title.en,
        metadata={
            "editions": len(dataset.editions),
            "publisher": declaration.agency.name_en,
            "release calendar": declaration.release_calendar.description,
        },
    )


def build_landed_tables_asset(datasets: Sequence[Dataset]) -> dg.AssetsDefinition:
    """The landed tables as assets, downstream of every dataset and upstream of the models."""
    declared = {table: declared_tables()[table] for table in LANDED_TABLES}

    @dg.multi_asset(
        name="landed_tables",
        specs=[
            dg.AssetSpec(
                key=table.split("."),
                deps=[dataset_key(dataset) for dataset in datasets],
                group_name="landing",
                description=declaration.description,
                kinds={"duckdb"},
                metadata={"dagster/column_schema": column_schema(declaration)},
            )
            for table, declaration in declared.items()
        ],
    )
    def landed_tables(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult]:
        with failures_in_words():
            rows = pipeline.finish_landing(warehouse.workspace, warehouse.candidate(context.run))
        for table in LANDED_TABLES:
            yield dg.MaterializeResult(asset_key=table.split("."), metadata={"dagster/row_count": rows[table]})

    return landed_tables


def column_schema(table: DeclaredTable) -> dg.TableSchema:
    """The columns of a declared table as Dagster shows them."""
    return dg.TableSchema(
        columns=[dg.TableColumn(one.name, one.data_type, description=one.description) for one in table.columns]
    )
