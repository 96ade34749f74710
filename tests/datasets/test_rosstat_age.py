"""Rosstat's population by age group (demo14): three blocks, days of censuses, ages that differ by sex."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from tests.datasets.papers import Rows, write_csv, write_xls
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

DATASET = "goskomstat/population_by_age"
BANDS = ("Y0T15", "WORKING_AGE", "ABOVE_WORKING_AGE")
# Cell, text, footnotes, period, group, age.
PUBLISHED = [
    ("B7", "92681", None, "1926-12-17", "total", None),
    ("Y7", "146749", None, "2020-01-01", "total", None),
    ("B9", "14114", None, "1926-12-17", "total", "Y0T4"),
    ("O7", "142857", None, "2010-10-14", "total", None),
    ("Y23", "14361", None, "2020-01-01", "total", "Y_GE70"),
    ("B25", "36854", "2)", "1926-12-17", "total", "Y0T15"),
    ("Y26", "82678", "3)", "2020-01-01", "total", "WORKING_AGE"),
    ("C27", "9362", "4)", "1939-01-17", "total", "ABOVE_WORKING_AGE"),
    ("B28", "16452", None, "1926-12-17", "urban", None),
    ("H44", "8554", None, "2002-10-09", "urban", "Y_GE70"),
    ("B46", "5126", "2)", "1926-12-17", "urban", "Y0T15"),
    ("B49", "76229", None, "1926-12-17", "rural", None),
    ("J51", "2072", None, "2005-01-01", "rural", "Y0T4"),
    ("Y69", "9630", "4)", "2020-01-01", "rural", "ABOVE_WORKING_AGE"),
]


@pytest.fixture(scope="module")
def published() -> list[Observation]:
    return read_as(DATASET, shared_file("rosstat/demo14_age_groups.xls"))


@pytest.mark.parametrize("expected", PUBLISHED, ids=lambda expected: expected[0])
def test_a_cell_of_the_published_workbook(published: list[Observation], expected: tuple[str | None, ...]) -> None:
    row = by_cell(published)["возр.гр", str(expected[0])]
    assert (row["raw_text"], row["footnotes"], row["time_period"], row["population_group"], row.get("age")) == (
        expected[1:]
    )
    assert row["value"] == Decimal(str(expected[1]))


def test_the_published_workbook_gives_every_figure(published: list[Observation]) -> None:
    assert Counter(row["population_group"] for row in published) == {"total": 456, "urban": 456, "rural": 456}
    assert Counter(row["obs_status"] for row in published) == {"A": 1368}
    assert len({row.get("age") for row in published}) == 19


def test_the_parts_make_the_whole_but_for_one_slip_of_a_digit(published: list[Observation]) -> None:
    """The whole population of 2004 is printed as 144134; its parts, its ages and komp_chisl say 144334."""
    assert broken_sums(published) == {("2004-01-01", "total")}
    assert by_cell(published)["возр.гр", "I7"]["raw_text"] == "144134"


def broken_sums(rows: list[Observation]) -> set[tuple[str, str]]:
    """Period and group of the wholes that differ from the sum of their ages, their bands, or town and country.

    Each sum may be off by its roundings; where a census counted people who stated no age, which the first
    footnote says, the ages fall short, by no more than one in five hundred.
    """
    figures = {(row["time_period"], row["population_group"], row.get("age")): row["value"] for row in rows}
    fine = {age for _, _, age in figures if age} - set(BANDS)
    broken = set()
    for period, group in {(period, group) for period, group, _ in figures}:
        whole = figures[period, group, None]
        for ages in (fine, set(BANDS)):
            short = whole - sum((figures[period, group, age] for age in ages), Decimal(0))
            rounding = Decimal(len(ages) + 1) / 2
            unstated = 0 if period.endswith("-01-01") else whole / 500
            if not -rounding <= short <= rounding + unstated:
                broken.add((period, group))
    for period, group, age in figures:
        rest = figures[period, "total", age] - figures[period, "urban", age] - figures[period, "rural", age]
        if group == "total" and abs(rest) > Decimal("1.5"):
            broken.add((period, group))
    return broken


def sheet() -> Rows:
    """An edition of our own: three years, one of them a census."""
    rows: list[list[str | int | None]] = [
        ["РАСПРЕДЕЛЕНИЕ НАСЕЛЕНИЯ ПО ВОЗРАСТНЫМ ГРУППАМ1)"],
        ["(на 1 января; тысяч человек)"],
        [],
        [None, 2002, 2021, 2022],
    ]
    words = ("моложе трудоспособного 2)", "трудоспособном 3)", "старше трудоспособного  4)")
    for block, size in (("Все население", 3), ("Городское население", 2), ("Сельское население", 1)):
        rows.append([block, 300 * size, 310 * size, 320 * size])
        rows.append(["\u00a0\u00a0\u00a0в том числе в возрасте, \u00a0лет:"])
        rows.append(["0-4", 100 * size, 110 * size, 120 * size])
        rows.append(["70 и более", 199 * size, 200 * size, 200 * size])
        rows.append(["Из общей численности - население в возрасте:"])
        young, able, old = (f"\u00a0\u00a0{word}" for word in words)
        rows.append([young, 100 * size, 110 * size, 120 * size])
        rows.append([able, 100 * size, 100 * size, 100 * size])
        rows.append([old, 100 * size, 100 * size, 100 * size])
    return [*rows, [], ["1) Данные приведены: 2002 г. - по переписи на 9 октября."], ["2) Мужчины и женщины."]]


def as_xls(path: Path) -> Path:
    return write_xls(path / "demo14.xls", {"возр.гр": sheet()})


def as_csv(path: Path) -> Path:
    return write_csv(path / "demo14.csv", sheet())


@pytest.mark.parametrize("write", [as_xls, as_csv])
def test_another_edition_loads_in_every_format(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    rows = read_as(DATASET, write(tmp_path))
    assert not broken_sums(rows)
    assert len(rows) == 54
    assert {row["time_period"] for row in rows} == {"2002-10-09", "2021-01-01", "2022-01-01"}
    assert Counter(row.get("age") for row in rows) == dict.fromkeys([None, "Y0T4", "Y_GE70", *BANDS], 9)


def test_an_age_that_is_not_known_is_refused(tmp_path: Path) -> None:
    rows = [["75 лет и старше", *row[1:]] if row[:1] == ["70 и более"] else row for row in sheet()]
    with pytest.raises(FrontierError, match=r"cell A8.*75 лет и старше"):
        read_as(DATASET, write_csv(tmp_path / "demo14.csv", rows))
