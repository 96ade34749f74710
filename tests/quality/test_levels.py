"""Levels: every one that a table prints in full adds up, what is missing is said, and a double count is found."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest
from pydantic import TypeAdapter, ValidationError

from orchestration.quality.audit import evaluate_identities
from orchestration.quality.identities.findings import identity_findings
from orchestration.quality.identities.rules import Identity, load_identities
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.quality.findings import Finding
    from orchestration.release.candidate import Candidate

EXPECTATIONS = Workspace.of().expectations


def changed(candidate: Candidate, folder: Path, *statements: str) -> duckdb.DuckDBPyConnection:
    """The bundled data with statements run on it, evaluated anew."""
    copy = folder / "frontier.duckdb"
    shutil.copyfile(candidate.database, copy)
    connection = duckdb.connect(str(copy))
    for statement in statements:
        connection.execute(statement)
    evaluate_identities(connection, EXPECTATIONS)
    return connection


def errors(connection: duckdb.DuckDBPyConnection, rule: str) -> list[Finding]:
    found = identity_findings(connection, load_identities(EXPECTATIONS / "identities.yml"))
    return [one for one in found if one.rule == rule and one.severity == "error"]


def test_every_level_of_every_year_adds_up_is_a_finding_or_says_what_is_missing(
    evaluated: duckdb.DuckDBPyConnection,
) -> None:
    rows = evaluated.execute(
        "select level, dataset, result, count(*), count(distinct period_id), count(missing_parts) "
        "from audit.level_sum where level != 'economic_regions' group by all order by all"
    ).fetchall()
    okrugs, census, series = (
        "goskomstat/arrivals_departures_by_okrug",
        "goskomstat/population_census_1989_2002",
        "kazstat/population_by_region",
    )
    assert rows == [
        ("federal_districts", okrugs, "adds up", 1, 1, 0),
        ("federal_districts", okrugs, "does not add up", 2, 1, 0),
        ("federal_districts", census, "adds up", 3, 3, 0),
        ("okrugs", census, "incomplete", 3, 3, 3),
        ("regions", okrugs, "incomplete", 15, 1, 15),
        ("regions", census, "adds up", 3, 3, 0),
        ("regions", census, "incomplete", 3, 3, 3),
        ("regions", series, "adds up", 24, 24, 0),
    ]


def test_a_sum_that_fails_is_a_finding_and_no_other_is(evaluated: duckdb.DuckDBPyConnection) -> None:
    unlike = evaluated.execute(
        """
        select count(*)
        from (select * from audit.level_sum where result in ('adds up', 'does not add up')) as sums
        full join (
            select * from audit.identity_result
            where rule_id in (select rule_id from audit.level_sum)
        ) as results using (rule_id, instance)
        where (sums.result = 'adds up') is distinct from (results.verdict = 'holds')
        """
    ).fetchone()
    assert unlike == (0,)


def test_the_regions_of_kazakhstan_are_those_of_the_day(evaluated: duckdb.DuckDBPyConnection) -> None:
    rows = evaluated.execute(
        "select parts_expected, min(period_id), max(period_id), bool_and(is_in_force) from audit.level_sum "
        "where whole_id = 'KZ' and level = 'regions' group by all order by all"
    ).fetchall()
    assert rows == [
        (16, "2000-01-01", "2016-01-01", True),
        (17, "2017-01-01", "2021-01-01", True),
        (20, "2022-01-01", "2023-01-01", True),
    ]


def test_parts_of_an_extent_do_not_overlap(evaluated: duckdb.DuckDBPyConnection) -> None:
    """No part of a whole is inside another part of it, up to the country."""
    overlapping = evaluated.execute(
        """
        with recursive inside as (
            select territory_id, parent_id as container from main.dim_territory where parent_id is not null
            union
            select inside.territory_id, dims.parent_id
            from inside inner join main.dim_territory as dims on inside.container = dims.territory_id
            where dims.parent_id is not null
        )
        select parts.extent_id, parts.part_id, others.part_id
        from audit.territory_level as parts
        inner join inside on parts.part_id = inside.territory_id
        inner join audit.territory_level as others
            on parts.extent_id = others.extent_id and inside.container = others.part_id
        """
    ).fetchall()
    assert overlapping == []


def test_an_extent_names_each_part_once(evaluated: duckdb.DuckDBPyConnection) -> None:
    twice = evaluated.execute(
        "select extent_id, part_id from audit.territory_level group by all having count(*) > 1"
    ).fetchall()
    assert twice == []


def test_an_okrug_counted_beside_its_region_is_found(candidate: Candidate, tmp_path: Path) -> None:
    with changed(
        candidate,
        tmp_path,
        "insert into raw.territory_group_member by name "
        "select 'RU-FD-FAREAST' as group_id, 'extent_2000' as definition_id, 'RU-KOR' as member_id",
    ) as connection:
        found = errors(connection, "parts_add_up")
    assert any("time_period=1989-01-12 population_group=total ref_area=RU-FD-FAREAST" in one.instance for one in found)
    assert any("time_period=2002-10-09 population_group=total ref_area=RU-FD-FAREAST" in one.instance for one in found)


def test_a_region_counted_beside_its_federal_okrug_is_found(candidate: Candidate, tmp_path: Path) -> None:
    with changed(
        candidate,
        tmp_path,
        "insert into raw.territory_group_member by name "
        "select 'RU-FEDERAL-DISTRICTS' as group_id, 'decree_2000' as definition_id, 'RU-AMU' as member_id",
    ) as connection:
        found = errors(connection, "federal_okrugs_add_up")
    assert any("indicator=population" in one.instance and "time_period=2002-10-09" in one.instance for one in found)


def test_a_part_that_is_not_printed_is_named(candidate: Candidate, tmp_path: Path) -> None:
    with changed(
        candidate,
        tmp_path,
        "delete from intermediate.int_figures__versioned where dataset = 'kazstat/population_by_region' "
        "and ref_area = 'KZ-47' and time_period = '2005-01-01'",
    ) as connection:
        rows = connection.execute(
            "select result, parts_expected, parts_printed, missing_parts from audit.level_sum "
            "where whole_id = 'KZ' and period_id = '2005-01-01'"
        ).fetchall()
        assert errors(connection, "parts_add_up") == []
    assert rows == [("incomplete", 16, 15, "KZ-47")]


def test_a_country_without_a_figure_is_said_to_have_none(candidate: Candidate, tmp_path: Path) -> None:
    with changed(
        candidate,
        tmp_path,
        "delete from intermediate.int_figures__versioned where dataset = 'kazstat/population_by_region' "
        "and ref_area = 'KZ' and time_period = '2005-01-01'",
    ) as connection:
        rows = connection.execute(
            "select result, parts_printed, whole_value, gap_low from audit.level_sum "
            "where whole_id = 'KZ' and period_id = '2005-01-01'"
        ).fetchall()
    assert rows == [("no whole", 16, None, None)]


@pytest.mark.parametrize(
    "each",
    [
        {"dimension": "ref_area"},
        {"dimension": "ref_area", "group": "RU-FEDERAL-DISTRICTS"},
        {"dimension": "ref_area", "level": "regions", "inside_whole": True},
    ],
)
def test_members_are_said_in_one_way(each: dict[str, object]) -> None:
    terms = [{"coefficient": 1}, {"coefficient": -1, "each": each}]
    rule = {"id": "sum", "severity": "error", "statement": "As declared", "kind": "linear", "same": ["edition_id"]}
    with pytest.raises(ValidationError, match="each takes a group with its definition, or inside_whole, or a level"):
        TypeAdapter(Identity).validate_python({**rule, "terms": terms})


def test_a_sum_over_a_level_has_one_whole() -> None:
    each = {"dimension": "ref_area", "level": "regions"}
    rule = {"id": "sum", "severity": "error", "statement": "As declared", "kind": "linear", "same": ["edition_id"]}
    with pytest.raises(ValidationError, match="first the whole and then the parts"):
        TypeAdapter(Identity).validate_python({**rule, "terms": [{"each": each}, {}]})
