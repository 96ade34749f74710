"""Assets of the dbt models: their lineage and columns come from the manifest, the work from the pipeline."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from orchestration import pipeline
from orchestration.assets import failures_in_words
from orchestration.modelling.dbt_runner import NodeResult
from orchestration.release.candidate import Candidate
from orchestration.resources import WarehouseResource
from orchestration.workspace import Workspace

# They look at the project, not at the data: the test suite runs them.
_SEED_TESTS = "path:seeds,resource_type:test"

Step = Callable[[Workspace, Candidate], list[NodeResult]]


class Translator(DagsterDbtTranslator):
    """Groups models by their layer, and leaves it to the gate to judge a failed test with everything else."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer: the first folder of the model, or seeds."""
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """The check of a test, which does not block: the steward is to see a whole candidate."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec._replace(blocking=False) if spec else None


def build_model_assets(manifest_path: Path) -> list[dg.AssetsDefinition]:
    """The models before and after the GLMs, as assets of one step each."""
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    return [
        _build(manifest, "models", "fqn:*", f"{pipeline.AFTER_GLM} {_SEED_TESTS}", pipeline.model),
        _build(manifest, "result_models", pipeline.AFTER_GLM, "", pipeline.model_results),
    ]


def _build(manifest: dict[str, Any], name: str, select: str, exclude: str, step: Step) -> dg.AssetsDefinition:
    translator = Translator()

    @dbt_assets(manifest=manifest, name=name, select=select, exclude=exclude or None, dagster_dbt_translator=translator)
    def models(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[Any]:
        with failures_in_words():
            results = step(warehouse.workspace, warehouse.candidate(context.run))
        yield from _events(context, manifest, translator, results)

    return models


def _events(
    context: dg.AssetExecutionContext,
    manifest: dict[str, Any],
    translator: DagsterDbtTranslator,
    results: list[NodeResult],
) -> Iterator[Any]:
    expected = {spec.key for spec in context.assets_def.check_specs}
    for result in results:
        if result.resource_type == "test":
            key = get_asset_check_key_for_test(manifest, translator, result.unique_id, None)
            if key is not None and key in expected:
                yield dg.AssetCheckResult(
                    asset_key=key.asset_key,
                    check_name=key.name,
                    passed=not result.is_failed,
                    metadata={"failures": result.failures, "message": result.message},
                )
        else:
            props = manifest["nodes"][result.unique_id]
            yield dg.MaterializeResult(asset_key=translator.get_asset_key(props), metadata={"seconds": result.seconds})
