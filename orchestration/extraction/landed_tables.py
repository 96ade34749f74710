"""The landed tables of a database: creating them, and putting datasets, editions and cells into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.observations import read_edition
from orchestration.landing.catalogue import Dataset, Edition, verify_edition
from orchestration.modelling.declared_tables import create_declared_table, declared_tables, insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from orchestration.landing.survey_declaration import SurveyDeclaration

LANDED_TABLES = (
    "raw.datasets",
    "raw.editions",
    "raw.observations",
    "raw.corrections",
    "raw.survey_files",
    "raw.survey_variables",
    "raw.survey_value_labels",
    "raw.survey_missing_ranges",
    "raw.survey_special_missing",
    "raw.survey_responses",
    "raw.survey_notices",
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
    survey = dataset.declaration.survey if dataset.declaration.kind == "survey" else None
    for edition in dataset.editions:
        verify_edition(edition)
        if survey is None:
            cells.extend(read_edition(dataset, edition, names))
    survey_cells = _land_survey(connection, dataset.editions, survey) if survey else 0
    insert_rows(connection, tables["raw.datasets"], [_dataset_row(dataset)])
    insert_rows(connection, tables["raw.editions"], [_edition_row(one, dataset.agency) for one in dataset.editions])
    insert_rows(connection, tables["raw.observations"], cells)
    return len(cells) + survey_cells


def _land_survey(connection: duckdb.DuckDBPyConnection, editions: Iterable[Edition], survey: SurveyDeclaration) -> int:
    """Land the files of a survey, all or none; the number of cells."""
    from orchestration.extraction.surveys.landing import SurveyFile, land_surveys

    files = [SurveyFile(edition.file, edition.dataset, edition.name) for edition in editions]
    return sum(landed.cells for landed in land_surveys(connection, files, survey))


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
