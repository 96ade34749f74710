"""Rosstat's births, deaths and natural increase (demo21): footnoted headers and a year that is provisional."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.extraction.observations import Observation
from tests.datasets.papers import Rows, Shown, write_csv, write_xls
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

DATASET = "goskomstat/vital_statistics"
# Cell, text, status, footnotes, indicator, period, group.
PUBLISHED = [
    ("B7", "2745997", "A", None, "births", "1950", "total"),
    ("D12", "-840005", "A", "2)", "natural_increase", "1995", "total"),
    ("G18", "-5.9", "A", "1) 2)", "natural_increase_rate", "2005", "total"),
    ("G25", "0.0", "A", "1) 2)", "natural_increase_rate", "2012", "total"),
    ("C27", "1912347", "A", "3)", "deaths", "2014", "total"),
    ("G29", "-0.01", "A", "1) 2)", "natural_increase_rate", "2016", "total"),
    ("B31", "1604344", "P", None, "births", "2018", "total"),
    ("F31", "12.5", "P", "1)", "death_rate", "2018", "total"),
    ("B34", "1171250", "A", None, "births", "1950", "urban"),
    ("G59", "-1.7", "A", "1) 2)", "natural_increase_rate", "2019", "urban"),
    ("B61", "1574747", "A", None, "births", "1950", "rural"),
    ("G81", "-0.1", "A", "3) 1) 2)", "natural_increase_rate", "2014", "rural"),
    ("E85", "10.7", "P", "1)", "birth_rate", "2018", "rural"),
    ("G86", "-3.5", "A", "1) 2)", "natural_increase_rate", "2019", "rural"),
]


@pytest.fixture(scope="module")
def published() -> list[Observation]:
    return read_as(DATASET, shared_file("rosstat/demo21_vital_v2020.xls"))


@pytest.mark.parametrize("expected", PUBLISHED, ids=lambda expected: expected[0])
def test_a_cell_of_the_published_workbook(published: list[Observation], expected: tuple[object, ...]) -> None:
    row = by_cell(published)["Лист1", str(expected[0])]
    assert (row["raw_text"], row["obs_status"], row["footnotes"]) == expected[1:4]
    assert (row["indicator"], row["time_period"], row["population_group"]) == expected[4:]
    assert row["value"] == Decimal(str(expected[1]))


def test_the_published_workbook_gives_every_figure(published: list[Observation]) -> None:
    assert set(Counter(row["indicator"] for row in published).values()) == {78}
    assert len({row["indicator"] for row in published}) == 6
    assert Counter(row["obs_status"] for row in published) == {"A": 450, "P": 18}


def test_births_less_deaths_are_the_natural_increase(published: list[Observation]) -> None:
    check_increase(published, lines=78)
    check_parts(published)


def check_increase(rows: list[Observation], lines: int) -> None:
    figures = {(row["indicator"], row["time_period"], row["population_group"]): row["value"] for row in rows}
    years = {(period, group) for _, period, group in figures}
    assert len(years) == lines
    for year in years:
        assert figures["births", *year] - figures["deaths", *year] == figures["natural_increase", *year], year
        rates = [figures[f"{name}_rate", *year] for name in ("birth", "death", "natural_increase")]
        assert abs(rates[0] - rates[1] - rates[2]) <= Decimal("0.15"), year


def check_parts(rows: list[Observation]) -> None:
    figures = {(row["indicator"], row["time_period"], row["population_group"]): row["value"] for row in rows}
    for indicator, period, group in figures:
        if group == "total" and not indicator.endswith("_rate"):
            parts = figures[indicator, period, "urban"] + figures[indicator, period, "rural"]
            assert figures[indicator, period, "total"] == parts, (indicator, period)


def sheet() -> Rows:
    """An edition of our own with another provisional year and three blocks of two lines."""
    lines: list[list[str | int | float | Shown | None]] = [
        ["Обновлено 15.06.2022"],
        ["РОЖДАЕМОСТЬ, СМЕРТНОСТЬ И ЕСТЕСТВЕННЫЙ ПРИРОСТ НАСЕЛЕНИЯ\n(*данные за 2021 год – предварительные)"],
        [],
        ["Годы", "Всего, человек", None, None, "На 1000 человек населения 1)", None, None],
        [None, "родившихся", "умерших", "естественный прирост 2)", "родившихся", "умерших", "естественный прирост 2)"],
    ]
    for block, size in (("Все население", 3), ("Городское население", 2), ("Сельское население", 1)):
        lines.append([None, block])
        lines.append(["20203)", 100 * size, 150 * size, -50 * size, 10, 15, Shown(-5.04, "0.0")])
        lines.append([2021, 90 * size, 90 * size, 0, 9.2, 9.2, 0])
    return [*lines, ["1) По пересчитанной численности."], ["2) Знак (-) - убыль."], ["3) С учетом сведений."]]


MERGED = [(3, 0, 4, 0), (3, 1, 3, 3), (3, 4, 3, 6), (5, 1, 5, 6), (8, 1, 8, 6), (11, 1, 11, 6)]


def test_another_edition_loads(tmp_path: Path) -> None:
    rows = read_as(DATASET, write_xls(tmp_path / "demo21.xls", {"Лист1": sheet()}, {"Лист1": MERGED}))
    check_increase(rows, lines=6)
    check_parts(rows)
    assert Counter((row["time_period"], row["obs_status"]) for row in rows) == {("2020", "A"): 18, ("2021", "P"): 18}
    rate = next(row for row in rows if row["indicator"] == "natural_increase_rate")
    assert (rate["raw_text"], rate["stored_value"], rate["footnotes"]) == ("-5.0", -5.04, "3) 1) 2)")


def test_an_edition_keyed_by_hand_loads(tmp_path: Path) -> None:
    keyed = [
        ["-5,0" if isinstance(one, Shown) else one.replace("\n", " ") if isinstance(one, str) else one for one in row]
        for row in sheet()
    ]
    rows = read_as(DATASET, write_csv(tmp_path / "demo21.csv", keyed))
    check_increase(rows, lines=6)
    assert Counter(row["obs_status"] for row in rows) == {"A": 18, "P": 18}
