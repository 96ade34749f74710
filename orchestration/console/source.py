"""`frontier source`: who printed this number, and where."""

from __future__ import annotations

import sys
from typing import Literal

from orchestration.console.output import print_json
from orchestration.database import published_database
from orchestration.errors import UsageError
from orchestration.provenance import TracedValue, trace
from orchestration.workspace import Workspace


def print_source(workspace: Workspace, value: str, keys: list[str], output: Literal["table", "json"]) -> None:
    """Print every row that matches, with the printed cells behind the value."""
    table, dot, column = value.removeprefix("main.").partition(".")
    if not dot:
        raise UsageError(f"{value!r} names no column: write TABLE.COLUMN, such as fct_population.population.")
    pairs = dict(_pair(key) for key in keys)
    traced = trace(published_database(workspace), table, column, pairs)
    if output == "json":
        print_json(
            [
                {
                    "table": table,
                    "column": column,
                    "value": one.value,
                    "row": one.row,
                    "cells": one.cells,
                    "reason": one.reason,
                }
                for one in traced
            ]
        )
        return
    for one in traced:
        sys.stdout.write("\n".join(_lines(table, column, one)) + "\n\n")


def _pair(key: str) -> tuple[str, str]:
    name, equals, value = key.partition("=")
    if not equals:
        raise UsageError(f"{key!r} is no key=value.")
    return name, value


def _lines(table: str, column: str, one: TracedValue) -> list[str]:
    shown = f"{one.value:,}" if isinstance(one.value, int) else str(one.value)
    newest = {True: "newest edition", False: "superseded"}.get(one.row.get("is_latest"), "")
    known = ", ".join(filter(None, [one.row["edition_id"], newest]))
    lines = [f"{table}.{column} = {shown}" + (f"  ({known})" if known else "")]
    if one.reason:
        lines.append(f"  no printed cell stands behind it: it {one.reason}")
    for cell in one.cells:
        sheet = f" [{cell['sheet']}]" if cell["sheet"] else ""
        lines.append(f'  {cell["role"]} "{cell["raw_text"]}" in {cell["file"]}{sheet}, cell {cell["cell"]}')
        if cell["corrected_text"] is not None:
            lines.append(f"    corrected to {cell['corrected_text']}: {cell['correction_reason']}")
        lines.append(f"    row {cell['row_label']!r}, column {cell['column_label']!r}")
        pages = f", pp. {cell['pages']}" if cell["pages"] else ""
        lines.append(f"    {cell['publisher']}: {cell['publication']}{pages} (released {cell['released_on']})")
        if cell["quoted_in"]:
            lines.append(f"    quoted in {cell['quoted_in']}")
        if cell["is_computed_by_quoting_work"]:
            lines.append("    the author who quotes the table may have computed this column himself")
    return lines
