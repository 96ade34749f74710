"""Writes `report.html` beside a database: one page that opens from disk and asks no host for anything."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from orchestration.quality.corrections import STALE as STALE_CORRECTION
from orchestration.quality.findings import FindingCell
from orchestration.quality.report.changes import REVISION_TYPES
from orchestration.quality.report.contents import Report, read_report
from orchestration.quality.waivers import STALE as STALE_WAIVER

if TYPE_CHECKING:
    import duckdb
    from jinja2 import Template

    from orchestration.quality.waivers import Waiver

REPORT = "report.html"
_PAGES = Path(__file__).with_name("pages")
_DATA_DOCS = "data_docs"
_LISTED = 5


def write_report(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    raw: Path,
    last: Path | None = None,
    waivers: list[Waiver] | None = None,
) -> Path:
    """Write the report of an audited database into its folder, whose name is its id; the path of the page.

    Links lead to the Data Docs in the folder and to the files in `raw`, by paths relative to the folder. `last` is
    the database of the release to compare with. Answers of persons are not shown.
    """
    report = read_report(connection, folder.name, last, waivers or [])
    page = folder / REPORT
    fresh = page.with_name(f".{REPORT}.new")
    fresh.write_text(_render(report, folder, raw), encoding="utf-8")
    fresh.replace(page)
    return page


def _render(report: Report, folder: Path, raw: Path) -> str:
    def docs_of(suite: str) -> str | None:
        page = f"{_DATA_DOCS}/suites/{suite}.html"
        return quote(page) if (folder / page).is_file() else None

    return _template().render(
        report=report,
        docs=f"{_DATA_DOCS}/index.html" if (folder / _DATA_DOCS / "index.html").is_file() else None,
        docs_of=docs_of,
        suites={one.suite for one in report.suites},
        link_to=lambda file: quote(os.path.relpath(raw / file, folder).replace(os.sep, "/")),
        listed=_LISTED,
        in_words=expected_in_words,
        revision_types=REVISION_TYPES,
        not_waivable={STALE_WAIVER, STALE_CORRECTION},
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(REPORT)


def expected_in_words(cell: FindingCell) -> str:
    """What a suspect should print: "expected 19.94", "expected 5 to 7", "expected at most 7"."""
    low, high = (None if value is None else _number(value) for value in (cell.expected_low, cell.expected_high))
    if low is None and high is None:
        return "no value excluded"
    if low is None:
        return f"expected at most {high}"
    if high is None:
        return f"expected at least {low}"
    return f"expected {low}" if low == high else f"expected {low} to {high}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
