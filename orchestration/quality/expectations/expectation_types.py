"""The expectations that a suite file may name, and how an entry becomes one of Great Expectations'.

Imports Great Expectations: import this module only where suites are run.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import great_expectations.expectations as gxe
from great_expectations.compatibility import pydantic as gx_pydantic
from great_expectations.expectations.row_conditions import AndCondition, Column

from orchestration.errors import FrontierError
from orchestration.quality.expectations.identities_to_hold import ExpectIdentitiesToHold
from orchestration.quality.expectations.suite_files import (
    Condition,
    ExpectationEntry,
    SuiteFile,
    suggest,
)

PREFIX = "expect_"
ENTRY_META = "frontier"
UNSUPPORTED = {
    # They need a database that the library sends SQL to; it gets frames here.
    "query_results_to_match_comparison",
    "table_row_count_to_equal_other_table",
    "column_values_to_match_like_pattern",
    "column_values_to_match_like_pattern_list",
    "column_values_to_not_match_like_pattern",
    "column_values_to_not_match_like_pattern_list",
    # Its page is a drawing by scripts from outside hosts.
    "column_kl_divergence_to_be_less_than",
}
# Set by the entry's own keys, or by the run.
RESERVED = {
    "batch_id",
    "catch_exceptions",
    "condition_parser",
    "description",
    "id",
    "library_metadata",
    "meta",
    "notes",
    "rendered_content",
    "result_format",
    "row_condition",
    "severity",
    "version",
    "windows",
}


class ExpectColumnQuantilesToBeBetween(gxe.ExpectColumnQuantileValuesToBeBetween):
    """The library's expectation on quantiles, with a verdict that its own result store can write."""

    def _validate(self, *args: Any, **kwargs: Any) -> Any:
        outcome = super()._validate(*args, **kwargs)
        # As numpy.bool it is no JSON, and the whole run would fail.
        return {**outcome, "success": bool(outcome["success"])}


@cache
def known_expectations() -> dict[str, type[gxe.Expectation]]:
    """Return the expectations by the name that a suite file uses."""
    classes = [getattr(gxe, name) for name in dir(gxe) if name.startswith("Expect")]
    named = {cls.expectation_type.removeprefix(PREFIX): cls for cls in classes if cls.expectation_type}
    named["column_quantile_values_to_be_between"] = ExpectColumnQuantilesToBeBetween
    named["identities_to_hold"] = ExpectIdentitiesToHold
    return {name: cls for name, cls in sorted(named.items()) if name not in UNSUPPORTED}


def accepted_arguments(cls: type[gxe.Expectation]) -> list[str]:
    """Return the arguments that an entry of this expectation may have."""
    return sorted(set(cls.__fields__) - RESERVED)


def build_expectation(file: SuiteFile, position: int) -> gxe.Expectation:
    """Turn an entry into an expectation that carries its position, severity and reason.

    Raises FrontierError that names file and entry where the expectation or an argument is unknown,
    missing or of the wrong type.
    """
    entry = file.suite.expectations[position]
    name = entry.expect.removeprefix(PREFIX)
    cls = known_expectations().get(name)
    if cls is None:
        raise FrontierError(
            f"{file.place(position)}: there is no expectation of this name{suggest(name, known_expectations())}."
        )
    arguments = _spell_out_columns(cls, entry.arguments)
    accepted = accepted_arguments(cls)
    for argument in arguments:
        if argument not in accepted:
            raise FrontierError(
                f"{file.place(position)}: unknown argument {argument!r}{suggest(argument, accepted)}; "
                f"it takes {', '.join(accepted)}."
            )
    if entry.where and "row_condition" not in cls.__fields__:
        raise FrontierError(f"{file.place(position)}: this expectation cannot have 'where'.")
    try:
        if entry.where:
            arguments["row_condition"] = build_condition(entry.where)
        return cls(severity=entry.severity, meta=_describe_entry(entry, position), **arguments)
    except (gx_pydantic.ValidationError, TypeError, ValueError) as error:
        detail = " ".join(str(error).split()).replace("__root__ ", "")
        raise FrontierError(f"{file.place(position)}: {detail}") from error


def build_condition(where: Condition) -> Any:
    """Turn {column: value, or list of values, or null} into one row condition; all must hold."""
    parts: list[Any] = []
    for name, value in where.items():
        column = Column(name)
        value = _spell_out_dates(value)
        if value is None:
            parts.append(column.is_null())
        elif isinstance(value, list):
            parts.append(column.is_in(value))
        else:
            parts.append(column == value)
    return parts[0] if len(parts) == 1 else AndCondition(conditions=parts)


def referenced_columns(expectation: gxe.Expectation) -> list[str]:
    """Return the columns whose values the expectation looks at, in the order of its arguments."""
    columns = [getattr(expectation, key, None) for key in ("column", "column_A", "column_B")]
    columns += getattr(expectation, "column_list", None) or []
    return [column for column in columns if column]


def needed_columns(expectation: gxe.Expectation) -> list[str]:
    """Return the columns that the expectation must find in the frame."""
    return [*referenced_columns(expectation), *getattr(expectation, "needed_columns", ())]


def needs_whole_table(entry: ExpectationEntry) -> bool:
    """Whether the expectation is about which columns the table has."""
    return entry.expect.removeprefix(PREFIX).startswith(("table_column", "column_to_exist"))


def _spell_out_columns(cls: type[gxe.Expectation], arguments: dict[str, Any]) -> dict[str, Any]:
    spelled = {key: _spell_out_dates(value) for key, value in arguments.items() if key != "columns"}
    if "columns" in arguments:
        columns = arguments["columns"]
        if "column_A" in cls.__fields__ and isinstance(columns, list) and len(columns) == 2:
            return {**spelled, "column_A": columns[0], "column_B": columns[1]}
        key = next(
            (key for key in ("column_list", "column_set") if key in cls.__fields__),
            "columns",
        )
        spelled[key] = columns
    return spelled


def _spell_out_dates(value: Any) -> Any:
    """A day written in YAML compares with a column of days only as a datetime."""
    if isinstance(value, list):
        return [_spell_out_dates(item) for item in value]
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    return value


def _describe_entry(entry: ExpectationEntry, position: int) -> dict[str, Any]:
    own = {"position": position, "severity": entry.severity, "why": entry.why}
    return {"attributes": {ENTRY_META: own}}
