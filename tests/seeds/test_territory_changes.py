"""Territories in time: successors lead to today without circles, and the counts of every day are the official ones."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
SUBJECTS = ("region", "autonomous_okrug")

Row = dict[str, str]


@cache
def seed(name: str) -> tuple[Row, ...]:
    """Rows of a seed."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


@cache
def territories() -> dict[str, Row]:
    """Territories by id."""
    return {row["territory_id"]: row for row in seed("territory")}


def exists(territory_id: str, day: str) -> bool:
    """Whether a territory exists on a day; the last day is exclusive."""
    row = territories()[territory_id]
    return (row["valid_from"] or "0000") <= day < (row["valid_to"] or "9999")


def country(territory_id: str) -> str:
    """The country that contains a territory, through any district."""
    while territories()[territory_id]["territory_type"] != "country":
        territory_id = territories()[territory_id]["parent_id"]
    return territory_id


@cache
def subjects(of: str) -> tuple[str, ...]:
    """Regions of a country of any time, and its autonomous okrugs, which are subjects of the federation too."""
    return tuple(
        territory_id
        for territory_id, row in territories().items()
        if row["territory_type"] in SUBJECTS and country(territory_id) == of
    )


@cache
def successors() -> dict[str, list[Row]]:
    """Changes that lead from a territory to another one."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in seed("territory_change"):
        if row["predecessor_id"] != row["successor_id"]:
            found[row["predecessor_id"]].append(row)
    return found


def today(territory_id: str) -> set[str]:
    """Where the people of a territory that ended are counted today."""
    if not territories()[territory_id]["valid_to"]:
        return {territory_id}
    ended = territories()[territory_id]["valid_to"]
    following = [row["successor_id"] for row in successors()[territory_id] if row["changed_on"] == ended]
    return {reached for one in following for reached in today(one)}


@given(st.sampled_from([*subjects("RU"), *subjects("KZ")]), st.sampled_from(["1989-01-12", "1991-12-26", "2002-10-09"]))
@settings(max_examples=200, deadline=None)
def test_successors_of_any_territory_exist_today(territory_id: str, day: str) -> None:
    if not exists(territory_id, day):
        return
    reached = today(territory_id)
    assert reached
    assert all(exists(one, "2026-01-01") for one in reached)
    assert {country(one) for one in reached} == {country(territory_id)}


def test_changes_go_round_in_no_circle() -> None:
    def walk(territory_id: str, since: str, path: tuple[str, ...]) -> None:
        assert territory_id not in path, path
        for row in successors()[territory_id]:
            if row["changed_on"] >= since:
                walk(row["successor_id"], row["changed_on"], (*path, territory_id))

    for territory_id in territories():
        walk(territory_id, "", ())


@pytest.mark.parametrize("of", ["RU", "KZ"])
def test_what_ends_is_followed_on_that_day(of: str) -> None:
    for territory_id in subjects(of):
        ended = territories()[territory_id]["valid_to"]
        if ended:
            assert ended in {row["changed_on"] for row in successors()[territory_id]}, territory_id


@pytest.mark.parametrize("of", ["RU", "KZ"])
def test_what_begins_comes_from_something(of: str) -> None:
    begun = {(row["successor_id"], row["changed_on"]) for row in seed("territory_change")}
    for territory_id in subjects(of):
        since = territories()[territory_id]["valid_from"]
        if since and not territory_id.startswith("UA-"):
            assert (territory_id, since) in begun, territory_id


def test_both_sides_of_a_change_exist_around_its_day() -> None:
    for row in seed("territory_change"):
        before, after = territories()[row["predecessor_id"]], territories()[row["successor_id"]]
        assert (before["valid_from"] or "0000") < row["changed_on"] <= (before["valid_to"] or "9999"), row
        assert (after["valid_from"] or "0000") <= row["changed_on"] < (after["valid_to"] or "9999"), row


# Federal constitutional laws on the mergers of 2004-2007; Crimea and Sevastopol as Russia counts them.
@pytest.mark.parametrize(
    ("day", "count"),
    [
        ("1993-12-25", 89),
        ("2005-11-30", 89),
        ("2005-12-01", 88),
        ("2006-12-31", 88),
        ("2007-01-01", 86),
        ("2007-07-01", 85),
        ("2008-01-01", 84),
        ("2008-03-01", 83),
        ("2014-03-17", 83),
        ("2014-03-18", 85),
        ("2021-01-01", 85),
    ],
)
def test_subjects_of_the_federation(day: str, count: int) -> None:
    assert sum(exists(territory_id, day) for territory_id in subjects("RU")) == count


def test_the_constitution_names_its_subjects_by_kind() -> None:
    """Article 65 as adopted: 21 republics, 6 krais, 49 oblasts, 2 cities, 1 autonomous oblast, 10 autonomous okrugs."""

    def kind(name: str) -> str:
        if name in ("Москва", "Санкт-Петербург"):
            return "город"
        words = name.casefold()
        return next(
            word
            for word in ("республика", "край", "автономная область", "область", "автономный округ")
            if word in words
        )

    counted: dict[str, int] = defaultdict(int)
    for territory_id in subjects("RU"):
        if exists(territory_id, "1993-12-25"):
            counted[kind(territories()[territory_id]["name_ru"])] += 1
    assert counted == {
        "республика": 21,
        "край": 6,
        "область": 49,
        "город": 2,
        "автономная область": 1,
        "автономный округ": 10,
    }


@pytest.mark.parametrize(
    ("day", "regions", "cities"),
    [
        ("1991-12-16", 19, 1),
        ("1997-04-21", 19, 1),
        ("1997-04-22", 17, 1),
        ("1997-05-03", 14, 1),
        ("1997-12-10", 14, 2),
        ("2018-06-18", 14, 2),
        ("2018-06-19", 14, 3),
        ("2022-06-07", 14, 3),
        ("2022-06-08", 17, 3),
    ],
)
def test_regions_and_cities_of_kazakhstan(day: str, regions: int, cities: int) -> None:
    """Almaty alone is a city beside the regions until the capital moves; Baikonur is counted in its region."""
    standing = [territory_id for territory_id in subjects("KZ") if exists(territory_id, day)]
    found = [territory_id for territory_id in standing if territory_id in ("KZ-71", "KZ-75", "KZ-79")]
    assert (len(standing) - len(found), len(found)) == (regions, cities)


@pytest.mark.parametrize(
    ("day", "count"),
    [("2000-05-12", 0), ("2000-05-13", 7), ("2010-01-19", 8), ("2014-03-21", 9), ("2016-07-28", 8), ("2018-11-03", 8)],
)
def test_federal_districts(day: str, count: int) -> None:
    """A district held to a later extent is the same district, and counts once."""
    standing = {
        territory_id.split(".")[0]
        for territory_id, row in territories().items()
        if row["territory_type"] == "federal_district" and exists(territory_id, day)
    }
    assert len(standing) == count


MERGERS = {
    "2005-12-01": ({"RU-PER.oblast", "RU-KOP"}, {"RU-PER"}),
    "2007-01-01": ({"RU-TAY", "RU-EVE"}, {"RU-KYA"}),
    "2007-07-01": ({"RU-KAM.oblast", "RU-KOR"}, {"RU-KAM"}),
    "2008-01-01": ({"RU-UOB"}, {"RU-IRK"}),
    "2008-03-01": ({"RU-CHI", "RU-AGB"}, {"RU-ZAB"}),
    "2016-07-28": ({"RU-FD-CRIMEA"}, {"RU-FD-SOUTH.2010"}),
}


@pytest.mark.parametrize("day", MERGERS)
def test_mergers(day: str) -> None:
    rows = [row for row in seed("territory_change") if row["changed_on"] == day and row["change_type"] == "merger"]
    assert ({row["predecessor_id"] for row in rows}, {row["successor_id"] for row in rows}) == MERGERS[day]
    assert all(row["legal_act"] for row in rows)


def test_the_districts_changed_in_2010_and_2018() -> None:
    changes = {
        (row["predecessor_id"], row["successor_id"], row["change_type"], row["changed_on"])
        for row in seed("territory_change")
    }
    assert {
        ("RU-FD-SOUTH", "RU-FD-NORTHCAUCASUS", "split", "2010-01-19"),
        ("RU-FD-SOUTH", "RU-FD-SOUTH.2010", "split", "2010-01-19"),
        ("RU-FD-SIBERIA", "RU-FD-FAREAST", "transfer", "2018-11-03"),
        ("RU-MOS", "RU-MOW", "boundary_change", "2012-07-01"),
    } <= changes


def test_every_change_says_where_it_comes_from_and_whether_the_act_was_read() -> None:
    read = ("docs.cntd.ru", "base.garant.ru", "kazpravda.kz, text", "Rossiiskaya gazeta")
    for row in seed("territory_change"):
        assert row["source"].startswith(read) != row["source"].endswith("the text of the act was not compared"), row
