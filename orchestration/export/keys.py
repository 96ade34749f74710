"""Keys between the tables: as the models' tests declare them, kept where the exported rows bear them out."""

from __future__ import annotations

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
                tests = {test for test, _ in _tests(column)}
                known.unique += [column["name"]] if "unique" in tests else []
                known.not_null |= {column["name"]} if "not_null" in tests else set()
            for test, arguments in _tests(model):
                if test == "references":
                    known.foreign += [ForeignKey(name, *to.split(".")) for name, to in arguments["columns"].items()]
    return keys


def _tests(tested: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tests of a model or of a column, each with its arguments."""
    for test in tested.get("data_tests", []):
        if isinstance(test, str):
            yield test, {}
        else:
            name, settings = next(iter(test.items()))
            yield name, (settings or {}).get("arguments", settings or {})


def _borne_out(
    connection: duckdb.DuckDBPyConnection, table: Table, declared: Keys, tables: Mapping[str, Table]
) -> Keys:
    unique = [name for name in declared.unique if table.has(name)]
    never_null = [one.name for one in table.columns if not one.is_nullable or one.name in declared.not_null]
    are_unique = {name: f'count("{name}") = count(distinct "{name}")' for name in unique}
    are_there = {name: f'count("{name}") = count(*)' for name in never_null}
    return Keys(
        unique=true_of_rows(connection, table, are_unique),
        not_null=set(true_of_rows(connection, table, are_there)),
        foreign=[key for key in declared.foreign if table.has(key.column) and _holds(connection, table, key, tables)],
    )


def true_of_rows(connection: duckdb.DuckDBPyConnection, table: Table, tests: Mapping[str, str]) -> list[str]:
    """The names whose test, an SQL expression over all rows of the table, is true; all are told in one pass."""
    if not tests:
        return []
    found = connection.execute(f"select {', '.join(tests.values())} from {table.sql_name}").fetchone() or ()
    return [name for name, is_true in zip(tests, found, strict=True) if is_true]


def _holds(connection: duckdb.DuckDBPyConnection, table: Table, key: ForeignKey, tables: Mapping[str, Table]) -> bool:
    target = tables.get(key.table)
    if target is None or not target.has(key.field):
        return False
    orphan = (
        f'select "{key.column}" from {table.sql_name} where "{key.column}" is not null and "{key.column}" not in '
        f'(select "{key.field}" from {target.sql_name} where "{key.field}" is not null)'
    )
    return connection.execute(f"{orphan} limit 1").fetchone() is None
