"""How a result of Great Expectations is read: plain values, a sample that may be shown, a sentence.

Imports Great Expectations: import this module only where suites are run.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from orchestration.errors import FrontierError
from orchestration.quality.expectations.expectation_types import (
    ENTRY_META,
    PREFIX,
    referenced_columns,
)
from orchestration.quality.expectations.results import (
    SOURCE,
    CheckResult,
    identify_check,
)
from orchestration.quality.expectations.sentences import (
    as_text,
    state_expectation,
    state_finding,
)
from orchestration.quality.expectations.suite_files import SuiteFile

if TYPE_CHECKING:
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )

SAMPLE_SIZE = 5


def read_outcomes(file: SuiteFile, found: ExpectationSuiteValidationResult) -> list[CheckResult]:
    """Read the results of a suite, in the order of the entries in its file.

    Raises FrontierError where an entry could not be evaluated.
    """
    # The library groups results by domain; the steward's order is that of the file.
    ordered = sorted(found.results, key=entry_position)
    if [entry_position(result) for result in ordered] != list(range(len(file.suite.expectations))):
        raise FrontierError(f"{file.path}: Great Expectations did not judge each entry exactly once.")
    return [_read_outcome(file, position, result) for position, result in enumerate(ordered)]


def entry_position(result: ExpectationValidationResult) -> int:
    """Return the position in the suite file (from 0) of the entry that a result judges."""
    assert result.expectation_config is not None
    return result.expectation_config.meta["attributes"][ENTRY_META]["position"]


def as_plain(value: Any) -> Any:
    """Return a value without numpy or pandas types, nested or not; null markers become None."""
    if isinstance(value, dict):
        return {as_plain(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [as_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if hasattr(value, "isoformat"):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00") if hasattr(value, "hour") else value.isoformat()
    return None if isinstance(value, float) and math.isnan(value) else value


def _read_outcome(file: SuiteFile, position: int, result: ExpectationValidationResult) -> CheckResult:
    _refuse_unevaluated(file, position, result)
    assert result.expectation_config is not None
    entry = file.suite.expectations[position]
    name = entry.expect.removeprefix(PREFIX)
    expectation = result.expectation_config.to_domain_obj()
    detail = as_plain(dict(result.result))
    is_success = bool(result.success)
    unexpected_count = detail.get("unexpected_count")
    element_count = detail.get("element_count")
    judged = None if element_count is None else element_count - (detail.get("missing_count") or 0)
    observed = None if judged is not None else _show_observed(detail, file.suite.withholds_values)
    sample = [] if file.suite.withholds_values else collect_sample(detail, file.suite.locate_by)
    statement = state_expectation(expectation, entry.where)
    finding = state_finding(is_success, unexpected_count, judged, observed, sample)
    return CheckResult(
        suite=file.suite.suite,
        table=file.suite.table,
        expectation=name,
        column=", ".join(referenced_columns(expectation)) or None,
        severity=entry.severity,
        is_success=is_success,
        unexpected_count=unexpected_count,
        element_count=element_count,
        observed=observed,
        sample=sample,
        why=entry.why,
        meaning=f"{file.suite.table}: {statement} {finding}",
        check_id=identify_check(SOURCE, file.suite.suite, name, [entry.arguments, entry.where]),
    )


def collect_sample(detail: dict[str, Any], locate_by: list[str]) -> list[str]:
    """Return at most five unexpected values as text, each led by the columns that locate its row."""
    rows = detail.get("partial_unexpected_index_list")
    if locate_by and rows and isinstance(rows[0], dict):
        shown = [_show_row(row, locate_by) for row in rows]
    else:
        shown = [as_text(value) for value in detail.get("partial_unexpected_list") or []]
        shown += [f"missing {as_text(value)}" for value in detail.get("partial_missing_list") or []]
    return list(dict.fromkeys(shown))[:SAMPLE_SIZE]


def _show_row(row: dict[str, Any], locate_by: list[str]) -> str:
    place = " ".join(as_text(row[column]) for column in locate_by if column in row)
    values = ", ".join(as_text(value) for column, value in row.items() if column not in locate_by)
    return f"{place}: {values}" if values else place


def _show_observed(detail: dict[str, Any], withholds_values: bool) -> str | None:
    observed = detail.get("observed_value")
    if observed is None or (withholds_values and isinstance(observed, list | dict)):
        return None
    return as_text(observed)


def _refuse_unevaluated(file: SuiteFile, position: int, result: ExpectationValidationResult) -> None:
    info = result.exception_info or {}
    problems = [info] if "raised_exception" in info else list(info.values())
    for problem in problems:
        if problem.get("raised_exception"):
            message = " ".join(str(problem.get("exception_message")).split()).rstrip(".")
            raise FrontierError(
                f"{file.place(position)} cannot be evaluated on {file.suite.table}: {message}. "
                "Check that the expectation suits the type of the column."
            )
