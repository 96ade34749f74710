"""The dbt project by itself: its unit tests, the tests of its seeds, and what its declarations promise."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.modelling.dbt_runner import NodeResult, check_project, ensure_manifest
from orchestration.modelling.declared_tables import create_declared_table, declared_tables

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
LOGIC = re.compile(
    r"\b(join|case|over|group\s+by|distinct|union)\b|\b(sum|count|min|max|avg|bool_or)\s*\(", re.IGNORECASE
)
Node = dict[str, Any]


@dataclass(frozen=True)
class CheckedProject:
    """What dbt says of the project: its results, and the project as dbt has parsed and compiled it."""

    results: list[NodeResult]
    manifest: dict[str, dict[str, Node]]
    compiled: Path

    @property
    def models(self) -> list[Node]:
        return [node for node in self.manifest["nodes"].values() if node["resource_type"] == "model"]

    @property
    def marts(self) -> list[Node]:
        return [model for model in self.models if model["schema"] == "main"]

    def of_type(self, resource_type: str) -> list[NodeResult]:
        return [result for result in self.results if result.resource_type == resource_type]

    def has_logic(self, model: Node) -> bool:
        """Whether the model joins, decides, aggregates or looks over rows, its macros rendered."""
        sql = (self.compiled / model["original_file_path"]).read_text(encoding="utf-8")
        return bool(LOGIC.search(COMMENT.sub("", sql)))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> CheckedProject:
    """The project, checked once on a database without data."""
    folder = tmp_path_factory.mktemp("dbt_project")
    database, target = folder / "frontier.duckdb", folder / "target"
    with duckdb.connect(str(database)) as connection:
        for table in declared_tables():
            create_declared_table(connection, table)
    results = check_project(database, target)
    manifest = json.loads(ensure_manifest(target).read_text(encoding="utf-8"))
    return CheckedProject(results, manifest, target / "compiled" / "frontier")


def failures(results: list[NodeResult]) -> str:
    return "\n".join(f"{node.name}: {node.status}. {node.message}" for node in results if node.is_failed)


@pytest.mark.parametrize("resource_type", ["seed", "model"])
def test_the_project_builds_on_a_database_without_data(project: CheckedProject, resource_type: str) -> None:
    declared = {name for name, node in project.manifest["nodes"].items() if node["resource_type"] == resource_type}

    assert {result.unique_id for result in project.of_type(resource_type)} == declared
    assert failures(project.of_type(resource_type)) == ""


def test_every_unit_test_passes(project: CheckedProject) -> None:
    assert {result.unique_id for result in project.of_type("unit_test")} == set(project.manifest["unit_tests"])
    assert failures(project.of_type("unit_test")) == ""


def test_every_test_of_a_seed_passes(project: CheckedProject) -> None:
    seeds = {name for name, node in project.manifest["nodes"].items() if node["resource_type"] == "seed"}
    tested = {
        parent
        for result in project.of_type("test")
        for parent in project.manifest["nodes"][result.unique_id]["depends_on"]["nodes"]
    }

    assert seeds <= tested
    assert failures(project.of_type("test")) == ""


def test_every_model_with_logic_has_a_unit_test(project: CheckedProject) -> None:
    tested = {unit_test["model"] for unit_test in project.manifest["unit_tests"].values()}

    assert [model["name"] for model in project.models if project.has_logic(model) and model["name"] not in tested] == []


def test_whatever_analysts_see_is_described(project: CheckedProject) -> None:
    relations = [*project.marts, *project.manifest["sources"].values()]
    undescribed = [
        f"{relation['name']}.{column}"
        for relation in relations
        for column, description in [
            ("", relation["description"]),
            *((name, column["description"]) for name, column in relation["columns"].items()),
        ]
        if not description.strip()
    ]

    assert undescribed == []


def test_every_mart_holds_just_the_columns_that_it_declares(project: CheckedProject) -> None:
    assert [mart["name"] for mart in project.marts if not mart["config"]["contract"]["enforced"]] == []


def test_the_description_of_a_mart_begins_with_its_grain(project: CheckedProject) -> None:
    first_sentences = {mart["name"]: mart["description"].split(".")[0] for mart in project.marts}

    assert [name for name, sentence in first_sentences.items() if not sentence.startswith("One row per ")] == []
