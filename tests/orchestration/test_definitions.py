"""The Dagster definitions: a snapshot of the graph, and what schedule and sensor decide."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import build_definitions
from orchestration.release.store import is_up_to_date
from orchestration.resources import WarehouseResource
from orchestration.schedules import daily_refresh
from orchestration.sensors import raw_folder
from orchestration.workspace import Workspace
from tests.published import CHECKOUT, Command

SNAPSHOT = Path(__file__).with_name("definitions.txt")


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(Workspace.of(warehouse=tmp_path_factory.mktemp("definitions")))


def _describe(definitions: dg.Definitions) -> str:
    graph = definitions.resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        parents = ", ".join(parent.to_user_string() for parent in sorted(node.parent_keys))
        lines.append(f"asset {key.to_user_string()} [{node.group_name}] <- {parents}")
    for check in sorted(graph.asset_check_keys, key=str):
        if check.asset_key.path[0] == "audit":
            blocking = " (blocking)" if graph.get(check).blocking else ""
            lines.append(f"check {check.asset_key.to_user_string()}:{check.name}{blocking}")
    lines += [f"job {job.name}" for job in definitions.jobs or []]
    lines += [f"schedule {one.name} {one.cron_schedule}" for one in definitions.schedules or []]
    lines += [f"sensor {one.name}" for one in definitions.sensors or []]
    return "\n".join(lines) + "\n"


def test_definitions_are_as_recorded(definitions: dg.Definitions) -> None:
    """Run with FRONTIER_UPDATE_SNAPSHOT=1 to record an intended change."""
    described = _describe(definitions)
    if os.environ.get("FRONTIER_UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(described, "utf-8")
    assert described == SNAPSHOT.read_text("utf-8")


def test_every_model_asset_shows_its_columns(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    marts = [key for key in graph.get_all_asset_keys() if key.path[0] == "main"]
    assert len(marts) > 20
    for key in marts:
        assert graph.get(key).metadata["dagster/column_schema"].columns, key


def test_lineage_runs_from_the_dataset_file_to_the_release(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    upstream = graph.get_ancestor_asset_keys(dg.AssetKey("release"))
    assert dg.AssetKey(["landed", "survey", "frontier_2009"]) in upstream
    assert dg.AssetKey(["glm", "glm_effect_test"]) in upstream
    assert dg.AssetKey(["audit", "check_result"]) in upstream


def test_schedule_and_sensor_skip_while_the_release_is_up_to_date(published: Command) -> None:
    warehouse = WarehouseResource(raw=str(published.raw), warehouse=str(published.warehouse))
    assert is_up_to_date(warehouse.workspace)
    for definition, context in (
        (daily_refresh, dg.build_schedule_context(resources={"warehouse": warehouse})),
        (raw_folder, dg.build_sensor_context(resources={"warehouse": warehouse})),
    ):
        assert isinstance(definition(context), dg.SkipReason)


def test_schedule_and_sensor_ask_for_a_refresh_when_an_input_is_new(published: Command, tmp_path: Path) -> None:
    raw_copy = Path(shutil.copytree(CHECKOUT / "raw", tmp_path / "raw"))
    (raw_copy / "kazstat" / "net_migration" / "dataset.yml").open("a").write("\n")
    warehouse = WarehouseResource(raw=str(raw_copy), warehouse=str(published.warehouse))
    request = raw_folder(dg.build_sensor_context(resources={"warehouse": warehouse}))
    assert isinstance(request, dg.RunRequest)
    assert request.run_key
    assert isinstance(daily_refresh(dg.build_schedule_context(resources={"warehouse": warehouse})), dg.RunRequest)
