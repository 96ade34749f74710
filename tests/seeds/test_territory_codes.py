"""The codes of territories: each means one territory at a time, and all agree with the published lists."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from orchestration.extraction.names import TerritoryNames, normalise_code
from tests.shared_files import shared_file

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
LENGTHS = {"m49": {3, 4}, "iso3": {3}, "iso2": {2}, "okato": {11}, "oktmo": {8}, "kato": {9}, "emiss_okato": {3, 11}}

Row = dict[str, str]


def seed(name: str) -> list[Row]:
    """Rows of a seed."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def names() -> TerritoryNames:
    """The look-up that extraction uses."""
    return TerritoryNames.from_seed(SEEDS / "territory_name.csv")


def codes(scheme: str) -> dict[str, str]:
    """Codes of a scheme that are in force, by territory."""
    return {
        row["territory_id"]: row["code"]
        for row in seed("territory_code")
        if row["scheme"] == scheme and not row["valid_to"]
    }


def published(name: str, encoding: str = "utf-8-sig") -> list[Row]:
    """Rows of a published list that stands beside the checkout."""
    with shared_file(name).open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream))


def overlaps(rows: list[Row]) -> list[tuple[Row, Row]]:
    """Neighbours in time whose validity overlaps."""
    ordered = sorted(rows, key=lambda row: row["valid_from"])
    return [
        (one, other)
        for one, other in zip(ordered, ordered[1:], strict=False)
        if (one["valid_to"] or "9999") > (other["valid_from"] or "0000")
    ]


def test_codes_belong_to_territories_and_look_like_codes() -> None:
    known = {row["territory_id"] for row in seed("territory")}
    for row in seed("territory_code"):
        assert row["territory_id"] in known, row
        assert row["source"], row
        assert re.fullmatch(r"[0-9A-Z]+", row["code"]), row
        assert len(row["code"]) in LENGTHS.get(row["scheme"], {2, 3}), row


def test_a_code_means_one_territory_at_a_time() -> None:
    holders: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in seed("territory_code"):
        holders[(row["scheme"], normalise_code(row["code"]))].append(row)
    assert [pair for rows in holders.values() for pair in overlaps(rows)] == []


def test_a_territory_has_one_code_of_a_scheme_at_a_time() -> None:
    held: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in seed("territory_code"):
        held[(row["scheme"], row["territory_id"])].append(row)
    assert [pair for rows in held.values() for pair in overlaps(rows)] == []


def test_every_country_has_its_codes() -> None:
    countries = {row["territory_id"] for row in seed("territory") if row["territory_type"] == "country"}
    assert len(countries) == 249
    for scheme in ("iso2", "iso3", "m49"):
        assert countries - codes(scheme).keys() == set(), scheme
    assert all(territory == code for territory, code in codes("iso2").items())


def test_columns_of_the_territory_seed_say_the_same() -> None:
    for scheme in ("okato", "kato"):
        column = {row["territory_id"]: row[scheme] for row in seed("territory") if row[scheme]}
        listed = {row["territory_id"]: row["code"] for row in seed("territory_code") if row["scheme"] == scheme}
        assert column == listed, scheme


def test_every_region_of_today_has_its_national_code() -> None:
    for row in seed("territory"):
        if row["territory_type"] in ("region", "autonomous_okrug") and not row["valid_to"]:
            assert row["okato"] or row["kato"], row
        if row["territory_type"] == "district" and row["territory_id"].startswith("KZ-"):
            assert row["kato"], row


@pytest.mark.parametrize(
    ("code", "scheme", "territory"),
    [
        ("643", "m49", "RU"),
        ("4", "m49", "AF"),
        ("004", "m49", "AF"),
        ("900", "m49", "WORLD"),
        ("5500", "m49", "M49-5500"),
        ("830", "m49", "M49-830"),
        ("535", "m49", "BQ"),
        ("KAZ", "iso3", "KZ"),
        ("kz", "iso2", "KZ"),
        ("WLD", "wb", "WORLD"),
        ("XKX", "wb", "XX-KOSOVO"),
        ("ARB", "wb", "WB-ARB"),
        ("CHI", "wb", "M49-830"),
        ("643", "emiss_okato", "RU"),
        ("032", "emiss_okato", "RU-FD-SOUTH"),
        ("037", "emiss_okato", "RU-FD-SOUTH.2010"),
        ("040", "emiss_okato", "RU-FD-SOUTH.2016"),
        ("41", "emiss_okato", "RU-FD-SIBERIA.2018"),
        ("050", "emiss_okato", "RU-ER-NORTHERN"),
        ("11001000000", "emiss_okato", "RU-ARK.without_okrug"),
        ("57100000000", "emiss_okato", "RU-KOP"),
        ("57000000000", "okato", "RU-PER"),
        ("3000000000", "okato", "RU-KDA"),
        ("76000000", "oktmo", "RU-ZAB"),
        ("103200000", "kato", "KZ-103200000"),
        ("273600000", "kato", "KZ-27-D-BURLIN"),
        ("271010000", "kato", "KZ-27-URALSK"),
        ("CHI", "iso3", None),
        ("039", "emiss_okato", None),
        ("0", "m49", None),
        ("", "kato", None),
        ("643", "nothing", None),
    ],
)
def test_a_code_resolves(code: str, scheme: str, territory: str | None) -> None:
    assert names().resolve_code(code, scheme) == territory


def test_countries_are_those_of_iso_3166() -> None:
    pycountry = pytest.importorskip("pycountry")
    listed = {country.alpha_2: (country.alpha_3, country.numeric) for country in pycountry.countries}
    iso3, m49 = codes("iso3"), codes("m49")
    assert {territory: (iso3[territory], m49[territory]) for territory in codes("iso2")} == listed


def test_iso_codes_of_regions_agree_with_the_published_list() -> None:
    document = json.loads(shared_file("regions/iso3166-2_pycountry.json").read_text(encoding="utf-8"))
    listed = {entry["code"] for entry in document["3166-2"]}
    current = [row for row in seed("territory") if row["iso_3166_2"] and not row["valid_to"]]
    assert {row["iso_3166_2"] for row in current} - {"KZ-BAY"} <= listed
    assert {code for code in listed if code[:3] in ("RU-", "KZ-")} == {
        row["iso_3166_2"] for row in current if row["iso_3166_2"][:3] in ("RU-", "KZ-")
    } - {"KZ-BAY"}
    assert {code[:2] for code in listed} <= codes("iso2").keys()


def test_russian_codes_agree_with_the_published_list() -> None:
    rows = published("regions/hflabs_region.csv")
    okato, oktmo = codes("okato"), codes("oktmo")
    assert {row["iso_code"]: (row["okato"], row["oktmo"]) for row in rows} == {
        territory: (okato[territory], code) for territory, code in oktmo.items()
    }


def test_kazakh_codes_are_in_the_classifier_and_no_district_is_missing() -> None:
    listed = {row["kato"]: row for row in published("regions/kato_2025-11.csv")}
    ours = set(codes("kato").values())
    assert ours <= listed.keys()
    regions_and_districts = {kato for kato, row in listed.items() if row["level"] in ("oblast", "district")}
    assert regions_and_districts - ours == set()


def test_every_code_of_emiss_is_known_and_is_the_okato_code_where_it_has_one() -> None:
    document = shared_file("fedstat/sdmx_33459_women_by_age.xml").read_text(encoding="utf-8")
    section = document[document.index('id="s_OKATO"') :]
    listed = re.findall(r'<structure:Code value="([^"]+)"', section[: section.index("</structure:CodeList>")])
    assert set(listed) == set(codes("emiss_okato").values())
    assert len(listed) == 117
    for code in listed:
        meaning = names().resolve_code(code, "okato")
        if meaning:
            assert names().resolve_code(code, "emiss_okato") == meaning, code
