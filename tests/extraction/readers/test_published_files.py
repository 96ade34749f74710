"""Cells of published files as they are printed, keyed from what a spreadsheet program shows of them."""

from __future__ import annotations

from decimal import Decimal

import openpyxl
import pytest
from reader_files import at, open_file

from tests.shared_files import shared_file

# File, number of the sheet, its name, rows, columns, merged ranges, and cells by address.
SPREADSHEETS = [
    (
        "rosstat/komp_chisl_components_1990_2019.xls", 0, "Лист1", 110, 8, 21,
        {
            "A5": "Годы", "C5": "Изменения за год ", "A7": "ВСЕ НАСЕЛЕНИЕ", "D6": "естественный\n прирост",
            "B8": "147665.1", "G8": "0.41", "G18": "-0.40", "F18": "146303.6", "B23": "143801.0", "E23": "282.1",
            "B32": "…", "F32": "146267.3", "G27": "0.07", "G37": "-0.02", "B44": "Численность населения\n на 1 января",
        },
    ),
    (
        "rosstat/migr2_international_1997_2019.xls", 0, "Международная1997-2019", 128, 24, 2,
        {
            "A2": "МЕЖДУНАРОДНАЯ МИГРАЦИЯ", "B5": "1997", "X5": "2019", "B6": "597651", "A8": "из стран СНГ ",
            "B8": "547386", "J8": "163101", "X12": "86311", "B12": "235903", "B20": "...", "O20": "814",
        },
    ),
    (
        "rosstat/demo11_v2020.xls", 0, "Лист1", 61, 6, 5,
        {
            "A2": "ЧИСЛЕННОСТЬ НАСЕЛЕНИЯ 1)", "A7": "1897", "B7": "", "B8": "128.2", "E8": "16",
            "A8": "\xa0\xa0\xa0в границах Российской империи", "B13": "91.0", "C13": "15.5", "B16": "117.2",
        },
    ),
    (
        "rosstat/demo11_v_other.xls", 0, "Лист1", 60, 6, 5,
        {"A1": "Обновлено 19.04.2019", "A4": "Годы", "B5": "население,", "B8": "128.2"},
    ),
    (
        "rosstat/demo14_age_groups.xls", 0, "возр.гр", 74, 25, 5,
        {"A4": "(на 1 января; тысяч человек)", "B6": "1926", "B7": "92681", "A9": "0-4", "H12": "12801"},
    ),
    (
        "rosstat/demo21_vital_v2020.xls", 0, "Лист1", 89, 7, 9,
        {
            "A1": "Обновлено 15.06.2020", "E4": "На 1000 человек населения 1)", "D5": "естественный прирост 2)",
            "A7": "1950", "B7": "2745997", "D12": "-840005", "E7": "26.9", "G12": "-5.7", "G16": "-6.2", "G18": "-5.9",
            "F10": "11.0", "E14": "9.0",
        },
    ),
    (
        "rosstat/progn1_projection_variants.xls", 0, "1", 23, 13, 12,
        {"B5": "Низкий вариант прогноза\n", "A8": "2021", "B8": "146412.8", "D9": "-662.9", "E9": "95.0"},
    ),
    (
        "rosstat/mvd_stst_2016.xls", 0, "САЙТ (2-РД регионы) ", 106, 18, 24,
        {"D6": "МИГРАЦИОННЫЙ УЧЕТ", "B12": "1", "A13": "ВСЕГО по регионам", "D13": "14,337,084", "E14": "226,792"},
    ),
    (
        "fedstat/data_fixed_basket.xls", 0, "Данные", 111, 25, 2,
        {
            "B3": "2002", "B4": "декабрь", "B5": "3,196.74", "A6": "    Центральный федеральный округ", "C7": "3,035.4",
            "A7": "        Белгородская область", "B9": "2,568.1",
        },
    ),
    (
        "kz/bns_population_by_region_2023-01-01.xlsx", 1, "Усл.обозначения", 16, 4, 0,
        {"D5": "«-» явление отсутствует", "D7": "«х» – данные конфиденциальны", "B8": "«...» – деректер жоқ"},
    ),
    (
        "kz/bns_population_by_region_2023-01-01.xlsx", 3, "01", 26, 10, 10,
        {
            "J2": "человек", "B3": "Барлық халық\nВсе население", "A6": "Қазақстан Республикасы ", "B6": "19,765,004",
            "A7": "Абай", "B7": "610,189", "H24": "-", "A26": "Шымкент қаласы", "D26": "616,349",
        },
    ),
    (
        "kz/bns_population_series_by_region.xlsx", 0, "Все население", 22, 25, 0,
        {"B1": "2000", "B2": "14,901,641", "B3": "-", "X3": "611,888", "A17": "Туркестанская 1", "S22": "912,300"},
    ),
    (
        "un_wb/UN_MigFlow_Kazakhstan.xlsx", 1, "Kazakhstan by Residence", 67, 43, 0,
        {"A17": "Reporting country: Kazakhstan", "C21": "OdName", "J21": "1980", "D22": "935", "J22": ".."},
    ),
    (
        "un_wb/undesa_2020_ims_stock_sex_destination.xlsx", 1, "Table 1", 294, 26, 4,
        {"B11": "Region, development group, country or area", "A12": "1", "D12": "900", "F12": "152 986 157",
         "L12": "280 598 105", "B13": "  Sub-Saharan Africa", "F18": "258 678"},
    ),
    (
        "un_wb/undesa_2020_ims_stock_sex_destination.xlsx", 3, "Table 3", 294, 26, 4,
        {"F12": "2.9", "L12": "3.6", "I13": "2.0", "L15": "1.0"},
    ),
    (
        "un_wb/wdi_SM.POP.NETM.xls", 0, "Data", 270, 67, 0,
        {"B2": "2024-02-21", "A4": "Country Name", "E4": "1960", "A5": "Aruba", "E5": "0", "F5": "-569"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("file", "number", "name", "rows", "columns", "merged", "cells"), SPREADSHEETS)
def test_spreadsheets_show_what_is_printed(
    file: str, number: int, name: str, rows: int, columns: int, merged: int, cells: dict[str, str]
) -> None:
    sheet = open_file(shared_file(file)).sheets[number]
    grid = sheet.read()
    assert (sheet.name, sheet.is_hidden) == (name, False)
    assert (len(grid.rows), {len(row) for row in grid.rows}, len(grid.merged or ())) == (rows, {columns}, merged)
    assert {address: at(grid, address).text for address in cells} == cells
    assert not grid.hidden_rows
    assert not grid.hidden_columns


def test_what_is_stored_stays_beside_what_is_shown() -> None:
    grid = open_file(shared_file("rosstat/komp_chisl_components_1990_2019.xls")).sheets[0].read()
    growth = at(grid, "G18")
    assert growth.number == Decimal("-0.40")
    assert growth.stored == pytest.approx(-0.399278099, abs=1e-8)
    missing = at(open_file(shared_file("rosstat/migr2_international_1997_2019.xls")).sheets[0].read(), "B20")
    assert (missing.text, missing.number, missing.stored) == ("...", None, 0.0)


@pytest.mark.parametrize(
    "file",
    [
        "kz/bns_population_by_region_2023-01-01.xlsx",
        "kz/bns_population_series_by_region.xlsx",
        "un_wb/undesa_2020_ims_stock_sex_destination.xlsx",
        "un_wb/UN_MigFlow_Kazakhstan.xlsx",
    ],
)
def test_every_cell_holds_what_another_reader_finds(file: str) -> None:
    path = shared_file(file)
    book = openpyxl.load_workbook(path, data_only=True)
    for sheet in open_file(path, formats=["xlsx"]).sheets:
        page = book[str(sheet.name)]
        for cell in (cell for row in sheet.read().rows for cell in row):
            found = page.cell(cell.row + 1, cell.column + 1)
            value = found.value
            if cell.stored is None:
                # The other reader puts the address of a link into a blank cell.
                assert cell.text == (value or "") or found.hyperlink is not None
            else:
                assert cell.stored == value
                assert cell.number is None or abs(float(cell.number) - value) <= half_unit(cell.number) * (1 + 1e-9)
    assert [sheet.name for sheet in open_file(path).sheets] == book.sheetnames


def half_unit(number: Decimal) -> float:
    """Half a unit of the last decimal."""
    return float(Decimal(1).scaleb(int(number.as_tuple().exponent))) / 2


def test_emiss_women_by_territory() -> None:
    grid = open_file(shared_file("fedstat/sdmx_33459_women_by_age.xml"), formats=["sdmx-ml"]).sheets[0].read()
    header = [cell.text for cell in grid.rows[0]]
    assert header == [
        "INDICATOR", "INDICATOR:label", "s_vozr", "s_vozr:label", "s_OKATO", "s_OKATO:label", "s_mest", "s_mest:label",
        "EI", "PERIOD", "TIME_PERIOD", "OBS_VALUE",
    ]  # fmt: skip
    figures = {
        (row[header.index("s_OKATO")].text, row[header.index("TIME_PERIOD")].text): row[-1] for row in grid.rows[1:]
    }
    assert len(figures) == len(grid.rows) - 1 == 3507
    assert figures["643", "1990"].text == "78549601"
    assert figures["643", "1990"].locator == "/GenericData/DataSet/Series[1]/Obs/ObsValue"
    districts = ("030", "031", "037", "038", "033", "034", "035", "036")
    assert sum(int(figures[code, "2005"].text) for code in districts) == int(figures["643", "2005"].text) == 77104825
    labels = {row[header.index("s_OKATO")].text: row[header.index("s_OKATO:label")].text for row in grid.rows[1:]}
    assert labels["643"] == "Российская Федерация"
    assert labels["041"] == "Сибирский федеральный округ (с 03.11.2018)"


def test_the_text_export_of_the_kazakh_bureau() -> None:
    grid = open_file(shared_file("kz/stat_gov_kz_iblock_csv_shape_RECONSTRUCTED.tsv"), formats=["csv"]).sheets[0].read()
    assert [cell.text for cell in grid.rows[0]][:3] == ["NAM", "DAT", "PERIOD"]
    assert (len(grid.rows), len(grid.rows[0]), grid.merged) == (76, 12, None)
    assert at(grid, "L1").text == "VAL"


@pytest.mark.parametrize(
    ("file", "rows", "cells"),
    [
        ("pages/buryatia_85283_urban_rural_matrix.csv", 9, {"A1": "row_no"}),
        ("pages/gks_b11_14p_03-12_net_migration_per_10000.csv", 248, {"A1": "territory", "B1": "year"}),
        ("pages/regional_offices_migration_tables.csv", 139, {"A1": "source", "B1": "period_as_printed"}),
        ("kz/internal_migration_od_2010_2025.csv", 3041, {"A1": "Year"}),
        ("regions/kato_2025-11.csv", 15595, {"A1": "kato"}),
    ],
)
def test_texts_are_whole(file: str, rows: int, cells: dict[str, str]) -> None:
    grid = open_file(shared_file(file), formats=["csv"]).sheets[0].read()
    assert len(grid.rows) == rows
    assert {address: at(grid, address).text for address in cells} == cells
