"""The audit: failed expectations, column values and dbt tests are findings that a steward can waive like any other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.modelling.dbt_runner import NodeResult
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.audit import Audit, settle_findings, store_check_results
from orchestration.quality.column_checks import COLUMN_RULE, INSTANCE_SQL
from orchestration.quality.expectations.results import CheckResult
from orchestration.quality.findings import Finding, read_findings, write_findings
from orchestration.quality.history import read_history

TODAY = dt.date(2026, 11, 22)
FAILED = CheckResult(
    suite="totals",
    table="main.t",
    expectation="column_values_to_be_between",
    column="value",
    severity="critical",
    is_success=False,
    unexpected_count=3,
    element_count=10,
    observed=None,
    sample=[],
    why="So.",
    meaning="3 of 10 values are out of range.",
    check_id="0123456789abcdef",
)
TEST = NodeResult("test.frontier.keys", "test", "keys", "fail", "Got 2 results", 2, 0.1)


@pytest.fixture
def expectations(tmp_path: Path) -> Path:
    (tmp_path / "owners.yml").write_text("default: Steward\nrules: {dbt_test: Modeller}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """A candidate in which nothing has been found yet."""
    connection = duckdb.connect()
    write_findings(connection, [])
    return connection


@pytest.fixture
def waive(expectations: Path) -> Callable[..., None]:
    def waive(finding: Finding, **changes: Any) -> None:
        entry = {"finding": finding.id, "rule": finding.rule, "extent": finding.extent, "reason": "Known."}
        entry |= {"decided_by": "Steward", "decided_on": "2026-11-22", "expires_on": "2030-12-31"}
        (expectations / "waivers.yml").write_text(yaml.safe_dump([entry | changes]), encoding="utf-8")

    return waive


def audit(expectations: Path, last_release: Path | None = None) -> Audit:
    return Audit(expectations, last_release, "r2", TODAY)


def test_a_failed_expectation_is_a_finding_and_can_be_waived(
    connection: duckdb.DuckDBPyConnection, expectations: Path, waive: Callable[..., None]
) -> None:
    (result,) = store_check_results(connection, audit(expectations), [FAILED])
    (found,) = read_findings(connection)
    assert (found.is_blocking, found.extent, found.owner, result.blocks) == (True, "3 values", "Steward", True)

    waive(found)
    write_findings(connection, [])
    (result,) = store_check_results(connection, audit(expectations), [FAILED])
    assert [(one.state, one.decision) for one in read_findings(connection)] == [("waived", "Known.")]
    assert (result.is_waived, result.blocks) == (True, False)

    write_findings(connection, [])
    (result,) = store_check_results(connection, audit(expectations), [replace(FAILED, unexpected_count=4)])
    assert {one.rule for one in read_findings(connection) if one.is_blocking} == {found.rule, "waiver_is_stale"}
    assert result.blocks


def test_an_aggregate_is_waived_with_what_was_observed(
    connection: duckdb.DuckDBPyConnection, expectations: Path
) -> None:
    store_check_results(connection, audit(expectations), [replace(FAILED, unexpected_count=None, observed="7")])
    assert [one.extent for one in read_findings(connection)] == ["observed 7"]


def test_a_waived_expectation_that_holds_again_makes_its_waiver_stale(
    connection: duckdb.DuckDBPyConnection, expectations: Path, waive: Callable[..., None]
) -> None:
    store_check_results(connection, audit(expectations), [FAILED])
    waive(*read_findings(connection))
    write_findings(connection, [])
    store_check_results(connection, audit(expectations), [replace(FAILED, is_success=True, unexpected_count=0)])
    (stale,) = read_findings(connection)
    assert stale.is_blocking
    assert "matches no finding" in stale.message


@pytest.mark.parametrize(
    ("changes", "severities"),
    [
        ({"severity": "warning"}, ["warning"]),
        ({"severity": "info"}, []),
        ({"is_success": True}, []),
        ({"suite": "identities", "column": "verdict"}, []),
        ({"suite": "columns", "column": "verdict"}, []),
        ({"suite": "columns", "column": None}, ["error"]),
    ],
)
def test_which_failures_become_findings(
    connection: duckdb.DuckDBPyConnection, expectations: Path, changes: dict[str, Any], severities: list[str]
) -> None:
    store_check_results(connection, audit(expectations), [replace(FAILED, **changes)])
    assert [one.severity for one in read_findings(connection)] == severities


def test_a_failed_expectation_is_as_old_as_it_is(
    connection: duckdb.DuckDBPyConnection, expectations: Path, tmp_path: Path
) -> None:
    with duckdb.connect(str(tmp_path / "last.duckdb")) as last:
        write_findings(last, [])
        store_check_results(last, replace(audit(expectations), release_id="r1"), [FAILED])
    store_check_results(connection, audit(expectations, tmp_path / "last.duckdb"), [FAILED])
    assert [(one.first_seen, one.last_seen) for one in read_findings(connection)] == [("r1", "r2")]


def test_a_test_that_fails_after_the_audit_blocks_too_and_can_be_waived(
    connection: duckdb.DuckDBPyConnection, expectations: Path, waive: Callable[..., None]
) -> None:
    settle_findings(connection, audit(expectations), [TEST])
    (found,) = read_findings(connection)
    assert (found.is_blocking, found.extent, found.owner) == (True, "2 rows", "Modeller")

    waive(found)
    write_findings(connection, [])
    store_check_results(connection, audit(expectations), [])
    assert read_findings(connection) == []
    settle_findings(connection, audit(expectations), [TEST])
    assert [one.state for one in read_findings(connection)] == ["waived"]

    write_findings(connection, [])
    settle_findings(connection, audit(expectations), [])
    assert [one.rule for one in read_findings(connection)] == ["waiver_is_stale"]
    assert [one.rule_id for one in read_history(connection)] == ["waiver_is_stale"]


def test_the_finding_of_a_column_is_found_by_its_check() -> None:
    connection = duckdb.connect()
    row = {"table_schema": "main", "table_name": "t", "column_name": "c", "allowed_values": "one of a, b"}
    insert_rows(connection, create_declared_table(connection, "audit.column_check"), [row | {"verdict": "broken"}])
    assert connection.execute(f"select {INSTANCE_SQL} from audit.column_check").fetchall() == [
        ("table=main.t column=c allowed=one of a, b",)
    ]
    assert COLUMN_RULE == "column_values"
