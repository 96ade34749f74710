"""The landed tables of a database: creating them, and putting datasets, editions and cells into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.observations import read_edition
from orchestration.landing.catalogue import Dataset, Edition, verify_edition
from orchestration.modelling.declared_tables import create_declared_table, declared_tables, insert_rows

if TYPE_CHECKING:
    import duckdb

    from orchestration.extraction.survey import SurveyTables
    from orchestration.landing.survey_declaration import SurveyDeclaration

LANDED_TABLES = (
    "raw.datasets",
    "raw.editions",
    "raw.observations",
    "raw.survey_variables",
    "raw.survey_value_labels",
    "raw.survey_responses",
)


def create_landed_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the landed tables, empty, with their types and comments."""
    for table in LANDED_TABLES:
        create_declared_table(connection, table)


def land_dataset(connection: duckdb.DuckDBPyConnection, dataset: Dataset, names: TerritoryNames) -> int:
    """Verify and read every edition of a dataset into the landed tables; the number of cells read.

    Raises `FrontierError` when a file is not the one that its origin describes or does not fit its
    layout; nothing of the dataset is landed then.
    """
    tables = declared_tables()
    cells: list[dict[str, Any]] = []
    surveys: list[SurveyTables] = []
    survey = dataset.declaration.survey if dataset.declaration.kind == "survey" else None
    for edition in dataset.editions:
        verify_edition(edition)
        if survey:
            surveys.append(_read_survey(edition, survey))
        else:
            cells.extend(read_edition(dataset, edition, names))
    insert_rows(connection, tables["raw.datasets"], [_dataset_row(dataset)])
    insert_rows(connection, tables["raw.editions"], [_edition_row(one, dataset.agency) for one in dataset.editions])
    insert_rows(connection, tables["raw.observations"], cells)
    return len(cells) + sum(_insert_survey(connection, one) for one in surveys)


def _read_survey(edition: Edition, survey: SurveyDeclaration) -> SurveyTables:
    from orchestration.extraction.survey import read_survey

    return read_survey(edition.file, edition.edition_id, survey)


def _insert_survey(connection: duckdb.DuckDBPyConnection, tables: SurveyTables) -> int:
    for name in ("survey_variables", "survey_value_labels", "survey_responses"):
        connection.register("landed_rows", getattr(tables, name.removeprefix("survey_")))
        connection.execute(f"insert into raw.{name} by name select * from landed_rows")
        connection.unregister("landed_rows")
    return tables.responses.num_rows


def _dataset_row(dataset: Dataset) -> dict[str, Any]:
    declaration = dataset.declaration
    return {
        "dataset": dataset.name,
        "agency": dataset.agency,
        "title_en": declaration.title.en,
        "title_ru": declaration.title.ru,
        "title_kk": declaration.title.kk,
        "kind": declaration.kind,
        "release_calendar": declaration.release_calendar.description,
    }


def _edition_row(edition: Edition, agency: str) -> dict[str, Any]:
    origin = edition.origin
    return {
        "edition_id": edition.edition_id,
        "dataset": edition.dataset,
        "edition": edition.name,
        "agency": agency,
        "released_on": origin.released_day,
        "file": edition.relative_file,
        "file_sha256": origin.sha256,
        "file_bytes": origin.bytes,
    } | origin.model_dump(
        include={
            "publication",
            "table_number",
            "pages",
            "publisher",
            "released_on_precision",
            "retrieved_on",
            "url",
            "licence",
            "language",
            "quoted_in",
            "is_keyed_by_hand",
            "is_excerpt",
            "is_synthetic",
            "note",
        }
    )
