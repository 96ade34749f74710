"""Rosstat's population since 1897 (demo11): boundary variants under a year, and a stamp above the title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import FIGURE_KEY, Observation
from tests.datasets.papers import Rows, Shown, write_csv, write_xls
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

DATASET = "goskomstat/population_long_series"
# Cell, text, indicator, territory, period, group.
PUBLISHED = [
    ("B8", "128.2", "population", "RU.empire", "1897-02-09", "total"),
    ("C8", "20.1", "population", "RU.empire", "1897-02-09", "urban"),
    ("B9", "67.5", "population", "RU", "1897-02-09", "total"),
    ("F12", "83", "share_of_population", "RU", "1914-01-01", "rural"),
    ("B13", "91.0", "population", "RU", "1917-01-01", "total"),
    ("B14", "92.7", "population", "RU", "1926-12-17", "total"),
    ("E16", "52", "share_of_population", "RU", "1959-01-15", "urban"),
    ("B36", "147.0", "population", "RU", "1989-01-12", "total"),
    ("B39", "148.3", "population", "RU", "1996-01-01", "total"),
    ("B49", "142.9", "population", "RU", "2010-10-14", "total"),
    ("B58", "146.8", "population", "RU", "2019-01-01", "total"),
    ("F58", "25", "share_of_population", "RU", "2019-01-01", "rural"),
]
EDITIONS = {"rosstat/demo11_v2020.xls": 51, "rosstat/demo11_v_other.xls": 50}


@pytest.mark.parametrize("file", EDITIONS)
@pytest.mark.parametrize("expected", PUBLISHED, ids=lambda expected: expected[0])
def test_a_cell_of_the_published_workbooks(file: str, expected: tuple[str, ...]) -> None:
    rows = read_as(DATASET, shared_file(file))
    row = by_cell(rows)["Лист1", expected[0]]
    assert (row["raw_text"], row["indicator"], row["ref_area"], row["time_period"], row["population_group"]) == (
        expected[1:]
    )
    assert row["value"] == Decimal(expected[1])
    is_rate = row["indicator"] == "share_of_population"
    assert (row["unit"], row["unit_mult"], row["decimals"]) == (("percent", 0, 0) if is_rate else ("persons", 6, 1))


@pytest.mark.parametrize("file", EDITIONS)
def test_the_published_workbooks_give_every_figure(file: str) -> None:
    rows = read_as(DATASET, shared_file(file))
    lines = EDITIONS[file]
    assert Counter(row["indicator"] for row in rows) == {"population": 3 * lines, "share_of_population": 2 * lines}
    assert Counter(row["obs_status"] for row in rows) == {"A": 5 * lines}


def test_the_later_edition_confirms_the_earlier_and_adds_a_year() -> None:
    earlier, later = (figures(read_as(DATASET, shared_file(file))) for file in reversed(EDITIONS))
    assert {key: later[key] for key in earlier} == earlier
    assert {key["time_period"] for key in map(members, later.keys() - earlier.keys())} == {"2020-01-01"}


@pytest.mark.parametrize("file", EDITIONS)
def test_town_and_country_make_the_whole(file: str) -> None:
    rows = [row for row in read_as(DATASET, shared_file(file)) if row["indicator"] == "population"]
    parts = {(row["ref_area"], row["time_period"], row["population_group"]): row["value"] for row in rows}
    for area, period, group in parts:
        if group == "total":
            rest = parts[area, period, "total"] - parts[area, period, "urban"] - parts[area, period, "rural"]
            assert abs(rest) <= Decimal("0.15"), (area, period)


def figures(rows: list[Observation]) -> dict[tuple[str, ...], str]:
    """The texts by the natural key of the figure."""
    return {tuple(row.get(part) or "" for part in FIGURE_KEY): row["raw_text"] for row in rows}


def members(key: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(FIGURE_KEY, key, strict=True))


ONE_DIGIT, WHOLE = "0.0", "0"


def sheet(stamp: str | None) -> Rows:
    """An edition of our own, for other years."""
    return [
        [stamp],
        ["ЧИСЛЕННОСТЬ НАСЕЛЕНИЯ 1)"],
        [],
        ["Годы", "Все", "в том числе", None, "В общей численности населения, процентов", None],
        [None, "население,"],
        [None, "млн.человек", "городское", "сельское", "городское", "сельское"],
        [1897],
        ["\u00a0\u00a0\u00a0в границах Российской империи", 128.2, 20.1, 108.1, 16, 84],
        ["\u00a0\u00a0\u00a0в современных границах", 67.5, 9.9, 57.6, 15, 85],
        [2010, 142.9, 105.3, 37.6, 74, 26],
        [2021, Shown(146.17, ONE_DIGIT), Shown(109.25, ONE_DIGIT), Shown(36.92, ONE_DIGIT), Shown(74.7, WHOLE), 25],
        [],
        ["1) Данные приведены: 1897 г. - по первой всеобщей переписи населения на 9 февраля."],
    ]


MERGED = [(3, 0, 5, 0), (3, 2, 4, 3), (3, 4, 4, 5)]


def stamped_xls(path: Path) -> Path:
    return write_xls(path / "demo11.xls", {"Лист1": sheet("Обновлено 23.04.2021")}, {"Лист1": MERGED})


def plain_xls(path: Path) -> Path:
    return write_xls(path / "demo11.xls", {"Лист1": sheet(None)}, {"Лист1": MERGED})


def as_text() -> Rows:
    texts = {146.17: "146,2", 109.25: "109,3", 36.92: "36,9", 74.7: "75"}
    return [[texts[one.value] if isinstance(one, Shown) else one for one in row] for row in sheet(None)]


def as_csv(path: Path) -> Path:
    return write_csv(path / "demo11.csv", as_text())


@pytest.mark.parametrize("write", [stamped_xls, plain_xls, as_csv])
def test_another_edition_loads_whatever_stands_above_it(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    rows = read_as(DATASET, write(tmp_path))
    found = {
        (row["ref_area"], row["time_period"], row["indicator"], row["population_group"]): row["value"] for row in rows
    }
    assert len(rows) == 20
    assert found["RU.empire", "1897-02-09", "population", "rural"] == Decimal("108.1")
    assert found["RU", "1897-02-09", "share_of_population", "urban"] == 15
    assert found["RU", "2010-10-14", "population", "total"] == Decimal("142.9")
    assert found["RU", "2021-01-01", "population", "total"] == Decimal("146.2")
    assert found["RU", "2021-01-01", "share_of_population", "urban"] == 75


def test_a_boundary_that_is_not_known_is_named(tmp_path: Path) -> None:
    rows = [["   в границах 1913 года", *row[1:]] if "в современных" in str(row[:1]) else row for row in as_text()]
    with pytest.raises(FrontierError, match=r"cell A9.*в границах 1913 года"):
        read_as(DATASET, write_csv(tmp_path / "demo11.csv", rows))
