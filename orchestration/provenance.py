"""Provenance: from a value of a fact back to the printed cells that it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.database import run_query
from orchestration.errors import UsageError

_SOURCE_COLUMNS = (
    "role", "publisher", "publication", "pages", "table_number", "released_on", "quoted_in", "file", "sheet", "cell",
    "row_label", "column_label", "raw_text", "footnotes", "is_computed_by_quoting_work",
)  # fmt: skip


@dataclass(frozen=True)
class TracedValue:
    """One row of a fact that matches, its value, and the printed cells behind it."""

    row: dict[str, Any]
    value: Any
    cells: list[dict[str, Any]]


def trace(database: Path, table: str, column: str, keys: Mapping[str, str]) -> list[TracedValue]:
    """Every row of `main.table` that the keys choose, with the cells behind `column`; newest edition first.

    A key names a column, or a column without its `_id` (`territory` for `territory_id`); `edition` matches
    the edition id. Raises `UsageError` that names the known tables, columns or keys.
    """
    traced = _traced_columns(database)
    if table not in traced:
        raise UsageError(f"No provenance is kept for {table!r}. Tables: {', '.join(sorted(traced))}.")
    if column not in traced[table]:
        raise UsageError(
            f"{table} has no printed or computed column {column!r}. Columns: {', '.join(sorted(traced[table]))}."
        )
    columns = _columns(database, table)
    conditions, values = [], []
    for key, value in keys.items():
        conditions.append(f"{_key_expression(table, key, columns)} = ?")
        values.append(value)
    row_key = next(name for name in columns if name.endswith("_key"))
    names, rows = run_query(
        database,
        f'select facts.*, editions.edition_id from main."{table}" as facts '
        "inner join main.dim_edition as editions on facts.edition_key = editions.edition_key "
        f"where {' and '.join(conditions) or 'true'} order by editions.released_on desc, editions.edition_id limit 50",
        values,
    )
    if not rows:
        raise UsageError(f"No row of {table} has {', '.join(f'{key}={value}' for key, value in keys.items())}.")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [TracedValue(row, row[column], _cells(database, table, row[row_key], column)) for row in found]


def _traced_columns(database: Path) -> dict[str, set[str]]:
    _, rows = run_query(database, "select distinct table_name, column_name from main.observation_source")
    traced: dict[str, set[str]] = {}
    for table, column in rows:
        traced.setdefault(table, set()).add(column)
    return traced


def _columns(database: Path, table: str) -> list[str]:
    _, rows = run_query(
        database,
        "select column_name from information_schema.columns where table_schema = 'main' and table_name = ? "
        "order by ordinal_position",
        [table],
    )
    return [row[0] for row in rows]


def _key_expression(table: str, key: str, columns: list[str]) -> str:
    if key in {"edition", "edition_id"}:
        return "editions.edition_id"
    for name in (key, f"{key}_id"):
        if name in columns:
            return f'cast(facts."{name}" as varchar)'
    known = ", ".join(["edition", *(name.removesuffix("_id") for name in columns if not name.endswith("_key"))])
    raise UsageError(f"{table} has no key {key!r}. Keys: {known}.")


def _cells(database: Path, table: str, row_key: str, column: str) -> list[dict[str, Any]]:
    _, rows = run_query(
        database,
        f"select {', '.join(_SOURCE_COLUMNS)} from main.observation_source "
        "where table_name = ? and row_key = ? and column_name = ? order by file, cell",
        [table, row_key, column],
    )
    return [dict(zip(_SOURCE_COLUMNS, row, strict=True)) for row in rows]
