"""Parquet and CSV: the rows of the database, in an order that never changes, with comments and warnings."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from orchestration.export.contents import read_tables
from orchestration.export.exporting import export_release
from orchestration.export.tables import write_csv, write_parquet
from orchestration.workspace import Workspace
from tests.export.conftest import Export


def tables_of(exported: Export) -> list[str]:
    """Every table of schema main."""
    return [
        name
        for (name,) in exported.query(
            "select table_name from information_schema.tables where table_schema = 'main' order by 1"
        )
    ]


def test_every_table_is_there_in_both_formats(exported: Export) -> None:
    names = tables_of(exported)
    assert len(names) > 25
    for suffix in ("csv", "parquet"):
        assert sorted(path.stem for path in (exported.folder / suffix).iterdir()) == names


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_holds_the_rows_of_its_table(exported: Export, suffix: str) -> None:
    with duckdb.connect(str(exported.database), read_only=True) as connection:
        for name in ("fct_population", "dim_territory", "glm_coefficient", "fct_revision", "dim_edition"):
            file = exported.folder / suffix / f"{name}.{suffix}"
            types = {row[0]: row[1] for row in connection.execute(f"describe main.{name}").fetchall()}
            source = (
                f"read_csv('{file}', header = true, columns = {types}, nullstr = '', allow_quoted_nulls = false)"
                if suffix == "csv"
                else f"read_parquet('{file}')"
            )
            for one, other in ((source, f"main.{name}"), (f"main.{name}", source)):
                lost = connection.execute(f"select count(*) from (from {one} except all from {other})").fetchone()
                assert lost == (0,), f"{name}: {one} holds rows that {other} lacks"


def test_the_same_release_gives_the_same_bytes(
    exported: Export, published_workspace: Workspace, tmp_path: Path
) -> None:
    again = export_release(published_workspace, tmp_path / "again")
    assert [(one["path"], one["hash"]) for one in again.resources] == [
        (one["path"], one["hash"]) for one in exported.descriptor["resources"]
    ]
    assert (tmp_path / "again/datapackage.json").read_bytes() == (exported.folder / "datapackage.json").read_bytes()


def test_row_order_does_not_depend_on_the_order_in_which_rows_were_stored(tmp_path: Path) -> None:
    texts = []
    for number, order in enumerate(("asc", "desc")):
        connection = duckdb.connect()
        connection.execute(f"create table t as select i // 2 as k, i as v from range(5000) as r(i) order by i {order}")
        write_csv(connection, read_tables(connection)["t"], tmp_path / f"{number}.csv")
        texts.append((tmp_path / f"{number}.csv").read_text())
    assert texts[0] == texts[1]
    assert texts[0].startswith("k,v\n0,0\n0,1\n1,2\n")


def test_csv_keeps_nulls_empty_texts_quotes_times_and_nested_values_apart(tmp_path: Path) -> None:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute(
        "create table t as select 1 as k, null as n, '' as e, 'a \"b\", c' as q, timestamptz '2020-01-02 03:04:05+00' "
        "as at, ['x', null] as l, map {'a': 1} as m, 0.1::double as d"
    )
    write_csv(connection, read_tables(connection)["t"], tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text()
    assert text.splitlines()[1].startswith('1,,"",')
    row = next(csv.DictReader(text.splitlines()))
    assert row["q"] == 'a "b", c'
    assert row["at"] == "2020-01-02T03:04:05Z"
    assert row["l"] == '["x",null]'
    assert row["m"] == '{"a":1}'
    assert row["d"] == "0.1"


def test_parquet_says_what_it_is_and_that_it_is_synthetic(tmp_path: Path) -> None:
    connection = duckdb.connect()
    connection.execute("create table glm (k integer); insert into glm values (1); comment on table glm is 'It''s one.'")
    write_parquet(connection, read_tables(connection)["glm"], tmp_path / "glm.parquet", "20210101T000000000Z", True)
    said = {
        key.decode(): value.decode()
        for key, value in connection.execute(
            f"select key, value from parquet_kv_metadata('{tmp_path / 'glm.parquet'}')"
        ).fetchall()
    }
    assert said["release"] == "20210101T000000000Z"
    assert said["description"] == "It's one."
    assert said["warning"].startswith("SYNTHETIC DATA")


def test_survey_and_model_tables_are_marked_in_every_format_and_no_published_statistics_are(exported: Export) -> None:
    marked = {Path(one["path"]).stem for one in exported.descriptor["resources"] if one.get("is_synthetic")}
    tables = tables_of(exported)
    assert {name for name in tables if name.startswith("glm_") or "survey" in name} <= marked
    assert "mart_glm_significance" in marked
    assert not marked & {"fct_population", "fct_migration_flow", "dim_territory", "mart_kim_2008_table_1"}
    # Each format says it of its own file, and the CSV rows themselves carry the flag.
    counts = Counter(Path(one["path"]).stem for one in exported.descriptor["resources"] if one.get("is_synthetic"))
    assert {counts[name] for name in tables if name in marked} == {2}
    for name in ("mart_survey_respondent", "fct_survey_response", "glm_coefficient", "mart_glm_significance"):
        rows = csv.DictReader((exported.folder / f"csv/{name}.csv").read_text(encoding="utf-8").splitlines())
        assert {row["is_synthetic"] for row in rows} == {"true"}, name
