"""Looking up territory names and codes: scopes, the forms of a spelling, codes, and suggestions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.extraction.names import TerritoryNames, normalise_code, normalise_name


def row(name: str, territory_id: str, dataset: str = "", within: str = "") -> dict[str, str]:
    return {"name": name, "territory_id": territory_id, "dataset": dataset, "within": within}


@pytest.fixture
def names() -> TerritoryNames:
    return TerritoryNames.from_rows(
        [
            row("Almaty", "CITY"),
            row("Almaty", "REGION", "flows"),
            row("Abai District", "EAST-ABAI", within="EAST"),
            row("Abai District", "SOUTH-ABAI", within="SOUTH"),
            row("Abai village", "LISTED", "villages", "EAST"),
            row("Centre", "DATASET", "flows"),
            row("Centre", "PART", within="EAST"),
            row("Республика Северная Осетия - Алания", "RU-SE"),
            row("Côte d’Ivoire", "CI"),
            row("Орёл", "OREL"),
        ]
    )


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """The three seeds as they lie beside each other; gives the path of the names."""
    (tmp_path / "territory_name.csv").write_text(
        "name,language,kind,territory_id,dataset,within,source\n"
        'Perm,en,short,RU-PER,,,"a, b"\n'
        "Perm,en,row_label,RU-PER.oblast,old,,c\n",
        encoding="utf-8",
    )
    (tmp_path / "territory.csv").write_text(
        "territory_id,territory_type,name_en\nRU-PER,region,Perm Krai\nRU,country,Russia\n", encoding="utf-8"
    )
    (tmp_path / "territory_code.csv").write_text(
        "territory_id,scheme,code,valid_from,valid_to,source\n"
        "RU-PER,okato,57000000000,2005-12-01,,s\n"
        "RU-PER.oblast,okato,57000000000,,2005-12-01,s\n"
        "AF,m49,004,,,s\n"
        "OLDER,m49,891,,1992-01-01,s\n"
        "OLD,m49,891,1992-01-01,2003-01-01,s\n"
        "KZ,iso3,KAZ,,,s\n",
        encoding="utf-8",
    )
    return tmp_path / "territory_name.csv"


@pytest.mark.parametrize(
    ("label", "dataset", "within", "territory"),
    [
        ("Almaty", "stocks", "", "CITY"),
        ("Almaty", "flows", "", "REGION"),
        ("Almaty", "flows", "EAST", "REGION"),
        ("Almaty", "stocks", "EAST", "CITY"),
        ("Abai District", "flows", "EAST", "EAST-ABAI"),
        ("Abai District", "flows", "SOUTH", "SOUTH-ABAI"),
        ("Abai District", "flows", "", None),
        ("Abai District", "flows", "NORTH", None),
        ("Abai village", "villages", "EAST", "LISTED"),
        ("Abai village", "villages", "", None),
        ("Abai village", "flows", "EAST", None),
        ("Centre", "flows", "EAST", "DATASET"),
        ("Centre", "stocks", "EAST", "PART"),
        ("Centre", "stocks", "", None),
        ("Almata", "flows", "", None),
        ("", "flows", "", None),
    ],
)
def test_the_narrowest_scope_goes_first(
    names: TerritoryNames, label: str, dataset: str, within: str, territory: str | None
) -> None:
    assert names.resolve(label, dataset, within) == territory


@pytest.mark.parametrize(
    ("label", "territory"),
    [
        ("\u00a0ALMATY  ", "CITY"),
        ("Республика Северная Осетия-Алания", "RU-SE"),
        ("Республика Северная Осетия – Алания", "RU-SE"),
        ("республика северная\nосетия —Алания", "RU-SE"),
        ("Cote d'Ivoire", None),
        ("Co\u0302te d'Ivoire", "CI"),
        ("Орел", "OREL"),
    ],
)
def test_accidents_of_typesetting_do_not_matter(names: TerritoryNames, label: str, territory: str | None) -> None:
    assert names.resolve(label, "any") == territory


@given(st.text(alphabet="аЯёЁ eÉeñn\u0303\u00a0\n-‐–—−'’"))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise_name(text)
    assert normalise_name(once) == once


def test_rows_without_a_column_for_the_territory_hold_anywhere() -> None:
    names = TerritoryNames.from_rows([{"name": "Almaty", "territory_id": "CITY", "dataset": ""}])
    assert names.resolve("Almaty", "any", "EAST") == "CITY"


def test_the_nearest_names_say_where_they_hold(names: TerritoryNames) -> None:
    assert names.nearest("Abai Distrikt", 1) == ["Abai District (within EAST or within SOUTH)"]
    assert names.nearest("Abai vilage", 1) == ["Abai village (within EAST in villages)"]
    assert names.nearest("Almaty", 1) == ["Almaty"]
    assert len(names.nearest("Zzz", 4)) == 4


def test_seeds_are_read_from_their_files(seeds: Path) -> None:
    names = TerritoryNames.from_seed(seeds)
    assert names.resolve("Perm", "new") == "RU-PER"
    assert names.resolve("Perm", "old") == "RU-PER.oblast"
    assert names.territory_types == {"RU-PER": "region", "RU": "country"}


@pytest.mark.parametrize(
    ("code", "scheme", "territory"),
    [
        ("57000000000", "okato", "RU-PER"),
        ("004", "m49", "AF"),
        ("4", "m49", "AF"),
        (" 4 ", "m49", "AF"),
        ("kaz", "iso3", "KZ"),
        ("KAZ", "wb", None),
        ("891", "m49", "OLD"),
        ("40", "m49", None),
        ("", "m49", None),
    ],
)
def test_a_code_means_the_territory_that_has_it_or_had_it_last(
    seeds: Path, code: str, scheme: str, territory: str | None
) -> None:
    assert TerritoryNames.from_seed(seeds).resolve_code(code, scheme) == territory


def test_names_without_a_folder_know_no_codes(names: TerritoryNames) -> None:
    assert names.resolve_code("004", "m49") is None
    assert names.territory_types == {}


def test_codes_are_compared_without_leading_zeros() -> None:
    assert normalise_code("03000000000") == normalise_code("3000000000")
    assert normalise_code("30") != normalise_code("300")
