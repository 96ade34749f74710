"""Of very many instances the broken ones and their neighbourhood are written down, and the others counted."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.quality.audit import evaluate_identities
from orchestration.quality.identities import written
from orchestration.quality.identities.findings import identity_findings
from orchestration.quality.identities.rules import load_identities
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.release.candidate import Candidate

EXPECTATIONS = Workspace.of().expectations
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
