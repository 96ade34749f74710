"""Provenance: from a value of a fact back to the printed cells that it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.database import run_query
from orchestration.errors import UsageError

_ABOUT_THE_PRINT = "says how the figure of its row is printed: ask for that figure"
_COUNT_OF_TERRITORIES = "counts territories of bridge_territory_group, no printed figure"
_ANSWER = "is an answer in the survey's file, no printed figure: dim_edition names the file"
_ESTIMATE = "is estimated by a model from answers of the survey: glm_model names the model and its input"
_COUNT = "counts territories of a group, or respondents of the survey"

WITHOUT_CELLS: Mapping[tuple[str, str], str] = {
    ("fct_observation", "rounding_half_width"): _ABOUT_THE_PRINT,
    ("fct_observation", "unit_mult"): _ABOUT_THE_PRINT,
    ("fct_observation", "decimals"): _ABOUT_THE_PRINT,
    ("fct_population", "rounding_half_width"): _ABOUT_THE_PRINT,
    ("fct_survey_response", "*"): _ANSWER,
    ("mart_survey_respondent", "*"): _ANSWER,
    ("mart_glm_significance", "*"): _ESTIMATE,
    ("mart_arrivals_concentration", "regions"): _COUNT_OF_TERRITORIES,
    ("mart_arrivals_concentration", "regions_landed"): _COUNT_OF_TERRITORIES,
    ("mart_border_population_ratio", "russian_regions"): _COUNT_OF_TERRITORIES,
    ("mart_border_population_ratio", "russian_regions_landed"): _COUNT_OF_TERRITORIES,
    ("mart_border_population_ratio", "kazakh_regions"): _COUNT_OF_TERRITORIES,
    ("mart_border_population_ratio", "kazakh_regions_landed"): _COUNT_OF_TERRITORIES,
    **{
        (table, column): _COUNT
        for table in ("fct_published_claim", "mart_literature_claim")
        for column in ("recomputed_value", "recomputed_low", "recomputed_high")
    },
}
"""Numeric columns of facts and marts (`*`: all of a table) that have values without a printed cell, and why."""

_SOURCE_COLUMNS = (
    "role", "publisher", "publication", "pages", "table_number", "released_on", "quoted_in", "file", "sheet", "cell",
    "row_label", "column_label", "raw_text", "corrected_text", "correction_reason", "footnotes",
    "is_computed_by_quoting_work",
)  # fmt: skip


@dataclass(frozen=True)
class TracedValue:
    """One row of a fact or mart that matches, its value, and the printed cells behind it.

    Where there are no cells, `reason` says why. `row` has the `edition_id` where the table has one edition per row.
    """

    row: dict[str, Any]
    value: Any
    cells: list[dict[str, Any]]
    reason: str | None = None


def reason_without_cells(table: str, column: str) -> str | None:
    """Why no printed cell stands behind (some of) the values of a column; None where one always does."""
    return WITHOUT_CELLS.get((table, column)) or WITHOUT_CELLS.get((table, "*"))


def trace(database: Path, table: str, column: str, keys: Mapping[str, str]) -> list[TracedValue]:
    """Every row of `main.table` that the keys choose, with the cells behind `column`; newest edition first.

    A key names a column, or a column without its `_id` (`territory` for `territory_id`); `edition` matches
    the edition id. At most 50 rows. Raises `UsageError` that names the known tables, columns or keys, and for a
    column that has no printed cells the reason.
    """
    traced = _traced_columns(database)
    reason = reason_without_cells(table, column)
    if column not in traced.get(table, set()):
        raise UsageError(_untraced(table, column, traced, reason))
    columns = _columns(database, table)
    rows = _rows(database, table, columns, keys)
    if not rows:
        raise UsageError(f"No row of {table} has {', '.join(f'{key}={value}' for key, value in keys.items())}.")
    row_key = columns[0]
    cells = _cells(database, table, column, [row[row_key] for row in rows])
    return [
        TracedValue(row, row[column], cells.get(row[row_key], []), None if row[row_key] in cells else reason)
        for row in rows
    ]


def _untraced(table: str, column: str, traced: Mapping[str, set[str]], reason: str | None) -> str:
    if reason:
        return f"No printed cell stands behind {table}.{column}: it {reason}."
    if table not in traced:
        return f"No provenance is kept for {table!r}. Tables: {', '.join(sorted(traced))}."
    return f"{table} has no printed or computed column {column!r}. Columns: {', '.join(sorted(traced[table]))}."


def _rows(database: Path, table: str, columns: list[str], keys: Mapping[str, str]) -> list[dict[str, Any]]:
    has_edition = "edition_key" in columns
    conditions = [f"{_key_expression(table, key, columns)} = ?" for key in keys]
    editions = "inner join main.dim_edition as editions on facts.edition_key = editions.edition_key "
    names, rows = run_query(
        database,
        f"select facts.*, {'editions.edition_id' if has_edition else 'null as edition_id'} "
        f'from main."{table}" as facts {editions if has_edition else ""}'
        f"where {' and '.join(conditions) or 'true'} "
        f'order by {"editions.released_on desc, editions.edition_id, " if has_edition else ""}facts."{columns[0]}" '
        "limit 50",
        list(keys.values()),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


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
    has_edition = "edition_key" in columns
    if has_edition and key in {"edition", "edition_id"}:
        return "editions.edition_id"
    for name in (key, f"{key}_id"):
        if name in columns:
            return f'cast(facts."{name}" as varchar)'
    known = ", ".join(
        [
            *(["edition"] if has_edition else []),
            *(name.removesuffix("_id") for name in columns if not name.endswith("_key")),
        ]
    )
    raise UsageError(f"{table} has no key {key!r}. Keys: {known}.")


def _cells(database: Path, table: str, column: str, row_keys: list[str]) -> dict[str, list[dict[str, Any]]]:
    _, rows = run_query(
        database,
        f"select row_key, {', '.join(_SOURCE_COLUMNS)} from main.observation_source "
        "where table_name = ? and column_name = ? and row_key in (select unnest(?)) order by file, sheet, cell",
        [table, column, row_keys],
    )
    cells: dict[str, list[dict[str, Any]]] = {}
    for row_key, *cell in rows:
        cells.setdefault(row_key, []).append(dict(zip(_SOURCE_COLUMNS, cell, strict=True)))
    return cells
