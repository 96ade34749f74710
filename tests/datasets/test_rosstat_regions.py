"""Rosstat's tables by region: yearbook pages of population and migration rates, censuses by sex."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from tests.datasets.papers import Rows, write_csv, write_page, write_xls
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

POPULATION = "goskomstat/population_by_region"
RATES = "goskomstat/net_migration_rate_by_region"
CENSUS_2002 = "goskomstat/census_2002_by_sex"
CENSUS_1989 = "goskomstat/census_1989_by_region"
FILES = {
    POPULATION: "pages/gks_b09_13_04-03_population_1jan_thousand.csv",
    RATES: "pages/gks_b11_14p_03-12_net_migration_per_10000.csv",
    CENSUS_2002: "pages/demoscope_census2002_by_region_partial.csv",
    CENSUS_1989: "rosstat/census1989_resident_by_region_extract.csv",
}
# Dataset, cell, text, value, status, territory, period, sex.
PUBLISHED = [
    (POPULATION, "C2", "147665", "147665", "A", "RU", "1990-01-01", None),
    (POPULATION, "C7", "143474", "143474", "A", "RU", "2005-01-01", None),
    (POPULATION, "C11", "141904", "141904", "A", "RU", "2009-01-01", None),
    (POPULATION, "C12", "38018", "38018", "A", "RU-FD-CENTRAL", "1990-01-01", None),
    (POPULATION, "C21", "37122", "37122", "A", "RU-FD-CENTRAL", "2009-01-01", None),
    (POPULATION, "C22", "1388", "1388", "A", "RU-BEL", "1990-01-01", None),
    (POPULATION, "C36", "1361", "1361", "A", "RU-BRY", "2004-01-01", None),
    (POPULATION, "C67", "1115", "1115", "A", "RU-IVA", "2005-01-01", None),
    (POPULATION, "C147", "1019", "1019", "A", "RU-SMO", "2005-01-01", None),
    (POPULATION, "C171", "1369", "1369", "A", "RU-TVE", "2009-01-01", None),
    (RATES, "C2", "19", "19", "A", "RU", "1990", None),
    (RATES, "C15", "55", "55", "A", "RU-FD-CENTRAL", "1990", None),
    (RATES, "C51", "0,5", "0.5", "A", "RU-BRY", "2008", None),
    (RATES, "C52", "0,1", "0.1", "A", "RU-BRY", "2009", None),
    (RATES, "C53", "-19", "-19", "A", "RU-BRY", "2010", None),
    (RATES, "C88", "-0,01", "-0.01", "A", "RU-IVA", "2006", None),
    (RATES, "C106", "0,4", "0.4", "A", "RU-KOS", "1990", None),
    (RATES, "C116", "-0,4", "-0.4", "A", "RU-KOS", "2008", None),
    (RATES, "C191", "-0,4", "-0.4", "A", "RU-SMO", "2005", None),
    (RATES, "C248", "13", "13", "A", "RU-YAR", "2010", None),
    (CENSUS_2002, "B2", "145181,9", "145181.9", "A", "RU", "2002-10-09", None),
    (CENSUS_2002, "C2", "67557,3", "67557.3", "A", "RU", "2002-10-09", "M"),
    (CENSUS_2002, "D2", "77624,6", "77624.6", "A", "RU", "2002-10-09", "F"),
    (CENSUS_2002, "B3", "37991,0", "37991.0", "A", "RU-FD-CENTRAL", "2002-10-09", None),
    (CENSUS_2002, "B21", "10357,8", "10357.8", "A", "RU-MOW", "2002-10-09", None),
    (CENSUS_2002, "C21", "4869,4", "4869.4", "A", "RU-MOW", "2002-10-09", "M"),
    (CENSUS_2002, "B25", "1335,7", "1335.7", "A", "RU-ARK", "2002-10-09", None),
    (CENSUS_2002, "B26", "41,5", "41.5", "A", "RU-NEN", "2002-10-09", None),
    (CENSUS_2002, "D26", "21,0", "21.0", "A", "RU-NEN", "2002-10-09", "F"),
    (CENSUS_2002, "D27", "681,3", "681.3", "A", "RU-VLG", "2002-10-09", "F"),
    (CENSUS_1989, "C2", "1378287", "1378287", "A", "RU-BEL", "1989-01-12", None),
    (CENSUS_1989, "D2", "752472", "752472", "A", "RU-BEL", "1989-01-12", "F"),
    (CENSUS_1989, "E2", "625815", "625815", "A", "RU-BEL", "1989-01-12", "M"),
    (CENSUS_1989, "C19", "8875579", "8875579", "A", "RU-MOW", "1989-01-12", None),
    (CENSUS_1989, "C33", "1270429", "1270429", "A", "RU-X-CHECHEN-INGUSH", "1989-01-12", None),
    (CENSUS_1989, "C75", "1094065", "1094065", "A", "RU-SA", "1989-01-12", None),
    (CENSUS_1989, "C79", "471932", "471932", "A", "RU-KAM.oblast", "1989-01-12", None),
    (CENSUS_1989, "E83", "86224", "86224", "A", "RU-CHU", "1989-01-12", "M"),
    (CENSUS_1989, "C84", "", None, "O", "RU-ZAB", "1989-01-12", None),
    (CENSUS_1989, "D84", "", None, "O", "RU-ZAB", "1989-01-12", "F"),
]


def read_published(dataset: str) -> list[Observation]:
    return read_as(dataset, shared_file(FILES[dataset]))


@pytest.mark.parametrize("expected", PUBLISHED, ids=lambda expected: f"{expected[0]} {expected[1]}")
def test_a_cell_of_the_published_files(expected: tuple[str, ...]) -> None:
    row = by_cell(read_published(expected[0]))[None, expected[1]]
    value = None if row["value"] is None else str(row["value"])
    assert (row["raw_text"], value, row["obs_status"], row["ref_area"], row["time_period"], row.get("sex")) == (
        expected[2:]
    )


@pytest.mark.parametrize(
    ("dataset", "indicator", "unit", "statuses"),
    [
        (POPULATION, "population", ("persons", 3), {"A": 170}),
        (RATES, "net_migration_rate", ("per_10000_persons", 0), {"A": 247}),
        (CENSUS_2002, "population", ("persons", 3), {"A": 78}),
        (CENSUS_1989, "population", ("persons", 0), {"A": 243, "O": 3}),
    ],
)
def test_the_published_files_give_every_figure(
    dataset: str, indicator: str, unit: tuple[str, int], statuses: dict[str, int]
) -> None:
    rows = read_published(dataset)
    assert {row["indicator"] for row in rows} == {indicator}
    assert {(row["unit"], row["unit_mult"]) for row in rows} == {unit}
    assert Counter(row["obs_status"] for row in rows) == statuses


@pytest.mark.parametrize("dataset", [CENSUS_1989, CENSUS_2002])
def test_men_and_women_make_the_whole(dataset: str) -> None:
    figures = {(row["ref_area"], row.get("sex")): row["value"] for row in read_published(dataset)}
    for area in {area for area, _ in figures}:
        if figures[area, None] is not None:
            assert figures[area, "M"] + figures[area, "F"] == figures[area, None], area


def test_the_regions_of_2002_make_their_district() -> None:
    figures = {row["ref_area"]: row["value"] for row in read_published(CENSUS_2002) if not row.get("sex")}
    ids = [row["ref_area"] for row in read_published(CENSUS_2002) if not row.get("sex")]
    first, last = ids.index("RU-FD-CENTRAL") + 1, ids.index("RU-FD-NORTHWEST")
    assert last - first == 18
    total = sum((figures[area] for area in ids[first:last]), Decimal(0))
    assert abs(total - figures["RU-FD-CENTRAL"]) <= Decimal("0.5")


def test_the_regions_of_1989_make_the_country_but_for_chita() -> None:
    rows = read_published(CENSUS_1989)
    nested = {"RU-NEN", "RU-KHM", "RU-YAN"}
    whole = [row["value"] or 0 for row in rows if not row.get("sex") and row["ref_area"] not in nested]
    # The resident population as published, less what is left for Chita Oblast, whose figure the extract lacks.
    assert sum(whole) == 147_021_869 - 1_375_340


def test_the_false_column_of_1989_may_be_gone_and_the_joint_figure_must_be_one(tmp_path: Path) -> None:
    rows: list[list[str | int]] = [
        ["iso_suffix", "name_en", "pop_1989", "women_1989", "men_1989"],
        ["IN", "Republic of Ingushetia", 1270429, 670000, 600429],
        ["BU", "Republic of Buryatia", 1038252, 530000, 508252],
        ["CE", "Chechen Republic", 1270429, 670000, 600429],
    ]
    found = read_as(CENSUS_1989, write_csv(tmp_path / "census.csv", rows))
    assert [row["ref_area"] for row in found] == ["RU-X-CHECHEN-INGUSH"] * 3 + ["RU-BU"] * 3
    rows[3][2] = 1270430
    with pytest.raises(FrontierError, match=r"cell C4.*'1270430'.*'1270429'.*C2"):
        read_as(CENSUS_1989, write_csv(tmp_path / "census.csv", rows))


def yearbook(years: Rows, title: str, unit: str) -> Rows:
    """A table of the yearbook as a workbook has it: title, unit, header, rows."""
    return [[title], [unit], *years, ["_________"], ["1) По данным текущего учета."]]


RATE_ROWS: Rows = [
    ["", 1995, "20101)", 2011],
    ["Российская Федерация", 44, 13, 22],
    ["Центральный\nфедеральный округ", 111, 46, "…"],
    ["Архангельская область", -4, "-0,01", "0,5"],
    ["в том числе:", "", "", ""],
    ["Ненецкий автономный округ", "–1", "-", "0,4"],
    ["Южный федеральный округ", 5, 6, 7],
    ["Северо-Кавказский федеральный округ", 1, 2, 3],
]
RATE_TITLE, RATE_UNIT = "3.12. КОЭФФИЦИЕНТЫ МИГРАЦИОННОГО ПРИРОСТА1); 2)", "(на 10 000 человек населения)"


def rates_page(path: Path, rows: Rows) -> Path:
    return write_page(path / "03-12.htm", rows, above=[RATE_TITLE, RATE_UNIT], below=["1) По данным учета."])


def rates_xls(path: Path, rows: Rows) -> Path:
    return write_xls(path / "03-12.xls", {"3.12.": yearbook(rows, RATE_TITLE, RATE_UNIT)})


def rates_csv(path: Path, rows: Rows) -> Path:
    return write_csv(path / "03-12.csv", yearbook(rows, RATE_TITLE, RATE_UNIT))


@pytest.mark.parametrize("write", [rates_page, rates_xls, rates_csv])
def test_another_edition_of_the_rates_loads_in_every_format(
    tmp_path: Path, write: Callable[[Path, Rows], Path]
) -> None:
    rows = read_as(RATES, write(tmp_path, RATE_ROWS))
    figures = {(row["ref_area"], row["time_period"]): row for row in rows}
    assert len(rows) == 18
    assert figures["RU-FD-CENTRAL", "1995"]["value"] == 111
    assert (figures["RU-ARK", "2010"]["value"], figures["RU-ARK", "2010"]["decimals"]) == (Decimal("-0.01"), 2)
    assert (figures["RU-ARK", "2011"]["value"], figures["RU-ARK", "1995"]["decimals"]) == (Decimal("0.5"), 0)
    assert figures["RU-NEN", "1995"]["value"] == -1
    assert (figures["RU-NEN", "2010"]["value"], figures["RU-NEN", "2010"]["obs_status"]) == (None, "M")
    assert (figures["RU-FD-CENTRAL", "2011"]["raw_text"], figures["RU-FD-CENTRAL", "2011"]["obs_status"]) == ("…", "O")
    assert {row["footnotes"] for row in rows if row["time_period"] == "2010"} == {"1)"}


@pytest.mark.parametrize("write", [rates_page, rates_xls])
def test_the_southern_district_is_the_one_of_the_edition(tmp_path: Path, write: Callable[[Path, Rows], Path]) -> None:
    since = {row["ref_area"] for row in read_as(RATES, write(tmp_path, RATE_ROWS))}
    before = {row["ref_area"] for row in read_as(RATES, write(tmp_path, RATE_ROWS[:-1]))}
    assert since - before == {"RU-FD-SOUTH.2010", "RU-FD-NORTHCAUCASUS"}
    assert before - since == {"RU-FD-SOUTH"}


def test_a_page_in_another_unit_is_refused(tmp_path: Path) -> None:
    path = write_page(tmp_path / "03-12.htm", RATE_ROWS, above=[RATE_TITLE, "(на 1 000 человек населения)"])
    with pytest.raises(FrontierError, match=r"\(на 10 000 человек населения\).*\(на 1 000 человек населения\)"):
        read_as(RATES, path)


POPULATION_ROWS: Rows = [
    ["", 2008, 2009],
    ["Российская Федерация", 142009, "141904"],
    ["Центральный федеральный округ", 37151, 37122],
    ["Московская область", 6673, "6 713"],
    ["г. Москва1)", 10470, 10509],
]
POPULATION_TITLE = "4.3. ЧИСЛЕННОСТЬ НАСЕЛЕНИЯ"
POPULATION_UNIT = "(оценка на 1 января; тысяч человек)"


def population_page(path: Path) -> Path:
    return write_page(path / "04-03.htm", POPULATION_ROWS, above=[POPULATION_TITLE, POPULATION_UNIT])


def population_xls(path: Path) -> Path:
    rows = [[6713 if one == "6 713" else one for one in row] for row in POPULATION_ROWS]
    return write_xls(path / "04-03.xls", {"1": yearbook(rows, POPULATION_TITLE, POPULATION_UNIT)})


@pytest.mark.parametrize("write", [population_page, population_xls])
def test_another_edition_of_the_population_loads(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    rows = read_as(POPULATION, write(tmp_path))
    figures = {(row["ref_area"], row["time_period"]): row for row in rows}
    assert len(rows) == 8
    assert figures["RU-MOS", "2009-01-01"]["value"] == 6713
    assert (figures["RU-MOW", "2008-01-01"]["value"], figures["RU-MOW", "2008-01-01"]["footnotes"]) == (10470, "1)")


def test_a_long_layout_says_the_same(tmp_path: Path) -> None:
    long = [["territory", "year", "value_thousand"], ["г. Москва", 2008, 10470], ["Московская область", 2009, "…"]]
    rows = read_as(POPULATION, write_csv(tmp_path / "04-03.csv", long))
    assert [(row["ref_area"], row["time_period"], row["value"], row["obs_status"]) for row in rows] == [
        ("RU-MOW", "2008-01-01", 10470, "A"),
        ("RU-MOS", "2009-01-01", None, "O"),
    ]


def test_a_census_page_loads(tmp_path: Path) -> None:
    rows = [
        ["", "Все население", "в том числе:", None],
        [None, None, "мужчины", "женщины"],
        ["Российская Федерация", "145181,9", "67557,3", "77624,6"],
        ["г.Москва *)", "10357,8", "4869,4", "5488,4"],
        ["Тюменская область", "3265,7", "1588,9", "1676,8"],
        ["в том числе:", "", "", ""],
        ["Ханты-Мансийский автономный округ - Югра", "1433,1", "705,9", "727,2"],
        ["Южный федеральный округ", "22914,2", "10714,0", "12200,2"],
    ]
    above = ["Численность населения по данным Всероссийской переписи населения 2002 года", "тыс. человек"]
    spans = [(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3)]
    path = write_page(tmp_path / "c2002t1.htm", rows, above, ["*) С подчинёнными населёнными пунктами."], spans)
    found = {(row["ref_area"], row.get("sex")): row for row in read_as(CENSUS_2002, path)}
    assert len(found) == 15
    assert (found["RU-MOW", "F"]["value"], found["RU-MOW", "F"]["footnotes"]) == (Decimal("5488.4"), "*)")
    assert found["RU-KHM", None]["value"] == Decimal("1433.1")
    assert found["RU-FD-SOUTH", "M"]["raw_text"] == "10714,0"
