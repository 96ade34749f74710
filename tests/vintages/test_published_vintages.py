"""What was known on a day, asked of a published database: by plain DuckDB, and by the command."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration import pipeline
from orchestration.modelling.table_macros import TABLE_MACROS, create_table_macros
from orchestration.reception.receiving import Examined, HandPlaced, add_by_hand
from orchestration.release.contents import table_contents
from orchestration.workspace import Workspace
from tests.published import CHECKOUT, Command
from tests.shared_files import shared_file

CIS_2005 = "period_id = '2005' and territory_id = 'RU' and partner_id = 'CIS'"
RUSSIA_2005 = (
    "territory_id = 'RU' and period_id = '2005-01-01' and population_group_id = 'total' and sex = 'T' and age = '_T'"
)


@pytest.fixture
def database(published: Command) -> Iterator[duckdb.DuckDBPyConnection]:
    """The released file as any analyst opens it."""
    with duckdb.connect(str(published.database), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2005-12-30", []),
        ("2006-12-30", []),
        ("2006-12-31", [(168_598, "with_georgia", dt.date(2006, 12, 31), "year")]),
        ("2020-12-31", [(163_101, "without_georgia", dt.date(2020, 4, 28), "day")]),
        ("9999-12-31", [(163_101, "without_georgia", dt.date(2020, 4, 28), "day")]),
    ],
)
def test_the_cis_arrivals_of_2005(database: duckdb.DuckDBPyConnection, day: str, expected: list[object]) -> None:
    rows = database.execute(
        "select arrivals, group_definition, released_on, released_on_precision "
        f"from arrivals_departures_as_of('{day}') where {CIS_2005}"
    )
    assert rows.fetchall() == expected


@pytest.mark.parametrize("day", ["2006-12-31", "2020-12-31", "9999-12-31"])
def test_the_population_of_russia_of_2005(database: duckdb.DuckDBPyConnection, day: str) -> None:
    """The bundled editions state it once, in the yearbook of 2006."""
    rows = database.execute(
        f"select population, dataset, released_on from population_as_of('{day}') where {RUSSIA_2005}"
    )
    assert rows.fetchall() == [(143_474_000, "goskomstat/population_change", dt.date(2006, 12, 31))]


def test_every_fact_with_versions_has_a_macro(database: duckdb.DuckDBPyConnection) -> None:
    versioned = database.execute(
        "select table_name from information_schema.columns where table_schema = 'main' and column_name = 'is_latest'"
    ).fetchall()

    assert {name for (name,) in versioned} == {macro.fact for macro in TABLE_MACROS}


@pytest.mark.parametrize("macro", TABLE_MACROS, ids=lambda macro: macro.name)
def test_today_is_the_last_day(database: duckdb.DuckDBPyConnection, macro) -> None:  # noqa: ANN001
    latest = database.execute(f"select {macro.row_key} from {macro.fact} where is_latest order by 1").fetchall()

    assert database.execute(f"select {macro.row_key} from {macro.name}('9999-12-31') order by 1").fetchall() == latest
    # The bundled editions hold no projection.
    assert latest or macro.fact == "fct_population_projection"


def test_the_macros_are_documented_in_the_database(database: duckdb.DuckDBPyConnection) -> None:
    comments = database.execute(
        "select function_name, comment from duckdb_functions() where function_type = 'table_macro' and not internal "
        "and schema_name = 'main' order by 1"
    ).fetchall()
    listed = database.execute("select macro_name, description from table_macro order by 1").fetchall()

    assert comments == listed
    assert {name for name, _ in listed} == {macro.name for macro in TABLE_MACROS}


def test_the_contents_of_a_release_cover_the_macros(published: Command, tmp_path: Path) -> None:
    copy = Path(shutil.copyfile(published.database, tmp_path / "frontier.duckdb"))
    with duckdb.connect(str(copy)) as connection:
        before = table_contents(connection)["main.table_macro"]
        create_table_macros(connection)
        assert table_contents(connection)["main.table_macro"] == before
        connection.execute(
            "update table_macro set definition = definition || ' limit 1' where macro_name = 'flows_as_of'"
        )
        assert table_contents(connection)["main.table_macro"] != before
    manifest = json.loads(next(published.warehouse.glob("releases/*/manifest.json")).read_text(encoding="utf-8"))
    assert manifest["tables"]["main.table_macro"] == {"rows": before.rows, "content_hash": before.content_hash}


def test_a_question_is_answered_as_of_a_day(published: Command) -> None:
    """The facts hold the editions of the day; their newest is the latest then, and the macros know no more."""
    sql = f"""
        select arrivals, is_latest, (select max(released_on) from dim_edition) as newest,
            (
                select count(*) from arrivals_departures_as_of('2020-12-31') where {CIS_2005} and arrivals = 163101
            ) as later
        from main.fct_arrivals_departures where {CIS_2005}
    """
    outcome = published("query", sql, "--as-of", "2006-12-31", "--format", "json")

    assert outcome.returncode == 0, outcome.stderr
    assert json.loads(outcome.stdout) == [{"arrivals": 168_598, "is_latest": True, "newest": "2006-12-31", "later": 0}]
    today = published("query", f"select arrivals, is_latest from fct_arrivals_departures where {CIS_2005} order by 1",
                      "--format", "csv")  # fmt: skip
    assert today.stdout.splitlines()[1:] == ["163101,True", "168598,False"]


@pytest.mark.parametrize(
    ("sql", "day", "complaint"),
    [
        ("select 1", "the end of 2006", "--as-of takes a day"),
        ("select * from mart_mirror_flow", "2006-12-31", "not kept by day"),
        ("select * from raw.observations", "2006-12-31", "as of 2006-12-31"),
        ("select * from read_csv('/etc/passwd')", "2006-12-31", "cannot be answered"),
    ],
)
def test_what_cannot_be_asked_as_of_a_day(published: Command, sql: str, day: str, complaint: str) -> None:
    outcome = published("query", sql, "--as-of", day)

    assert outcome.returncode == 2
    assert complaint in outcome.stderr
    assert "Did you mean" not in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_later_census_changes_what_is_known_of_2005(tmp_path: Path) -> None:
    """The published table of 2020 corrects the population of 2005 by the census of 2010."""
    components = shared_file("rosstat/komp_chisl_components_1990_2019.xls")
    raw = Path(shutil.copytree(CHECKOUT / "raw", tmp_path / "raw"))
    shutil.rmtree(raw / "survey")
    workspace = Workspace.of(raw, tmp_path / "warehouse")
    placed = HandPlaced(components, "goskomstat/population_components", "2020", released_on="2020")
    assert isinstance(add_by_hand(workspace, placed), Examined)
    candidate = pipeline.begin(workspace, "vintages")
    for _ in pipeline.land(workspace, candidate, [dataset.name for dataset in pipeline.catalogue(workspace)]):
        pass
    pipeline.model(workspace, candidate)

    with duckdb.connect(str(candidate.database)) as connection:
        create_table_macros(connection)
        known = {
            day: connection.execute(
                f"select population, dataset, released_on_precision from population_as_of('{day}') where {RUSSIA_2005}"
            ).fetchall()
            for day in ("2006-12-31", "2020-12-30", "2020-12-31", "9999-12-31")
        }
    yearbook = [(143_474_000, "goskomstat/population_change", "year")]
    corrected = [(143_801_000, "goskomstat/population_components", "year")]
    assert known == {
        "2006-12-31": yearbook,
        "2020-12-30": yearbook,
        "2020-12-31": corrected,
        "9999-12-31": corrected,
    }
