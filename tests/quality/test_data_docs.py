"""Data Docs in a real browser: they open from disk, ask no host, lead from page to page, and filter."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.quality.expectations.checkpoint import run_suites

SUITE = """
suite: {name}
description: Cells of a test.
table: raw.observations
locate_by: [cell]
expectations:
  - {{expect: table_row_count_to_equal, value: 2, severity: warning, why: Two cells are printed.}}
  - expect: column_values_to_be_in_set
    column: text
    value_set: {values}
    severity: critical
    why: Known texts.
  - {{expect: column_values_to_not_be_null, column: cell, severity: info, why: A cell has an address.}}
  - expect: column_values_to_match_regex
    column: cell
    regex: "^[A-Z]+[0-9]+$"
    where: {{text: fine}}
    severity: info
    why: A cell has an address.
"""


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    connection = duckdb.connect()
    connection.execute(
        "create schema raw; create table raw.observations as select * from "
        "(values ('B4', 'fine'), ('B5', '<img src=\"https://example.org/x.png\">')) as t(cell, text)"
    )
    (folder / "suites").mkdir()
    for name, values in (
        ("broken", "[fine]"),
        ("sound", "[fine, '<img src=\"https://example.org/x.png\">']"),
    ):
        text = SUITE.format(name=name, values=values)
        (folder / "suites" / f"{name}.yml").write_text(text, encoding="utf-8")
    run_suites(connection, folder / "suites", folder / "docs", "release-1")
    return folder / "docs"


def test_pages_open_from_disk_without_any_host(docs, page):
    page.goto((docs / "index.html").as_uri())
    page.get_by_role("link", name="broken").click()
    assert page.locator("h1").inner_text().startswith("broken")
    page.get_by_role("link", name="Content checks").click()
    assert page.locator("h1").inner_text() == "Content checks"
    assert page.requested
    assert {url.split(":")[0] for url in page.requested} <= {"file", "data"}
    assert page.errors == []


def test_the_index_leads_with_what_does_not_hold(docs, page):
    page.goto((docs / "index.html").as_uri())
    rows = page.locator("table.overview tbody tr").all_inner_texts()
    assert rows[0].startswith("broken")
    assert "1 critical" in rows[0]
    assert rows[1].startswith("sound")
    assert "all hold" in rows[1]
    assert "release-1" in page.locator("footer").inner_text()


def test_a_suite_page_shows_the_cell_severity_and_reason_as_text(docs, page):
    page.goto((docs / "suites" / "broken.html").as_uri())
    row = page.locator("main tr", has=page.locator(".fa-times")).first
    text = row.inner_text()
    assert "critical" in text
    assert 'B5: <img src="https://example.org/x.png">' in text
    assert "Known texts." in text
    assert page.locator("img").count() == 0
    # The style sheet is applied: marks are drawn by it.
    mark = row.locator(".fa-times").evaluate("element => getComputedStyle(element, '::before').content")
    assert mark == '"✗"'


def test_only_failures_can_be_shown(docs, page):
    page.goto((docs / "suites" / "broken.html").as_uri())
    expectations = page.locator("main table.table > tbody > tr")
    assert [row.is_visible() for row in expectations.all()] == [True] * 4
    page.get_by_label("failed only").check()
    assert [row.is_visible() for row in expectations.all()].count(True) == 1
    assert page.locator(".ge-section:visible").count() == 1


def test_pages_of_a_suite_that_is_gone_go_with_the_next_run(docs, tmp_path):
    kept = tmp_path / "docs"
    shutil.copytree(docs, kept)
    connection = duckdb.connect()
    connection.execute("create schema raw; create table raw.observations as select 'B4' cell, 'fine' as text")
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "sound.yml").write_text(SUITE.format(name="sound", values="[fine]"), encoding="utf-8")
    run_suites(connection, tmp_path / "suites", kept)
    assert [path.name for path in (kept / "suites").iterdir()] == ["sound.html"]
