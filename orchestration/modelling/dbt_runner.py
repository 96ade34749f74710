"""Running dbt in this process on one database file, and leaving no connection behind."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import FrontierError
from orchestration.modelling.declared_tables import DBT_PROJECT


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node: `status` is success, pass, fail, error, warn or skipped."""

    unique_id: str
    resource_type: str
    name: str
    status: str
    message: str
    failures: int
    seconds: float

    @property
    def is_failed(self) -> bool:
        return self.status in {"fail", "error", "runtime error", "skipped"}


def build(database: Path, target: Path, *arguments: str, dbt_project: Path = DBT_PROJECT) -> list[NodeResult]:
    """Build seeds and models in the database file; one result per node, in the order of completion.

    `target` is dbt's working folder (manifest, compiled SQL, partial parse). Raises `FrontierError`
    when dbt cannot run at all; failed nodes are results, not exceptions.
    """
    without_tests = ["--exclude-resource-types", "test", "unit_test"]
    return _invoke(["build", *arguments, *without_tests], database, target, dbt_project)


def test(database: Path, target: Path, *arguments: str, dbt_project: Path = DBT_PROJECT) -> list[NodeResult]:
    """Run the data tests of what stands in the database file; unit tests belong to the test suite."""
    command = ["test", *arguments, "--exclude-resource-types", "unit_test"]
    return _invoke(command, database, target, dbt_project)


def parse(database: Path, target: Path, dbt_project: Path = DBT_PROJECT) -> Path:
    """Write the manifest of the project; its path."""
    _invoke(["parse"], database, target, dbt_project)
    return target / "manifest.json"


def _invoke(arguments: Sequence[str], database: Path, target: Path, dbt_project: Path) -> list[NodeResult]:
    from dbt.cli.main import dbtRunner

    command = [
        *arguments,
        "--project-dir", str(dbt_project),
        "--profiles-dir", str(dbt_project),
        "--target-path", str(target),
        "--log-path", str(target / "logs"),
        "--quiet",
        "--no-use-colors",
        "--log-level", "none",
    ]  # fmt: skip
    with _environment(database), _closed_connections():
        outcome = dbtRunner().invoke(command)
    if outcome.exception:
        raise FrontierError(f"dbt could not run: {outcome.exception}")
    return [_node_result(result) for result in getattr(outcome.result, "results", None) or []]


def _node_result(result: object) -> NodeResult:
    node = result.node  # type: ignore[attr-defined]
    return NodeResult(
        unique_id=node.unique_id,
        resource_type=str(node.resource_type),
        name=node.name,
        status=str(result.status),  # type: ignore[attr-defined]
        message=str(result.message or ""),  # type: ignore[attr-defined]
        failures=int(getattr(result, "failures", None) or 0),
        seconds=float(result.execution_time),  # type: ignore[attr-defined]
    )


@contextmanager
def _environment(database: Path) -> Iterator[None]:
    """dbt reads the database from the environment; it is put back afterwards."""
    before = os.environ.get("FRONTIER_DATABASE")
    os.environ["FRONTIER_DATABASE"] = str(database)
    try:
        yield
    finally:
        if before is None:
            del os.environ["FRONTIER_DATABASE"]
        else:
            os.environ["FRONTIER_DATABASE"] = before


@contextmanager
def _closed_connections() -> Iterator[None]:
    """dbt keeps DuckDB open after it returns, which would hold the file's lock."""
    try:
        yield
    finally:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters

        DuckDBConnectionManager.close_all_connections()
        reset_adapters()
