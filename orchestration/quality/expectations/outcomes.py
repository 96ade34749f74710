"""How a result of Great Expectations is read: plain values, a sample that may be shown, a sentence.

Imports Great Expectations: import this module only where suites are run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from orchestration.errors import FrontierError
from orchestration.quality.expectations.expectation_types import (
    ENTRY_META,
    PREFIX,
    referenced_columns,
)
from orchestration.quality.expectations.printed_cells import (
    CELL_COLUMNS,
    OBSERVATION_ID,
    BrokenIdentity,
    FailingCell,
    find_breaks,
    find_cells,
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
from orchestration.quality.findings import FindingCell

if TYPE_CHECKING:
    import duckdb
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )

SAMPLE_SIZE = 5


def read_outcomes(
    file: SuiteFile, found: ExpectationSuiteValidationResult, connection: duckdb.DuckDBPyConnection
) -> list[CheckResult]:
    """Read the results of a suite, in the order of the entries in its file.

    The printed cells of what does not hold are looked up in the database. Raises FrontierError where an entry
    could not be evaluated.
    """
    # The library groups results by domain; the steward's order is that of the file.
    ordered = sorted(found.results, key=entry_position)
    if [entry_position(result) for result in ordered] != list(range(len(file.suite.expectations))):
        raise FrontierError(f"{file.path}: Great Expectations did not judge each entry exactly once.")
    for position, result in enumerate(ordered):
        _refuse_unevaluated(file, position, result)
    details = [as_plain(dict(result.result)) for result in ordered]
    prints = _Prints() if file.suite.withholds_values else _look_up(connection, details)
    return [
        _read_outcome(file, position, result, detail, prints)
        for position, (result, detail) in enumerate(zip(ordered, details, strict=True))
    ]


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
    if value is pd.NA or value is pd.NaT:
        return None
    if hasattr(value, "item"):
        value = value.item()
    if hasattr(value, "isoformat"):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00") if hasattr(value, "hour") else value.isoformat()
    return None if isinstance(value, float) and math.isnan(value) else value


@dataclass(frozen=True)
class _Prints:
    """What is known of the print: cells by observation, broken identities by rule and instance."""

    cells: dict[str, list[FindingCell]] = field(default_factory=dict)
    breaks: dict[tuple[str, str], BrokenIdentity] = field(default_factory=dict)


def _look_up(connection: duckdb.DuckDBPyConnection, details: list[dict[str, Any]]) -> _Prints:
    rows = [row for detail in details for row in _failing_rows(detail)]
    ids = {row[OBSERVATION_ID] for row in rows if row.get(OBSERVATION_ID)}
    broken = [one for detail in details for one in detail.get("broken", [])]
    return _Prints(find_cells(connection, ids), find_breaks(connection, broken))


def _failing_rows(detail: dict[str, Any]) -> list[dict[str, Any]]:
    rows = detail.get("partial_unexpected_index_list") or []
    return rows if rows and isinstance(rows[0], dict) else []


def _read_outcome(
    file: SuiteFile, position: int, result: ExpectationValidationResult, detail: dict[str, Any], prints: _Prints
) -> CheckResult:
    assert result.expectation_config is not None
    entry = file.suite.expectations[position]
    name = entry.expect.removeprefix(PREFIX)
    expectation = result.expectation_config.to_domain_obj()
    is_success = bool(result.success)
    unexpected_count = detail.get("unexpected_count")
    element_count = detail.get("element_count")
    judged = None if element_count is None else element_count - (detail.get("missing_count") or 0)
    observed = None if judged is not None else _show_observed(detail, file.suite.withholds_values)
    breaks = tuple(_breaks_of(detail, prints))
    sample = [one.in_words for one in breaks[:SAMPLE_SIZE]]
    if not sample and not file.suite.withholds_values:
        sample = collect_sample(detail, file.suite.locate_by, prints.cells)
    statement = state_expectation(expectation, entry.where)
    things = getattr(expectation, "judged_things", "values")
    finding = state_finding(is_success, unexpected_count, judged, observed, sample, things)
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
        summary=f"{statement} {state_finding(is_success, unexpected_count, judged, observed, [], things)}",
        cells=tuple(_failing_cells(detail, file.suite.locate_by, prints.cells)),
        breaks=breaks,
    )


def _breaks_of(detail: dict[str, Any], prints: _Prints) -> list[BrokenIdentity]:
    keys = [(one["rule_id"], one["instance"]) for one in detail.get("broken", [])]
    return [prints.breaks[key] for key in keys if key in prints.breaks]


def collect_sample(detail: dict[str, Any], locate_by: list[str], cells: dict[str, list[FindingCell]]) -> list[str]:
    """Return at most five unexpected values as text, each led by its printed cell, or the columns that locate it."""
    rows = _failing_rows(detail)
    if rows:
        shown = [line for row in rows for line in _show_row(row, locate_by, cells)]
    else:
        shown = [as_text(value) for value in detail.get("partial_unexpected_list") or []]
        shown += [f"missing {as_text(value)}" for value in detail.get("partial_missing_list") or []]
    return list(dict.fromkeys(shown))[:SAMPLE_SIZE]


def _show_row(row: dict[str, Any], locate_by: list[str], cells: dict[str, list[FindingCell]]) -> list[str]:
    printed = _cells_of(row, locate_by, cells)
    if printed:
        return [one.in_words for one in printed]
    place = " ".join(as_text(row[column]) for column in locate_by if column in row)
    values = ", ".join(as_text(value) for column, value in row.items() if column not in {*locate_by, OBSERVATION_ID})
    return [": ".join(part for part in (place, values) if part) or as_text(row.get(OBSERVATION_ID))]


def _failing_cells(
    detail: dict[str, Any], locate_by: list[str], cells: dict[str, list[FindingCell]]
) -> list[FailingCell]:
    found = [one for row in _failing_rows(detail) for one in _cells_of(row, locate_by, cells)]
    return list(dict.fromkeys(found))[:SAMPLE_SIZE]


def _cells_of(row: dict[str, Any], locate_by: list[str], cells: dict[str, list[FindingCell]]) -> list[FailingCell]:
    """The printed cells of a failing row, with the judged values that they do not show."""
    said = {*CELL_COLUMNS, *locate_by}
    values = ", ".join(as_text(value) for column, value in row.items() if column not in said)
    return [
        FailingCell(cell, "" if values == cell.raw_text else values)
        for cell in cells.get(row.get(OBSERVATION_ID) or "", [])
    ]


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
