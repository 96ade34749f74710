"""What the analyst and the steward ask of a published warehouse, through the command."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import Any

import pytest

from tests.published import TABLE_4, Command


def ask(frontier: Command, sql: str) -> list[dict[str, Any]]:
    outcome = frontier("query", sql, "--format", "json")
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)


def test_arrivals_from_kazakhstan_by_year(published: Command) -> None:
    rows = ask(
        published,
        "select period_id, persons from fct_migration_flow where origin_id = 'KZ' and destination_id = 'RU' "
        "and reporting_id = 'RU' and counted_as = 'arrivals' and is_latest order by period_id",
    )
    assert [row["period_id"] for row in rows] == [str(year) for year in range(1997, 2020)]
    assert (rows[0]["persons"], rows[-1]["persons"]) == (235_903, 86_311)


def test_departures_per_100_arrivals_by_okrug(published: Command) -> None:
    rows = ask(
        published,
        "select territory_id, departures_per_100_arrivals_published as published, departures_per_100_arrivals as "
        "computed from fct_arrivals_departures join dim_territory using (territory_key, territory_id) "
        "where period_id = '2005' and territory_type = 'federal_district'",
    )
    assert len(rows) == 7
    assert all(abs(row["published"] - row["computed"]) < 0.0501 for row in rows)


def test_districts_add_up_and_the_koryak_okrug_counts_once(published: Command) -> None:
    [row] = ask(
        published,
        "select sum(population) filter (where period_id = '1989-01-12') as first, "
        "sum(population) filter (where period_id = '2002-10-09') as second from fct_population "
        "join bridge_territory_group on member_id = territory_id "
        "where group_id = 'RU-FD-FAREAST' and definition_id = 'extent_2000' and is_latest",
    )
    assert row == {"first": 7_950_000, "second": 6_693_000}


def test_cis_of_table_1_is_the_later_cis_with_georgia_in_all_18_figures(published: Command) -> None:
    rows = ask(
        published,
        "select is_within_rounding, count(*) as figures from mart_kim_2008_table_1 "
        "where partner_id = 'CIS' and indicator_id in ('arrivals', 'departures') group by all",
    )
    assert rows == [{"is_within_rounding": True, "figures": 18}]
    revisions = ask(published, "select count(*) as n from fct_revision where revision_type = 'definition'")
    assert revisions == [{"n": 18}]


def test_glm_effects_are_marked_synthetic(published: Command) -> None:
    rows = ask(published, "select distinct is_synthetic from glm_effect_test")
    assert rows == [{"is_synthetic": True}]
    matrix = ask(
        published,
        "select predictor, agrees_with_statement from mart_glm_significance where model_name = 'trip_frequency'",
    )
    assert len(matrix) == 9


def test_source_takes_belgorod_back_to_its_cell(published: Command) -> None:
    arguments = ("source", "fct_arrivals_departures.arrivals", "territory=RU-BEL", "period=2005")
    [traced] = json.loads(published(*arguments, "--format", "json").stdout)
    [cell] = traced["cells"]
    assert (cell["file"], cell["cell"], cell["raw_text"]) == (TABLE_4, "B6", "5350")
    assert cell["publication"] == "Demograficheskii ezhegodnik Rossii 2006"
    assert '"5350"' in published(*arguments).stdout


def test_source_of_a_computed_value_names_every_cell(published: Command) -> None:
    outcome = published(
        "source", "fct_arrivals_departures.net_migration", "territory=RU-BEL", "period=2005", "--format", "json"
    )
    [traced] = json.loads(outcome.stdout)
    assert {(cell["cell"], cell["role"]) for cell in traced["cells"]} == {
        ("B6", "computed from"),
        ("C6", "computed from"),
    }


def test_findings_list_the_two_errors_in_print_and_what_is_explained(published: Command) -> None:
    listed = json.loads(published("findings", "--all", "--format", "json").stdout)
    assert Counter((one["severity"], one["state"]) for one in listed).keys() == {
        ("error", "waived"),
        ("info", "explained"),
    }
    waived = [one for one in listed if one["state"] == "waived"]
    assert sorted(one["rule"] for one in waived) == [
        "departures_per_100_arrivals",
        "federal_okrugs_add_up",
        "federal_okrugs_add_up",
    ]
    explained = Counter(one["rule"] for one in listed if one["state"] == "explained")
    assert explained["figure_differs_by_definition"] == 18
    assert explained["net_migration_of_kazakhstan_by_two_sources"] == 10
    assert explained["claim_differs"] == 12
    assert json.loads(published("findings", "--format", "json").stdout) == []


def test_releases_are_listed_and_shown(published: Command) -> None:
    [release] = json.loads(published("releases", "list", "--format", "json").stdout)
    assert release["is_current"] is True
    assert {"id", "published_at", "inputs", "findings"} <= release.keys()
    shown = json.loads(published("releases", "show", release["id"], "--format", "json").stdout)
    assert shown["tables"]["main.fct_migration_flow"]["rows"] > 0


def test_query_prints_csv(published: Command) -> None:
    outcome = published("query", "select 1 as a, null as b, date '2005-01-01' as c", "--format", "csv")
    assert list(csv.reader(io.StringIO(outcome.stdout))) == [["a", "b", "c"], ["1", "", "2005-01-01"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("query", "select nothing from nowhere"), "nowhere"),
        (("query", "create table t (a int)"), "cannot be answered"),
        (("query", "select * from read_csv('/etc/passwd')"), "cannot be answered"),
        (("source", "fct_population", "territory=RU"), "names no column"),
        (("source", "fct_population.popul", "territory=RU"), "population"),
        (("source", "fct_population.population", "country=RU"), "territory"),
        (("source", "fct_population.population", "territory"), "key=value"),
        (("releases", "show", "nope"), "There is no release"),
    ],
)
def test_wrong_use_is_exit_code_2_and_one_clear_paragraph(
    published: Command, arguments: tuple[str, ...], said: str
) -> None:
    outcome = published(*arguments)
    assert outcome.returncode == 2
    assert said in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_every_table_and_column_of_main_and_audit_has_a_comment(published: Command) -> None:
    tables = ask(
        published,
        "select table_name from duckdb_tables() where schema_name in ('main', 'audit') and not internal "
        "and comment is null",
    )
    columns = ask(
        published,
        "select table_name, column_name from duckdb_columns() where schema_name in ('main', 'audit') "
        "and not internal and comment is null",
    )
    assert tables == columns == []
