"""Writing decisions: an entry is appended, comments survive, and what makes no sense is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.errors import FrontierError, UsageError
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.corrections import Correction, load_corrections
from orchestration.quality.decisions import check_decisions, correct, waive
from orchestration.quality.findings import Finding, FindingCell
from orchestration.quality.waivers import Waiver, apply_waivers, load_waivers

TODAY = dt.date(2026, 11, 22)
UNTIL = dt.date(2027, 12, 31)
BREAK = Finding(
    rule="net",
    instance="ref_area=RU",
    severity="error",
    message="Not so.",
    cells=(FindingCell("one", "agency/table/2006/t.xlsx", "Лист 1", "B4", "1,0"),),
)
CHECK = Finding(rule="suite.expectation", instance="table=t", severity="error", message="No.", extent="3 values")
COMMENTED = """\
# What the steward decided.

- finding: 00000000000a  # the first of all
  rule: old
  reason: "Kept: as it was"
  decided_by: Steward
  decided_on: 2026-01-01
  expires_on: 2030-01-01
"""


def waived(folder: Path, finding: Finding | str, findings: tuple[Finding, ...] = (BREAK, CHECK)) -> Waiver:
    finding_id = finding if isinstance(finding, str) else finding.id
    return waive(folder, findings, finding_id, "Left as printed.", UNTIL, "Steward", TODAY)


def test_a_waiver_covers_its_finding_in_just_its_extent(tmp_path: Path) -> None:
    for finding in (BREAK, CHECK):
        assert waived(tmp_path, finding).covers(finding)
    judged = apply_waivers([BREAK, CHECK], load_waivers(tmp_path / "waivers.yml"), TODAY)
    assert [one.state for one in judged] == ["waived", "waived"]
    worse = apply_waivers([BREAK, replace(CHECK, extent="4 values")], load_waivers(tmp_path / "waivers.yml"), TODAY)
    assert [(one.rule, one.state) for one in worse if one.is_blocking] == [
        ("suite.expectation", "open"),
        ("waiver_is_stale", "open"),
    ]
    assert "it concerns 4 values, not 3 values" in worse[-1].message


def test_comments_and_entries_survive(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yml"
    path.write_text(COMMENTED, encoding="utf-8")
    waived(tmp_path, BREAK)
    text = path.read_text("utf-8")
    assert text.startswith(COMMENTED + "\n- finding: ")
    assert "  - {file: agency/table/2006/t.xlsx, sheet: Лист 1, cell: B4, raw_text: '1,0'}\n" in text
    assert [one.finding for one in load_waivers(path)] == ["00000000000a", BREAK.id]
    assert [one.name for one in tmp_path.iterdir()] == ["waivers.yml"]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30),
    reason=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=200),
)
def test_whatever_is_printed_can_be_waived(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "waivers.yml").unlink(missing_ok=True)
    cell = FindingCell(None, "agency/table/2006/t.csv", None, "B4", text)
    finding = replace(BREAK, cells=(cell,))
    waive(tmp_path, [finding], finding.id, reason, UNTIL, "Steward", TODAY)
    (read,) = load_waivers(tmp_path / "waivers.yml")
    assert read.covers(finding)
    assert read.reason == reason


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (BREAK.id[:-1] + "x", f"The nearest: {BREAK.id}"),
        ("nonsense", "Open: "),
        (replace(BREAK, rule="waiver_is_stale"), "cannot be waived"),
        (replace(BREAK, rule="correction_is_stale"), "cannot be waived"),
        (replace(BREAK, severity="info", state="explained", decision="So"), "explained"),
    ],
)
def test_what_cannot_be_waived_is_refused(tmp_path: Path, finding: Finding | str, words: str) -> None:
    known = (BREAK, CHECK) if isinstance(finding, str) else (finding,)
    with pytest.raises(UsageError) as caught:
        waived(tmp_path, finding, known)
    assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_finding_is_waived_once(tmp_path: Path) -> None:
    waived(tmp_path, BREAK)
    before = (tmp_path / "waivers.yml").read_bytes()
    with pytest.raises(UsageError, match="already"):
        waived(tmp_path, BREAK)
    assert (tmp_path / "waivers.yml").read_bytes() == before


@pytest.mark.parametrize("until", [TODAY, dt.date(2020, 1, 1)])
def test_a_waiver_ends_in_the_future(tmp_path: Path, until: dt.date) -> None:
    with pytest.raises(UsageError, match="not in the future"):
        waive(tmp_path, [BREAK], BREAK.id, "So.", until, "Steward", TODAY)


def test_a_waiver_has_a_reason(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reason"):
        waive(tmp_path, [BREAK], BREAK.id, "  ", UNTIL, "Steward", TODAY)


def test_a_file_to_which_nothing_can_be_appended_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yml"
    path.write_text("[]\n", encoding="utf-8")
    with pytest.raises(FrontierError):
        waived(tmp_path, BREAK)
    assert path.read_text("utf-8") == "[]\n"


@pytest.mark.parametrize(
    ("file", "content"),
    [("waivers.yml", "- finding: one"), ("corrections.yml", "- cell: A1"), ("owners.yml", "rules: {}")],
)
def test_decisions_that_cannot_be_read_are_named(tmp_path: Path, file: str, content: str) -> None:
    (tmp_path / "owners.yml").write_text("default: Steward\n", encoding="utf-8")
    check_decisions(tmp_path)
    (tmp_path / file).write_text(content, encoding="utf-8")
    with pytest.raises(FrontierError, match=file):
        check_decisions(tmp_path)


@pytest.fixture
def landed() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    edition = {"dataset": "agency/table", "edition": "2006", "edition_id": "agency/table@2006"}
    insert_rows(connection, create_declared_table(connection, "raw.editions"), [edition])
    cell = edition | {"observation_id": "one", "file": "agency/table/2006/t.xlsx", "sheet": "Лист 1", "cell": "B4"}
    rows = [cell | {"raw_text": "1,0", "value": Decimal(1), "decimals": 1}]
    insert_rows(connection, create_declared_table(connection, "raw.observations"), rows)
    return connection


def corrected(
    folder: Path,
    landed: duckdb.DuckDBPyConnection,
    edition: str = "2006",
    sheet: str | None = "Лист 1",
    cell: str = "B4",
    value: str = "2.0",
) -> Correction:
    place = ("agency/table", edition, sheet, cell)
    return correct(folder, landed, place, value, "A slip.", "The parts.", "Steward", TODAY)


def test_a_correction_expects_what_is_printed(tmp_path: Path, landed: duckdb.DuckDBPyConnection) -> None:
    written = corrected(tmp_path, landed)
    assert (written.expect, written.value, written.sheet) == ("1,0", "2.0", "Лист 1")
    assert load_corrections(tmp_path / "corrections.yml") == [written]
    with pytest.raises(UsageError, match="already"):
        corrected(tmp_path, landed)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"edition": "2007"}, "There is no edition 'agency/table@2007'; the nearest are agency/table@2006"),
        ({"cell": "B5"}, "No figure is read from the cell B5"),
        ({"sheet": None}, "Its sheets are 'Лист 1'"),
        ({"value": "1,5"}, "value"),
        ({"value": "1,0"}, "nothing to correct"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(
    tmp_path: Path, landed: duckdb.DuckDBPyConnection, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        corrected(tmp_path, landed, **changes)
    assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == []
