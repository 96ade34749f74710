"""What a content check found: the result, and its row in the audit.check_result table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orchestration.quality.expectations.printed_cells import BrokenIdentity, FailingCell

SOURCE = "great_expectations"


@dataclass(frozen=True)
class CheckResult:
    """One expectation of one suite, judged on one table.

    Counts are None for an expectation on a table or an aggregate, which has an `observed` value
    instead. `sample` holds at most five unexpected values as text, and none where the table holds
    answers of persons. A failure `is_waived` by a steward's decision. `meaning` says in one sentence
    what was expected and what was found, `summary` the same without the sample. `cells` are the printed
    cells of the sample, `breaks` the identities that are broken, where the table has such.
    """

    suite: str
    table: str
    expectation: str
    column: str | None
    severity: str
    is_success: bool
    unexpected_count: int | None
    element_count: int | None
    observed: str | None
    sample: list[str]
    why: str
    meaning: str
    check_id: str
    is_waived: bool = False
    summary: str = ""
    cells: tuple[FailingCell, ...] = ()
    breaks: tuple[BrokenIdentity, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether the result stops a release: a critical expectation that does not hold, and that nobody waived."""
        return self.severity == "critical" and not self.is_success and not self.is_waived


def identify_check(source: str, suite: str, name: str, arguments: Any) -> str:
    """Return an id that stays the same from refresh to refresh while the check says the same thing."""
    text = json.dumps(
        [source, suite, name, arguments],
        sort_keys=True,
        default=str,
        ensure_ascii=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_rows(results: Iterable[CheckResult]) -> list[dict[str, object]]:
    """Return one row per result, keyed by the columns of audit.check_result in declared order."""
    return [
        {
            "check_result_id": result.check_id,
            "source": SOURCE,
            "suite": result.suite,
            "table_name": result.table,
            "check_name": result.expectation,
            "column_name": result.column,
            "severity": result.severity,
            "is_success": result.is_success,
            "unexpected_count": result.unexpected_count,
            "element_count": result.element_count,
            "observed": result.observed,
            "sample": " | ".join(result.sample) or None,
            "why": result.why,
        }
        for result in results
    ]
