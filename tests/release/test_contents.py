"""Content hashes and fingerprints: what counts as the same, and what as a change."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.release.contents import contents_hash, table_contents
from orchestration.release.fingerprint import code_fingerprint, file_sha256, inputs_fingerprint
from orchestration.workspace import Workspace

ROWS: list[tuple[Any, ...]] = [
    ("RU", 2005, "177230", 0.5, "2006-12-31"),
    ("KZ", 2005, None, 1e300, None),
    ("KZ", 2006, "-0.1", None, "2007-01-01"),
]


def hash_of(rows: list[tuple[Any, ...]], table: str = "raw.figures", columns: str = "") -> str:
    """Content hash of a database with one table."""
    connection = duckdb.connect()
    connection.execute("create schema raw; create schema audit; create schema staging")
    connection.execute(
        f"create table {table} "
        f"({columns or 'area varchar, year integer, figure decimal(28, 8), share double, day date'})"
    )
    for row in rows:
        connection.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)
    return contents_hash(table_contents(connection))


@settings(max_examples=6, deadline=None)
@given(rows=st.permutations(ROWS))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[Any, ...]]) -> None:
    assert hash_of(rows) == hash_of(ROWS)


@pytest.mark.parametrize("row", range(len(ROWS)))
@pytest.mark.parametrize(
    ("column", "value"), [(0, "UZ"), (1, 2007), (2, "177230.00000001"), (3, 0.500000001), (4, "2006-12-30"), (2, "0")]
)
def test_any_single_value_matters(row: int, column: int, value: object) -> None:
    changed = list(ROWS)
    changed[row] = (*ROWS[row][:column], value, *ROWS[row][column + 1 :])
    assert hash_of(changed) != hash_of(ROWS)


def test_a_row_that_stands_twice_matters() -> None:
    assert len({hash_of(ROWS), hash_of([*ROWS, ROWS[0]]), hash_of([*ROWS, *[ROWS[0]] * 2]), hash_of(ROWS[1:])}) == 4


def test_pairs_of_equal_rows_do_not_cancel_out() -> None:
    assert hash_of([ROWS[0], ROWS[0]]) != hash_of([ROWS[1], ROWS[1]])


def test_values_that_change_places_matter() -> None:
    columns = "one varchar, other varchar"
    hashes = {
        hash_of(rows, columns=columns)
        for rows in ([("a", "b")], [("b", "a")], [("ab", "")], [("", "ab")], [("ab", None)], [(None, "ab")])
    }
    assert len(hashes) == 6


def test_the_name_and_the_types_of_a_table_matter() -> None:
    rows = [("1",)]
    assert (
        len(
            {
                hash_of(rows, columns="figure varchar"),
                hash_of(rows, columns="figure integer"),
                hash_of(rows, columns="number varchar"),
                hash_of(rows, table="audit.figures", columns="figure varchar"),
            }
        )
        == 4
    )


def test_the_last_bits_of_an_iteration_do_not_matter() -> None:
    assert hash_of([(0.1 + 0.2,)], columns="x double") == hash_of([(0.3,)], columns="x double")


def test_when_something_was_seen_does_not_matter_but_what_was_seen_does() -> None:
    columns = "finding_id varchar, rule_id varchar, first_seen varchar, last_seen varchar"
    one, later, other = (
        hash_of([row], table="audit.finding", columns=columns)
        for row in (("a", "sums", "r1", "r1"), ("a", "sums", "r1", "r2"), ("b", "sums", "r1", "r1"))
    )
    assert one == later
    assert one != other


def test_working_tables_and_the_record_of_the_release_do_not_count() -> None:
    connection = duckdb.connect()
    connection.execute(
        "create schema staging; create schema audit; create table staging.figures (x integer); "
        "create table audit.release (release_id varchar); create table main.mart (x integer); "
        "create view main.latest as select 1 as x"
    )
    assert list(table_contents(connection)) == ["main.mart"]


@pytest.fixture
def inputs(tmp_path: Path) -> Workspace:
    """A workspace with copies of what a release depends on."""
    bundled = Workspace.of()
    copy = replace(
        bundled,
        raw=tmp_path / "raw",
        dbt_project=tmp_path / "dbt_project",
        expectations=tmp_path / "expectations",
        warehouse=tmp_path / "warehouse",
    )
    shutil.copytree(bundled.raw / "kazstat", copy.raw / "kazstat")
    for folder in (copy.dbt_project, copy.expectations):
        folder.mkdir()
    (copy.dbt_project / "model.sql").write_text("select 1")
    (copy.expectations / "waivers.yml").write_text("[]")
    return copy


def test_equal_inputs_have_an_equal_fingerprint(inputs: Workspace, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(inputs.raw, moved)
    assert inputs_fingerprint(replace(inputs, raw=moved)) == inputs_fingerprint(inputs)


@pytest.mark.parametrize(
    "path", ["raw/kazstat/net_migration/2025/net_migration.csv", "dbt_project/model.sql", "expectations/waivers.yml"]
)
def test_a_change_of_any_input_changes_the_fingerprint(inputs: Workspace, tmp_path: Path, path: str) -> None:
    before, code_before = inputs_fingerprint(inputs), code_fingerprint(inputs)
    with (tmp_path / path).open("a") as stream:
        stream.write("\n")
    assert inputs_fingerprint(inputs) != before
    assert (code_fingerprint(inputs) == code_before) == path.startswith("raw/")


def test_a_renamed_or_added_raw_file_changes_the_fingerprint(inputs: Workspace) -> None:
    before = inputs_fingerprint(inputs)
    (inputs.raw / "kazstat/net_migration/2025").rename(inputs.raw / "kazstat/net_migration/2024")
    renamed = inputs_fingerprint(inputs)
    (inputs.raw / "kazstat/net_migration/2024/read_me.txt").write_text("")
    assert len({before, renamed, inputs_fingerprint(inputs)}) == 3


def test_what_tools_leave_behind_does_not_change_the_fingerprint(inputs: Workspace) -> None:
    before = inputs_fingerprint(inputs)
    for folder in ("target", "logs", "__pycache__"):
        (inputs.dbt_project / folder).mkdir()
        (inputs.dbt_project / folder / "left.sql").write_text("select 2")
    (inputs.dbt_project / ".user.yml").write_text("id: 1")
    assert inputs_fingerprint(inputs) == before


def test_the_digest_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
