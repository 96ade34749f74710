"""Content checks: suite files are read strictly, judged on frames, and reported without single answers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.errors import FrontierError
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.expectations.checkpoint import run_suites
from orchestration.quality.expectations.results import CheckResult, check_rows

ROOT = Path(__file__).resolve().parents[2]
SUITES = ROOT / "expectations" / "suites"


@pytest.fixture
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        """
        create schema raw;
        create table raw.observations (
            edition varchar, cell varchar, indicator varchar, value decimal(28,8), released date,
            obs_status varchar, is_computed boolean
        );
        insert into raw.observations values
            ('2006', 'B4', 'arrivals', 597651, date '2006-12-31', 'A', false),
            ('2006', 'C4', 'share', 95.7, date '2006-12-31', 'A', true),
            ('2006', 'B5', 'arrivals', 513551, date '2006-12-31', 'A', false),
            ('2020', 'B6', 'arrivals', null, date '2020-04-28', 'M', null);
        """
    )
    return connection


def entry(expect: str, **arguments: Any) -> dict[str, Any]:
    return {"expect": expect, "severity": "critical", "why": "The test needs it.", **arguments}


def write_suite(folder: Path, *expectations: dict[str, Any], **keys: Any) -> Path:
    folder.mkdir(exist_ok=True)
    content = {
        "suite": "demo",
        "description": "A suite of a test.",
        "table": "raw.observations",
        **keys,
        "expectations": list(expectations),
    }
    (folder / "demo.yml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder


def judge(connection: duckdb.DuckDBPyConnection, folder: Path, *entries: dict[str, Any], **keys: Any) -> CheckResult:
    return run_suites(connection, write_suite(folder, *entries, **keys))[0]


def test_results_follow_the_file_and_tell_what_was_found(database, tmp_path):
    folder = write_suite(
        tmp_path / "suites",
        entry("table_row_count_to_equal", value=4),
        entry("column_values_to_be_between", column="value", min_value=0, max_value=100, severity="warning"),
        entry("column_values_to_not_be_null", column="cell"),
        locate_by=["edition", "cell"],
    )
    rows, values, cells = run_suites(database, folder)
    assert (rows.is_success, rows.observed, rows.column, rows.unexpected_count) == (True, "4", None, None)
    assert (values.is_success, values.unexpected_count, values.element_count) == (False, 2, 4)
    assert values.sample == ["2006 B4: 597651", "2006 B5: 513551"]
    assert values.meaning == (
        "raw.observations: Values of value must be from 0 to 100. "
        "Does not hold for 2 of 3 values, for example 2006 B4: 597651, 2006 B5: 513551."
    )
    assert (values.severity, values.blocks, cells.is_success) == ("warning", False, True)


def test_where_and_filter_narrow_the_rows(database, tmp_path):
    result = judge(
        database,
        tmp_path,
        entry("table_row_count_to_equal", value=2, where={"indicator": ["arrivals", "net"]}),
        filter={"obs_status": "A"},
    )
    assert result.is_success
    assert "Where indicator is arrivals or net, must have exactly 2 rows" in result.meaning
    assert judge(database, tmp_path, entry("table_row_count_to_equal", value=1), filter={"value": None}).is_success
    assert judge(database, tmp_path, entry("table_row_count_to_equal", value=1, where={"value": None})).is_success


@pytest.mark.parametrize("where", [{"edition": 2006}, {"edition": [2006, 2020]}, {"value": "95.7"}])
def test_a_condition_of_the_wrong_type_is_refused_instead_of_keeping_no_row(database, tmp_path, where):
    with pytest.raises(FrontierError, match=r"demo\.yml, entry 1 .*holds (text|numbers)"):
        judge(database, tmp_path, entry("column_values_to_not_be_null", column="cell", where=where))


def test_days_and_decimals_are_compared_as_such(database, tmp_path):
    import datetime as dt

    late = entry("column_values_to_be_between", column="released", min_value=dt.date(2010, 1, 1))
    assert judge(database, tmp_path, late).unexpected_count == 3
    share = entry("column_values_to_be_in_set", column="value", value_set=[95.7], where={"indicator": "share"})
    assert judge(database, tmp_path, share).is_success


def test_every_result_is_made_of_plain_values(database, tmp_path):
    folder = write_suite(
        tmp_path / "suites",
        entry(
            "column_quantile_values_to_be_between",
            column="value",
            quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, 600000]]},
        ),
        entry("column_sum_to_be_between", column="value", min_value=0),
        entry("column_values_to_be_in_set", column="is_computed", value_set=[True]),
        entry("column_distinct_values_to_equal_set", column="edition", value_set=["2006", "2019"]),
        entry("column_pair_values_to_be_in_set", columns=["edition", "cell"], value_pairs_set=[["2006", "B4"]]),
    )
    results = run_suites(database, folder)
    json.dumps([asdict(result) for result in results])
    assert [result.is_success for result in results] == [True, True, False, False, False]
    assert results[3].sample == ["2020", "missing 2019"]
    assert results[4].column == "edition, cell"


def test_a_set_of_values_may_stand_in_a_seed(database, tmp_path):
    seeded = {"value_set_from": {"seed": "indicator", "column": "indicator_id"}}
    folder = write_suite(
        tmp_path / "suites",
        entry("column_values_to_be_in_set", column="indicator", **seeded),
        entry("column_values_to_be_in_set", column="indicator", where={"cell": ["B4", "B5"]}, **seeded),
        locate_by=["cell"],
    )
    unknown, known = run_suites(database, folder)
    assert (unknown.is_success, unknown.sample) == (False, ["C4: share"])
    assert (known.is_success, known.element_count) == (True, 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"value_set_from": {"seed": "indicators", "column": "indicator_id"}}, "there is no seed 'indicators'"),
        ({"value_set_from": {"seed": "indicator", "column": "id"}}, "no column 'id'; it has indicator_id"),
        ({"value_set_from": {"seed": "indicator"}}, "entry 1, value_set_from"),
        ({"value_set_from": {"seed": "../seeds/indicator", "column": "id"}}, "entry 1, value_set_from"),
        ({"value_set_from": {"seed": "indicator", "column": "indicator_id"}, "value_set": ["a"]}, "not both"),
    ],
)
def test_a_set_of_values_that_no_seed_gives_is_refused(database, tmp_path, wrong, message):
    with pytest.raises(FrontierError, match=r"demo\.yml.*entry 1.*") as caught:
        judge(database, tmp_path, entry("column_values_to_be_in_set", column="indicator", **wrong))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (entry("column_values_to_be_in_sett", column="cell"), "column_values_to_be_in_set"),
        (entry("column_values_to_be_in_set", column="cell", valueset=[1]), "did you mean 'value_set'"),
        (entry("column_values_to_be_in_set", column="cell", result_format="COMPLETE"), "unknown argument"),
        (entry("table_row_count_to_equal"), "value"),
        (entry("column_values_to_be_in_set", column="cel", value_set=["B4"]), "did you mean 'cell'"),
        (entry("column_to_exist", column="cell", where={"edition": "2006"}), "cannot have 'where'"),
        (entry("column_values_to_be_between", column="cell", min_value=0), "cannot be evaluated"),
        (entry("column_values_to_match_like_pattern", column="cell", like_pattern="B%"), "no expectation"),
        (
            entry("column_values_to_not_be_null", column="cell", where={"edition": ["2006", 2020]}),
            "must be of the same type",
        ),
        ({"expect": "table_row_count_to_equal", "value": 1, "severity": "critical"}, "entry 1, why"),
        (entry("table_row_count_to_equal", value=4) | {"severity": "fatal"}, "entry 1, severity"),
    ],
)
def test_a_wrong_entry_is_named_with_its_file(database, tmp_path, wrong, message):
    with pytest.raises(FrontierError, match=r"demo\.yml.*") as caught:
        judge(database, tmp_path, wrong)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"tabel": "raw.observations"}, "did you mean 'table'"),
        ({"table": "raw.observation"}, "did you mean 'raw.observations'"),
        ({"table": "observations; drop table x"}, "table"),
        ({"suite": "other"}, "name it 'demo'"),
        ({"filter": {"edtion": "2006"}}, "did you mean 'edition'"),
        ({"filter": {"value": "many"}}, "does not fit the type"),
    ],
)
def test_a_wrong_suite_is_named_with_its_file(database, tmp_path, keys, message):
    with pytest.raises(FrontierError, match=r"demo\.yml") as caught:
        judge(database, tmp_path, entry("table_row_count_to_equal", value=4), **keys)
    assert message in str(caught.value)


def test_an_entry_that_stands_twice_is_refused(database, tmp_path):
    twice = entry("table_row_count_to_equal", value=4)
    with pytest.raises(FrontierError, match="entry 2 .* says the same as entry 1"):
        judge(database, tmp_path, twice, {**twice, "why": "Another reason for the same."})


def test_no_suites_are_an_error(database, tmp_path):
    with pytest.raises(FrontierError, match="No suite file"):
        run_suites(database, tmp_path)


def test_a_table_too_large_for_memory_is_pointed_to_an_aggregate(database, tmp_path):
    database.execute("create table raw.large as select range as id from range(1000001)")
    with pytest.raises(FrontierError, match="1,000,001 rows.*aggregate"):
        judge(database, tmp_path, entry("column_values_to_not_be_null", column="id"), table="raw.large")


@pytest.mark.parametrize(
    ("table", "keys"),
    [("main.mart_survey_respondent", {}), ("main.persons", {"has_personal_data": True})],
)
def test_single_answers_appear_neither_in_results_nor_on_pages(tmp_path, table, keys):
    connection = duckdb.connect()
    connection.execute(f"create table {table} as select 'r' || range as id, 987650 + range as age from range(3)")
    folder = write_suite(
        tmp_path / "suites",
        entry("column_values_to_be_between", column="age", min_value=18, max_value=100),
        entry("column_distinct_values_to_be_in_set", column="age", value_set=[1]),
        entry("column_values_to_be_in_set", column="id", value_set=["nobody"]),
        table=table,
        **keys,
    )
    docs = tmp_path / "docs"
    results = run_suites(connection, folder, docs)
    assert [(result.is_success, result.unexpected_count) for result in results][0] == (False, 3)
    shown = json.dumps([asdict(result) for result in results]) + "".join(
        path.read_text(encoding="utf-8") for path in docs.rglob("*.html")
    )
    assert "98765" not in shown
    assert "r1" not in shown


def test_a_run_is_silent_and_reaches_for_no_network(database, tmp_path, monkeypatch, capsys, caplog):
    def refuse(*_: object) -> None:
        raise AssertionError("a content check opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    folder = write_suite(tmp_path / "suites", entry("column_values_to_be_unique", column="indicator"))
    assert not run_suites(database, folder, tmp_path / "docs")[0].is_success
    assert capsys.readouterr() == ("", "")
    assert caplog.messages == []


def test_a_check_keeps_its_id_while_it_says_the_same(database, tmp_path):
    count = entry("table_row_count_to_equal", value=4)
    present = entry("column_values_to_not_be_null", column="cell")
    first, _ = run_suites(database, write_suite(tmp_path / "suites", count, present))
    _, moved = run_suites(database, write_suite(tmp_path / "suites", present, {**count, "why": "Said otherwise."}))
    other = judge(database, tmp_path / "suites", {**count, "value": 5})
    assert first.check_id == moved.check_id != other.check_id


def test_rows_have_the_declared_columns(database, tmp_path):
    declared = yaml.safe_load((ROOT / "dbt_project/models/sources/audit_checks.yml").read_text(encoding="utf-8"))
    table = next(one for one in declared["sources"][0]["tables"] if one["name"] == "check_result")
    folder = write_suite(tmp_path / "suites", entry("column_values_to_be_in_set", column="cell", value_set=["B4"]))
    [row] = check_rows(run_suites(database, folder))
    assert list(row) == [column["name"] for column in table["columns"]]
    assert (row["source"], row["sample"], row["is_success"]) == ("great_expectations", "C4 | B5 | B6", False)


def test_a_verdict_that_nobody_waived_fails_the_shipped_suite(tmp_path):
    connection = duckdb.connect()
    table = create_declared_table(connection, "audit.identity_result")

    def add(rule: str, instance: str, severity: str, verdict: str) -> None:
        row = {"rule_id": rule, "instance": instance, "severity": severity, "verdict": verdict, "instances": 1}
        insert_rows(connection, table, [row])

    add("sum", "a", "error", "holds")
    add("sum", "b", "error", "waived")
    (tmp_path / "identities.yml").write_text((SUITES / "identities.yml").read_text(encoding="utf-8"), encoding="utf-8")
    assert all(result.is_success for result in run_suites(connection, tmp_path))
    add("band", "c", "warning", "broken")
    [failed] = [result for result in run_suites(connection, tmp_path) if not result.is_success]
    assert not failed.blocks
    add("net", "d", "error", "broken")
    [failed] = [result for result in run_suites(connection, tmp_path) if result.blocks]
    assert (failed.column, failed.unexpected_count, failed.element_count) == ("verdict", 1, 3)
    assert failed.sample == ["net d"]


def test_shipped_suites_name_expectations_that_exist():
    from orchestration.quality.expectations.expectation_types import build_expectation
    from orchestration.quality.expectations.suite_files import read_suites

    files = read_suites(SUITES)
    built = [build_expectation(file, position) for file in files for position in range(len(file.suite.expectations))]
    assert len(built) == sum(len(file.suite.expectations) for file in files) > 100
    assert all(entry.why.endswith(".") for file in files for entry in file.suite.expectations)


def test_importing_the_checkpoint_does_not_import_the_library():
    code = (
        "import sys, orchestration.quality.expectations.checkpoint; "
        "sys.exit(any(name in sys.modules for name in ('great_expectations', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
