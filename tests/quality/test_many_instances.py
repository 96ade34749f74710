"""Of very many instances the broken ones and their neighbourhood are written down, and the others counted."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.quality.audit import evaluate_identities
from orchestration.quality.identities import level_sums, written
from orchestration.quality.identities.findings import identity_findings
from orchestration.quality.identities.rules import load_identities
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.release.candidate import Candidate

EXPECTATIONS = Workspace.of().expectations
SUMS = (
    "select rule_id, whole_id, extent_id, result, missing_parts, sum(instances)::bigint from audit.level_sum "
    "group by all order by all"
)
COUNTS = "select rule_id, sum(instances)::bigint, count(*) filter (where verdict = 'broken') from audit.identity_result"


def test_what_is_only_counted_changes_no_finding(
    candidate: Candidate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "frontier.duckdb"
    shutil.copyfile(candidate.database, copy)
    rules = load_identities(EXPECTATIONS / "identities.yml")
    with duckdb.connect(str(copy)) as connection:
        evaluate_identities(connection, EXPECTATIONS)
        findings = identity_findings(connection, rules)
        counts = connection.execute(f"{COUNTS} group by all order by all").fetchall()
        monkeypatch.setattr(written, "WRITTEN_IN_FULL", 0)
        judged = evaluate_identities(connection, EXPECTATIONS)
        (rows,) = connection.execute("select count(*) from audit.identity_result").fetchone() or (0,)
        assert identity_findings(connection, rules) == findings
        assert connection.execute(f"{COUNTS} group by all order by all").fetchall() == counts
    assert findings
    assert judged == sum(count for _, count, _ in counts)
    assert rows < judged


def test_of_sums_alike_one_row_says_how_many_they_are(
    candidate: Candidate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "frontier.duckdb"
    shutil.copyfile(candidate.database, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            """
            insert into intermediate.int_figures__versioned
            select figures.* replace (
                observation_id || ages.age as observation_id, ages.age as age, 'age=' || ages.age as breakdown
            )
            from intermediate.int_figures__versioned as figures, (values ('Y0T4'), ('Y5T9')) as ages(age)
            """
        )
        evaluate_identities(connection, EXPECTATIONS)
        sums = connection.execute(SUMS).fetchall()
        (before,) = connection.execute("select count(*) from audit.level_sum").fetchone() or (0,)
        monkeypatch.setattr(level_sums, "WRITTEN_IN_FULL", 0)
        evaluate_identities(connection, EXPECTATIONS)
        assert connection.execute(SUMS).fetchall() == sums
        (after,) = connection.execute("select count(*) from audit.level_sum").fetchone() or (0,)
        together = connection.execute(
            "select min(instances), max(instances), count(parts_value) from audit.level_sum where instances > 1"
        ).fetchone()
    assert after < before == sum(count for *_, count in sums)
    assert together == (3, 3, 0)
