"""Running dbt in this process on one database file, and leaving no connection behind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import FrontierError
from orchestration.modelling.declared_tables import DBT_PROJECT

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest


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


def build(
    database: Path, target: Path, select: str = "fqn:*", exclude: str = "", dbt_project: Path = DBT_PROJECT
) -> list[NodeResult]:
    """Build seeds and models in the database file; one result per node, in the order of completion.

    `target` is dbt's working folder (manifest, compiled SQL, partial parse). Raises `FrontierError`
    when dbt cannot run at all; failed nodes are results, not exceptions.
    """
    command = ["build", "--select", select, "--exclude", exclude]
    return _invoke([*command, "--exclude-resource-types", "test", "unit_test"], database, target, dbt_project)


def run_tests(
    database: Path, target: Path, select: str = "fqn:*", exclude: str = "", dbt_project: Path = DBT_PROJECT
) -> list[NodeResult]:
    """Run the data tests of the models that stand in the database file.

    Unit tests and the tests of seeds look at the project, not at the data: they belong to the test suite.
    """
    command = ["test", "--select", select, "--exclude", *exclude.split(), "path:seeds"]
    return _invoke([*command, "--exclude-resource-types", "unit_test"], database, target, dbt_project)


def check_project(database: Path, target: Path, dbt_project: Path = DBT_PROJECT) -> list[NodeResult]:
    """Run what looks at the project alone: the unit tests of the models and the tests of the seeds.

    The database holds the declared tables, empty. Seeds are loaded into it and models built without rows, since
    a unit test takes the types of its inputs from them; results of seeds, models and tests are returned.
    """
    without_rows = ["run", "--empty"]
    tests = ["test", "--select", "test_type:unit", "path:seeds"]
    return [
        node for command in (["seed"], without_rows, tests) for node in _invoke(command, database, target, dbt_project)
    ]


def write_docs(database: Path, target: Path, dbt_project: Path = DBT_PROJECT) -> Path:
    """Write dbt's documentation of the project and the tables of the database as one page; its path in `target`.

    Raises `FrontierError` when dbt cannot write it.
    """
    outcome = _run(["docs", "generate", "--static", "--no-compile"], database, target, dbt_project)
    if not outcome.success:
        raise FrontierError(f"dbt could not write its documentation: {outcome.exception}")
    return target / "static_index.html"


def ensure_manifest(target: Path, dbt_project: Path = DBT_PROJECT) -> Path:
    """Path of the project's `manifest.json`, parsed anew only when the project has changed.

    The parsed project is kept beside it, under the fingerprint of the files that it was made from: the
    databases that dbt builds have new names each time, for which dbt itself would parse everything again.
    """
    manifest, parsed, stamp = target / "manifest.json", target / "parsed.msgpack", target / "parsed.sha256"
    fingerprint = _project_fingerprint(dbt_project)
    if manifest.is_file() and parsed.is_file() and stamp.is_file() and stamp.read_text() == fingerprint:
        return manifest
    from dbt.cli.main import dbtRunner

    target.mkdir(parents=True, exist_ok=True)
    with _environment(target / "frontier.duckdb"), _closed_connections():
        outcome = dbtRunner().invoke(["parse", *_flags(target, dbt_project), "--write-json"])
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumaro_encoder

    if not isinstance(outcome.result, Manifest):
        raise FrontierError(f"dbt cannot read the project {dbt_project}: {outcome.exception}")
    parsed.write_bytes(outcome.result.to_msgpack(extended_mashumaro_encoder))
    stamp.write_text(fingerprint)
    return manifest


def _project_fingerprint(dbt_project: Path) -> str:
    digest = hashlib.sha256(metadata.version("dbt-core").encode())
    for path in sorted(dbt_project.rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.parts:
            digest.update(str(path.relative_to(dbt_project)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _invoke(arguments: Sequence[str], database: Path, target: Path, dbt_project: Path) -> list[NodeResult]:
    outcome = _run([*arguments, "--no-write-json"], database, target, dbt_project)
    if outcome.exception:
        raise FrontierError(f"dbt could not run: {outcome.exception}")
    return [_node_result(result) for result in getattr(outcome.result, "results", None) or []]


def _run(arguments: Sequence[str], database: Path, target: Path, dbt_project: Path) -> dbtRunnerResult:
    ensure_manifest(target, dbt_project)
    stamp = (target / "parsed.sha256").read_text()
    from dbt.cli.main import dbtRunner

    with _environment(database), _closed_connections():
        runner = dbtRunner(manifest=_parsed_project(target / "parsed.msgpack", stamp))
        return runner.invoke([*arguments, *_flags(target, dbt_project)])


@lru_cache(maxsize=1)
def _parsed_project(parsed: Path, stamp: str) -> Manifest:  # noqa: ARG001 - a new stamp is a new project
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    return Manifest.from_msgpack(parsed.read_bytes(), decoder=extended_mashumuro_decoder)


def _flags(target: Path, dbt_project: Path) -> list[str]:
    return [
        "--project-dir", str(dbt_project),
        "--profiles-dir", str(dbt_project),
        "--target-path", str(target),
        "--log-path", str(target / "logs"),
        "--quiet",
        "--no-use-colors",
        "--log-level", "none",
        "--log-level-file", "none",
    ]  # fmt: skip


def _node_result(result: Any) -> NodeResult:
    node = result.node
    return NodeResult(
        unique_id=node.unique_id,
        resource_type=str(node.resource_type),
        name=node.name,
        status=str(result.status),
        message=str(result.message or ""),
        failures=int(getattr(result, "failures", None) or 0),
        seconds=float(result.execution_time),
    )


@contextmanager
def _environment(database: Path) -> Generator[None]:
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
def _closed_connections() -> Generator[None]:
    """dbt keeps DuckDB open after it returns, which would hold the file's lock."""
    try:
        yield
    finally:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters

        DuckDBConnectionManager.close_all_connections()
        reset_adapters()
