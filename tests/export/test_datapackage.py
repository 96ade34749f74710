"""The data package: what the standard asks of a descriptor, and that it is true of the files."""

from __future__ import annotations

import csv
import hashlib
import re
from pathlib import Path

import duckdb
import pytest

from orchestration.export.contents import read_tables
from orchestration.export.keys import ForeignKey, read_keys
from tests.export.conftest import Export


def test_the_descriptor_names_release_terms_sources_and_contributors(exported: Export) -> None:
    descriptor = exported.descriptor
    (release,) = exported.query("select release_id from audit.release")[0]
    editions = exported.query("select edition_id, url, is_synthetic from main.dim_edition order by 1")
    assert descriptor["version"] == release == exported.printed["release"]
    assert re.fullmatch(r"[a-z0-9._-]+", descriptor["name"])
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", descriptor["created"])
    assert [one["edition_id"] for one in descriptor["sources"]] == [row[0] for row in editions]
    assert [one.get("path") for one in descriptor["sources"]] == [row[1] for row in editions]
    assert [bool(one.get("warning")) for one in descriptor["sources"]] == [row[2] for row in editions]
    assert all(re.fullmatch(r"([-a-zA-Z0-9._])+", one["name"]) and one["title"] for one in descriptor["licenses"])
    assert all(one["title"] and one["roles"] for one in descriptor["contributors"])
    assert "SYNTHETIC" in descriptor["description"]


def test_every_file_is_a_resource_with_its_size_and_hash(exported: Export) -> None:
    resources = exported.descriptor["resources"]
    names = [one["name"] for one in resources]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9._-]+|[a-z0-9_]+", name) for name in (one.replace("_", "-") for one in names))
    files = {path.relative_to(exported.folder).as_posix() for path in exported.folder.rglob("*") if path.is_file()}
    assert {one["path"] for one in resources} | {"datapackage.json"} == files
    for one in resources:
        content = (exported.folder / one["path"]).read_bytes()
        assert one["bytes"] == len(content)
        assert one["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert one["mediatype"]


def test_fields_are_the_columns_with_types_and_comments(exported: Export) -> None:
    kinds = {"VARCHAR": "string", "BIGINT": "integer", "INTEGER": "integer", "DOUBLE": "number", "DATE": "date"}
    columns = exported.query(
        "select column_name, data_type, comment, is_nullable from duckdb_columns() "
        "where schema_name = 'main' and table_name = 'fct_population' order by column_index"
    )
    for path in ("csv/fct_population.csv", "parquet/fct_population.parquet"):
        schema = exported.resource(path)["schema"]
        assert [(one["name"], one["description"]) for one in schema["fields"]] == [(c[0], c[2]) for c in columns]
        assert [one["type"] for one in schema["fields"]] == [kinds.get(c[1], "boolean") for c in columns]
        required = [one.get("constraints", {}).get("required", False) for one in schema["fields"]]
        assert required == [not c[3] for c in columns]
        assert schema["primaryKey"] == ["population_key"]


def test_references_are_declared_and_hold_in_the_files(exported: Export) -> None:
    schema = exported.resource("csv/fct_population.csv")["schema"]
    references = {one["fields"][0]: one["reference"] for one in schema["foreignKeys"]}
    assert references["territory_key"] == {"resource": "dim_territory", "fields": ["territory_key"]}
    for column, reference in references.items():
        known = _column(exported.folder / f"csv/{reference['resource']}.csv", reference["fields"][0])
        assert _column(exported.folder / "csv/fct_population.csv", column) <= known


def _column(file: Path, name: str) -> set[str]:
    with file.open(encoding="utf-8", newline="") as stream:
        return {row[name] for row in csv.DictReader(stream)}


def test_a_column_with_empty_texts_is_not_required_in_csv(exported: Export) -> None:
    """A CSV reader takes the empty text for none, so that `required` would be untrue there."""
    blank = "select count(*) from main.fct_revision where breakdown = ''"
    assert exported.query(blank)[0][0] > 0
    for path, is_required in (("csv/fct_revision.csv", False), ("parquet/fct_revision.parquet", True)):
        field = next(one for one in exported.resource(path)["schema"]["fields"] if one["name"] == "breakdown")
        assert field.get("constraints", {}).get("required", False) is is_required


def test_declared_keys_that_the_rows_do_not_bear_out_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.yml").write_text(
        "models:\n- name: fact\n"
        "  data_tests:\n"
        "  - references: {arguments: {columns: {good: dim.id, bad: dim.id, gone: nowhere.id}}}\n"
        "  columns:\n"
        "  - {name: key, data_tests: [unique, not_null]}\n"
        "  - {name: twice, data_tests: [unique]}\n"
        "  - {name: good}\n"
        "  - {name: bad}\n"
        "  - {name: gone}\n",
        encoding="utf-8",
    )
    connection = duckdb.connect()
    connection.execute("create table dim (id integer); insert into dim values (1), (null)")
    connection.execute("create table fact (key integer, twice integer, good integer, bad integer, gone integer)")
    connection.execute("insert into fact values (1, 7, 1, 1, 1), (2, 7, null, 5, 1)")
    keys = read_keys(connection, read_tables(connection), tmp_path)["fact"]
    assert keys.unique == ["key"]
    assert keys.not_null == {"key"}
    assert keys.foreign == [ForeignKey("good", "dim", "id")]


def test_the_package_is_valid_by_the_library_of_the_standard(exported: Export) -> None:
    frictionless = pytest.importorskip("frictionless", reason="the validator of the standard is not installed")
    descriptor = exported.descriptor
    kept = ("dim_", "bridge_", "fct_population", "fct_migration_flow", "mart_", "glm_", "survey", "sdmx")
    descriptor["resources"] = [one for one in descriptor["resources"] if one["path"].split("/")[-1].startswith(kept)]
    report = frictionless.Package(descriptor, basepath=str(exported.folder)).validate()
    assert report.valid, report.flatten(["name", "type", "note"])[:10]
    assert report.stats["tasks"] > 50
