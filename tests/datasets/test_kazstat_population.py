"""Bureau of National Statistics of Kazakhstan: the workbook of regional series and the bilingual bulletin."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from orchestration.workspace import Workspace
from tests.datasets.reading import by_cell, golden, read_as
from tests.shared_files import shared_file

SERIES = "kazstat/population_by_region"
BULLETIN = "kazstat/population_bulletin"
ALL, MEN, WOMEN = "Все население", "Мужчины", "Женщины"

Key = tuple[str, str, str | None, str]


def _values(rows: Sequence[Observation]) -> dict[Key, Decimal | None]:
    return {
        (row["ref_area"], row["time_period"], row.get("sex"), row["population_group"]): row["value"] for row in rows
    }


# --- the published series --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def series() -> list[Observation]:
    return read_as(SERIES, shared_file("kz/bns_population_series_by_region.xlsx"))


@pytest.mark.parametrize(
    ("sheet", "cell", "text", "territory", "year", "sex", "group"),
    [
        (ALL, "B2", "14,901,641", "KZ", 2000, None, "total"),
        (ALL, "Y2", "19,766,807", "KZ", 2023, None, "total"),
        (ALL, "B3", "-", "KZ-10", 2000, None, "total"),
        (ALL, "X3", "611,888", "KZ-10", 2022, None, "total"),
        (ALL, "R17", "2,840,871", "KZ-61", 2016, None, "total"),
        (ALL, "S22", "912,300", "KZ-79", 2017, None, "total"),
        (ALL, "Y22", "1,192,120", "KZ-79", 2023, None, "total"),
        (MEN, "B8", "7,177,523", "KZ", 2000, "M", "total"),
        (MEN, "W9", "-", "KZ-10", 2021, "M", "total"),
        (MEN, "S28", "438,645", "KZ-79", 2017, "M", "total"),
        (MEN, "B30", "3,929,825", "KZ", 2000, "M", "urban"),
        (MEN, "Y50", "575,643", "KZ-79", 2023, "M", "urban"),
        (MEN, "B52", "3,247,698", "KZ", 2000, "M", "rural"),
        (MEN, "Y69", "123,918", "KZ-63", 2023, "M", "rural"),
        (WOMEN, "B8", "7,724,118", "KZ", 2000, "F", "total"),
        (WOMEN, "Y27", "1,157,916", "KZ-75", 2023, "F", "total"),
        (WOMEN, "R45", "655,857", "KZ-61", 2016, "F", "urban"),
        (WOMEN, "W68", "-", "KZ-62", 2021, "F", "rural"),
        (WOMEN, "Y69", "122,934", "KZ-63", 2023, "F", "rural"),
    ],
)
def test_a_published_population_becomes_this_figure(
    series: list[Observation], sheet: str, cell: str, text: str, territory: str, year: int, sex: str | None, group: str
) -> None:
    row = by_cell(series)[sheet, cell]
    value, status = (None, "M") if text == "-" else (text.replace(",", ""), "A")
    assert golden(row) == (text, value, status, "population", territory, f"{year}-01-01")
    assert (row.get("sex"), row["population_group"]) == (sex, group)


def test_the_published_populations_are_this_many(series: list[Observation]) -> None:
    assert Counter((row["sheet"], row["obs_status"]) for row in series) == {
        (ALL, "A"): 421,
        (ALL, "M"): 83,
        (MEN, "A"): 1208,
        (MEN, "M"): 232,
        (WOMEN, "A"): 1208,
        (WOMEN, "M"): 232,
    }


def test_the_mark_behind_turkistan_is_a_footnote(series: list[Observation]) -> None:
    assert {row["footnotes"] for row in series if row["ref_area"] == "KZ-61"} == {"1"}
    assert {row["footnotes"] for row in series if row["ref_area"] != "KZ-61"} == {None}


def test_sexes_settlements_and_regions_sum_to_their_totals_in_every_year(series: list[Observation]) -> None:
    values = {key: value for key, value in _values(series).items() if value is not None}
    sums: defaultdict[tuple[str, Key], Decimal] = defaultdict(Decimal)
    for (territory, year, sex, group), value in values.items():
        if sex and group == "total":
            sums["sexes", (territory, year, None, "total")] += value
        if group != "total":
            sums["settlements", (territory, year, sex, "total")] += value
        if territory != "KZ":
            sums["regions", ("KZ", year, sex, group)] += value
    assert Counter(law for law, _ in sums) == {"sexes": 421, "settlements": 842, "regions": 168}
    assert all(values[key] == total for (_, key), total in sums.items())


def test_the_edition_keyed_by_hand_says_what_the_workbook_says(series: list[Observation]) -> None:
    keyed = read_as(SERIES, Workspace.of().raw / SERIES / "2023" / "population_by_region.csv")
    of_all = [row for row in series if row["sheet"] == ALL]
    assert len(keyed) == 504
    assert _values(keyed) == _values(of_all)


# --- series of the same make -----------------------------------------------------------------------------------


def _fill(sheet: Worksheet, rows: Sequence[Sequence[object]], first: int = 1) -> None:
    for number, row in enumerate(rows, first):
        for column, value in enumerate(row, 1):
            if value is not None:
                sheet.cell(number, column, value)


def _series_workbook(path: Path) -> openpyxl.Workbook:
    """Another edition: two years, one region that is younger, the mark of a note on another region."""
    book = openpyxl.Workbook()
    _fill(
        book.worksheets[0],
        [
            [None, 2031, 2032],
            ["Республика Казахстан ", 3000, 3300],
            ["Акмолинская 1)", 3000, 2800],
            ["Ұлытау", "-", 500],
        ],
    )
    book.worksheets[0].title = ALL
    for title, word, half in ((MEN, "мужчин", 0.4), (WOMEN, "женщин", 0.6)):
        sheet = book.create_sheet(title)
        head = [[f"Численность {word} по регионам Республики Казахстан"], [], [None, None, "человек, на начало года"]]
        _fill(sheet, [*head, [None, 2031, 2032]], 2)
        blocks = []
        for name, share in ((title, 1), ("Городское население", 0.75), ("Сельское население", 0.25)):
            part = half * share
            blocks += [
                [name],
                ["Республика Казахстан ", round(3000 * part), round(3300 * part)],
                ["Акмолинская 1)", round(3000 * part), round(2800 * part)],
                ["Ұлытау", "-", round(500 * part)],
            ]
        _fill(sheet, [*blocks, ["1) Данные в границах прошлого года."]], 6)
    book.save(path)
    return book


def test_another_edition_of_the_series_is_read(tmp_path: Path) -> None:
    path = tmp_path / "population.xlsx"
    _series_workbook(path)
    rows = read_as(SERIES, path)
    values = _values(rows)
    assert len(rows) == 7 * 6
    assert values["KZ", "2032-01-01", None, "total"] == 3300
    assert values["KZ-11", "2031-01-01", "M", "urban"] == 900
    assert values["KZ-11", "2032-01-01", "F", "rural"] == 420
    assert values["KZ-62", "2031-01-01", "F", "rural"] is None
    assert {row["footnotes"] for row in rows if row["ref_area"] == "KZ-11"} == {"1)"}


@pytest.mark.parametrize(
    ("sheet", "cell", "text", "message"),
    [
        (MEN, "C4", "тысяч человек, на начало года", "no cell holds the text '/.человек, на начало года"),
        (WOMEN, "A10", "Города", "'Города' is not a known territory"),
        (WOMEN, "A11", "Акмолинский край", "'Акмолинский край' is not a known territory"),
        (ALL, "B3", "3 000 человек", "B3.*'3 000 человек' is neither a number"),
        (ALL, "C1", "январь", "the column 'январь' is not mapped"),
        (ALL, "D3", 7, "D3.*'7' stands under no header"),
    ],
)
def test_a_changed_series_is_refused_by_its_place(
    tmp_path: Path, sheet: str, cell: str, text: str, message: str
) -> None:
    path = tmp_path / "population.xlsx"
    book = _series_workbook(path)
    book[sheet][cell].value = text
    book.save(path)
    with pytest.raises(FrontierError, match=message):
        read_as(SERIES, path)


@pytest.mark.parametrize("hidden", ["sheet", "row", "column"])
def test_what_is_hidden_in_the_series_is_reported(tmp_path: Path, hidden: str) -> None:
    path = tmp_path / "population.xlsx"
    book = _series_workbook(path)
    if hidden == "sheet":
        book.create_sheet("Расчёт").sheet_state = "hidden"
        book["Расчёт"]["A1"] = "черновик"
    elif hidden == "row":
        book[MEN].row_dimensions[8].hidden = True
    else:
        book[MEN].column_dimensions["C"].hidden = True
    book.save(path)
    with pytest.raises(FrontierError, match="hidden"):
        read_as(SERIES, path)


# --- the published bulletin ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bulletin() -> list[Observation]:
    return read_as(BULLETIN, shared_file("kz/bns_population_by_region_2023-01-01.xlsx"))


@pytest.mark.parametrize(
    ("cell", "text", "territory", "sex", "group"),
    [
        ("B6", "19,765,004", "KZ", None, "total"),
        ("J6", "3,723,842", "KZ", "F", "rural"),
        ("B8", "610,189", "KZ-10", None, "total"),
        ("E9", "311,459", "KZ-101000000", None, "urban"),
        ("B10", "308,126", "KZ-101010000", None, "total"),
        ("H10", "-", "KZ-101010000", None, "rural"),
        ("J13", "-", "KZ-101800000", "F", "rural"),
        ("B57", "13,229", "KZ-114500000", None, "total"),
        ("C214", "19,117", "KZ-333200000", "M", "total"),
        ("C247", "84,444", "KZ-352400000", "M", "total"),
        ("E300", "28,453", "KZ-395400000", None, "urban"),
        ("B384", "534,024", "KZ-59", None, "total"),
        ("B491", "366,708", "KZ-711110000", None, "total"),
        ("B508", "201,573", "KZ-791310000", None, "total"),
        ("C510", "174,354", "KZ-791710000", "M", "total"),
        ("J510", "-", "KZ-791710000", "F", "rural"),
    ],
)
def test_a_cell_of_the_bulletin_becomes_this_figure(
    bulletin: list[Observation], cell: str, text: str, territory: str, sex: str | None, group: str
) -> None:
    row = by_cell(bulletin)["03", cell]
    value = "0" if text == "-" else text.replace(",", "")
    assert golden(row) == (text, value, "A", "population", territory, "2023-01-01")
    assert (row.get("sex"), row["population_group"]) == (sex, group)


def test_the_cells_of_the_bulletin_are_this_many(bulletin: list[Observation]) -> None:
    assert len(bulletin) == 485 * 9
    assert Counter(row["raw_text"] == "-" for row in bulletin) == {True: 1194, False: 3171}
    assert {row["sheet"] for row in bulletin} == {"03"}


def test_sexes_settlements_and_regions_of_the_bulletin_sum_to_their_totals(bulletin: list[Observation]) -> None:
    values = {(row["ref_area"], row.get("sex"), row["population_group"]): row["value"] for row in bulletin}
    territories = {territory for territory, _, _ in values}
    regions = {one for one in territories if len(one) == len("KZ-10")}
    assert len(regions) == 20
    for group in ("total", "urban", "rural"):
        for territory in territories:
            assert values[territory, "M", group] + values[territory, "F", group] == values[territory, None, group]
        assert sum(values[one, None, group] for one in regions) == values["KZ", None, group]
    for territory in territories:
        parts = values[territory, None, "urban"] + values[territory, None, "rural"]
        assert parts == values[territory, None, "total"]


def test_no_official_of_the_bulletin_is_observed(bulletin: list[Observation]) -> None:
    texts = [str(value) for row in bulletin for value in row.values()]
    assert not any(word in text for text in texts for word in ("aspire", "749540", "Жауапты", "Орынд"))


# --- bulletins of the same make --------------------------------------------------------------------------------

INCLUDING, MALE, FEMALE = "соның ішінде:\nв том числе:", "ерлер\nмужчины", "әйелдер\nженщины"
URBAN, RURAL = "қала халқы\nгородское население", "ауыл халқы\nсельское население"
HEAD = [
    ["", "Барлық халық\nВсе население", INCLUDING],
    ["", "", MALE, FEMALE, URBAN, INCLUDING, "", RURAL, INCLUDING],
    ["", "", "", "", "", MALE, FEMALE, "", MALE, FEMALE],
]
MERGED = ("A4:A6", "B4:B6", "C4:J4", "C5:C6", "D5:D6", "E5:E6", "F5:G5", "H5:H6", "I5:J5")
BODY: list[list[object]] = [
    ["Қазақстан Республикасы", 300, 140, 160, 200, 90, 110, 100, 50, 50],
    [],
    ["Алматы", 100, 50, 50, "-", "-", "-", 100, 50, 50],
    ["Жамбыл ауданы", 60, 30, 30, "-", "-", "-", 60, 30, 30],
    ["Ұзынағаш а.", 10, 5, 5, "-", "-", "-", 10, 5, 5],
    [],
    ["Жамбыл", 50, 25, 25, 50, 25, 25, "0,0", "...", "х"],
    ["Жамбыл ауданы", 20, 10, 10, 20, 10, 10, "-", "-", "-"],
    [],
    ["Алматы қаласы", 150, 65, 85, 150, 65, 85, "-", "-", "-"],
]


def _bulletin(path: Path, title: str = "на 1 июля 2031 года", body: Sequence[Sequence[object]] = BODY) -> Path:
    """A bulletin with the same districts in two regions, the legend's symbols, and officials at its end."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Обложка"
    book.worksheets[0]["A1"] = "Демографическая статистика"
    for name in ("Усл.обозначения", "Содержание", "01", "02"):
        book.create_sheet(name)["A1"] = "-"
    sheet = book.create_sheet("03")
    _fill(sheet, [[f"3. 2031 жылғы халқының саны\nЧисленность населения Республики Казахстан {title}"], []])
    _fill(sheet, [["адам", "", "", "", "", "", "", "", "", "человек"]], 3)
    _fill(sheet, HEAD, 4)
    for area in MERGED:
        sheet.merge_cells(area)
    _fill(sheet, body, 7)
    _fill(sheet, [["№ 8-15/9999"], ["Жауапты шығарушы:", "", "Орынд. А. Сериков"], ["", "", "Тел. 000000"]], 20)
    book.save(path)
    return path


def test_another_bulletin_is_read_by_its_texts(tmp_path: Path) -> None:
    rows = read_as(BULLETIN, _bulletin(tmp_path / "bulletin.xlsx"))
    cells = {cell: row for (_, cell), row in by_cell(rows).items()}
    assert len(rows) == 7 * 9
    assert {row["time_period"] for row in rows} == {"2031-07-01"}
    assert [cells[f"A{number}".replace("A", "B")]["ref_area"] for number in (7, 9, 10, 11, 13, 14, 16)] == [
        "KZ",
        "KZ-19",
        "KZ-194200000",
        "KZ-194230100",
        "KZ-31",
        "KZ-314000000",
        "KZ-75",
    ]
    told = [(cells[f"{letter}7"].get("sex"), cells[f"{letter}7"]["population_group"]) for letter in "BCDEFGHIJ"]
    assert told == [(sex, group) for group in ("total", "urban", "rural") for sex in (None, "M", "F")]
    marks = [(cells[f"{letter}13"]["value"], cells[f"{letter}13"]["obs_status"]) for letter in "HIJ"]
    assert marks == [(None, "N"), (None, "O"), (None, "Q")]
    assert (cells["E9"]["value"], cells["E9"]["raw_text"]) == (0, "-")
    assert cells["F7"]["column_label"].endswith("городское население | соның ішінде: в том числе: | ерлер мужчины")
    assert not any("Сериков" in str(value) or "Тел" in str(value) for row in rows for value in row.values())


def _with(number: int, row: list[object]) -> list[list[object]]:
    return [*BODY[:number], row, *BODY[number + 1 :]]


@pytest.mark.parametrize(
    ("title", "body", "message"),
    [
        ("на начало года", BODY, "no title or note states the time_period"),
        ("на 1 июля 2031 года", _with(3, ["Жамбыл қаласы", 1, 1, 1, 1, 1, 1, 1, 1, 1]), "A10.*'Жамбыл қаласы' is not"),
        (
            "на 1 июля 2031 года",
            _with(7, ["Жамбыл", 1, 1, 1, 1, 1, 1, 1, 1, 1]),
            "both claim to be population of KZ-31",
        ),
        ("на 1 июля 2031 года", _with(0, ["Қазақстан Республикасы", 1, 1, 1, 1, 1, 1, 1, 1, None]), "J7.*is empty"),
    ],
    ids=["no date", "unknown district", "region twice", "empty cell"],
)
def test_a_changed_bulletin_is_refused_by_its_place(
    tmp_path: Path, title: str, body: list[list[object]], message: str
) -> None:
    with pytest.raises(FrontierError, match=message):
        read_as(BULLETIN, _bulletin(tmp_path / "bulletin.xlsx", title, body))


def test_a_part_whose_total_is_gone_is_refused(tmp_path: Path) -> None:
    path = _bulletin(tmp_path / "bulletin.xlsx")
    book = openpyxl.load_workbook(path)
    book["03"]["E5"] = "кент халқы\nнаселение посёлков"
    book.save(path)
    with pytest.raises(FrontierError, match="городское население"):
        read_as(BULLETIN, path)
