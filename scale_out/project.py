"""The dbt project as its second target sees it: what it reads, what it builds, and the build itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import FrontierError
from scale_out.inputs import Table

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult


@dataclass(frozen=True)
class ProjectTables:
    """Tables of the project by who makes them: `inputs` are read by models, `written` are all that Python writes."""

    models: frozenset[Table]
    inputs: frozenset[Table]
    written: frozenset[Table]


def read_project(dbt_project: Path, target: Path) -> ProjectTables:
    """Parse the project for Spark; `target` is dbt's working folder. Raises `FrontierError` when dbt cannot."""
    manifest: Any = _invoke(["parse"], dbt_project, target).result
    seeds = {key: (node.schema, node.alias) for key, node in manifest.nodes.items() if node.resource_type == "seed"}
    sources = {key: (source.schema, source.identifier) for key, source in manifest.sources.items()}
    readers = manifest.child_map
    return ProjectTables(
        models=frozenset(
            (node.schema, node.alias) for node in manifest.nodes.values() if node.resource_type == "model"
        ),
        inputs=frozenset(
            table
            for key, table in (seeds | sources).items()
            if any(reader.startswith("model.") for reader in readers.get(key, []))
        ),
        written=frozenset(sources.values()),
    )


def build_models(dbt_project: Path, target: Path) -> int:
    """Build every model in the Spark session of this process; their count.

    Contracts are enforced as they are built. Raises `FrontierError` that names each model that could not be built.
    """
    outcome: Any = _invoke(["run"], dbt_project, target)
    return len(outcome.result.results)


def _invoke(command: list[str], dbt_project: Path, target: Path) -> dbtRunnerResult:
    from dbt.cli.main import dbtRunner

    places = {"--project-dir": dbt_project, "--profiles-dir": dbt_project, "--target-path": target}
    flags = [text for flag, path in places.items() for text in (flag, str(path))]
    quiet = ["--log-path", str(target / "logs"), "--quiet", "--log-level", "none", "--no-use-colors"]
    outcome = dbtRunner().invoke([*command, "--target", "spark", *flags, *quiet])
    if outcome.exception:
        raise FrontierError(f"dbt could not run: {outcome.exception}")
    if not outcome.success:
        results: Any = outcome.result
        broken = [f"\n  {node.node.name}: {node.message}" for node in results if node.status in {"error", "fail"}]
        raise FrontierError(f"Spark could not build {len(broken)} models.{''.join(broken)}")
    return outcome
