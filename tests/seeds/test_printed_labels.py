"""Every label that a published table prints for a territory resolves, and no two rows of a table mean one."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from orchestration.extraction.names import TerritoryNames
from tests.shared_files import shared_file

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
BULLETIN = "kazstat/population_bulletin"
INTERNAL = "kazstat/internal_migration"
MINISTRY = "mvd/migration_registration"
STOCK = "un_desa/migrant_stock"
FLOWS = "un_desa/migration_flows_kazakhstan"
BANK = "world_bank/net_migration"
OFFICES = "goskomstat/migration_by_flow"
PARTNERS = "goskomstat/international_migration"
OTHER = "another/dataset"


@cache
def names() -> TerritoryNames:
    """The look-up that extraction uses."""
    return TerritoryNames.from_seed(SEEDS / "territory_name.csv")


def column(name: str, sheet: int | str, number: int = 0) -> list[str]:
    """A column of a sheet of a published workbook as tidy text."""
    book = CalamineWorkbook.from_path(shared_file(name))
    title = sheet if isinstance(sheet, str) else book.sheet_names[sheet]
    rows = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
    return [" ".join(str(row[number]).split()) for row in rows]


def csv_column(name: str, header: str, delimiter: str = ",") -> list[str]:
    """A column of a published delimited file."""
    with shared_file(name).open(encoding="utf-8-sig", newline="") as stream:
        return [row[header] for row in csv.DictReader(stream, delimiter=delimiter)]


def resolved(labels: list[str], dataset: str, within: str = "") -> dict[str, str]:
    """Territories by label; fails with the labels that are unknown."""
    found = {label: names().resolve(label, dataset, within) for label in labels}
    assert [label for label, territory in found.items() if territory is None] == []
    return {label: territory for label, territory in found.items() if territory}


def shared_meanings(found: dict[str, str]) -> dict[str, set[str]]:
    """The labels of one table that mean the same territory, by territory."""
    labels: dict[str, set[str]] = {}
    for label, territory in found.items():
        labels.setdefault(territory, set()).add(label)
    return {territory: several for territory, several in labels.items() if len(several) > 1}


def test_partners_of_international_migration() -> None:
    labels = column("rosstat/migr2_international_1997_2019.xls", 0)
    first, second = (next(i for i, label in enumerate(labels) if label.startswith(x)) for x in ("Прибыло", "Выбыло"))
    for block in (labels[first:second], labels[second:]):
        found = resolved([label for label in block if label and not label.startswith("в том числе")], PARTNERS)
        assert shared_meanings(found) == {}
        assert len(found) > 55


def test_regions_of_the_ministry_of_the_interior() -> None:
    labels = column("rosstat/mvd_stst_2016.xls", 0)[12:]
    found = resolved(labels, MINISTRY)
    assert shared_meanings(found) == {}
    assert len(found) == 94
    assert found["г. Санкт-Петербург и Ленинградская область"] == "RU-X-SPE-LEN"
    assert found["Архангельская область"] == "RU-ARK.without_okrug"
    assert found["Южный ФО"] == "RU-FD-SOUTH.2010"


def test_countries_of_the_ministry_of_the_interior() -> None:
    labels = column("rosstat/mvd_stst_2016.xls", 1)[12:]
    found = resolved(labels, MINISTRY)
    assert shared_meanings(found) == {"PM": {"Сен-Пьер и Микелон", "Сент-Пьер и Микелон"}}
    assert len(found) == 257
    assert {names().territory_types[territory] for territory in found.values()} == {"world", "country", "other"}


def test_territories_of_an_emiss_workbook() -> None:
    labels = [label for label in column("fedstat/data_fixed_basket.xls", "Данные")[4:] if label]
    found = resolved(labels, OTHER)
    assert {territory: len(several) for territory, several in shared_meanings(found).items()} == {
        "RU-ARK.without_okrug": 2,
        "RU-TYU.without_okrugs": 2,
    }
    assert len(found) == 107


def test_territories_of_the_emiss_code_list() -> None:
    document = shared_file("fedstat/sdmx_33459_women_by_age.xml").read_text(encoding="utf-8")
    section = document[document.index('id="s_OKATO"') :]
    section = section[: section.index("</structure:CodeList>")]
    listed = re.findall(r'<structure:Code value="([^"]+)">\s*<structure:Description[^>]*>([^<]+)', section)
    assert len(listed) == 117
    found = resolved([label for _, label in listed], OTHER, "RU")
    assert shared_meanings(found) == {}
    assert {names().resolve_code(code, "emiss_okato") for code, _ in listed} == set(found.values())


def bulletin_rows(sheet: str) -> Iterator[tuple[str, str]]:
    """Labels of a sheet of the Kazakh bulletin with the region whose block they stand in; blocks follow a blank."""
    is_after_blank, within = True, ""
    for label in column("kz/bns_population_by_region_2023-01-01.xlsx", sheet)[6:]:
        if label.startswith("№"):
            return
        if label:
            found = names().resolve(label, BULLETIN, within)
            is_heading = is_after_blank and found and names().territory_types[found] == "region"
            within = found if is_heading and found else within
            yield label, "" if is_heading else within
        is_after_blank = not label


@pytest.mark.parametrize(("sheet", "count"), [("02", 240), ("03", 484)])
def test_districts_and_cities_of_the_kazakh_bulletin(sheet: str, count: int) -> None:
    rows = [row for row in bulletin_rows(sheet) if not row[0].startswith("Қазақстан Республикасы")]
    found = [(label, names().resolve(label, BULLETIN, within)) for label, within in rows]
    assert [label for label, territory in found if territory is None] == []
    territories = [territory for _, territory in found]
    assert len(territories) == len(set(territories)) == count


def test_regions_of_the_kazakh_bulletin() -> None:
    labels = [label for label in column("kz/bns_population_by_region_2023-01-01.xlsx", "01")[5:] if label]
    found = resolved(labels, BULLETIN)
    assert (len(found), shared_meanings(found)) == (21, {})
    assert (found["Алматы"], found["Алматы қаласы"]) == ("KZ-19", "KZ-75")


def test_regions_of_the_kazakh_series() -> None:
    for sheet in ("Все население", "Мужчины", "Женщины"):
        labels = column("kz/bns_population_series_by_region.xlsx", sheet)
        printed = [label.removesuffix(" 1") for label in labels if label in _series_labels() or label.endswith(" 1")]
        found = resolved(printed, "kazstat/population_by_region")
        assert (len(found), shared_meanings(found)) == (21, {})


@cache
def _series_labels() -> frozenset[str]:
    labels = column("kz/bns_population_series_by_region.xlsx", "Все население")
    return frozenset(label for label in labels if label)


def test_origins_and_destinations_of_internal_migration() -> None:
    for header in ("region_emmigr", "region_immigr"):
        found = resolved(csv_column("kz/internal_migration_od_2010_2025.csv", header), INTERNAL)
        assert (len(found), shared_meanings(found)) == (20, {})


def test_regions_of_the_open_data_portal_and_of_the_bureau_export() -> None:
    found = resolved(csv_column("kz/egov_population_v4.csv", "region"), OTHER)
    assert (len(found), shared_meanings(found)) == (18, {})
    labels = csv_column("kz/stat_gov_kz_iblock_csv_shape_RECONSTRUCTED.tsv", "КАТО(по каталогу)", "\t")
    assert set(resolved(labels, OTHER).values()) == {"KZ"}


def test_partners_and_regions_of_the_un_flows() -> None:
    for sheet, numbers in ((0, (2, 3)), (1, (2, 4, 6))):
        for number in numbers:
            labels = column("un_wb/UN_MigFlow_Kazakhstan.xlsx", sheet, number)[21:]
            resolved([label for label in labels if label], FLOWS)


def test_areas_of_the_un_stock_by_code_and_by_name() -> None:
    name = "un_wb/undesa_2020_ims_stock_sex_destination.xlsx"
    for table in range(1, 7):
        codes = [code.removesuffix(".0") for code in column(name, f"Table {table}", 3)[11:]]
        labels = [label.rstrip("*") for label in column(name, f"Table {table}", 1)[11:]]
        by_code = {code: names().resolve_code(code, "m49") for code in codes}
        assert None not in by_code.values()
        assert len(set(by_code.values())) == len(by_code) == len(codes) - 1, "Australia and New Zealand twice"
        for code, label in zip(codes, labels, strict=True):
            found = names().resolve(label, STOCK)
            assert found == by_code[code] or (code, found) == ("1830", "M49-904"), label


def test_economies_of_the_world_bank_by_code_and_by_name() -> None:
    labels = column("un_wb/wdi_SM.POP.NETM.xls", "Data", 0)[4:]
    codes = column("un_wb/wdi_SM.POP.NETM.xls", "Data", 1)[4:]
    by_code = {code: names().resolve_code(code, "wb") for code in codes}
    assert None not in by_code.values()
    assert len(set(by_code.values())) == len(codes) == 266
    assert {label: names().resolve(label, BANK) for label in labels} == dict(zip(labels, by_code.values(), strict=True))


def test_regions_of_the_census_of_1989() -> None:
    name = "rosstat/census1989_resident_by_region_extract.csv"
    labels, suffixes = csv_column(name, "name_en"), csv_column(name, "iso_suffix")
    for label, suffix in zip(labels, suffixes, strict=True):
        found = names().resolve(label, OTHER) or ""
        assert found.split(".")[0] == f"RU-{suffix}", label


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("pages/demoscope_census2002_by_region_partial.csv", "territory"),
        ("pages/gks_b09_13_04-03_population_1jan_thousand.csv", "territory"),
        ("pages/gks_b11_14p_03-12_net_migration_per_10000.csv", "territory"),
        ("pages/buryatia_85283_urban_rural_matrix.csv", "label"),
        ("pages/regional_offices_migration_tables.csv", "row_label_as_printed"),
    ],
)
def test_labels_of_pages(name: str, header: str) -> None:
    labels = [label.removesuffix("*)").strip() for label in csv_column(name, header)]
    found = resolved(labels, OFFICES)
    if header != "row_label_as_printed":
        assert shared_meanings(found) == {}


@pytest.mark.parametrize(
    ("label", "dataset", "within", "territory"),
    [
        ("  из стран СНГ\u00a0", PARTNERS, "", "CIS"),
        ("Соединенное Королевство (Великобритания)", OTHER, "", "GB"),
        ("Кот-д'Ивуар", OTHER, "", "CI"),
        ("Папуа-Новая Гвинея", OTHER, "", "PG"),
        ("Конго, Демократическая Республика", OTHER, "", "CD"),
        ("Конго", OTHER, "", "CG"),
        ("Свазиленд", OTHER, "", "SZ"),
        ("Нагорно-Карабахская Республика", OTHER, "", "XX-NAGORNO-KARABAKH"),
        ("Лица без гражданства", OTHER, "", "STATELESS"),
        ("ВСЕГО по странам", OTHER, "", "WORLD"),
        ("ВСЕГО по регионам", MINISTRY, "", "RU"),
        ("Южная Африка", MINISTRY, "", "ZA"),
        ("Ненецкий АО", OTHER, "", "RU-NEN"),
        ("Республика Северная Осетия — Алания", OTHER, "", "RU-SE"),
        ("ЧУВАШСКАЯ РЕСПУБЛИКА–ЧУВАШИЯ", OTHER, "", "RU-CU"),
        ("Тюменская область (без АО)", OTHER, "", "RU-TYU.without_okrugs"),
        ("Тюменская область", OTHER, "", "RU-TYU"),
        ("Сибирский федеральный округ", OTHER, "", "RU-FD-SIBERIA"),
        ("Сибирский федеральный округ (с 03.11.2018)", OTHER, "", "RU-FD-SIBERIA.2018"),
        ("Южный федеральный округ (по 2009 год)", OTHER, "", "RU-FD-SOUTH"),
        ("Южный федеральный округ (с 2010 года)", OTHER, "", "RU-FD-SOUTH.2010"),
        ("Южный федеральный округ (с 29.07.2016)", OTHER, "", "RU-FD-SOUTH.2016"),
        ("Северный район", OTHER, "RU", "RU-ER-NORTHERN"),
        ("Северный район", OTHER, "RU-ORE", None),
        ("Уральский экономический район", OTHER, "", "RU-ER-URALS"),
        ("\u00a0\u00a0\u00a0в границах Российской империи", OTHER, "", "RU.empire"),
        ("в современных границах", OTHER, "RU", "RU"),
        ("в современных границах", OTHER, "", None),
        ("в том числе: Ненецкий автономный округ", OTHER, "", "RU-NEN"),
        ("Миграция – всего", OTHER, "", "ALL-PARTNERS"),
        ("1.2. Межрегиональная", OTHER, "", "INTERREGIONAL"),
        ("2.1. С государствами- участниками СНГ", OTHER, "", "CIS"),
        ("с другими зарубежными странами", OTHER, "", "FAR-ABROAD"),
        ("другие страны", OTHER, "", "OTHER-COUNTRIES"),
        ("международная миграция", OTHER, "", "WORLD"),
        ("Внешняя (для региона) миграция", OTHER, "", "EXTERNAL"),
        ("всего", OTHER, "", None),
        ("всего", OFFICES, "", "ALL-PARTNERS"),
        ("город Нур-Султан", OTHER, "", "KZ-71"),
        ("ОБЛАСТЬ ЖЕТІСУ", OTHER, "", "KZ-33"),
        ("Almaty", OTHER, "", "KZ-75"),
        ("Almaty", INTERNAL, "", "KZ-19"),
        ("Алматы", OTHER, "", "KZ-75"),
        ("Алматы", BULLETIN, "KZ-15", "KZ-19"),
        ("Абай ауданы", OTHER, "KZ-10", "KZ-103200000"),
        ("Абай ауданы", OTHER, "KZ-35", "KZ-353200000"),
        ("Абай ауданы", OTHER, "KZ-79", "KZ-791110000"),
        ("Абай ауданы", OTHER, "KZ-11", None),
        ("АБАЙСКИЙ РАЙОН", OTHER, "KZ-35", "KZ-353200000"),
        ("Алматы ауданы", BULLETIN, "KZ-71", "KZ-711110000"),
        ("Алматы ауданы", BULLETIN, "KZ-15", "KZ-151013100"),
        ("Жамбыл ауданы", BULLETIN, "KZ-59", "KZ-594600000"),
        ("Семей қ.ә.", BULLETIN, "KZ-10", "KZ-101000000"),
        ("Семей Г.А.", OTHER, "KZ-10", "KZ-101000000"),
        ("Семей қаласы", BULLETIN, "KZ-10", "KZ-101010000"),
        ("Түкістан қаласы", BULLETIN, "KZ-61", "KZ-611010000"),
        ("Абай а.", BULLETIN, "KZ-61", "KZ-613930100"),
        ("Абай а.", OTHER, "KZ-61", None),
        ("Бөрлі ауданы", BULLETIN, "KZ-27", "KZ-27-D-BURLIN"),
        ("Орал қ.ә.", BULLETIN, "KZ-27", "KZ-271000000"),
        ("Орал қаласы", BULLETIN, "KZ-27", "KZ-27-URALSK"),
        ("Байқоңыр қаласы", BULLETIN, "KZ-43", "KZ-BAY"),
        ("Байқоңыр ауданы", BULLETIN, "KZ-71", "KZ-711410000"),
        ("Ленин к.", BULLETIN, "KZ-55", "KZ-551045100"),
        ("LATIN AMERICA AND THE CARIBBEAN", STOCK, "", "M49-904"),
        ("Sub-Saharan Africa", STOCK, "", "M49-947"),
        ("Sub-Saharan Africa", BANK, "", "WB-SSF"),
        ("Sub-Saharan Africa", OTHER, "", None),
        ("Dem. People's Republic of Korea", STOCK, "", "KP"),
        ("Korea, Dem. People's Rep.", BANK, "", "KP"),
        ("Asia Total", FLOWS, "", "M49-935"),
        ("The City of Saint-Petersburg", OTHER, "", "RU-SPE"),
        ("Perm region", OTHER, "", "RU-PER.oblast"),
    ],
)
def test_an_awkward_label(label: str, dataset: str, within: str, territory: str | None) -> None:
    assert names().resolve(label, dataset, within) == territory
