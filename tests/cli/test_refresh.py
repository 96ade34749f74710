"""The refresh as the operator runs it: exit codes, messages, and what stands afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from tests.published import SURVEY, TABLE_4, Command


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_first_refresh_publishes_a_read_only_database_and_its_report(published: Command) -> None:
    assert published.database.stat().st_mode & 0o222 == 0
    [release] = (published.warehouse / "releases").iterdir()
    assert (release / "SUCCESS").is_file()
    assert (release / "data_docs" / "index.html").is_file()
    assert "Departures per 100 arrivals" in (release / "report.html").read_text("utf-8")
    assert _digest(release / "frontier.duckdb") == _digest(published.database)


def test_second_refresh_finds_nothing_to_do_without_dagster(published: Command) -> None:
    before = _digest(published.database)
    outcome = published("refresh")
    assert outcome.returncode == 0
    assert outcome.stdout.startswith("Nothing to do")
    assert _digest(published.database) == before
    assert len(list((published.warehouse / "releases").iterdir())) == 1


def test_same_inputs_make_the_same_contents(published: Command, warehouse_copy: Path) -> None:
    outcome = Command(published.raw, warehouse_copy)("refresh", "--full")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith("Nothing to do")
    assert len(list((warehouse_copy / "releases").iterdir())) == 1
    assert list((warehouse_copy / "candidates").iterdir()) == []


def test_lost_database_is_put_back_from_its_release(published: Command, warehouse_copy: Path) -> None:
    database = warehouse_copy / "frontier.duckdb"
    before = _digest(database)
    database.unlink()
    assert Command(published.raw, warehouse_copy)("refresh").returncode == 0
    assert _digest(database) == before


def test_file_altered_under_its_old_sha256_ends_the_refresh(raw_copy: Path, warehouse_copy: Path) -> None:
    path = raw_copy / TABLE_4
    path.write_text(path.read_text("utf-8").replace("69798", "69788"), "utf-8")
    outcome = Command(raw_copy, warehouse_copy)("refresh")
    assert outcome.returncode == 1
    assert TABLE_4 in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_gate_refuses_a_broken_identity_names_the_cell_and_keeps_the_old_release(
    raw_copy: Path, warehouse_copy: Path, renew_origin: Callable[[str, bytes], None]
) -> None:
    frontier = Command(raw_copy, warehouse_copy)
    before = _digest(frontier.database)
    renew_origin(TABLE_4, (raw_copy / TABLE_4).read_bytes().replace(b"69798", b"69788"))

    outcome = frontier("refresh")

    assert outcome.returncode == 3
    assert "C4 printed 69788, expected 69798" in outcome.stderr
    [report] = (warehouse_copy / "candidates").glob("*/report.html")
    assert str(report) in outcome.stderr
    assert "Refused candidate" in report.read_text("utf-8")
    assert _digest(frontier.database) == before
    listed = json.loads(frontier("findings", "--candidate", "--format", "json").stdout)
    assert {one["rule"] for one in listed} == {
        "federal_okrugs_add_up",
        "net_is_arrivals_less_departures",
        "totals_agree_between_tables",
    }
    for finding in listed:
        suspect = {"file": TABLE_4, "sheet": None, "cell": "C4", "raw_text": "69788"}
        assert finding["suspects"] == [suspect | {"expected_low": 69798.0, "expected_high": 69798.0}]


def test_other_value_in_a_waived_cell_blocks_again(
    raw_copy: Path, warehouse_copy: Path, renew_origin: Callable[[str, bytes], None]
) -> None:
    renew_origin(TABLE_4, (raw_copy / TABLE_4).read_bytes().replace(b",19.0", b",19.1"))
    outcome = Command(raw_copy, warehouse_copy)("refresh")
    assert outcome.returncode == 3
    assert "E6 printed 19.1, expected 19.94" in outcome.stderr
    assert "matches no finding in its exact extent" in outcome.stderr


def test_corrupt_survey_file_fails_in_one_paragraph(
    raw_copy: Path, warehouse_copy: Path, renew_origin: Callable[[str, bytes], None]
) -> None:
    renew_origin(SURVEY, (raw_copy / SURVEY).read_bytes()[:30_000])
    frontier = Command(raw_copy, warehouse_copy)
    before = _digest(frontier.database)
    outcome = frontier("refresh")
    assert outcome.returncode == 1
    message = outcome.stderr.strip().splitlines()[-1]
    assert message.startswith("frontier: ")
    assert "frontier_2009.sav" in message
    assert "Traceback" not in outcome.stderr
    assert _digest(frontier.database) == before


def test_failed_structural_test_is_refused_by_the_gate_as_a_finding(raw_copy: Path, warehouse_copy: Path) -> None:
    declaration = raw_copy / "un_desa" / "migration_flows_kazakhstan" / "dataset.yml"
    declaration.write_text(declaration.read_text("utf-8").replace("reporting_area: KZ", "reporting_area: QQ"), "utf-8")
    outcome = Command(raw_copy, warehouse_copy)("refresh")
    assert outcome.returncode == 3, outcome.stderr
    assert "references_fct_migration_flow" in outcome.stderr


def test_deleted_edition_needs_acceptance(raw_copy: Path, warehouse_copy: Path) -> None:
    folder = raw_copy / "kazstat" / "net_migration" / "2025"
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    outcome = Command(raw_copy, warehouse_copy)("refresh")
    assert outcome.returncode == 3
    assert "75 figures of kazstat/net_migration@2025" in outcome.stderr
