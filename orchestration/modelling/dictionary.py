"""The dictionary of columns: what each means, in which unit and language, and what its values may be."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from orchestration.errors import FrontierError
from orchestration.modelling.declared_tables import DBT_PROJECT, create_declared_table, insert_rows
from orchestration.yaml_text import parse_yaml

if TYPE_CHECKING:
    import duckdb

PUBLISHED = "main.data_dictionary"
_VOCABULARY = "vocabulary.yml"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Reference = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
Model = TypeVar("Model", bound=BaseModel)


class Translated(BaseModel):
    """A text in English, Russian and Kazakh."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: Text
    ru: Text
    kk: Text


class Vocabulary(BaseModel):
    """The units and the warnings of use that columns name by their key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    units: dict[str, Translated]
    warnings: dict[str, Translated]


class SeedColumn(BaseModel):
    """A column of a seed of the dbt project, whose values are a closed list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: Text
    column: Text


class ColumnInTable(BaseModel):
    """What a column says in one table where that is narrower than, or differs from, its general meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Translated | None = None
    type: Text | None = None
    meaning: Text | None = None
    unit: Text | None = None
    warnings: list[Text] | None = None
    values: list[bool | int | str] | None = None
    values_from: SeedColumn | None = None
    pattern: Text | None = None
    minimum: float | None = None
    maximum: float | None = None
    references: Reference | None = None


class Column(BaseModel):
    """One column: label, DuckDB type, meaning, unit, warnings of use, and what its values may be.

    `unit` and `warnings` are keys of the vocabulary. `values` (or `values_from`, a column of a seed) is the closed
    list of values, `pattern` a regular expression that the whole text matches, `minimum` and `maximum` inclusive
    bounds in the column's own unit. `references` is the table.column of the dimension in which every value of the
    column stands, wherever it is published. `tables` narrows any of these for a table named `schema.table`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    label: Translated
    type: Text
    meaning: Text
    unit: Text | None = None
    warnings: list[Text] = []
    values: list[bool | int | str] | None = None
    values_from: SeedColumn | None = None
    pattern: Text | None = None
    minimum: float | None = None
    maximum: float | None = None
    references: Reference | None = None
    tables: dict[Annotated[str, Field(pattern=r"^[a-z]+\.[a-z0-9_]+$")], ColumnInTable] = {}

    def in_table(self, table: str) -> Column:
        """The column as `table` (schema.table) has it."""
        narrower = self.tables.get(table)
        if narrower is None:
            return self
        return self.model_copy(update={name: getattr(narrower, name) for name in narrower.model_fields_set})


class Dictionary:
    """Every column of the warehouse, each declared once."""

    def __init__(self, columns: dict[str, Column], vocabulary: Vocabulary) -> None:
        self.columns = columns
        self.vocabulary = vocabulary

    def column(self, table: str, name: str) -> Column:
        """The column `name` as `table` (schema.table) has it.

        Raises `FrontierError` when the dictionary does not know the column.
        """
        if name not in self.columns:
            raise FrontierError(
                f"{table}: column {name!r} is not in the dictionary; declare it in a file of dbt_project/dictionary."
            )
        return self.columns[name].in_table(table)

    def description(self, table: str, name: str) -> str:
        """What a reader is told about the column in one text: meaning, unit, warnings."""
        column = self.column(table, name)
        unit = f" Unit: {self.vocabulary.units[column.unit].en}." if column.unit else ""
        warnings = "".join(f" {self.vocabulary.warnings[warning].en}" for warning in column.warnings)
        return column.meaning + unit + warnings


@cache
def read_dictionary(dbt_project: Path = DBT_PROJECT) -> Dictionary:
    """Read the files of `dbt_project/dictionary`.

    Raises `FrontierError` that names the file and the column where a declaration is not in the form of `Column`,
    is made twice, or names a unit or warning that the vocabulary does not have.
    """
    folder = dbt_project / "dictionary"
    vocabulary = _validated(Vocabulary, parse_yaml((folder / _VOCABULARY).read_text("utf-8")), folder / _VOCABULARY)
    columns: dict[str, Column] = {}
    for path in sorted(folder.glob("*.yml")):
        if path.name == _VOCABULARY:
            continue
        for name, declared in parse_yaml(path.read_text("utf-8")).items():
            if name in columns:
                raise FrontierError(f"{path}: column {name!r} is declared twice in the dictionary.")
            columns[name] = _validated(Column, {"name": name, **declared}, path, name)
            _refuse_unknown_words(columns[name], vocabulary, path)
    return Dictionary(columns, vocabulary)


def publish_dictionary(connection: duckdb.DuckDBPyConnection, dbt_project: Path = DBT_PROJECT) -> int:
    """Write `main.data_dictionary` for the tables that stand in `main` and `audit`; the number of columns.

    Raises `FrontierError` when a published column is not in the dictionary.
    """
    published = create_declared_table(connection, PUBLISHED, dbt_project)
    dictionary = read_dictionary(dbt_project)
    present = connection.execute(
        """
        select columns.schema_name, columns.table_name, columns.column_name, columns.column_index,
            columns.data_type, tables.comment
        from duckdb_columns() as columns
        inner join duckdb_tables() as tables using (schema_name, table_name)
        where columns.schema_name in ('main', 'audit') and not columns.internal
        order by all
        """
    ).fetchall()
    return insert_rows(connection, published, [_published_row(dictionary, *row) for row in present])


def _published_row(
    dictionary: Dictionary, schema: str, table: str, name: str, position: int, data_type: str, comment: str
) -> dict[str, Any]:
    column = dictionary.column(f"{schema}.{table}", name)
    words = dictionary.vocabulary
    return {
        "table_schema": schema,
        "table_name": table,
        "table_meaning": comment,
        "column_name": name,
        "position": position,
        "data_type": data_type,
        "label_en": column.label.en,
        "label_ru": column.label.ru,
        "label_kk": column.label.kk,
        "meaning": column.meaning,
        "unit": words.units[column.unit].en if column.unit else None,
        "warning": " ".join(words.warnings[warning].en for warning in column.warnings) or None,
    }


def _refuse_unknown_words(column: Column, vocabulary: Vocabulary, path: Path) -> None:
    for table, said in _sayings(column):
        unknown = [word for word in said.warnings or [] if word not in vocabulary.warnings]
        if said.unit and said.unit not in vocabulary.units:
            unknown.append(said.unit)
        if unknown:
            raise FrontierError(
                f"{path}: column {column.name!r}{table} names {', '.join(map(repr, unknown))}, which is not in "
                f"{_VOCABULARY} beside it; add it there or correct the name."
            )


def _sayings(column: Column) -> Iterator[tuple[str, Column | ColumnInTable]]:
    yield "", column
    for table, narrower in column.tables.items():
        yield f" in {table}", narrower


def _validated(model: type[Model], content: Any, path: Path, name: str = "") -> Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in [*([name] if name else []), *problem['loc']])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise FrontierError(f"{path}: {problems}.") from error
