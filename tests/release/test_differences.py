"""Comparing two releases, and rolling back to the earlier one, by the real command."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.release.candidate import start_candidate
from orchestration.release.fingerprint import file_sha256
from orchestration.release.store import Release, current_release, publish
from orchestration.workspace import Workspace
from tests.published import Command

CENSUS = "goskomstat/population_census_1989_2002"


@pytest.fixture
def frontier(published: Command, warehouse_copy: Path) -> Command:
    return Command(published.raw, warehouse_copy)


@pytest.fixture
def two_releases(frontier: Command) -> tuple[Release, Release]:
    """The published release, and a later one with one other figure, an input and a finding less."""
    workspace = Workspace.of(frontier.raw, frontier.warehouse)
    first = current_release(workspace)
    assert first is not None
    candidate = start_candidate(workspace, "29990101T000000000Z", "other inputs", "run")
    candidate.database.unlink(missing_ok=True)
    shutil.copyfile(first.database, candidate.database)
    with duckdb.connect(str(candidate.database)) as connection:
        connection.execute(
            "update main.fct_observation set figure_value = figure_value + 1 where observation_id = ("
            "select min(observation_id) from main.fct_observation inner join main.dim_edition using (edition_key) "
            "where is_latest and dataset = ? and figure_value is not null)",
            [CENSUS],
        )
        connection.execute("delete from audit.finding where rule_id = 'departures_per_100_arrivals'")
    manifest = copy.deepcopy(first.manifest)
    manifest["inputs"] = manifest["inputs"][1:]
    manifest["tables"]["main.fct_observation"]["content_hash"] = "another"
    return first, publish(workspace, candidate, manifest)


def test_a_difference_names_inputs_tables_figures_and_findings(
    frontier: Command, two_releases: tuple[Release, Release]
) -> None:
    first, second = two_releases
    outcome = frontier("releases", "diff", first.id, second.id, "--format", "json")
    differences = json.loads(outcome.stdout)
    rows = first.manifest["tables"]["main.fct_observation"]["rows"]

    assert outcome.returncode == 0, outcome.stderr
    assert differences["inputs_removed"] == [first.manifest["inputs"][0]["edition"]]
    assert differences["inputs_added"] == differences["inputs_changed"] == []
    assert differences["tables"] == {"main.fct_observation": [rows, rows]}
    assert differences["figures"] == {CENSUS: {"added": 0, "removed": 0, "changed": 1}}
    assert [one["state"] for one in differences["findings_gone"]] == ["waived"]
    assert differences["findings_new"] == []


def test_a_release_does_not_differ_from_itself(frontier: Command, two_releases: tuple[Release, Release]) -> None:
    first, _ = two_releases
    assert frontier("releases", "diff", first.id, first.id).stdout.endswith("They hold the same.\n")


def test_a_rollback_brings_the_earlier_release_back_and_no_schedule_undoes_it(
    frontier: Command, two_releases: tuple[Release, Release]
) -> None:
    first, second = two_releases
    assert file_sha256(frontier.database) == file_sha256(second.database)

    outcome = frontier("releases", "rollback", first.id)
    assert outcome.returncode == 0, outcome.stderr
    assert file_sha256(frontier.database) == file_sha256(first.database)
    assert f"Release {first.id} is current again." in outcome.stdout

    refreshed = frontier("refresh")
    assert refreshed.returncode == 0, refreshed.stderr
    assert refreshed.stdout.startswith(f"Nothing to do: release {first.id} was rolled back to")
    assert file_sha256(frontier.database) == file_sha256(first.database)


def test_a_release_that_is_not_there_is_named_with_those_that_are(frontier: Command) -> None:
    outcome = frontier("releases", "rollback", "yesterday")
    assert outcome.returncode == 2
    assert "There is no release 'yesterday'. Releases: 2" in outcome.stderr
