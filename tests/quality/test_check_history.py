"""The history of checks from release to release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.check_history import record_check_history

HOLDS = {"check_result_id": "a", "suite": "cells", "is_success": True, "unexpected_count": 0, "element_count": 10}
FAILS = HOLDS | {"is_success": False, "unexpected_count": 3}


@pytest.fixture
def release(tmp_path: Path) -> Callable[..., Path]:
    """Publish a release with these outcomes, after another one."""

    def publish(release_id: str, *outcomes: dict[str, Any], last: Path | None = None) -> Path:
        database = tmp_path / release_id / "frontier.duckdb"
        database.parent.mkdir()
        with duckdb.connect(str(database)) as connection:
            insert_rows(connection, create_declared_table(connection, "audit.check_result"), outcomes)
            record_check_history(connection, last, release_id)
        return database

    return publish


def stays(database: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(
            "select check_result_id, is_success, unexpected_count, first_seen, last_seen from audit.check_history "
            "order by first_seen, check_result_id"
        ).fetchall()


def test_an_outcome_that_stays_needs_one_row(release: Callable[..., Path]) -> None:
    last = release("r1", HOLDS)
    for name in ("r2", "r3"):
        last = release(name, HOLDS, last=last)
    assert stays(last) == [("a", True, 0, "r1", "r3")]


def test_an_outcome_that_changes_and_comes_back_begins_another_stay(release: Callable[..., Path]) -> None:
    second = release("r2", FAILS, last=release("r1", HOLDS))
    third = release("r3", HOLDS, last=second)
    assert stays(third) == [("a", True, 0, "r1", "r1"), ("a", False, 3, "r2", "r2"), ("a", True, 0, "r3", "r3")]


def test_a_check_that_is_gone_stays_known(release: Callable[..., Path]) -> None:
    third = release("r3", last=release("r2", last=release("r1", FAILS)))
    assert stays(third) == [("a", False, 3, "r1", "r1")]


def test_a_release_without_history_begins_it_with_its_results(release: Callable[..., Path]) -> None:
    first = release("r1", HOLDS)
    with duckdb.connect(str(first)) as connection:
        connection.execute("drop table audit.check_history")
    assert stays(release("r2", HOLDS, last=first)) == [("a", True, 0, "r1", "r2")]


def test_a_release_without_any_results_is_no_obstacle(release: Callable[..., Path]) -> None:
    first = release("r1")
    with duckdb.connect(str(first)) as connection:
        connection.execute("drop table audit.check_history; drop table audit.check_result")
    assert stays(release("r2", HOLDS, last=first)) == [("a", True, 0, "r2", "r2")]
