"""Whether the values of every column are among those that the dictionary allows: one pass over each table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.modelling.dictionary import Column, read_dictionary
from orchestration.quality.findings import Finding, FindingCell

if TYPE_CHECKING:
    import duckdb

COLUMN_RULE = "column_values"
INSTANCE_SQL = (
    "'table=' || table_schema || '.' || table_name || ' column=' || column_name || ' allowed=' || allowed_values"
)
"""What names the finding of a row of `audit.column_check`."""
_TABLE = "audit.column_check"
_SCHEMAS = ("raw", "main")
_CELLS_SHOWN = 20


@dataclass(frozen=True)
class ColumnRule:
    """What the values of a column may be: in words, and as an SQL condition that a value fulfils."""

    table: str
    column: str
    words: str
    condition: str

    @property
    def broken(self) -> str:
        """The condition of a value that breaks the rule; a null never does."""
        return f'"{self.column}" is not null and not ({self.condition})'

    @property
    def withholds_values(self) -> bool:
        """Whether a single value is an answer of a person, which no report repeats."""
        return "survey_respon" in self.table


def evaluate_columns(connection: duckdb.DuckDBPyConnection) -> int:
    """Judge every column of `raw` and `main` by the dictionary into `audit.column_check`; the rules judged."""
    rows = []
    for table, rules in _rules_of_present_tables(connection):
        counts = ", ".join(f'count("{rule.column}"), count(*) filter (where {rule.broken})' for rule in rules)
        judged = connection.execute(f"select {counts} from {table}").fetchone() or ()
        for rule, checked, broken in zip(rules, judged[::2], judged[1::2], strict=True):
            schema, _, name = table.partition(".")
            rows.append(
                {
                    "table_schema": schema,
                    "table_name": name,
                    "column_name": rule.column,
                    "allowed_values": rule.words,
                    "values_checked": checked,
                    "values_broken": broken,
                    "verdict": "broken" if broken else "holds",
                    "example": _example(connection, rule) if broken else None,
                }
            )
    return insert_rows(connection, create_declared_table(connection, _TABLE), rows)


def column_findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """One error per rule that values break, with their printed cells where the table knows them."""
    broken = connection.execute(
        "select table_schema || '.' || table_name, column_name, allowed_values, values_broken, values_checked, "
        f"example from {_TABLE} where values_broken > 0 order by all"
    ).fetchall()
    rules = {
        (table, rule.column, rule.words): rule
        for table, rules in (_rules_of_present_tables(connection) if broken else ())
        for rule in rules
    }
    return [
        Finding(
            rule=COLUMN_RULE,
            instance=f"table={table} column={column} allowed={words}",
            severity="error",
            cells=tuple(_cells(connection, rules[table, column, words])),
            extent=f"{wrong:,} values",
            message=f"{table}.{column}: {wrong:,} of {checked:,} values are not {words}"
            + (f", such as {example!r}" if example is not None else "")
            + ". Mend the dataset's declaration, or the dictionary (dbt_project/dictionary) where the value is right.",
        )
        for table, column, words, wrong, checked, example in broken
    ]


def _rules_of_present_tables(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, list[ColumnRule]]]:
    dictionary = read_dictionary()
    columns: dict[str, list[str]] = {}
    for table, column in connection.execute(
        # The wide tables of cases have the columns of their survey files, which raw.survey_variables describes.
        "select schema_name || '.' || table_name, column_name from duckdb_columns() "
        "where list_contains(?, schema_name) and not internal "
        "and table_name not in (select table_name from raw.survey_files where table_name is not null) "
        "order by table_oid, column_index",
        [list(_SCHEMAS)],
    ).fetchall():
        columns.setdefault(table, []).append(column)
    for table, names in columns.items():
        declared = (dictionary.columns[name].in_table(table) for name in names if name in dictionary.columns)
        rules = [rule for column in declared for rule in _rules(table, column)]
        if rules:
            yield table, rules


def _rules(table: str, column: Column) -> Iterator[ColumnRule]:
    name = f'"{column.name}"'
    if column.values is not None:
        listed = ", ".join(_literal(value) for value in column.values)
        words = "one of " + ", ".join(str(value) for value in column.values)
        yield ColumnRule(table, column.name, words, f"{name} in ({listed})")
    if column.values_from is not None:
        seed = column.values_from
        words = f"a {seed.column} of the seed {seed.seed}"
        condition = f'{name} in (select "{seed.column}" from raw."{seed.seed}")'
        yield ColumnRule(table, column.name, words, condition)
    if column.pattern is not None:
        words = f"of the form {column.pattern}"
        yield ColumnRule(table, column.name, words, f"regexp_full_match({name}, {_literal(column.pattern)})")
    if column.minimum is not None:
        yield ColumnRule(table, column.name, f"at least {column.minimum:g}", f"{name} >= {column.minimum}")
    if column.maximum is not None:
        yield ColumnRule(table, column.name, f"at most {column.maximum:g}", f"{name} <= {column.maximum}")


def _example(connection: duckdb.DuckDBPyConnection, rule: ColumnRule) -> str | None:
    if rule.withholds_values:
        return None
    row = connection.execute(
        f'select cast(min("{rule.column}") as varchar) from {rule.table} where {rule.broken}'
    ).fetchone()
    return row[0] if row else None


def _cells(connection: duckdb.DuckDBPyConnection, rule: ColumnRule) -> list[FindingCell]:
    has_cells = connection.execute(
        "select count(*) from duckdb_columns() where schema_name || '.' || table_name = ? "
        "and column_name = 'observation_id'",
        [rule.table],
    ).fetchone()
    if not has_cells or not has_cells[0]:
        return []
    rows = connection.execute(
        f"""
        select observations.observation_id, editions.file, observations.sheet, observations.cell, observations.raw_text
        from raw.observations as observations
        inner join raw.editions as editions on observations.edition_id = editions.edition_id
        where observations.observation_id in (select observation_id from {rule.table} where {rule.broken})
        order by editions.file, observations.sheet, observations.cell
        limit {_CELLS_SHOWN}
        """
    ).fetchall()
    return [FindingCell(*row) for row in rows]


def _literal(value: bool | int | str) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value).lower()
