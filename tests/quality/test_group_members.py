"""Groups by definition: who belongs to one on any day, and that every figure of a group names its definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import duckdb

# A definition without days is in force on every one; so is a membership.
MEMBERS_ON = """
    select members.definition_id, members.member_id
    from main.bridge_territory_group as members
    inner join raw.territory_group as definitions using (group_id, definition_id)
    where members.group_id = $group
        and (definitions.valid_from is null or definitions.valid_from <= cast($day as date))
        and (definitions.valid_to is null or cast($day as date) < definitions.valid_to)
        and (members.valid_from is null or members.valid_from <= cast($day as date))
        and (members.valid_to is null or cast($day as date) < members.valid_to)
"""


def members(connection: duckdb.DuckDBPyConnection, group: str, day: str) -> dict[str, set[str]]:
    """Members of a group on a day, by definition."""
    found: dict[str, set[str]] = {}
    for definition, member in connection.execute(MEMBERS_ON, {"group": group, "day": day}).fetchall():
        found.setdefault(definition, set()).add(member)
    return found


@pytest.mark.parametrize(
    ("group", "day", "sizes"),
    [
        ("CIS", "1991-12-10", {"cis_membership": 3, "with_georgia": 12, "without_georgia": 11}),
        ("CIS", "1992-01-01", {"cis_membership": 10, "with_georgia": 12, "without_georgia": 11}),
        ("CIS", "2009-08-17", {"cis_membership": 12, "with_georgia": 12, "without_georgia": 11}),
        ("CIS", "2009-08-18", {"cis_membership": 11, "with_georgia": 12, "without_georgia": 11}),
        ("KZ-BORDER-RU", "2022-06-07", {"until_2022": 7}),
        ("KZ-BORDER-RU", "2022-06-08", {"since_2022": 8}),
        ("RU-BORDER-KZ", "2005-01-01", {"border_regions": 12}),
        ("KZ-BORDER-RU-WEST", "2005-01-01", {"border_regions": 3}),
        ("RU-BORDER-KZ-WEST", "2005-01-01", {"border_regions": 5}),
        ("RU-FEDERAL-DISTRICTS", "2010-01-18", {"decree_2000": 7}),
        ("RU-FEDERAL-DISTRICTS", "2010-01-19", {"decree_2010": 8}),
        ("RU-FEDERAL-DISTRICTS", "2015-01-01", {"decree_2010": 8, "decree_2014": 9}),
    ],
)
def test_members_on_a_day(evaluated: duckdb.DuckDBPyConnection, group: str, day: str, sizes: dict[str, int]) -> None:
    assert {name: len(found) for name, found in members(evaluated, group, day).items()} == sizes


def test_abai_borders_altai_krai_since_its_day(evaluated: duckdb.DuckDBPyConnection) -> None:
    before, since = (members(evaluated, "KZ-BORDER-RU", day) for day in ("2022-06-07", "2022-06-08"))
    assert since["since_2022"] - before["until_2022"] == {"KZ-10"}


def test_far_abroad_and_cis_are_a_division_by_each_definition(evaluated: duckdb.DuckDBPyConnection) -> None:
    cis, abroad = (members(evaluated, group, "2005-01-01") for group in ("CIS", "FAR-ABROAD"))
    for definition in ("with_georgia", "without_georgia"):
        assert not cis[definition] & abroad[definition]
    assert ("GE" in abroad["without_georgia"], "GE" in abroad["with_georgia"]) == (True, False)


def test_every_figure_of_a_group_names_its_definition(evaluated: duckdb.DuckDBPyConnection) -> None:
    unnamed = evaluated.execute(
        """
        select count(*) filter (where figures.group_definition is null), count(*)
        from intermediate.int_figures__versioned as figures
        where figures.counterpart_area in ('CIS', 'FAR-ABROAD')
        """
    ).fetchone()
    assert unnamed is not None
    assert (unnamed[0], unnamed[1] > 0) == (0, True)


def test_a_definition_that_a_figure_names_is_one_of_its_group(evaluated: duckdb.DuckDBPyConnection) -> None:
    unknown = evaluated.execute(
        """
        select distinct figures.counterpart_area, figures.group_definition
        from intermediate.int_figures__versioned as figures
        anti join main.bridge_territory_group as members
            on
                figures.counterpart_area = members.group_id
                and figures.group_definition = members.definition_id
        where figures.group_definition is not null
        """
    ).fetchall()
    assert unknown == []
