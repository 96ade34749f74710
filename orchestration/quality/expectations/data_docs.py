"""Writes the Data Docs of a run: an index and a page for each suite, readable without a network.

The expectations are rendered by Great Expectations; the pages around them, the style sheet and the
absence of scripts are ours, because the library's own pages load both from six outside hosts.
Imports Great Expectations: import this module only where suites are run.
"""

from __future__ import annotations

import datetime as dt
import html
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader

from orchestration.quality.expectations.outcomes import as_plain, entry_position
from orchestration.quality.expectations.results import CheckResult
from orchestration.quality.expectations.sentences import (
    has_wording,
    state_condition,
    state_expectation,
)
from orchestration.quality.expectations.steward_table import StewardTable
from orchestration.quality.expectations.suite_files import ExpectationEntry, SuiteFile

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

PAGES = Path(__file__).with_name("pages")
GRADES = ("critical", "warning", "info", "holds")
STYLE_SHEET = "data_docs.css"
RENDERER = {
    "class_name": "ValidationResultsColumnSectionRenderer",
    "table_renderer": {
        "module_name": StewardTable.__module__,
        "class_name": StewardTable.__name__,
    },
}


@dataclass(frozen=True)
class SuitePage:
    """What the page of a suite shows: the file, the library's results, and ours in the file's order."""

    file: SuiteFile
    validation: ExpectationSuiteValidationResult
    results: list[CheckResult]

    @property
    def failures(self) -> Counter[str]:
        """Number of expectations that do not hold, by severity."""
        return Counter(result.severity for result in self.results if not result.is_success)

    @property
    def verdict(self) -> str:
        """The gravest severity that does not hold, or 'holds'."""
        return next(
            (grade for grade in ("critical", "warning", "info") if self.failures[grade]),
            "holds",
        )

    @property
    def condition(self) -> str:
        """The suite's filter in words."""
        return state_condition(self.file.suite.filter)


class StewardView(DefaultJinjaPageView):
    """The library's page view with our page around its sections."""

    _template = "suite.html"

    def __init__(self) -> None:
        super().__init__()
        parts = PackageLoader("great_expectations", "render/view/templates")
        self.env.loader = ChoiceLoader([FileSystemLoader(PAGES), parts])

    def render_index(self, pages: list[SuitePage], heading: dict[str, Any]) -> str:
        """Return the index page."""
        totals = Counter(result.is_success for page in pages for result in page.results)
        return self.env.get_template("index.html").render(
            pages=pages, held=totals[True], failed=totals[False], **heading
        )


def write_data_docs(
    docs_dir: Path, pages: list[SuitePage], run_name: str | None = None, report: Path | None = None
) -> Path:
    """Write index.html, suites/<suite>.html and the style sheet, and return the path of the index.

    Broken identities lead to their place in the `report`, by a relative path, where there is to be one.
    Pages of an earlier run in the same folder are replaced, so that no suite outlives its file.
    """
    suites_dir = docs_dir / "suites"
    shutil.rmtree(suites_dir, ignore_errors=True)
    suites_dir.mkdir(parents=True)
    view = StewardView()
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    link = None if report is None else quote(os.path.relpath(report, suites_dir).replace(os.sep, "/"))
    heading = {"run_name": run_name, "run_time": now, "report": link}
    for page in pages:
        text = view.render(_render_sections(page), page=page, **heading)
        (suites_dir / f"{page.file.suite.suite}.html").write_text(text, encoding="utf-8")
    index = docs_dir / "index.html"
    gravest_first = sorted(pages, key=lambda page: (GRADES.index(page.verdict), page.file.suite.suite))
    index.write_text(view.render_index(gravest_first, heading), encoding="utf-8")
    shutil.copyfile(PAGES / STYLE_SHEET, docs_dir / STYLE_SHEET)
    return index


def _render_sections(page: SuitePage) -> Any:
    for result in page.validation.results:
        position = entry_position(result)
        _prepare_for_display(result, page.results[position], page.file.suite.expectations[position])
    document = ValidationResultsPageRenderer(RENDERER, run_info_at_end=True).render(page.validation)
    # The first section repeats our heading, the last one the library's bookkeeping of the run.
    document.sections = document.sections[1:-1]
    return document


def _prepare_for_display(result: Any, ours: CheckResult, entry: ExpectationEntry) -> None:
    """Give the library's renderers what they can show.

    They fail on numpy numbers and on comparisons of sets, write sampled values unescaped, leave
    the condition out of row counts, and know nothing of the columns that locate a row.
    """
    detail = as_plain(dict(result.result))
    detail.pop("partial_unexpected_counts", None)
    detail.pop("unexpected_index_query", None)
    detail["partial_unexpected_list"] = [html.escape(value) for value in ours.sample]
    if ours.element_count is None:
        # Members of a set, not rows: there is no total to take a share of.
        detail["unexpected_count"] = 0
        if not isinstance(detail.get("observed_value"), dict):
            detail["observed_value"] = html.escape(ours.observed or "")
    elif isinstance(detail.get("observed_value"), str):
        detail["observed_value"] = html.escape(detail["observed_value"])
    result.result = detail
    config = result.expectation_config
    expectation = config.to_domain_obj()
    if entry.where or "min_value" in config.kwargs or not has_wording(expectation):
        # A description replaces the library's sentence, and is not escaped by it.
        config.description = html.escape(state_expectation(expectation, entry.where))
