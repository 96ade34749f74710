"""Keys between the tables: as the models' tests declare them, kept where the exported rows bear them out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.export.contents import Table
from orchestration.yaml_text import parse_yaml

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class ForeignKey:
    """A column whose values stand in a column of another table (or of the same one)."""

    column: str
    table: str
    field: str


@dataclass
class Keys:
    """What is known of a table's columns: unique ones, those never null, and references."""

    unique: list[str] = field(default_factory=list)
    not_null: set[str] = field(default_factory=set)
    foreign: list[ForeignKey] = field(default_factory=list)


def read_keys(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], dbt_project: Path) -> dict[str, Keys]:
    """The keys of each table: declared by the tests of `dbt_project`, and true of the rows that are there."""
    declared = _declared_keys(dbt_project)
    return {name: _borne_out(connection, table, declared.get(name, Keys()), tables) for name, table in tables.items()}


def _declared_keys(dbt_project: Path) -> dict[str, Keys]:
    keys: dict[str, Keys] = {}
    for path in sorted((dbt_project / "models").rglob("*.yml")):
        document = parse_yaml(path.read_text(encoding="utf-8")) or {}
        sources = [table for source in document.get("sources", []) for table in source.get("tables", [])]
        for model in [*document.get("models", []), *sources]:
            known = keys.setdefault(model["name"], Keys())
            for column in model.get("columns", []):
                _note_tests(known, column)
    return keys


def _note_tests(known: Keys, column: Mapping[str, Any]) -> None:
    for test, arguments in _tests(column):
        if test == "unique":
            known.unique.append(column["name"])
        elif test == "not_null":
            known.not_null.add(column["name"])
        elif test == "relationships":
            target = re.search(r"ref\(\s*['\"](\w+)['\"]", str(arguments.get("to")))
            if target:
                known.foreign.append(ForeignKey(column["name"], target[1], arguments["field"]))


def _tests(column: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for test in column.get("data_tests", []):
        if isinstance(test, str):
            yield test, {}
        else:
            name, settings = next(iter(test.items()))
            yield name, (settings or {}).get("arguments", settings or {})


def _borne_out(
    connection: duckdb.DuckDBPyConnection, table: Table, declared: Keys, tables: Mapping[str, Table]
) -> Keys:
    not_null = {column.name for column in table.columns if not column.is_nullable or column.name in declared.not_null}
    return Keys(
        unique=[name for name in declared.unique if table.has(name) and _is_unique(connection, table, name)],
        not_null={name for name in not_null if _count(connection, table, f'"{name}" is null') == 0},
        foreign=[key for key in declared.foreign if table.has(key.column) and _holds(connection, table, key, tables)],
    )


def _is_unique(connection: duckdb.DuckDBPyConnection, table: Table, column: str) -> bool:
    found = connection.execute(
        f'select count("{column}") = count(distinct "{column}") from {table.sql_name}'
    ).fetchone()
    return bool(found and found[0])


def _holds(connection: duckdb.DuckDBPyConnection, table: Table, key: ForeignKey, tables: Mapping[str, Table]) -> bool:
    target = tables.get(key.table)
    if target is None or not target.has(key.field):
        return False
    orphan = (
        f'"{key.column}" is not null and "{key.column}" not in '
        f'(select "{key.field}" from {target.sql_name} where "{key.field}" is not null)'
    )
    return _count(connection, table, orphan) == 0


def _count(connection: duckdb.DuckDBPyConnection, table: Table, condition: str) -> int:
    found = connection.execute(f"select count(*) from {table.sql_name} where {condition}").fetchone()
    return int(found[0]) if found else 0
