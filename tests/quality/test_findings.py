"""Findings: their ids, their shape for other programs, and what is remembered of them from release to release."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.quality.comparison_findings import claim_findings, definition_findings, deletion_findings
from orchestration.quality.findings import (
    Finding,
    FindingCell,
    Severity,
    State,
    as_json,
    read_findings,
    remember,
    write_findings,
)
from orchestration.quality.identities.findings import identity_findings
from orchestration.quality.identities.rules import load_identities
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.release.candidate import Candidate

CELL = FindingCell("one", "agency/table/2006/table.csv", None, "E6", "19.0", None, None)
SUSPECT = replace(CELL, expected_low=19.9, expected_high=20.0)
BREAK = Finding(
    rule="ratio",
    instance="ref_area=RU-BEL",
    severity="error",
    message="Not so.",
    dataset="agency/table",
    edition="2006",
    cells=(CELL, FindingCell("two", "agency/table/2006/table.csv", "Sheet 1", "B6", "5350")),
    suspects=(SUSPECT,),
    decision="A slip",
    state="waived",
    first_seen="r1",
    last_seen="r2",
    extent="3 values",
    owner="Steward",
)


def test_a_finding_has_the_shape_that_others_build_on() -> None:
    assert json.loads(json.dumps(as_json(BREAK))) == {
        "id": BREAK.id,
        "rule": "ratio",
        "severity": "error",
        "state": "waived",
        "owner": "Steward",
        "dataset": "agency/table",
        "edition": "2006",
        "cells": [
            {"file": "agency/table/2006/table.csv", "sheet": None, "cell": "E6", "raw_text": "19.0"},
            {"file": "agency/table/2006/table.csv", "sheet": "Sheet 1", "cell": "B6", "raw_text": "5350"},
        ],
        "suspects": [
            {
                "file": "agency/table/2006/table.csv",
                "sheet": None,
                "cell": "E6",
                "raw_text": "19.0",
                "expected_low": 19.9,
                "expected_high": 20.0,
            }
        ],
        "extent": "3 values",
        "message": "Not so.",
        "decision": "A slip",
        "first_seen": "r1",
        "last_seen": "r2",
    }


def test_every_finding_of_the_bundled_data_can_be_printed_as_json(candidate: Candidate) -> None:
    with duckdb.connect(str(candidate.database), read_only=True) as connection:
        printed = [as_json(one) for one in read_findings(connection)]
    assert len(json.loads(json.dumps(printed))) == len(printed) > 30
    assert {tuple(one) for one in printed} == {tuple(as_json(BREAK))}


@given(rule=st.text(max_size=20), instance=st.text(max_size=20), message=st.text(max_size=20))
def test_an_id_depends_on_rule_and_instance_alone(rule: str, instance: str, message: str) -> None:
    one = Finding(rule, instance, "error", message)
    other = replace(BREAK, rule=rule, instance=instance)
    assert one.id == other.id
    assert Finding(rule + "x", instance, "error", message).id != one.id
    assert Finding(rule, instance + "x", "error", message).id != one.id


def test_the_ids_of_the_errors_in_print_are_the_ones_that_the_waivers_name(candidate: Candidate) -> None:
    with duckdb.connect(str(candidate.database), read_only=True) as connection:
        errors = {one.id: one.rule for one in read_findings(connection) if one.severity == "error"}
    assert errors == {
        "29483ffcb174": "departures_per_100_arrivals",
        "d5c08913ae37": "federal_okrugs_add_up",
        "ba3d75ea9603": "federal_okrugs_add_up",
    }


def test_the_order_of_figures_and_rules_changes_no_finding(evaluated: duckdb.DuckDBPyConnection) -> None:
    rules = load_identities(Workspace.of().expectations / "identities.yml")
    before = identity_findings(evaluated, rules)
    shuffled = duckdb.connect()
    shuffled.execute("create schema raw; create schema staging; create schema audit")
    for table in ("raw.observations", "staging.stg_observations", "audit.identity_term", "audit.identity_result"):
        rows = evaluated.execute(f"select * from {table}").to_arrow_table()
        order = list(range(rows.num_rows))
        random.Random(7).shuffle(order)
        shuffled.register("rows_in_another_order", rows.take(order))
        shuffled.execute(f"create table {table} as from rows_in_another_order")
        shuffled.unregister("rows_in_another_order")
    assert identity_findings(shuffled, rules[::-1]) == before
    assert len({one.id for one in before}) == len(before)


def test_a_finding_keeps_the_release_in_which_it_first_stood() -> None:
    known = replace(BREAK, first_seen="r1", last_seen="r1")
    other = replace(BREAK, instance="ref_area=RU", first_seen=None, last_seen=None)
    seen = remember([replace(known, first_seen=None, last_seen=None), other], [known], "r3")
    assert [(one.first_seen, one.last_seen) for one in seen] == [("r1", "r3"), ("r3", "r3")]


def test_a_finding_that_went_and_came_back_is_seen_anew() -> None:
    (gone,) = remember([replace(BREAK, first_seen=None)], [], "r5")
    assert gone.first_seen == "r5"


def test_findings_are_read_back_as_they_were_written_errors_first() -> None:
    severities: list[Severity] = ["info", "warning", "error"]
    states: list[State] = ["waived", "open", "explained"]
    written = [
        replace(BREAK, instance=f"{severity} {state}", severity=severity, state=state)
        for severity, state in itertools.product(severities, states)
    ]
    connection = duckdb.connect()
    write_findings(connection, written)
    found = read_findings(connection)
    assert sorted(found, key=lambda one: one.id) == sorted(written, key=lambda one: one.id)
    assert [one.severity for one in found] == ["error"] * 3 + ["warning"] * 3 + ["info"] * 3
    write_findings(connection, written[:1])
    assert read_findings(connection) == written[:1]


def test_only_an_open_error_blocks() -> None:
    severities: list[Severity] = ["error", "warning", "info"]
    states: list[State] = ["open", "waived", "explained"]
    blocking = [
        (severity, state)
        for severity, state in itertools.product(severities, states)
        if replace(BREAK, severity=severity, state=state).is_blocking
    ]
    assert blocking == [("error", "open")]


@pytest.fixture
def released(candidate: Candidate) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(candidate.database), read_only=True)


def test_a_change_of_definition_is_explained_by_the_members_that_differ(released: duckdb.DuckDBPyConnection) -> None:
    found = {one.instance: one for one in definition_findings(released)}
    assert {(one.severity, one.state) for one in found.values()} == {("info", "explained")}
    arrivals = found["indicator=arrivals ref_area=RU counterpart_area=CIS time_period=2005"]
    assert [(one.cell, one.raw_text) for one in arrivals.cells] == [("J8", "163101"), ("C11", "168598")]
    assert "5,497" in (arrivals.decision or "")


def test_a_claim_that_the_figures_do_not_bear_out_is_information(released: duckdb.DuckDBPyConnection) -> None:
    found = {one.instance: one for one in claim_findings(released)}
    assert {(one.severity, one.state) for one in found.values()} == {("info", "explained")}
    share = found["dataset=literature/west_kazakhstan_dissertation claim=kz_border_share_2009"]
    assert [(one.cell, one.raw_text) for one in share.cells] == [("D31", "34.4%")]
    assert "34.33" in share.message


def test_figures_that_the_last_release_held_may_not_vanish(candidate: Candidate, tmp_path: Path) -> None:
    connection = duckdb.connect(str(tmp_path / "new.duckdb"))
    connection.execute(f"attach '{candidate.database}' as old (read_only)")
    connection.execute("create schema raw; create table raw.observations as from old.raw.observations")
    connection.execute("detach old")
    assert deletion_findings(connection, candidate.database) == []
    assert deletion_findings(connection, None) == []
    connection.execute("delete from raw.observations where dataset = 'kazstat/net_migration' and time_period = '2004'")
    (found,) = deletion_findings(connection, candidate.database)
    assert found.is_blocking
    assert (found.dataset, found.edition) == ("kazstat/net_migration", "2025")
    assert found.message.startswith("3 figures of kazstat/net_migration@2025")


def test_the_last_release_may_stand_in_a_folder_with_an_apostrophe(candidate: Candidate, tmp_path: Path) -> None:
    folder = tmp_path / "the steward's"
    folder.mkdir()
    (folder / "frontier.duckdb").symlink_to(candidate.database)
    connection = duckdb.connect()
    connection.execute("create schema raw; create table raw.observations (observation_id varchar)")
    assert len(deletion_findings(connection, folder / "frontier.duckdb")) == 11
