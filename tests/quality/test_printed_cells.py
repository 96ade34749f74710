"""What a suite finds is shown by its printed cells: file, sheet, address and text, in results, findings and pages."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml

from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.audit import Audit, store_check_results
from orchestration.quality.expectations.checkpoint import run_suites
from orchestration.quality.findings import Finding, FindingCell, read_findings, write_findings

if TYPE_CHECKING:
    from tests.conftest import RawCopy

SUITES = Path(__file__).resolve().parents[2] / "expectations" / "suites"
TABLE_4 = "goskomstat/arrivals_departures_by_okrug"
FILE_4 = f"{TABLE_4}/demographic_yearbook_2006/table_4.csv"
HOSTILE = '<img src="https://example.org/x.png">'
RULE, INSTANCE = "parts_add_up", "time_period=2005"


@pytest.fixture
def suites(tmp_path: Path) -> Callable[..., Path]:
    """Copies shipped suites into a folder of their own, or writes one."""
    folder = tmp_path / "suites"
    folder.mkdir()

    def collect(*shipped: str, **written: dict[str, Any]) -> Path:
        for name in shipped:
            shutil.copyfile(SUITES / f"{name}.yml", folder / f"{name}.yml")
        for name, content in written.items():
            suite = {"suite": name, "description": "A suite of a test."} | content
            (folder / f"{name}.yml").write_text(yaml.safe_dump(suite), encoding="utf-8")
        return folder

    return collect


def _expect(expectation: str, **arguments: Any) -> dict[str, Any]:
    return {"expect": expectation, "severity": "critical", "why": "The test needs it.", **arguments}


def _land(connection: duckdb.DuckDBPyConnection, **cells: dict[str, Any]) -> None:
    """Land cells of a workbook by their ids."""
    place = {"file": "agency/table/2006/table.xls", "sheet": "Sheet 1", "edition_id": "agency/table@2006"}
    rows = [place | {"observation_id": one} | cell for one, cell in cells.items()]
    insert_rows(connection, create_declared_table(connection, "raw.observations"), rows)


def _judge_identity(
    connection: duckdb.DuckDBPyConnection, verdict: str | None, *findings: Finding, **result: Any
) -> None:
    judged = {"rule_id": RULE, "instance": INSTANCE, "kind": "linear", "severity": "error", "instances": 1}
    row = judged | {"gap_low": -20.0, "gap_high": -19.0, "verdict": verdict} | result
    insert_rows(connection, create_declared_table(connection, "audit.identity_result"), [row])
    write_findings(connection, findings)


def _break(*printed: str, **suspected: float) -> Finding:
    cells = [FindingCell(f"B{row}", "agency/t.csv", None, f"B{row}", text) for row, text in enumerate(printed, start=1)]
    suspects = [
        FindingCell(one.observation_id, one.file, one.sheet, one.cell, one.raw_text, value, value)
        for one in cells
        for name, value in suspected.items()
        if name == one.cell
    ]
    message = "The parts add up. Not so in agency/t.csv. Cells: B1."
    return Finding(RULE, INSTANCE, "error", message, cells=tuple(cells), suspects=tuple(suspects))


def test_a_figure_out_of_range_is_shown_by_its_cell_everywhere(
    raw_copy: RawCopy,
    landing_zone: duckdb.DuckDBPyConnection,
    suites: Callable[..., Path],
    tmp_path: Path,
    page: Any,
) -> None:
    raw_copy.add(TABLE_4)
    raw_copy.replace(TABLE_4, "demographic_yearbook_2006", "5350", "5350000")
    raw_copy.land(TABLE_4, landing_zone)
    shipped = suites("goskomstat_arrivals_departures_by_okrug")

    failed = [one for one in run_suites(landing_zone, shipped, tmp_path / "docs") if not one.is_success]
    assert [one.sample for one in failed] == [[f"{FILE_4} B6 printed “5350000”"]]
    assert f"{FILE_4} B6 printed “5350000”" in failed[0].meaning
    assert [(one.cell.cell, one.cell.raw_text) for one in failed[0].cells] == [("B6", "5350000")]

    write_findings(landing_zone, [])
    (tmp_path / "owners.yml").write_text("default: Steward\n", encoding="utf-8")
    store_check_results(landing_zone, Audit(tmp_path, None, "r1", dt.date(2026, 11, 22)), failed)
    [finding] = read_findings(landing_zone)
    assert f"{FILE_4} B6 printed “5350000”" in finding.message

    page.goto((tmp_path / "docs" / "suites" / "goskomstat_arrivals_departures_by_okrug.html").as_uri())
    [row] = page.locator(".failed .cells tbody tr").all()
    assert row.locator("td").all_inner_texts() == [FILE_4, "", "B6", "5350000", "as printed"]
    assert FILE_4 in page.locator("main tr", has=page.locator(".fa-times")).first.inner_text()


def test_the_bundled_tables_as_printed_pass(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection, suites: Callable[..., Path], tmp_path: Path
) -> None:
    raw_copy.add(TABLE_4)
    raw_copy.land(TABLE_4, landing_zone)
    shipped = suites("goskomstat_arrivals_departures_by_okrug", "observations")
    results = run_suites(landing_zone, shipped, tmp_path / "docs")
    assert all(one.is_success and not one.cells for one in results)
    assert all('class="cells"' not in one.read_text("utf-8") for one in (tmp_path / "docs").rglob("*.html"))


def test_rows_of_any_table_with_an_observation_lead_to_their_cells(suites: Callable[..., Path]) -> None:
    connection = duckdb.connect()
    _land(connection, a={"cell": "B4", "raw_text": "1 070"}, b={"cell": "B5", "raw_text": "-"}, c={"cell": "B6"})
    connection.execute(
        "create table main.facts as select * from (values ('a', 1070, 'x'), ('b', null, 'x'), ('c', 7, 'x'), "
        "('gone', 8, 'y'), (null, 9, 'z')) as t(observation_id, figure, name)"
    )
    ranged = _expect("column_values_to_be_between", column="figure", max_value=5)
    missing = _expect("column_values_to_not_be_null", column="figure")
    folder = suites(facts={"table": "main.facts", "locate_by": ["name"], "expectations": [ranged, missing]})
    table, gone = run_suites(connection, folder)
    place = "agency/table/2006/table.xls [Sheet 1]"
    assert table.sample == [f"{place} B4 printed “1 070”: 1070", f"{place} B6 printed nothing: 7", "y: 8", "z: 9"]
    assert [one.cell.sheet for one in table.cells] == ["Sheet 1", "Sheet 1"]
    assert gone.sample == [f"{place} B5 printed “-”: empty"]


def test_two_cells_of_one_id_are_both_named(suites: Callable[..., Path]) -> None:
    connection = duckdb.connect()
    _land(connection)
    place = {"file": "agency/t.csv", "observation_id": "twice"}
    table = create_declared_table(connection, "raw.observations")
    insert_rows(connection, table, [place | {"cell": cell, "raw_text": cell} for cell in ("B4", "B5")])
    unique = _expect("column_values_to_be_unique", column="observation_id")
    [result] = run_suites(connection, suites(cells={"table": "raw.observations", "expectations": [unique]}))
    assert result.sample == ["agency/t.csv B4 printed “B4”", "agency/t.csv B5 printed “B5”"]


@pytest.mark.parametrize(
    ("table", "keys"), [("main.mart_survey_respondent", {}), ("main.persons", {"has_personal_data": True})]
)
def test_no_cell_of_a_person_is_shown(
    suites: Callable[..., Path], tmp_path: Path, table: str, keys: dict[str, Any]
) -> None:
    connection = duckdb.connect()
    _land(connection, respondent={"cell": "variable age, row 7", "raw_text": "987654"})
    connection.execute(f"create table {table} as select 'respondent' as observation_id, 987654 as age")
    ranged = _expect("column_values_to_be_between", column="age", max_value=100)
    folder = suites(people={"table": table, "locate_by": ["observation_id"], "expectations": [ranged], **keys})
    [result] = run_suites(connection, folder, tmp_path / "docs")
    assert (result.is_success, result.unexpected_count, result.cells, result.sample) == (False, 1, (), [])
    pages = "".join(one.read_text(encoding="utf-8") for one in (tmp_path / "docs").rglob("*.html"))
    assert not any(said in json.dumps(asdict(result)) + pages for said in ("987654", "row 7", "Sheet 1", "table.xls"))


def test_the_misprints_of_the_bundled_tables_are_shown_with_their_suspects(
    evaluated: duckdb.DuckDBPyConnection, suites: Callable[..., Path], tmp_path: Path, page: Any
) -> None:
    report = tmp_path / "report.html"
    results = run_suites(evaluated, suites("identities"), tmp_path / "data_docs", "r1", report)
    [failed] = [one for one in results if one.blocks]
    [ratio] = [one for one in failed.breaks if one.statement.startswith("Departures per 100 arrivals")]
    # Of the count of departures, 1067, what 19.0 per 100 of 5350 arrivals leaves.
    assert ratio.left_over == "-53.17 to -47.83"
    assert f"Cells: {FILE_4} E6 “19.0” (suspect, expected 19.94), B6 “5350”, C6 “1067”" in failed.meaning

    found = {one.id for one in read_findings(evaluated)}
    anchors = "".join(f'<p id="finding-{one}">{one}</p>' for one in sorted(found))
    report.write_text(f"<!DOCTYPE html><link rel='icon' href='data:,'>{anchors}", encoding="utf-8")
    page.goto((tmp_path / "data_docs" / "suites" / "identities.html").as_uri())
    [suspect] = page.locator(".cells tr.suspect", has=page.get_by_text("19.0", exact=True)).all()
    assert suspect.locator("td").all_inner_texts() == [FILE_4, "", "E6", "19.0", "expected 19.94"]
    links = page.get_by_role("link", name="On the printed table")
    # Those that a definition explains are broken too before the audit has said so.
    assert links.count() == sum(len(one.breaks) for one in results) > len(failed.breaks) == 3
    links.last.click()
    assert page.evaluate("location.hash").removeprefix("#finding-") in found
    assert page.locator(":target").count() == 1
    assert page.errors == []


def test_without_a_report_nothing_leads_to_one(suites: Callable[..., Path], tmp_path: Path) -> None:
    connection = duckdb.connect()
    _judge_identity(connection, "broken", _break("1", "2"))
    run_suites(connection, suites("identities"), tmp_path / "docs")
    text = (tmp_path / "docs" / "suites" / "identities.html").read_text(encoding="utf-8")
    assert "Left over: -20 to -19." in text
    assert "report.html" not in text
    assert "look at the whole table" in text


def test_what_is_printed_stays_text_on_the_page(suites: Callable[..., Path], tmp_path: Path, page: Any) -> None:
    connection = duckdb.connect()
    _land(connection, a={"cell": "B4", "raw_text": HOSTILE, "sheet": HOSTILE, "indicator": HOSTILE})
    _judge_identity(connection, "broken", _break(HOSTILE, "2", B1=7.0))
    known = _expect("column_values_to_be_in_set", column="indicator", value_set=["arrivals"])
    folder = suites("identities", cells={"table": "raw.observations", "expectations": [known]})
    run_suites(connection, folder, tmp_path / "docs")
    for name in ("identities", "cells"):
        page.goto((tmp_path / "docs" / "suites" / f"{name}.html").as_uri())
        assert HOSTILE in page.locator(".failed .cells").inner_text()
        assert HOSTILE in page.locator("main").inner_text()
        assert page.locator("img").count() == 0
    assert {url.split(":")[0] for url in page.requested} <= {"file", "data"}
    assert page.errors == []


@pytest.mark.parametrize("verdict", ["holds", "explained", "waived", None])
def test_what_is_settled_or_not_judged_is_not_broken(suites: Callable[..., Path], verdict: str | None) -> None:
    connection = duckdb.connect()
    _judge_identity(connection, verdict, _break("1", "2"))
    judged = [one for one in run_suites(connection, suites("identities")) if one.expectation == "identities_to_hold"]
    assert [(one.is_success, one.breaks, one.sample) for one in judged] == [(True, (), [])] * 2


def test_what_blocks_follows_the_severity_of_the_rule(suites: Callable[..., Path]) -> None:
    connection = duckdb.connect()
    _judge_identity(connection, "broken", _break("1", "2"), severity="warning")
    [failed] = [one for one in run_suites(connection, suites("identities")) if not one.is_success]
    assert (failed.expectation, failed.severity, failed.blocks) == ("identities_to_hold", "warning", False)


def test_of_very_many_breaks_and_cells_the_page_shows_a_part_and_says_so(
    suites: Callable[..., Path], tmp_path: Path
) -> None:
    connection = duckdb.connect()
    rows = [
        {"rule_id": RULE, "instance": INSTANCE if number == 0 else f"time_period={number}", "kind": "linear",
         "severity": "error", "verdict": "broken", "gap_low": 1.0, "gap_high": 1.0, "instances": 1}
        for number in range(60)
    ]  # fmt: skip
    insert_rows(connection, create_declared_table(connection, "audit.identity_result"), rows)
    write_findings(connection, [_break(*(["1"] * 40), B40=3.0)])
    results = run_suites(connection, suites("identities"), tmp_path / "docs", report=tmp_path / "report.html")
    [failed] = [one for one in results if not one.is_success]
    assert (failed.unexpected_count, len(failed.sample), len(failed.breaks)) == (60, 5, 50)
    # The suspect comes first, wherever it stands.
    assert failed.sample[0].startswith(
        "The parts add up. Left over: 1. Cells: agency/t.csv B40 “1” (suspect, expected 3)"
    )
    assert failed.sample[0].endswith("and 28 more")
    text = (tmp_path / "docs" / "suites" / "identities.html").read_text(encoding="utf-8")
    assert "10 more are broken" in text
    assert "10 more cells take part" in text
