"""The audit of a candidate: every check is run, its results are stored, and findings come out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.landing.catalogue import Dataset
from orchestration.modelling.dbt_runner import NodeResult
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.check_history import record_check_history
from orchestration.quality.column_checks import COLUMN_RULE, INSTANCE_SQL, column_findings
from orchestration.quality.comparison_findings import claim_findings, definition_findings, deletion_findings
from orchestration.quality.corrections import CORRECTIONS, correction_findings, load_corrections
from orchestration.quality.drift.acceptance import accepted_changes
from orchestration.quality.drift.findings import drift_findings
from orchestration.quality.drift.rules import DRIFT, load_drift_rules
from orchestration.quality.expectations.results import CheckResult, check_rows
from orchestration.quality.findings import Finding, read_findings, remember, write_findings
from orchestration.quality.history import record_history
from orchestration.quality.identities.evaluation import evaluate
from orchestration.quality.identities.findings import identity_findings
from orchestration.quality.identities.rules import load_identities
from orchestration.quality.owners import OWNERS, assign_owners, load_owners
from orchestration.quality.survey_notices import notice_findings
from orchestration.quality.survey_rules import rule_findings, severity_of, survey_results
from orchestration.quality.waivers import WAIVERS, Waiver, load_waivers, mark_waived, stale_waivers

if TYPE_CHECKING:
    import duckdb

# What these judge are findings of their own, with cells, before the suite sees it.
_JUDGED_BEFORE = {("identities", "verdict"), ("columns", "verdict"), ("survey_margins", "verdict")}
DBT_TEST = "dbt_test"


@dataclass(frozen=True)
class Audit:
    """What the findings of a candidate are judged by: the steward's decisions, the last release, and the day."""

    expectations: Path
    last_release: Path | None
    release_id: str
    today: dt.date

    def waivers(self) -> list[Waiver]:
        return load_waivers(self.expectations / WAIVERS)

    def judge(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings with their owners, the waivers applied, and the releases in which they were seen."""
        owned = assign_owners(findings, load_owners(self.expectations / OWNERS))
        waived = mark_waived(owned, self.waivers(), self.today)
        return remember(waived, _findings_of(self.last_release), self.release_id)


def evaluate_identities(connection: duckdb.DuckDBPyConnection, expectations: Path) -> int:
    """Evaluate the declared identities into `audit.identity_term` and `audit.identity_result`; instances judged."""
    for table in ("audit.identity_term", "audit.identity_result"):
        create_declared_table(connection, table)
    evaluate(connection, load_identities(expectations / "identities.yml"))
    row = connection.execute("select cast(coalesce(sum(instances), 0) as bigint) from audit.identity_result").fetchone()
    return row[0] if row else 0


def evaluate_survey_margins(connection: duckdb.DuckDBPyConnection, catalogue: Iterable[Dataset]) -> int:
    """Compute quotas, printed margins and rules of every survey edition into `audit.survey_margin`; how many."""
    table = create_declared_table(connection, "audit.survey_margin")
    rows = []
    for dataset in catalogue:
        survey = dataset.declaration.survey
        if survey is None:
            continue
        for edition in dataset.editions:
            for result in survey_results(connection, survey, edition.edition_id):
                row = asdict(result)
                judged = {"severity": severity_of(result.kind), "verdict": "holds" if result.holds else "broken"}
                rows.append({"edition_id": edition.edition_id, "margin_id": row.pop("id")} | row | judged)
    return insert_rows(connection, table, rows)


def collect_findings(
    connection: duckdb.DuckDBPyConnection, audit: Audit, failed_tests: Iterable[NodeResult]
) -> list[Finding]:
    """Findings of identities, column values, definitions, claims, dbt tests, deletions, drift and
    notices, judged.

    Writes them, and the verdicts of identities and columns, so that the expectations judge what is left. Waivers
    that nothing needs are found when the expectations have been run.
    """
    findings = [
        *identity_findings(connection, load_identities(audit.expectations / "identities.yml")),
        *column_findings(connection),
        *definition_findings(connection),
        *claim_findings(connection),
        *(_test_finding(test) for test in failed_tests),
        *deletion_findings(connection, audit.last_release),
        *drift_findings(connection, load_drift_rules(audit.expectations / DRIFT), audit.last_release),
        *correction_findings(connection, load_corrections(audit.expectations / CORRECTIONS)),
        *notice_findings(connection),
        *rule_findings(connection),
    ]
    judged = audit.judge(_with_corrections(connection, findings))
    write_findings(connection, judged)
    _write_verdicts(connection)
    return judged


def _with_corrections(connection: duckdb.DuckDBPyConnection, findings: Iterable[Finding]) -> list[Finding]:
    """The findings; the message of one that rests on a corrected cell says with which value."""
    rows = connection.execute("select observation_id, cell, corrected_text from raw.corrections").fetchall()
    corrected = {observation_id: f"{cell} counts as {text}, its correction." for observation_id, cell, text in rows}
    return [
        replace(
            one,
            message=" ".join(
                [
                    one.message,
                    *(corrected[cell.observation_id] for cell in one.cells if cell.observation_id in corrected),
                ]
            ),
        )
        for one in findings
    ]


def _write_verdicts(connection: duckdb.DuckDBPyConnection) -> None:
    """Mark what is waived or explained in the tables that the suites judge."""
    connection.execute(
        """
        update audit.identity_result as results
        set verdict = findings.state
        from audit.finding as findings
        where results.rule_id = findings.rule_id
            and results.instance = findings.instance
            and findings.state in ('waived', 'explained')
        """
    )
    connection.execute(
        f"""
        update audit.column_check as checks
        set verdict = findings.state
        from audit.finding as findings
        where findings.rule_id = '{COLUMN_RULE}'
            and findings.instance = {INSTANCE_SQL}
            and findings.state = 'waived'
        """
    )
    connection.execute(
        """
        update audit.survey_margin as margins
        set verdict = findings.state
        from audit.finding as findings
        where findings.rule_id = 'survey.' || margins.kind
            and findings.instance = 'edition_id=' || margins.edition_id || ' id=' || margins.margin_id
            and findings.state = 'waived'
        """
    )


def store_check_results(
    connection: duckdb.DuckDBPyConnection, audit: Audit, results: Iterable[CheckResult]
) -> list[CheckResult]:
    """Store the results of the expectations, with their history, and what they found among the findings.

    A critical or warning expectation that fails becomes a finding. Returns the results, those that a steward has
    waived marked.
    """
    results = list(results)
    insert_rows(connection, create_declared_table(connection, "audit.check_result"), check_rows(results))
    record_check_history(connection, audit.last_release, audit.release_id)
    failed = {
        result.check_id: _check_finding(result)
        for result in results
        if not result.is_success and result.severity != "info" and (result.suite, result.column) not in _JUDGED_BEFORE
    }
    # The tests of the models that stand on the GLMs are still to be run.
    settled = _settle(connection, audit, failed.values(), [one for one in audit.waivers() if one.rule != DBT_TEST])
    waived = {one.id for one in settled if one.state == "waived"}
    return [
        replace(result, is_waived=result.check_id in failed and failed[result.check_id].id in waived)
        for result in results
    ]


def settle_findings(connection: duckdb.DuckDBPyConnection, audit: Audit, failed_tests: Iterable[NodeResult]) -> None:
    """Add what the last tests found, find the waivers of tests that nothing needs, and write the history."""
    _settle(
        connection,
        audit,
        [_test_finding(test) for test in failed_tests],
        [one for one in audit.waivers() if one.rule == DBT_TEST],
    )
    record_history(connection, audit.last_release, audit.release_id)


def _settle(
    connection: duckdb.DuckDBPyConnection, audit: Audit, found: Iterable[Finding], waivers: list[Waiver]
) -> list[Finding]:
    """Write the findings so far with further ones and the stale among these waivers."""
    known = {one.id: one for one in [*read_findings(connection), *found]}
    accepted = accepted_changes(audit.last_release) - known.keys()
    needed = [one for one in waivers if one.finding not in accepted]
    stale = stale_waivers(known.values(), needed, audit.today)
    settled = audit.judge([*known.values(), *stale])
    write_findings(connection, settled)
    return settled


def _check_finding(result: CheckResult) -> Finding:
    extent = f"observed {result.observed}" if result.unexpected_count is None else f"{result.unexpected_count:,} values"
    return Finding(
        rule=f"{result.suite}.{result.expectation}",
        instance=f"table={result.table} column={result.column or ''} check={result.check_id}",
        severity="error" if result.severity == "critical" else "warning",
        extent=extent,
        message=f"{result.meaning} {result.why}",
    )


def _test_finding(test: NodeResult) -> Finding:
    return Finding(
        rule=DBT_TEST,
        instance=f"test={test.name}",
        severity="error",
        extent=None if test.failures is None else f"{test.failures:,} rows",
        message=f"The structural test {test.name} failed: {test.message.strip()}",
    )


def _findings_of(database: Path | None) -> list[Finding]:
    if database is None:
        return []
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        return read_findings(connection)
