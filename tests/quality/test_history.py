"""The history of findings from release to release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.quality.findings import Finding, read_findings, remember, write_findings
from orchestration.quality.history import read_history, record_history

ONE, OTHER = (Finding("rule", name, "error", f"{name} is not so.", dataset="a/t") for name in ("one", "other"))


@pytest.fixture
def release(tmp_path: Path) -> Callable[..., Path]:
    """Publish a release that holds some findings, after another one."""

    def publish(release_id: str, findings: list[Finding], last: Path | None = None) -> Path:
        before = []
        if last:
            with duckdb.connect(str(last), read_only=True) as connection:
                before = read_findings(connection)
        database = tmp_path / f"{release_id}.duckdb"
        with duckdb.connect(str(database)) as connection:
            write_findings(connection, remember(findings, before, release_id))
            record_history(connection, last, release_id)
        return database

    return publish


def stays(database: Path) -> dict[str, list[tuple[str | None, ...]]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        found: dict[str, list[tuple[str | None, ...]]] = {}
        for one in read_history(connection):
            found.setdefault(one.message.split()[0], []).append((one.first_seen, one.last_seen, one.resolved_in))
        return found


def test_a_finding_stays_known_with_the_release_that_resolved_it(release: Callable[..., Path]) -> None:
    first = release("r1", [ONE, OTHER])
    second = release("r2", [OTHER], first)
    third = release("r3", [OTHER], second)
    assert stays(first) == {"one": [("r1", "r1", None)], "other": [("r1", "r1", None)]}
    assert stays(third) == {"one": [("r1", "r1", "r2")], "other": [("r1", "r3", None)]}


def test_a_finding_that_comes_back_begins_another_stay(release: Callable[..., Path]) -> None:
    second = release("r2", [], release("r1", [ONE]))
    third = release("r3", [ONE], second)
    assert stays(third) == {"one": [("r3", "r3", None), ("r1", "r1", "r2")]}


def test_the_history_can_be_narrowed(release: Callable[..., Path]) -> None:
    database = release("r2", [OTHER], release("r1", [ONE]))
    with duckdb.connect(str(database), read_only=True) as connection:
        assert [one.finding_id for one in read_history(connection, is_resolved=True)] == [ONE.id]
        assert [one.finding_id for one in read_history(connection, is_resolved=False)] == [OTHER.id]
        assert [one.finding_id for one in read_history(connection, finding_id=ONE.id)] == [ONE.id]
        assert len(read_history(connection, dataset="a/t")) == 2
        assert read_history(connection, dataset="a/u") == []


def test_a_release_without_history_or_owners_is_carried_over(release: Callable[..., Path]) -> None:
    """As an earlier version of the product has published it."""
    first = release("r1", [ONE])
    with duckdb.connect(str(first)) as connection:
        connection.execute("drop table audit.finding_history")
        connection.execute("alter table audit.finding drop column owner")
        connection.execute("alter table audit.finding drop column extent")
    assert stays(release("r2", [], first)) == {"one": [("r1", "r1", "r2")]}
