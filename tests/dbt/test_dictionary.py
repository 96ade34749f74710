"""The dictionary of columns: what derives from it, and that nothing published is without a meaning."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import FrontierError
from orchestration.modelling.declared_tables import DBT_PROJECT
from orchestration.modelling.dictionary import read_dictionary
from orchestration.quality.column_checks import column_findings, evaluate_columns
from tests.published import TABLE_4, Command
from tools.dictionary import derived_files

PUBLISHED_COLUMNS = """
    select columns.schema_name, columns.table_name, columns.column_name, columns.comment
    from duckdb_columns() as columns
    where columns.schema_name in ('main', 'audit') and not columns.internal
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dictionary that a test may spoil."""
    shutil.copytree(DBT_PROJECT / "dictionary", tmp_path / "dictionary")
    return tmp_path


@pytest.fixture
def release(published: Command) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published.database), read_only=True) as connection:
        yield connection


@pytest.fixture
def spoiled(published: Command, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the published database that a test may spoil."""
    database = tmp_path / "frontier.duckdb"
    shutil.copyfile(published.database, database)
    with duckdb.connect(str(database)) as connection:
        yield connection


def add_column(project: Path, declaration: str) -> None:
    (project / "dictionary" / "zz.yml").write_text(declaration, encoding="utf-8")


def test_what_derives_from_the_dictionary_has_not_drifted() -> None:
    drifted = [path.name for path, text in derived_files().items() if path.read_text("utf-8") != text]

    assert drifted == [], "run: make dictionary"


def test_every_published_column_and_table_has_a_comment(release: duckdb.DuckDBPyConnection) -> None:
    columns = release.execute(PUBLISHED_COLUMNS).fetchall()
    tables = release.execute(
        "select table_name, comment from duckdb_tables() where schema_name in ('main', 'audit', 'raw') "
        "and table_name not in (select table_name from raw.survey_files)"
    ).fetchall()

    assert len(columns) > 600
    assert [row for row in columns if not row[3]] == []
    assert [name for name, comment in tables if not comment] == []


def test_the_published_dictionary_has_every_column_in_three_languages(release: duckdb.DuckDBPyConnection) -> None:
    published = release.execute(
        "select table_schema, table_name, column_name from main.data_dictionary order by all"
    ).fetchall()
    nameless = release.execute(
        "select * from main.data_dictionary where label_en is null or label_ru is null or label_kk is null"
    ).fetchall()

    assert published == sorted(row[:3] for row in release.execute(PUBLISHED_COLUMNS).fetchall())
    assert nameless == []


def test_the_comment_of_a_column_says_its_unit_and_what_to_mind(release: duckdb.DuckDBPyConnection) -> None:
    row = release.execute(
        "select columns.comment, dictionary.meaning, dictionary.unit, dictionary.warning "
        "from duckdb_columns() as columns "
        "inner join main.data_dictionary as dictionary using (table_name, column_name) "
        "where table_name = 'fct_arrivals_departures' and column_name = 'arrivals'"
    ).fetchone()

    assert row is not None
    comment, meaning, unit, warning = row
    assert comment == f"{meaning} Unit: {unit}. {warning}"
    assert unit == "persons"


def test_a_column_that_is_not_declared_is_named_with_its_table() -> None:
    with pytest.raises(FrontierError, match="main.fct_population: column 'head_count' is not in the dictionary"):
        read_dictionary().column("main.fct_population", "head_count")


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        (
            "unit_price:\n  label: {en: Price, ru: Цена}\n  type: double\n  meaning: Price.\n",
            r"zz.yml: unit_price.label.kk",
        ),
        (
            "unit_price:\n  label: {en: Price, ru: Цена, kk: Баға}\n  type: double\n  meaning: Price.\n  unit: tenge\n",
            "column 'unit_price' names 'tenge', which is not in vocabulary.yml",
        ),
        (
            "territory_id:\n  label: {en: Price, ru: Цена, kk: Баға}\n  type: double\n  meaning: Price.\n",
            "column 'territory_id' is declared twice",
        ),
    ],
)
def test_a_wrong_declaration_is_refused_by_name(project: Path, declaration: str, message: str) -> None:
    add_column(project, declaration)

    with pytest.raises(FrontierError, match=message):
        read_dictionary(project)


def test_values_outside_the_dictionary_become_a_finding_with_their_cells(spoiled: duckdb.DuckDBPyConnection) -> None:
    spoiled.execute(
        "update raw.observations set obs_status = 'Z' "
        "where edition_id = 'goskomstat/arrivals_departures_by_okrug@demographic_yearbook_2006' and cell = 'C4'"
    )
    evaluate_columns(spoiled)
    [finding] = column_findings(spoiled)

    assert finding.severity == "error"
    assert [cell.place for cell in finding.cells] == [f"{TABLE_4} C4"]
    assert re.match(
        r"raw.observations.obs_status: 1 of [\d,]+ values are not one of A, .* such as 'Z'", finding.message
    )


def test_answers_of_persons_are_not_repeated_in_a_finding(spoiled: duckdb.DuckDBPyConnection) -> None:
    spoiled.execute("update main.fct_survey_response set respondent_key = 'Secret' where variable = 'sex'")
    evaluate_columns(spoiled)
    [finding] = column_findings(spoiled)

    assert finding.message.startswith("main.fct_survey_response.respondent_key: 1,200 of ")
    assert "Secret" not in finding.message
