"""The steps of a refresh, each a plain function on a candidate; the orchestrator only calls them in order."""

from __future__ import annotations

import datetime as dt
import platform
import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from orchestration import progress
from orchestration.errors import FrontierError, GateRefusal
from orchestration.landing.catalogue import Dataset, read_catalogue, read_dataset
from orchestration.release.candidate import Candidate, new_release_id, start_candidate
from orchestration.release.contents import contents_hash, table_contents
from orchestration.release.fingerprint import code_fingerprint, inputs_fingerprint
from orchestration.release.store import Release, current_release, note_same_contents, publish
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from orchestration.fetching.fetch import FetchOutcome
    from orchestration.modelling.dbt_runner import NodeResult
    from orchestration.quality.audit import Audit
    from orchestration.quality.expectations.results import CheckResult
    from orchestration.quality.findings import Finding

AFTER_GLM = "tag:after_glm"
_LISTED = 20
READERS = (
    "duckdb",
    "dbt-core",
    "dbt-duckdb",
    "great-expectations",
    "pyreadstat",
    "pandas",
    "pyarrow",
    "xlrd",
    "lxml",
    "sdmx1",
)


@contextmanager
def open_database(candidate: Candidate) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection to the candidate's database, closed afterwards whatever happens."""
    import duckdb

    with duckdb.connect(str(candidate.database)) as connection:
        yield connection


def begin(workspace: Workspace, run_id: str) -> Candidate:
    """Start a candidate with empty landed tables, for the run that builds it; not when a decision cannot be read."""
    from orchestration.extraction.landed_tables import create_landed_tables
    from orchestration.quality.decisions import check_decisions

    check_decisions(workspace.expectations)
    candidate = start_candidate(workspace, new_release_id(), inputs_fingerprint(workspace), run_id)
    with open_database(candidate) as connection:
        create_landed_tables(connection)
    return candidate


def catalogue(workspace: Workspace) -> list[Dataset]:
    """The datasets that are declared in the raw folder."""
    return read_catalogue(workspace.raw)


def fetch(workspace: Workspace, name: str) -> FetchOutcome:
    """Ask the source of a dataset for a new edition, and land it; what came of it."""
    from orchestration.fetching.fetch import fetch_datasets
    from orchestration.reception.receiving import receive

    return fetch_datasets(workspace, [name], lambda arrival: receive(workspace, arrival))[0]


def finish_landing(workspace: Workspace, candidate: Candidate) -> dict[str, int]:
    """Correct what the steward overrides, and let the expectations begin with what has landed; rows by landed table."""
    from orchestration.extraction.landed_tables import LANDED_TABLES
    from orchestration.quality.corrections import CORRECTIONS, apply_corrections, load_corrections
    from orchestration.quality.expectations.worker import begin_with_landed

    with open_database(candidate) as connection:
        apply_corrections(connection, load_corrections(workspace.expectations / CORRECTIONS))
    begin_with_landed(candidate.database, workspace.expectations / "suites")
    with open_database(candidate) as connection:
        counts = {table: connection.execute(f"select count(*) from {table}").fetchone() for table in LANDED_TABLES}
    return {table: row[0] if row else 0 for table, row in counts.items()}


def land(workspace: Workspace, candidate: Candidate, names: Iterable[str]) -> Generator[tuple[str, int]]:
    """Verify and read every edition of each dataset, as it stands now, into the candidate.

    Yields each dataset with the number of its cells; one connection serves them all.
    """
    from orchestration.extraction.landed_tables import land_dataset
    from orchestration.extraction.names import TerritoryNames

    spellings = TerritoryNames.from_seed(workspace.territory_names)
    with open_database(candidate) as connection:
        for name in names:
            with progress.step(f"Land {name}"):
                cells = land_dataset(connection, read_dataset(workspace.raw, name), spellings)
            yield name, cells


@progress.step("Build and test the models")
def model(workspace: Workspace, candidate: Candidate) -> list[NodeResult]:
    """Build the models of the official statistics and the survey, and run their tests."""
    return _build_and_test(workspace, candidate, exclude=AFTER_GLM)


@progress.step("Build the models of results")
def model_results(workspace: Workspace, candidate: Candidate) -> list[NodeResult]:
    """Build the models that stand on the fitted GLMs, run their tests, and let the findings be whole."""
    from orchestration.quality.audit import settle_findings

    results = _build_and_test(workspace, candidate, select=AFTER_GLM)
    failed = [one for one in results if one.resource_type == "test" and one.is_failed]
    with open_database(candidate) as connection:
        settle_findings(connection, _audit(workspace, candidate), failed)
    return results


def _build_and_test(
    workspace: Workspace, candidate: Candidate, select: str = "fqn:*", exclude: str = ""
) -> list[NodeResult]:
    """Build, then test: failed tests do not stop the build, so that the steward sees a whole candidate.

    A model that cannot be built is a `FrontierError`.
    """
    from orchestration.modelling.dbt_runner import build, run_tests

    built = build(candidate.database, workspace.dbt_target, select, exclude, workspace.dbt_project)
    broken = [node for node in built if node.is_failed]
    if broken:
        details = "; ".join(f"{node.name}: {' '.join(node.message.split())}" for node in broken[:3])
        raise FrontierError(f"{len(broken)} models could not be built. {details}")
    tested = run_tests(candidate.database, workspace.dbt_target, select, exclude, workspace.dbt_project)
    failed = [asdict(node) for node in tested if node.is_failed]
    candidate.write_note(failed_tests=[*candidate.read_note().get("failed_tests", []), *failed])
    return [*built, *tested]


@progress.step("Evaluate identities and collect findings")
def audit(workspace: Workspace, candidate: Candidate) -> list[Finding]:
    """Evaluate identities and margins, and write what they and the models' tests found."""
    from orchestration.modelling.dbt_runner import NodeResult
    from orchestration.quality.audit import collect_findings, evaluate_identities, evaluate_survey_margins
    from orchestration.quality.column_checks import evaluate_columns

    with open_database(candidate) as connection:
        evaluate_identities(connection, workspace.expectations)
        evaluate_survey_margins(connection, read_catalogue(workspace.raw))
        evaluate_columns(connection)
        failed = [NodeResult(**test) for test in candidate.read_note().get("failed_tests", [])]
        found = collect_findings(connection, _audit(workspace, candidate), failed)
    candidate.write_note(is_audited=True)
    return found


def _audit(workspace: Workspace, candidate: Candidate) -> Audit:
    from orchestration.quality.audit import Audit

    last = current_release(workspace)
    today = dt.datetime.now(dt.UTC).date()
    return Audit(workspace.expectations, last.database if last else None, candidate.release_id, today)


@progress.step("Run the expectations")
def check(workspace: Workspace, candidate: Candidate) -> list[CheckResult]:
    """Run the expectations, build their Data Docs, and store what they found."""
    from orchestration.quality.audit import store_check_results
    from orchestration.quality.expectations.worker import finish

    suites = workspace.expectations / "suites"
    results = finish(candidate.database, suites, candidate.data_docs, candidate.release_id)
    with open_database(candidate) as connection:
        return store_check_results(connection, _audit(workspace, candidate), results)


@progress.step("Fit the GLMs")
def fit_models(candidate: Candidate) -> dict[str, int]:
    """Fit the models of frontier migration and of the flows, and write their tables; rows by table."""
    from orchestration.glm.battery import FLOWS_FILE, fit_battery, write_results

    with open_database(candidate) as connection:
        synthetic = connection.execute("select bool_or(is_synthetic) from main.mart_survey_respondent").fetchone()
        survey = fit_battery(connection)
        written = write_results(connection, survey, is_synthetic=bool(synthetic and synthetic[0]))
        flows = fit_battery(connection, FLOWS_FILE, skip_without_rows=True)
        return {**written, **write_results(connection, flows, prefix="flow")}


def gate(candidate: Candidate) -> list[Finding]:
    """The findings that block a release; none when it may be published."""
    from orchestration.quality.findings import read_findings

    with open_database(candidate) as connection:
        return [finding for finding in read_findings(connection) if finding.is_blocking]


@progress.step("Write the report")
def write_report(workspace: Workspace, candidate: Candidate) -> Path:
    """Write the page that shows what was found in the candidate and what changed; its path."""
    from orchestration.quality.report import writing

    found = _audit(workspace, candidate)
    with open_database(candidate) as connection:
        return writing.write_report(connection, candidate.folder, workspace.raw, found.last_release, found.waivers())


def refuse_if_blocked(workspace: Workspace, candidate: Candidate) -> None:
    """Raise `GateRefusal` that names what blocks, cell by cell, and the report that shows it."""
    blocking = gate(candidate)
    if blocking:
        report = write_report(workspace, candidate)
        listed = "".join(f"\n  [{finding.id}] {finding.message}" for finding in blocking[:_LISTED])
        more = f"\n  … and {len(blocking) - _LISTED} more." if len(blocking) > _LISTED else ""
        raise GateRefusal(
            f"The gate refused the release, and nothing was published: {len(blocking)} "
            f"finding{'s block' if len(blocking) > 1 else ' blocks'} it (frontier findings --candidate). "
            f"The candidate is kept; its report shows the cells: {report}.{listed}{more}"
        )


@progress.step("Publish")
def release(workspace: Workspace, candidate: Candidate) -> Release | None:
    """Publish the candidate, or return None when it holds just what the current release holds.

    Raises `GateRefusal` when a finding blocks.
    """
    from orchestration.modelling.dictionary import publish_dictionary
    from orchestration.modelling.table_macros import create_table_macros

    refuse_if_blocked(workspace, candidate)
    before = current_release(workspace)
    note = candidate.read_note()
    with open_database(candidate) as connection:
        create_table_macros(connection, workspace.dbt_project)
        _record_release(connection, candidate, note)
        publish_dictionary(connection, workspace.dbt_project)
        contents = table_contents(connection)
        inputs = _inputs(connection)
        findings = _finding_counts(connection)
        connection.execute("checkpoint")
    manifest = {
        "release": candidate.release_id,
        "published_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "inputs_fingerprint": note["inputs_fingerprint"],
        "code_fingerprint": code_fingerprint(workspace),
        "contents_hash": contents_hash(contents),
        "inputs": inputs,
        "tables": {
            table: {"rows": content.rows, "content_hash": content.content_hash} for table, content in contents.items()
        },
        "findings": findings,
        "versions": {name: metadata.version(name) for name in READERS} | {"python": platform.python_version()},
    }
    if before and before.manifest["contents_hash"] == manifest["contents_hash"]:
        note_same_contents(workspace, before, note["inputs_fingerprint"])
        shutil.rmtree(candidate.folder)
        return None
    write_report(workspace, candidate)
    return publish(workspace, candidate, manifest)


def _record_release(connection: duckdb.DuckDBPyConnection, candidate: Candidate, note: dict[str, Any]) -> None:
    from orchestration.modelling.declared_tables import create_declared_table, insert_rows

    insert_rows(
        connection,
        create_declared_table(connection, "audit.release"),
        [
            {
                "release_id": candidate.release_id,
                "inputs_fingerprint": note["inputs_fingerprint"],
                "code_version": metadata.version("frontier-warehouse"),
            }
        ],
    )


def _inputs(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    rows = connection.execute(
        "select edition_id, file, file_sha256, file_bytes from raw.editions order by edition_id"
    ).fetchall()
    return [dict(zip(("edition", "file", "sha256", "bytes"), row, strict=True)) for row in rows]


def _finding_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = connection.execute(
        "select severity || ' ' || state, count(*) from audit.finding group by all order by 1"
    ).fetchall()
    return dict(rows)
