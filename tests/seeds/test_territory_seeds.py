"""The territory, name, group and indicator seeds keep the invariants on which look-ups and sums rest."""

from __future__ import annotations

import csv
import re
from collections import Counter
from functools import cache
from operator import itemgetter
from pathlib import Path

import pytest

from orchestration.extraction.names import TerritoryNames, normalise_name

PROJECT = Path(__file__).resolve().parents[2]
SEEDS = PROJECT / "dbt_project" / "seeds"

CENSUS = "goskomstat/population_census_1989_2002"
OKRUGS = "goskomstat/arrivals_departures_by_okrug"
PARTNERS = "goskomstat/international_migration"
RUSSIA_CIS = "goskomstat/russia_cis_migration"
KAZAKH_REGIONS = "kazstat/population_by_region"
UN_FLOWS = "un_desa/migration_flows_kazakhstan"

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


@cache
def names() -> TerritoryNames:
    """The look-up that extraction uses."""
    return TerritoryNames.from_seed(SEEDS / "territory_name.csv")


def members(group: str, definition: str, day: str | None = None) -> list[str]:
    """Members of a group under a definition, on a day or at any time."""
    return [
        row["member_id"]
        for row in seed("territory_group_member")
        if (row["group_id"], row["definition_id"]) == (group, definition)
        and (day is None or (row["valid_from"] or "0000") <= day < (row["valid_to"] or "9999"))
    ]


def containers(territory_id: str) -> list[str]:
    """The territories that contain a territory, the nearest first."""
    found = []
    while territory_id := territories()[territory_id]["parent_id"]:
        found.append(territory_id)
    return found


def is_nested(territory_id: str) -> bool:
    """Whether a territory is an autonomous okrug inside a region."""
    row = territories()[territory_id]
    parent = territories().get(row["parent_id"], {})
    return row["territory_type"] == "autonomous_okrug" and parent.get("territory_type") == "region"


def test_ids_are_unique_and_parents_exist() -> None:
    assert len(territories()) == len(seed("territory"))
    orphans = [
        row["territory_id"] for row in seed("territory") if row["parent_id"] and row["parent_id"] not in territories()
    ]
    assert orphans == []
    assert [row["territory_id"] for row in seed("territory") if not row["parent_id"]] == ["WORLD"]


def test_every_territory_is_below_the_world() -> None:
    for territory_id in territories():
        path = [territory_id]
        while parent := territories()[path[-1]]["parent_id"]:
            assert parent not in path, f"{territory_id} contains itself: {path}"
            path.append(parent)
        assert path[-1] == "WORLD"


def test_a_name_means_one_thing_in_a_dataset() -> None:
    keys = Counter((normalise_name(row["name"]), row["dataset"], row["within"]) for row in seed("territory_name"))
    assert [key for key, count in keys.items() if count > 1] == []


def test_names_are_tidy_and_known() -> None:
    for row in seed("territory_name"):
        assert row["name"] == " ".join(row["name"].split()), row
        assert row["territory_id"] in territories(), row
        assert row["within"] in territories() or not row["within"], row


def test_a_name_that_holds_inside_a_territory_means_a_part_of_it() -> None:
    relative = {"в современных границах"}
    for row in seed("territory_name"):
        if row["within"] and row["name"] not in relative:
            assert row["within"] in containers(row["territory_id"]), row


def test_places_of_kazakhstan_below_the_regions_hold_within_their_region() -> None:
    everywhere = {
        row["territory_id"]
        for row in seed("territory_name")
        if not row["within"] and re.fullmatch(r"KZ-\d{9}", row["territory_id"])
    }
    assert everywhere == set()


def test_rows_stand_in_their_documented_order() -> None:
    types = ["world", "country_group", "country", "federal_district", "economic_region", "region", "autonomous_okrug"]
    types += ["district", "city", "city_district", "settlement", "other"]
    ordered = {
        "territory": lambda row: (types.index(row["territory_type"]), row["territory_id"]),
        "territory_name": itemgetter("territory_id", "dataset", "within", "language", "name"),
        "territory_code": itemgetter("scheme", "code", "valid_from"),
    }
    for table, key in ordered.items():
        assert list(seed(table)) == sorted(seed(table), key=key), table


def test_seeds_have_unix_line_ends_and_no_row_twice() -> None:
    for path in sorted(SEEDS.glob("territory*.csv")):
        content = path.read_bytes()
        assert b"\r" not in content, path
        lines = Counter(content.decode().splitlines())
        assert [line for line, count in lines.items() if count > 1] == [], path


def test_every_territory_can_be_found_by_its_names() -> None:
    shared = {"Оңтүстік федералдық округі"}
    for territory_id, row in territories().items():
        for column in ("name_en", "name_ru", "name_kk"):
            if row[column] and row[column] not in shared:
                found = {names().resolve(row[column], "", within) for within in ("", *containers(territory_id))}
                assert territory_id in found, row[column]


def test_kazakh_names_where_they_are_promised() -> None:
    promised = [
        row
        for row in seed("territory")
        if row["territory_type"] in ("country", "federal_district")
        or (row["territory_type"] == "region" and row["territory_id"].startswith("KZ-"))
        or row["territory_id"] in members("RU-BORDER-KZ", "border_regions")
    ]
    assert [row["territory_id"] for row in promised if not row["name_kk"]] == []


@pytest.mark.parametrize("table", ["territory", "territory_group", "territory_group_member", "territory_border"])
def test_validity_is_an_interval(table: str) -> None:
    for row in seed(table):
        if row["valid_from"] and row["valid_to"]:
            assert row["valid_from"] < row["valid_to"], row


def test_groups_name_their_members() -> None:
    defined = {(row["group_id"], row["definition_id"]) for row in seed("territory_group")}
    used = {(row["group_id"], row["definition_id"]) for row in seed("territory_group_member")}
    assert defined == used
    assert {row["member_id"] for row in seed("territory_group_member")} <= territories().keys()


def test_no_member_is_inside_another() -> None:
    """A nested okrug is never a member beside its region, nor a region beside its district."""
    assert is_nested("RU-KOR")
    assert not is_nested("RU-CHU")
    for group, definition in {(row["group_id"], row["definition_id"]) for row in seed("territory_group")}:
        together = set(members(group, definition))
        for member in together:
            assert not together & set(containers(member)), (group, definition, member)


def test_the_rest_of_a_region_is_a_member_where_its_okrugs_are() -> None:
    for group, definition in {(row["group_id"], row["definition_id"]) for row in seed("territory_group")}:
        together = set(members(group, definition))
        for member in filter(is_nested, together):
            region = territories()[member]["parent_id"]
            rests = [one for one in together if one.startswith(f"{region}.without_okrug")]
            assert len(rests) == 1, (group, definition, member)


def test_a_definition_with_a_whole_has_a_level_and_no_other_has() -> None:
    assert {bool(row["whole_id"]) == bool(row["level"]) for row in seed("territory_group")} == {True}
    assert {row["whole_id"] for row in seed("territory_group")} - {""} <= territories().keys()


def test_a_region_is_in_one_district_at_a_time() -> None:
    for definition, day in (
        ("decree_2000", "2005-12-31"),
        ("decree_2010", "2012-01-01"),
        ("decree_2010", "2020-01-01"),
    ):
        found: Counter[str] = Counter()
        for row in seed("territory_group"):
            in_force = (row["valid_from"] or "0000") <= day < (row["valid_to"] or "9999")
            if in_force and row["group_id"] in members("RU-FEDERAL-DISTRICTS", definition):
                found.update(members(row["group_id"], row["definition_id"]))
        assert set(found.values()) == {1}, (day, found.most_common(3))
        existing = {
            territory_id
            for territory_id, row in territories().items()
            if territory_id.startswith("RU-")
            and row["territory_type"] in ("region", "autonomous_okrug")
            and not is_nested(territory_id)
            and (row["valid_from"] or "0000") <= day < (row["valid_to"] or "9999")
        }
        assert {member for member in found if member.startswith("RU-")} == existing


@pytest.mark.parametrize(
    ("group", "definition", "size"),
    [
        ("CIS", "with_georgia", 12),
        ("CIS", "without_georgia", 11),
        ("RU-FEDERAL-DISTRICTS", "decree_2000", 7),
        ("RU-FEDERAL-DISTRICTS", "decree_2010", 8),
        ("RU-FD-FAREAST", "extent_2000", 9),
        ("RU-FD-FAREAST", "extent_2018", 11),
        ("RU-BORDER-KZ", "border_regions", 12),
        ("KZ-BORDER-RU", "until_2022", 7),
        ("KZ-BORDER-RU", "since_2022", 8),
        ("KZ-BORDER-RU-WEST", "border_regions", 3),
        ("RU-BORDER-KZ-WEST", "border_regions", 5),
        ("KZ-REGIONS", "bns_rows", 20),
        ("RU-FEDERAL-DISTRICTS", "decree_2018", 8),
        ("RU-FD-SOUTH.2016", "extent_2016", 8),
        ("RU-FD-SIBERIA.2018", "extent_2018", 10),
        ("RU-FD-FAREAST.2018", "extent_2018", 11),
        ("RU-ECONOMIC-REGIONS", "oker_1995", 12),
        ("WORLD", "un_2020", 6),
    ],
)
def test_group_sizes(group: str, definition: str, size: int) -> None:
    assert len(set(members(group, definition))) == size


def test_georgia_is_a_member_of_the_cis_until_its_withdrawal() -> None:
    assert "GE" in members("CIS", "cis_membership", "2009-08-17")
    assert "GE" not in members("CIS", "cis_membership", "2009-08-18")
    assert set(members("CIS", "with_georgia")) - set(members("CIS", "without_georgia")) == {"GE"}


def test_cis_and_far_abroad_do_not_overlap() -> None:
    for definition in ("with_georgia", "without_georgia"):
        assert not set(members("CIS", definition)) & set(members("FAR-ABROAD", definition))
    unions = [set(members("CIS", one)) | set(members("FAR-ABROAD", one)) for one in ("with_georgia", "without_georgia")]
    assert unions[0] == unions[1]


def test_economic_regions_and_kaliningrad_are_the_regions_of_russia() -> None:
    for day in ("2002-10-09", "2020-01-01"):
        found: Counter[str] = Counter()
        for member in members("RU-ECONOMIC-REGIONS", "oker_1995"):
            found.update(members(member, "oker_1995", day) or [member])
        assert set(found.values()) == {1}, (day, found.most_common(3))
        existing = {
            territory_id
            for territory_id, row in territories().items()
            if territory_id.startswith("RU-")
            and row["territory_type"] in ("region", "autonomous_okrug")
            and not is_nested(territory_id)
            and (row["valid_from"] or "0000") <= day < (row["valid_to"] or "9999")
        }
        assert set(found) == existing


def test_un_regions_are_nested_and_overlap_nowhere() -> None:
    def countries(group: str) -> list[str]:
        parts = members(group, "un_2020")
        return [country for part in parts for country in countries(part)] if parts else [group]

    world = countries("WORLD")
    assert len(world) == len(set(world)) > 230
    assert set(countries("M49-1829")) == set(countries("M49-908")) | set(countries("M49-905"))
    assert set(countries("M49-5500")) == {"KZ", "KG", "TJ", "TM", "UZ"}
    assert countries("M49-830") == ["GG", "JE"]


@pytest.mark.parametrize(("day", "count"), [("2000-01-01", 16), ("2017-01-01", 17), ("2022-01-01", 20)])
def test_rows_of_the_kazakh_series(day: str, count: int) -> None:
    assert len(members("KZ-REGIONS", "bns_rows", day)) == count


@pytest.mark.parametrize(
    ("day", "count"), [("2000-01-01", 16), ("2018-06-19", 17), ("2022-06-07", 17), ("2022-06-08", 20)]
)
def test_kazakh_regions_by_law(day: str, count: int) -> None:
    assert len(members("KZ-REGIONS", "by_law", day)) == count


def test_borders_are_the_border_regions() -> None:
    today = [row for row in seed("territory_border") if not row["valid_to"]]
    assert {row["territory_id"] for row in today} == set(members("KZ-BORDER-RU", "since_2022"))
    assert {row["neighbour_id"] for row in today} == set(members("RU-BORDER-KZ", "border_regions"))
    west = {
        row["neighbour_id"] for row in today if row["territory_id"] in members("KZ-BORDER-RU-WEST", "border_regions")
    }
    assert west == set(members("RU-BORDER-KZ-WEST", "border_regions"))


def test_changes_agree_with_validity() -> None:
    for row in seed("territory_change"):
        before, after = territories()[row["predecessor_id"]], territories()[row["successor_id"]]
        assert (before == after) <= (row["change_type"] == "rename"), row
        if before["valid_to"] and before != after:
            assert before["valid_to"] == row["changed_on"], row
        if row["change_type"] == "split" and after["valid_from"]:
            assert after["valid_from"] == row["changed_on"], row


def test_every_abolished_region_has_a_successor() -> None:
    abolished = {
        row["territory_id"]
        for row in seed("territory")
        if row["valid_to"] and row["territory_type"] in ("region", "autonomous_okrug")
    }
    assert abolished <= {row["predecessor_id"] for row in seed("territory_change")}


def test_population_groups_have_known_parents() -> None:
    groups = {row["population_group_id"]: row["parent_id"] for row in seed("population_group")}
    assert {"total", "urban", "rural", "male", "female"} <= groups.keys()
    assert {parent for parent in groups.values() if parent} <= groups.keys()
    assert [group for group, parent in groups.items() if not parent] == ["total"]


PRINTED: dict[str, dict[str, str]] = {
    CENSUS: {
        "Total": "RU",
        "Central": "RU-FD-CENTRAL",
        "North-Western": "RU-FD-NORTHWEST",
        "Southern": "RU-FD-SOUTH",
        "Volga": "RU-FD-VOLGA",
        "the Urals": "RU-FD-URALS",
        "Siberia": "RU-FD-SIBERIA",
        "Far East": "RU-FD-FAREAST",
        "Sakha": "RU-SA",
        "Primorskii": "RU-PRI",
        "Khabarovsk": "RU-KHA",
        "Amur": "RU-AMU",
        "Kamchatka": "RU-KAM.oblast",
        "Koriak": "RU-KOR",
        "Magadan": "RU-MAG",
        "Sakhalin": "RU-SAK",
        "Jewish": "RU-YEV",
        "Chukotka": "RU-CHU",
    },
    OKRUGS: {
        "RF total": "RU",
        "Central": "RU-FD-CENTRAL",
        "Belgograd Oblast": "RU-BEL",
        "Kaluga Oblast": "RU-KLU",
        "Moscow Oblast": "RU-MOS",
        "Riazan Oblast": "RU-RYA",
        "Tver Oblast": "RU-TVE",
        "Tulsk Oblast": "RU-TUL",
        "North-Western": "RU-FD-NORTHWEST",
        "Leningrad Oblast": "RU-LEN",
        "Southern": "RU-FD-SOUTH",
        "North Ossetia rep": "RU-SE",
        "Volga": "RU-FD-VOLGA",
        "Perm Oblast": "RU-PER.oblast",
        "Samara Oblast": "RU-SAM",
        "The Urals": "RU-FD-URALS",
        "Siberia": "RU-FD-SIBERIA",
        "Far East": "RU-FD-FAREAST",
    },
    RUSSIA_CIS: {"Total": "WORLD", "from CIS": "CIS", "to CIS": "CIS", "To CIS": "CIS"},
    PARTNERS: {
        "Прибыло в Российскую Федерацию - всего": "WORLD",
        "Выбыло из Российской Федерации - всего": "WORLD",
        "из стран СНГ ": "CIS",
        "в страны СНГ ": "CIS",
        "из стран дальнего зарубежья ": "FAR-ABROAD",
        "в страны дальнего зарубежья ": "FAR-ABROAD",
        "Азербайджан": "AZ",
        "Армения": "AM",
        "Беларусь": "BY",
        "Казахстан": "KZ",
        "Киргизия": "KG",
        "Республика Молдова": "MD",
        "Таджикистан": "TJ",
        "Туркмения": "TM",
        "Узбекистан": "UZ",
        "Украина": "UA",
        "Абхазия": "XX-ABKHAZIA",
        "Австралия": "AU",
        "Австрия": "AT",
        "Афганистан": "AF",
        "Бангладеш": "BD",
        "Белиз": "BZ",
        "Бельгия": "BE",
        "Болгария": "BG",
        "Венгрия": "HU",
        "Вьетнам": "VN",
        "Германия": "DE",
        "Греция": "GR",
        "Грузия": "GE",
        "Дания": "DK",
        "Египет": "EG",
        "Замбия": "ZM",
        "Израиль": "IL",
        "Индия": "IN",
        "Иордания": "JO",
        "Ирак": "IQ",
        "Испания": "ES",
        "Италия": "IT",
        "Йемен": "YE",
        "Канада": "CA",
        "Китай": "CN",
        "Корейская Народно-Демократическая Республика": "KP",
        "Куба": "CU",
        "Латвия": "LV",
        "Ливан": "LB",
        "Литва": "LT",
        "Марокко": "MA",
        "Монголия": "MN",
        "Нигерия": "NG",
        "Нидерланды": "NL",
        "Новая Зеландия": "NZ",
        "Норвегия": "NO",
        "Пакистан": "PK",
        "Палестина": "PS",
        "Польша": "PL",
        "Португалия": "PT",
        "Республика Корея": "KR",
        "Сербия": "RS",
        "Сирийская Арабская Республика": "SY",
        "Соединенное Королевство (Великобритания)": "GB",
        "США": "US",
        "Турция": "TR",
        "Финляндия": "FI",
        "Франция": "FR",
        "Чешская Республика": "CZ",
        "Швейцария": "CH",
        "Швеция": "SE",
        "Эстония": "EE",
        "Южная Осетия": "XX-SOUTH-OSSETIA",
        "Япония": "JP",
        "другие страны": "OTHER-COUNTRIES",
    },
    KAZAKH_REGIONS: {
        "Республика Казахстан\u00a0": "KZ",
        "Абай": "KZ-10",
        "Акмолинская": "KZ-11",
        "Актюбинская": "KZ-15",
        "Алматинская": "KZ-19",
        "Атырауская": "KZ-23",
        "Западно-Казахстанская": "KZ-27",
        "Жамбылская": "KZ-31",
        "Жетісу": "KZ-33",
        "Карагандинская": "KZ-35",
        "Костанайская": "KZ-39",
        "Кызылординская": "KZ-43",
        "Мангистауская": "KZ-47",
        "Павлодарская": "KZ-55",
        "Северо-Казахстанская": "KZ-59",
        "Туркестанская": "KZ-61",
        "Ұлытау": "KZ-62",
        "Восточно-Казахстанская": "KZ-63",
        "г. Астана": "KZ-71",
        "г. Алматы": "KZ-75",
        "г. Шымкент": "KZ-79",
    },
    UN_FLOWS: {
        "Armenia": "AM",
        "Azerbaijan": "AZ",
        "Belarus": "BY",
        "Canada": "CA",
        "Estonia": "EE",
        "Georgia": "GE",
        "Germany": "DE",
        "Greece": "GR",
        "Israel": "IL",
        "Kyrgyzstan": "KG",
        "Latvia": "LV",
        "Lithuania": "LT",
        "Mongolia": "MN",
        "Republic of Moldova": "MD",
        "Russian Federation": "RU",
        "Tajikistan": "TJ",
        "Turkey": "TR",
        "Turkmenistan": "TM",
        "Ukraine": "UA",
        "United States of America": "US",
        "Uzbekistan": "UZ",
        "Unknown": "UNKNOWN",
        "Total": "WORLD",
    },
}


@pytest.mark.parametrize("dataset", PRINTED)
def test_every_printed_label_resolves(dataset: str) -> None:
    resolved = {label: names().resolve(label, dataset) for label in PRINTED[dataset]}
    assert resolved == PRINTED[dataset]


def test_ambiguous_names_have_no_general_meaning() -> None:
    for label in ("Total", "Всего", "Southern", "Kamchatka", "Южный федеральный округ", "Южный ФО", "Северный район"):
        assert names().resolve(label, "") is None, label
    for label in ("Абай ауданы", "Абайский район", "Жамбылский район", "Федоровский район", "Ақсу а.", "Павлодар"):
        assert names().resolve(label, "") is None, label
