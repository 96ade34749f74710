"""The migrant stock workbook of UN DESA: six tables, as merged and as they were before 2020."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

DATASET = "un_desa/migrant_stock"
GROUPED = r"###\ ###\ ##0;\-###\ ###\ ##0;\—;"


@pytest.fixture(scope="module")
def published() -> list[Observation]:
    return read_as(DATASET, shared_file("un_wb/undesa_2020_ims_stock_sex_destination.xlsx"))


# Sheet and cell, then text, status, footnotes, indicator, territory, period and sex.
PUBLISHED = [
    ("Table 1", "F12", "152 986 157", "A", None, "migrant_stock", "WORLD", "1990-07-01", None),
    ("Table 1", "F50", "..", "O", None, "migrant_stock", "SS", "1990-07-01", None),
    ("Table 1", "M99", "1 666 164", "A", None, "migrant_stock", "KZ", "1990-07-01", "M"),
    ("Table 1", "L187", "809", "E", "*", "migrant_stock", "VA", "2020-07-01", None),
    ("Table 1", "F19", "4 473 260", "A", None, "migrant_stock", "M49-927", "1990-07-01", None),
    ("Table 1", "Z294", "1 010", "A", "* 41", "migrant_stock", "WF", "2020-07-01", "F"),
    ("Table 2", "F12", "5 327 231", "A", None, "population", "WORLD", "1990-07-01", None),
    ("Table 2", "L187", "1", "A", "*", "population", "VA", "2020-07-01", None),
    ("Table 2", "M293", "..", "O", None, "population", "TV", "1990-07-01", "M"),
    ("Table 3", "F187", "100.0", "E", "*", "migrant_stock_share", "VA", "1990-07-01", None),
    ("Table 3", "T99", "23.2", "A", None, "migrant_stock_share", "KZ", "1990-07-01", "F"),
    ("Table 4", "L294", "49.5", "A", "* 41", "female_share_of_migrant_stock", "WF", "2020-07-01", None),
    ("Table 5", "G163", "-0.0", "A", None, "migrant_stock_growth_rate", "RU", "1995/2000", None),
    ("Table 5", "G13", "-1.6", "A", None, "migrant_stock_growth_rate", "M49-947", "1995/2000", None),
    ("Table 5", "W294", "-0.1", "A", "* 41", "migrant_stock_growth_rate", "WF", "2015/2020", "F"),
    ("Table 6", "L99", "742", "A", None, "refugee_stock", "KZ", "2020-07-01", None),
    ("Table 6", "M12", "12.4", "A", None, "refugee_share", "WORLD", "1990-07-01", None),
    ("Table 6", "F294", "~", "Q", "*", "refugee_stock", "WF", "1990-07-01", None),
    ("Table 6", "M149", "..", "O", "*", "refugee_share", "PS", "1990-07-01", None),
]


@pytest.mark.parametrize("cell", PUBLISHED, ids=lambda cell: f"{cell[0]} {cell[1]}")
def test_a_published_cell_becomes_this_figure(published: list[Observation], cell: tuple[str | None, ...]) -> None:
    row = by_cell(published)[cell[0], str(cell[1])]
    keys = ("raw_text", "obs_status", "footnotes", "indicator", "ref_area", "time_period")
    assert (*(row[key] for key in keys), row.get("sex")) == cell[2:]
    assert row["reporting_area"] == "WORLD"


def test_what_the_format_rounds_away_stands_beside_what_it_shows(published: list[Observation]) -> None:
    population = by_cell(published)["Table 2", "L187"]
    assert (population["value"], population["stored_value"], population["unit_mult"]) == (Decimal(1), 0.809, 3)
    growth = by_cell(published)["Table 5", "G163"]
    assert growth["decimals"] == 1
    assert growth["stored_value"] == pytest.approx(-0.048058659)


def test_the_published_workbook_holds_this_many_figures(published: list[Observation]) -> None:
    assert Counter((row["indicator"], row["obs_status"]) for row in published) == {
        ("migrant_stock", "A"): 5674,
        ("migrant_stock", "E"): 126,
        ("migrant_stock", "O"): 122,
        ("population", "A"): 5446,
        ("population", "O"): 476,
        ("migrant_stock_share", "A"): 5260,
        ("migrant_stock_share", "E"): 112,
        ("migrant_stock_share", "O"): 550,
        ("female_share_of_migrant_stock", "A"): 1889,
        ("female_share_of_migrant_stock", "E"): 42,
        ("female_share_of_migrant_stock", "O"): 43,
        ("migrant_stock_growth_rate", "A"): 4857,
        ("migrant_stock_growth_rate", "E"): 108,
        ("migrant_stock_growth_rate", "O"): 111,
        ("refugee_stock", "A"): 1384,
        ("refugee_stock", "Q"): 590,
        ("refugee_share", "A"): 1377,
        ("refugee_share", "Q"): 590,
        ("refugee_share", "O"): 7,
    }


def test_published_men_and_women_are_all_migrants(published: list[Observation]) -> None:
    figures = _figures(published, "migrant_stock")
    printed = [key for key in figures if key[2] is None and figures[key] is not None]
    by_sex = [key for key in printed if figures[*key[:2], "M"] is not None]
    assert len(by_sex) == 1931
    assert {key[0] for key in printed if key not in by_sex} == {"BQ"}, "printed without men and women"
    assert all(figures[key] == figures[*key[:2], "M"] + figures[*key[:2], "F"] for key in by_sex)


@pytest.mark.parametrize("indicator", ["migrant_stock", "refugee_stock", "population"])
def test_the_published_world_is_developed_and_less_developed(published: list[Observation], indicator: str) -> None:
    figures = _figures(published, indicator)
    worlds = [key for key in figures if key[0] == "WORLD"]
    assert len(worlds) in (7, 21)
    # Populations are rounded to thousands, each for itself.
    tolerance = 1 if indicator == "population" else 0
    for key in worlds:
        parts = figures["M49-901", *key[1:]] + figures["M49-902", *key[1:]]
        assert abs(figures[key] - parts) <= tolerance, key


def _figures(rows: list[Observation], indicator: str) -> dict[tuple[str, str, str | None], Decimal]:
    return {
        (row["ref_area"], row["time_period"], row.get("sex")): row["value"]
        for row in rows
        if row["indicator"] == indicator
    }


# --- workbooks of our own, in the make of 2020 and in the one before it -----------------------------------------

TITLES = {
    "Table 1": "International migrant stock at mid-year by sex and by region, country or area, {years}",
    "Table 2": "Total population at mid-year by sex and by region, country or area, {years} (thousands)",
    "Table 3": "International migrant stock as a percentage of the total population by sex, {years}",
    "Table 4": "Female migrants as a percentage of the international migrant stock by region, {years}",
    "Table 5": "Annual rate of change of the migrant stock by sex and by region, {years} (percentage)",
    "Table 6": "Estimated refugee stock (including asylum seekers) at mid-year by region, {years}",
}
LATER_GROUPS = {
    "Table 1": [
        f"International migrant stock at mid-year, {sex}" for sex in ("both sexes combined", "males", "females")
    ],
    "Table 2": [
        f"Total population at mid-year, {sex} (thousands)" for sex in ("both sexes combined", "males", "females")
    ],
    "Table 3": [
        f"International migrant stock as a percentage of the total population, {sex}"
        for sex in ("both sexes combined", "males", "females")
    ],
    "Table 4": ["Female migrants as a percentage of the international migrant stock"],
    "Table 5": [
        f"Annual rate of change of the migrant stock, {sex}" for sex in ("both sexes combined", "males", "females")
    ],
    "Table 6": [
        "Refugee and asylum seekers at mid-year, both sexes combined",
        "Refugee and asylum seekers as a percentage of the international migrant stock",
        "Annual rate of change of the refugee and asylum seekers, both sexes combined",
    ],
}
EARLIER_GROUPS = {
    "Table 1": [f"International migrant stock at mid-year ({sex})" for sex in ("both sexes", "male", "female")],
    "Table 2": [
        "Total population of both sexes at mid-year (thousands)g",
        "Total male population at mid-year (thousands)",
        "Total female population at mid-year (thousands)",
    ],
    "Table 3": [
        f"International migrant stock as a percentage of the total population ({sex})"
        for sex in ("both sexes", "male", "female")
    ],
    "Table 4": ["Female migrants as a percentage of the international migrant stock"],
    "Table 5": [f"Annual rate of change of the migrant stock ({sex})" for sex in ("both sexes", "male", "female")],
    "Table 6": [
        "Estimated refugee stock (including asylum seekers) at mid-year (both sexes)",
        "Refugees and asylum seekers as a percentage of the international migrant stock",
        "Annual rate of change of the refugee stock (including asylum seekers)",
    ],
}
# Label, note, code and kind of data; the figures of a row are its number in this list and the column's.
LATER_ROWS = [
    ("WORLD", None, 900, ""),
    ("  Australia and New Zealand", None, 927, ""),
    ("   Kazakhstan", None, 398, "B R"),
    ("   Holy See*", 36, 336, "I"),
    ("   South Sudan", None, 728, "I R"),
    ("  Australia and New Zealand", None, 927, ""),
]
EARLIER_ROWS = [
    ("WORLD", None, 900, ""),
    ("UN development groups", None, None, ""),
    ("Oceania", None, 909, ""),
    ("Sustainable Development Goal (SDG) regions", "f", None, ""),
    ("OCEANIA", None, 909, ""),
    ("EUROPE", None, 917, ""),
    ("Republic of Moldova", 18, 498, "CR"),
]


def _periods(years: Sequence[int], group: str) -> list[object]:
    if group.startswith("Annual rate"):
        return [f"{start}-{end}" for start, end in zip(years, years[1:], strict=False)]
    return list(years)


def later_workbook(path: Path, years: Sequence[int] = (2015, 2020, 2024), tables: Sequence[str] = ()) -> Path:
    """Groups of years in merged cells, the row's number under no header, a legend in a sheet of its own."""
    book = Workbook()
    contents = book.active
    assert contents is not None
    contents.title = "Table of contents"
    contents["B2"] = "International Migrant Stock 2024: Destination"
    for table in tables or TITLES:
        sheet = book.create_sheet(table)
        sheet["E3"] = f"{table}: {TITLES[table].format(years=f'{years[0]}-{years[-1]}')}"
        sheet["E4"] = "POP/DB/MIG/Stock/Rev.2024"
        labels = ["Region, development group, country or area", "Notes", "Location code", "Type of data"]
        for column, text in enumerate(labels, start=2):
            sheet.cell(11, column, text)
        column = 6
        for group in LATER_GROUPS[table]:
            periods = _periods(years, group)
            sheet.cell(8, column, group)
            sheet.merge_cells(start_row=8, end_row=10, start_column=column, end_column=column + len(periods) - 1)
            for period in periods:
                sheet.cell(11, column, period)
                _write_column(sheet, column, 12, LATER_ROWS)
                column += 1
        for number, row in enumerate(LATER_ROWS, start=1):
            for place, value in enumerate((number, *row), start=1):
                sheet.cell(11 + number, place, value)
    book.create_sheet("Notes")["B11"] = "Two dots (..) indicate that data are not available"
    book.save(path)
    return path


def earlier_workbook(path: Path, years: Sequence[int] = (2010, 2015, 2019)) -> Path:
    """Only the stubs are merged; headings with dots in every column, two numbers of Europe, a footnote letter."""
    book = Workbook()
    contents = book.active
    assert contents is not None
    contents.title = "CONTENTS"
    contents["A5"] = "United Nations"
    for table, title in TITLES.items():
        sheet = book.create_sheet(table)
        sheet["E10"] = f"{table} -  {title.format(years=f'{years[0]}-{years[-1]}')}"
        sheet["E13"] = "Suggested citation: International Migrant Stock (POP/DB/MIG/Stock/Rev.2019)."
        stubs = ["Sort\norder", "Major area, region, country or area of destination", "Notes", "Code"]
        stubs += [] if table == "Table 2" else ["Type of data (a)"]
        for column, text in enumerate(stubs, start=1):
            sheet.cell(15, column, text)
            sheet.merge_cells(start_row=15, end_row=16, start_column=column, end_column=column)
        column = len(stubs) + 1
        for group in EARLIER_GROUPS[table]:
            sheet.cell(15, column, group)
            for period in _periods(years, group):
                sheet.cell(16, column, period)
                _write_column(sheet, column, 17, EARLIER_ROWS)
                column += 1
        for number, row in enumerate(EARLIER_ROWS, start=1):
            for place, value in enumerate((number, *row)[: len(stubs)], start=1):
                sheet.cell(16 + number, place, value)
    book.create_sheet("ANNEX")["A16"] = "Index"
    book.create_sheet("NOTES")["A16"] = "NOTES"
    book.save(path)
    return path


def _write_column(sheet: Worksheet, column: int, first_row: int, rows: Sequence[tuple[object, ...]]) -> None:
    codes = [row[2] for row in rows]
    for offset, (label, _, code, _) in enumerate(rows):
        cell = sheet.cell(first_row + offset, column)
        if code is None or "Sudan" in str(label):
            cell.value = ".."
            continue
        code = 908 if code == 917 else code
        cell.value = 1000 * (codes.index(code) + 1 if code in codes else 9) + column + 0.25
        cell.number_format = GROUPED


def _write_mark(cell: Cell, mark: str) -> None:
    """The agency writes its marks in plain cells: the format of the numbers would not show a text."""
    cell.value, cell.number_format = mark, "General"


def edited(path: Path, edit: Callable[[Workbook], object]) -> Path:
    book = openpyxl.load_workbook(path)
    edit(book)
    book.save(path)
    return path


def test_a_later_edition_loads_with_its_own_years(tmp_path: Path) -> None:
    rows = read_as(DATASET, later_workbook(tmp_path / "stock.xlsx"))
    # Five territories (one stands twice), three years or two intervals, three groups or one or two.
    assert Counter(row["indicator"] for row in rows) == {
        "migrant_stock": 45,
        "population": 45,
        "migrant_stock_share": 45,
        "female_share_of_migrant_stock": 15,
        "migrant_stock_growth_rate": 30,
        "refugee_stock": 15,
        "refugee_share": 15,
    }
    cells = by_cell(rows)
    holy_see = cells["Table 1", "H15"]
    assert (holy_see["raw_text"], holy_see["value"], holy_see["stored_value"]) == ("4 008", Decimal(4008), 4008.25)
    assert (holy_see["obs_status"], holy_see["footnotes"], holy_see["time_period"]) == ("E", "* 36", "2024-07-01")
    assert holy_see["row_label"] == "Holy See* | 336 | I"
    assert cells["Table 5", "G13"]["time_period"] == "2020/2024"
    assert {row["obs_status"] for row in rows if row["ref_area"] == "SS"} == {"O"}
    assert "F17" not in {cell for sheet, cell in cells if sheet == "Table 1"}


def test_an_earlier_edition_loads_with_the_same_layouts(tmp_path: Path) -> None:
    rows = read_as(DATASET, earlier_workbook(tmp_path / "stock.xlsx"))
    assert {row["ref_area"] for row in rows} == {"WORLD", "M49-909", "M49-908", "MD"}
    assert Counter(row["indicator"] for row in rows)["migrant_stock"] == 36
    men = by_cell(rows)["Table 2", "H23"]
    assert (men["ref_area"], men["sex"], men["time_period"], men["unit_mult"]) == ("MD", "M", "2010-07-01", 3)
    assert men["footnotes"] == "18"
    both = by_cell(rows)["Table 2", "E17"]
    assert (both["footnotes"], both["column_label"]) == (
        "g",
        "Total population of both sexes at mid-year (thousands) | 2010",
    )


def test_the_symbols_of_the_legend_say_why_there_is_no_number(tmp_path: Path) -> None:
    def edit(book: Workbook) -> None:
        book["Table 1"]["F14"] = 0
        _write_mark(book["Table 6"]["F14"], "~")

    cells = by_cell(read_as(DATASET, edited(later_workbook(tmp_path / "stock.xlsx"), edit)))
    negligible, protected = cells["Table 1", "F14"], cells["Table 6", "F14"]
    assert (negligible["raw_text"], negligible["value"], negligible["obs_status"]) == ("—", None, "N")
    assert (protected["raw_text"], protected["value"], protected["obs_status"]) == ("~", None, "Q")


def test_an_edition_without_the_table_of_refugees_loads(tmp_path: Path) -> None:
    book = later_workbook(tmp_path / "stock.xlsx", tables=[f"Table {number}" for number in range(1, 6)])
    assert "refugee_stock" not in {row["indicator"] for row in read_as(DATASET, book)}


def test_an_edition_without_the_table_of_stocks_is_refused(tmp_path: Path) -> None:
    book = later_workbook(tmp_path / "stock.xlsx", tables=[f"Table {number}" for number in range(2, 6)])
    with pytest.raises(FrontierError, match=r"there is no sheet \['Table 1'\]"):
        read_as(DATASET, book)


def _change_repeated(book: Workbook) -> None:
    book["Table 1"]["G17"] = 1


def _shift_repeated(book: Workbook) -> None:
    book["Table 1"]["B17"] = "Polynesia"


def _unknown_code(book: Workbook) -> None:
    book["Table 3"]["D14"] = 4711


def _new_kind_of_data(book: Workbook) -> None:
    book["Table 4"]["E14"] = "S"


def _new_symbol(book: Workbook) -> None:
    _write_mark(book["Table 2"]["M14"], "n.a.")


def _swapped_tables(book: Workbook) -> None:
    book["Table 3"].title, book["Table 4"].title = "was 3", "Table 3"
    book["was 3"].title = "Table 4"


def _hidden_row(book: Workbook) -> None:
    book["Table 1"].row_dimensions[14].hidden = True


def _new_column(book: Workbook) -> None:
    book["Table 1"]["O11"] = "Rank"


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (_change_repeated, r"'Table 1', cell G17: '1' stands where the same row said '2 007' before, in G13"),
        (_shift_repeated, r"the cells F13 and F17 both claim to be migrant_stock of M49-927"),
        (_unknown_code, r"'Table 3', cell D14: the row label '4711' is not a known code of the scheme m49"),
        (_new_kind_of_data, r"'Table 4', cell E14: the row label 'S' is not one of"),
        (_new_symbol, r"'Table 2', cell M14 .*'n.a.' is neither a number nor a declared symbol"),
        (_swapped_tables, r"'Table 4': no cell holds the text .*Table 4.*Female migrants"),
        (_hidden_row, r"'Table 1': row 14 is hidden"),
        (_new_column, r"'Table 1', cell O11: the column .*Rank' is not mapped"),
    ],
)
def test_what_no_longer_fits_is_refused_with_its_place(
    tmp_path: Path, edit: Callable[[Workbook], object], says: str
) -> None:
    book = edited(later_workbook(tmp_path / "stock.xlsx"), edit)
    with pytest.raises(FrontierError, match=says):
        read_as(DATASET, book)


def test_rows_folded_away_in_the_table_of_growth_are_read(tmp_path: Path) -> None:
    def edit(book: Workbook) -> None:
        book["Table 5"].row_dimensions[14].hidden = True

    rows = read_as(DATASET, edited(later_workbook(tmp_path / "stock.xlsx"), edit))
    assert by_cell(rows)["Table 5", "F14"]["ref_area"] == "KZ"
