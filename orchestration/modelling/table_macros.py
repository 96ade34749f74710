"""The table macros of the published database: what was known on a day, asked without any program of ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.modelling.declared_tables import DBT_PROJECT, create_declared_table, insert_rows

if TYPE_CHECKING:
    import duckdb

_TEMPLATE = Path("macros") / "vintages.sql"
_CATALOGUE = "main.table_macro"


@dataclass(frozen=True)
class TableMacro:
    """A macro `name(day)`: the rows of a fact as known on that day.

    `row_key` is the surrogate key of the fact, `version_of` the column that the versions of a row share.
    """

    name: str
    fact: str
    row_key: str
    version_of: str
    subject: str

    @property
    def description(self) -> str:
        """The comment on the macro."""
        return (
            f"{self.subject} as known on a day: of each, the row of the newest edition released by then (an edition "
            f"known by its year alone counts as released on 31 December). The columns of {self.fact} without "
            "is_latest, and of the edition edition_id, dataset, released_on and released_on_precision (day, month or "
            "year); is_provisional where the agency says so; is_withdrawn where a later whole edition of the same "
            "table, released by that day, no longer prints it."
        )

    def definition(self, dbt_project: Path = DBT_PROJECT) -> str:
        """The SELECT of the macro, from the template that the models share."""
        from jinja2 import Environment

        template = Environment(autoescape=False).from_string((dbt_project / _TEMPLATE).read_text("utf-8"))  # noqa: S701
        return str(template.make_module().rows_as_of(self.fact, self.row_key, self.version_of))  # ty: ignore[missing-attribute]


TABLE_MACROS = (
    TableMacro(
        "flows_as_of",
        "fct_migration_flow",
        "migration_flow_key",
        "figure_id",
        "Migration flows by origin, destination, period, reporting country and direction of counting",
    ),
    TableMacro(
        "arrivals_departures_as_of",
        "fct_arrivals_departures",
        "arrivals_departures_key",
        "row_id",
        "Arrivals and departures by territory, partner, period and agency",
    ),
    TableMacro(
        "population_as_of",
        "fct_population",
        "population_key",
        "figure_id",
        "Population by territory, day, population group, sex, age and agency",
    ),
    TableMacro(
        "population_change_as_of",
        "fct_population_change",
        "population_change_key",
        "row_id",
        "Components of population change by territory, period, population group and agency",
    ),
    TableMacro(
        "population_projection_as_of",
        "fct_population_projection",
        "population_projection_key",
        "row_id",
        "Population projections by territory, period, variant, population group and agency",
    ),
    TableMacro(
        "observations_as_of",
        "fct_observation",
        "observation_key",
        "figure_id",
        "Printed figures of every table in long form, with all their dimensions, by agency",
    ),
)


def create_table_macros(connection: duckdb.DuckDBPyConnection, dbt_project: Path = DBT_PROJECT) -> int:
    """Create (or replace) the macros in schema main, comment on them and list them in main.table_macro; their count.

    The facts that they read must stand there. Raises `duckdb.Error` when one does not.
    """
    for macro in TABLE_MACROS:
        connection.execute(f"create or replace macro main.{macro.name}(day) as table {macro.definition(dbt_project)}")
        comment = macro.description.replace("'", "''")
        connection.execute(f"comment on macro table main.{macro.name} is '{comment}'")
    return insert_rows(
        connection,
        create_declared_table(connection, _CATALOGUE, dbt_project),
        [
            {
                "macro_name": macro.name,
                "parameters": "day",
                "fact": macro.fact,
                "row_key": macro.row_key,
                "version_of": macro.version_of,
                "description": macro.description,
                "definition": _stored_definition(connection, macro.name),
            }
            for macro in TABLE_MACROS
        ],
    )


def _stored_definition(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """The SQL that the database keeps: what the content hash of a release is to cover."""
    row = connection.execute(
        "select macro_definition from duckdb_functions() "
        "where schema_name = 'main' and function_type = 'table_macro' and function_name = ? and not internal",
        [name],
    ).fetchone()
    return str(row[0]) if row else ""
