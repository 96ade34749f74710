"""The report of a release: what it says of findings, decisions and changes, and how it looks in a real browser."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import duckdb
import pytest

from orchestration import pipeline
from orchestration.errors import GateRefusal
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.findings import Finding, FindingCell, write_findings
from orchestration.quality.report.printed_tables import Sheets, letters
from orchestration.quality.report.writing import expected_in_words, write_report
from orchestration.quality.waivers import Waiver
from orchestration.release.candidate import Candidate
from orchestration.workspace import Workspace

DATASET, EDITION = "agency/table", "2006"
FILE = "agency/table/2006/table 1.csv"
SURVEY = "survey/one"
ROWS = ("Country", "North", "South", "<b>East</b>")
PRINTED = {"B": ("100", "40", "25", "30"), "C": ("10", "4", "3", "3")}
HEADINGS = {"B": "Arrivals", "C": "Departures"}


def _cell(address: str, **expected: float) -> FindingCell:
    column, row = address[0], int(address[1:])
    return FindingCell(address, FILE, None, address, PRINTED[column][row - 4], **expected)


def _break(number: int = 0, **said: Any) -> Finding:
    facts: dict[str, Any] = {
        "rule": "parts_add_up",
        "instance": f"time_period={2000 + number}",
        "severity": "error",
        "dataset": DATASET,
        "edition": EDITION,
        "cells": tuple(_cell(f"B{row}") for row in range(4, 8)),
        "suspects": (_cell("B6", expected_low=30.0, expected_high=30.0),),
        "message": f"The parts add up. Not so in {FILE}. Suspect: B6 printed 25, expected 30. Cells: B4 100; B5 40.",
        "owner": "A. Steward",
    }
    return Finding(**(facts | said))


WAIVED = _break(
    rule="quotient", cells=(_cell("C4"), _cell("B4")), suspects=(), state="waived", decision="A slip of the press"
)
WAIVER = Waiver(
    finding=WAIVED.id,
    rule="quotient",
    reason="A slip of the press",
    decided_by="A. Steward",
    decided_on=dt.date(2026, 5, 4),
    expires_on=dt.date(2027, 8, 9),
)


def _landed(corrected: bool) -> dict[str, list[dict[str, Any]]]:
    cells = [
        {
            "observation_id": f"{column}{number}",
            "edition_id": f"{DATASET}@{EDITION}",
            "dataset": DATASET,
            "edition": EDITION,
            "file": FILE,
            "cell": f"{column}{number}",
            "row_label": label,
            "column_label": HEADINGS[column],
            "raw_text": PRINTED[column][number - 4],
        }
        for column in PRINTED
        for number, label in enumerate(ROWS, start=4)
    ]
    correction = {
        "observation_id": "C5", "edition_id": f"{DATASET}@{EDITION}", "dataset": DATASET, "edition": EDITION,
        "file": FILE, "cell": "C5", "raw_text": "4", "corrected_text": "5", "reason": "A transposed digit.",
        "evidence": "The next edition.", "decided_by": "B. Steward", "decided_on": dt.date(2026, 6, 7),
    }  # fmt: skip
    return {
        "raw.datasets": [
            {"dataset": DATASET, "kind": "table", "title_en": "Moves by part of the country"},
            {"dataset": SURVEY, "kind": "survey", "title_en": "A survey"},
        ],
        "raw.observations": cells,
        "raw.corrections": [correction] if corrected else [],
        "audit.check_result": [
            {
                "check_result_id": f"{number}",
                "suite": "cells",
                "table_name": "raw.observations",
                "is_success": number > 0,
            }
            for number in range(3)
        ],
        "audit.check_history": [
            {"check_result_id": "0", "is_success": False, "first_seen": "20250505T000000000Z", "last_seen": "r"}
        ],
    }


def _database(folder: Path, findings: Iterable[Finding], corrected: bool = False) -> Path:
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "frontier.duckdb")) as connection:
        for table, rows in _landed(corrected).items():
            insert_rows(connection, create_declared_table(connection, table), rows)
        write_findings(connection, list(findings))
    return folder / "frontier.duckdb"


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes the report of a database with these findings."""

    def write(*findings: Finding, corrected: bool = False, before: Iterable[Finding] | None = None) -> Path:
        raw = tmp_path / "raw"
        (raw / FILE).parent.mkdir(parents=True)
        (raw / FILE).write_text("printed", encoding="utf-8")
        last = None if before is None else _database(tmp_path / "releases" / "20260101T000000000Z", before)
        database = _database(tmp_path / "candidates" / "20260102T000000000Z", findings, corrected)
        docs = database.parent / "data_docs" / "suites"
        docs.mkdir(parents=True)
        (docs / "cells.html").write_text("cells", encoding="utf-8")
        (docs.parent / "index.html").write_text("docs", encoding="utf-8")
        with duckdb.connect(str(database)) as connection:
            return write_report(connection, database.parent, raw, last, [WAIVER])

    return write


def _open(page: Any, report: Path) -> None:
    page.goto(report.as_uri())
    assert page.requested
    assert {url.split(":")[0] for url in page.requested} <= {"file", "data"}
    assert page.errors == []


def _words(element: Any) -> str:
    return " ".join(element.inner_text().split())


def test_a_refused_candidate_shows_the_suspect_on_the_printed_table(written: Callable[..., Path], page: Any) -> None:
    finding = _break()
    _open(page, written(finding))
    assert page.locator("h1").inner_text() == "Refused candidate 20260102T000000000Z"
    assert "1 finding blocks it" in page.locator(".verdict").inner_text()
    table = page.locator("#errors table.printed")
    assert table.locator("thead th").all_inner_texts()[1:] == ["B", "C"]
    assert table.locator("tbody th[scope=col]").all_inner_texts() == ["Arrivals", "Departures"]
    assert table.locator("tbody th[scope=row]").all_inner_texts() == [
        "4", "Country", "5", "North", "6", "South", "7", "<b>East</b>",
    ]  # fmt: skip
    [suspect] = table.locator("td.suspect").all()
    assert _words(suspect) == "suspect: 25 expected 30"
    assert [_words(cell) for cell in table.locator("td.part").all()] == [
        "takes part: 100", "takes part: 40", "takes part: 30",
    ]  # fmt: skip
    # The table lists the cells, so that the sentence need not.
    sentence = page.locator("#errors summary").inner_text()
    assert "Not so in table 1.csv. Suspect: B6 printed 25, expected 30" in sentence
    assert "Cells:" not in sentence
    assert f"frontier waive {finding.id}" in page.locator("#errors details").inner_text()
    # Marked by more than a word: the suspect stands out by its frame.
    assert "3px" in suspect.evaluate("element => getComputedStyle(element).boxShadow")


def test_links_lead_to_the_file_and_to_the_data_docs(written: Callable[..., Path], page: Any) -> None:
    report = written(_break())
    _open(page, report)
    link = page.locator("#errors").get_by_role("link", name=FILE).evaluate("element => element.href")
    assert Path(url2pathname(urlparse(link).path)).read_text("utf-8") == "printed"
    assert "20250505T000000000Z" in page.locator("#checks").inner_text()
    page.locator("#checks").get_by_role("link", name="cells").click()
    assert "cells" in page.content()
    _open(page, report)
    page.get_by_role("link", name="Data Docs").click()
    assert "docs" in page.content()


def test_a_waiver_is_shown_with_its_reason_who_and_until(written: Callable[..., Path], page: Any) -> None:
    _open(page, written(WAIVED))
    assert page.locator("h1").inner_text().startswith("Release ")
    text = page.locator("#waived").inner_text()
    assert "Waived by A. Steward on 2026-05-04, until 2027-08-09: A slip of the press" in text
    assert "frontier waive" not in text
    assert page.locator("#waived td.part").count() == 2


def test_a_correction_is_shown_beside_the_print(written: Callable[..., Path], page: Any) -> None:
    _open(page, written(corrected=True))
    section = page.locator("#corrected")
    assert "by B. Steward on 2026-06-07: A transposed digit. Evidence: The next edition." in section.inner_text()
    assert section.locator("td.corrected del").inner_text() == "4"
    assert section.locator("td.corrected ins").inner_text().endswith("5")


def test_changes_against_the_last_release_are_named(written: Callable[..., Path], page: Any) -> None:
    explained = _break(5, rule="by_definition", severity="info", state="explained", decision="Another definition")
    gone = _break(6, rule="long_gone", severity="warning")
    report = written(WAIVED, explained, corrected=True, before=[_break(0, rule="quotient", cells=WAIVED.cells), gone])
    _open(page, report)
    changes = page.locator("#changes").inner_text()
    assert "What changed since release 20260101T000000000Z" in changes
    for title, rule in (("New findings", "by_definition"), ("Resolved findings", "long_gone"), ("Decided", "quotient")):
        assert rule in changes.partition(title)[2].partition("(1)")[2].splitlines()[1], title
    assert "raw.observations" not in changes


def test_nothing_found_is_said(written: Callable[..., Path], page: Any) -> None:
    _open(page, written())
    assert "None: every identity, comparison and expectation holds." in page.locator("main").inner_text()
    assert page.locator("table.printed").count() == 0


def test_three_hundred_findings_are_folded_and_the_page_stays_light(written: Callable[..., Path], page: Any) -> None:
    report = written(*(_break(number) for number in range(300)))
    assert report.stat().st_size < 1_500_000
    _open(page, report)
    assert page.locator("#errors details.finding").count() == 300
    assert page.locator("#errors table.printed:visible").count() == 3
    page.locator("summary", has_text="295 more findings").click()
    last = page.locator("#errors details.finding").last
    last.locator("summary").click()
    assert last.locator("td.suspect").is_visible()


def test_answers_of_persons_are_never_shown(written: Callable[..., Path]) -> None:
    answer = FindingCell(None, "survey/one/1/one.sav", None, "variable disease, row 7", "ANSWER-77")
    notice = Finding(
        rule="survey_notice",
        instance="edition=survey/one@1 variable=disease row=7",
        severity="warning",
        dataset=SURVEY,
        edition="1",
        cells=(answer,),
        message="Variable disease, row 7: the text 'ANSWER-77' was cut.",
    )
    text = written(notice).read_text(encoding="utf-8")
    assert "variable disease, row 7" in text
    assert "ANSWER-77" not in text


def test_cells_that_no_table_holds_are_named_in_words(written: Callable[..., Path], page: Any) -> None:
    elsewhere = FindingCell("unknown", FILE, "Sheet 2", "Z9", "<i>7</i>")
    _open(page, written(_break(cells=(elsewhere,), suspects=())))
    assert page.locator("#errors li").inner_text() == f"{FILE}, sheet “Sheet 2”, Z9: “<i>7</i>”"


def test_every_landmark_has_a_name_and_every_table_its_headings(written: Callable[..., Path], page: Any) -> None:
    _open(page, written(_break(), WAIVED, corrected=True))
    assert page.locator("html").get_attribute("lang") == "en"
    for region in page.locator("[role=region], nav").all():
        assert region.get_attribute("aria-label")
    for table in page.locator("table").all():
        assert table.locator("th[scope]").count() > 0
    levels = [int(tag[1]) for tag in page.locator("h1, h2, h3").evaluate_all("all => all.map(one => one.tagName)")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_the_refusal_of_the_gate_names_the_report(written: Callable[..., Path], tmp_path: Path) -> None:
    report = written(_break())
    report.unlink()
    workspace = Workspace.of(raw=tmp_path / "raw", warehouse=tmp_path, expectations=tmp_path)
    with pytest.raises(GateRefusal, match=re.escape(f"its report shows the cells: {report}")):
        pipeline.refuse_if_blocked(workspace, Candidate(report.parent))
    assert "Refused candidate" in report.read_text(encoding="utf-8")


@pytest.fixture
def long_sheet() -> duckdb.DuckDBPyConnection:
    """A sheet of 5,000 rows and 30 columns, with other headings from row 2,501 on."""
    connection = duckdb.connect()
    create_declared_table(connection, "raw.observations")
    create_declared_table(connection, "raw.corrections")
    connection.execute(
        "insert into raw.observations (observation_id, edition_id, file, cell, row_label, column_label, raw_text) "
        "select c || r, 'e', 'long.csv', c || r, 'Row ' || r, case when r > 2500 then 'Later ' else '' end || c, r "
        "from range(1, 5001) as rows(r), (select unnest(list_transform(range(65, 91), lambda x: chr(x::int)) || "
        "['AA', 'AB', 'AC', 'AD']) as c)"
    )
    return connection


def test_of_a_large_sheet_only_the_part_about_the_cells_is_drawn(long_sheet: duckdb.DuckDBPyConnection) -> None:
    [drawing] = Sheets(long_sheet, ["AA100", "AB4000"]).draw(["AA100", "AB4000"])
    assert not drawing.is_whole
    assert drawing.columns == ("Z", "AA", "AB", "AC")
    first, second = drawing.blocks
    assert [row.number for row in first.rows] == [98, 99, 100, 101, 102]
    assert [row.number for row in second.rows] == [3998, 3999, 4000, 4001, 4002]
    assert first.headings == ("Z", "AA", "AB", "AC")
    assert second.headings == ("Later Z", "Later AA", "Later AB", "Later AC")
    assert [row.follows_gap for row in (*first.rows, *second.rows)] == [False] * 5 + [True] + [False] * 4


def test_a_drawing_keeps_the_cells_that_are_named_first(long_sheet: duckdb.DuckDBPyConnection) -> None:
    cells = [f"B{row}" for row in range(4500, 0, -50)]
    [drawing] = Sheets(long_sheet, cells).draw(cells)
    rows = [row.number for block in drawing.blocks for row in block.rows]
    assert len(rows) == 40
    assert min(rows) == 4500 - 39 * 50


@pytest.mark.parametrize(("column", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA")])
def test_columns_have_the_letters_of_a_spreadsheet(column: int, name: str) -> None:
    assert letters(column) == name


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (19.94, 19.94, "expected 19.94"),
        (5.0, 7.5, "expected 5 to 7.5"),
        (None, 7.0, "expected at most 7"),
        (5.0, None, "expected at least 5"),
        (None, None, "no value excluded"),
    ],
)
def test_what_is_expected_is_said_in_words(low: float | None, high: float | None, words: str) -> None:
    assert expected_in_words(FindingCell("one", FILE, None, "B4", "1", low, high)) == words
