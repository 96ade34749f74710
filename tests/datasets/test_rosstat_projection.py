"""Rosstat's population projection (progn1): the variant is a dimension, and no figure is an observation."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from tests.datasets.papers import Rows, Span, write_csv, write_xls
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

DATASET = "goskomstat/population_projection"
# Cell, text, status, indicator, period, variant.
PUBLISHED = [
    ("B8", "146412.8", "F", "population", "2021-01-01", "low"),
    ("D8", "-554.1", "F", "natural_increase", "2021", "low"),
    ("I8", "261.7", "F", "net_migration", "2021", "medium"),
    ("K8", "190.6", "F", "population_change", "2021", "high"),
    ("L10", "-192.8", "F", "natural_increase", "2023", "high"),
    ("H15", "-570.4", "F", "natural_increase", "2028", "medium"),
    ("E22", "15.7", "F", "net_migration", "2035", "low"),
    ("M22", "386.8", "F", "net_migration", "2035", "high"),
    ("C23", "", "O", "population_change", "2036", "low"),
    ("F23", "142993.3", "F", "population", "2036-01-01", "medium"),
    ("J23", "150126.3", "F", "population", "2036-01-01", "high"),
    ("M23", "", "O", "net_migration", "2036", "high"),
]


@pytest.fixture(scope="module")
def published() -> list[Observation]:
    return read_as(DATASET, shared_file("rosstat/progn1_projection_variants.xls"))


@pytest.mark.parametrize("expected", PUBLISHED, ids=lambda expected: expected[0])
def test_a_cell_of_the_published_workbook(published: list[Observation], expected: tuple[str, ...]) -> None:
    row = by_cell(published)["1", expected[0]]
    assert (row["raw_text"], row["obs_status"], row["indicator"], row["time_period"], row["variant"]) == expected[1:]
    assert row["value"] == (Decimal(expected[1]) if expected[1] else None)


def test_the_published_workbook_gives_every_figure(published: list[Observation]) -> None:
    assert Counter(row["variant"] for row in published) == {"low": 64, "medium": 64, "high": 64}
    assert Counter(row["obs_status"] for row in published) == {"F": 183, "O": 9}


def test_the_years_follow_from_each_other(published: list[Observation]) -> None:
    check_years(published, first=2021, last=2035)


def check_years(rows: list[Observation], first: int, last: int) -> None:
    figures = {(row["indicator"], row["time_period"], row["variant"]): row["value"] for row in rows}
    for variant in ("low", "medium", "high"):
        for year in range(first, last + 1):
            change = figures["population_change", str(year), variant]
            parts = figures["natural_increase", str(year), variant] + figures["net_migration", str(year), variant]
            assert abs(change - parts) <= Decimal("0.15"), (variant, year)
            opening, closing = (figures["population", f"{one}-01-01", variant] for one in (year, year + 1))
            assert abs(opening + change - closing) <= Decimal("0.15"), (variant, year)


def sheet(high: str = "Высокий вариант прогноза\n") -> Rows:
    """A projection of our own from 2024 to 2026, its words hyphenated as the columns have room."""
    variants = ["Низкий вариант прогноза\n", "Средний вариант прогноза\n", high]
    return [
        [],
        ["ИЗМЕНЕНИЕ ЧИСЛЕННОСТИ НАСЕЛЕНИЯ ПО ВАРИАНТАМ ПРОГНОЗА \n(тысяч человек)"],
        [],
        ["Годы\n", *(text for one in variants for text in (one, None, None, None))],
        [None, *("Население на начало года\n", "Изменения за год\n", None, None) * 3],
        [None, *(None, "общий прирост\n", "естест- венный прирост\n", "миграцион-ный прирост\n") * 3],
        [2024, 1000, -5, -6, 1, 1000, -2, -4, 2, 1000.5, 1, -2, 3],
        [2025, 995, -5.5, -6.5, 1, 998, -2, -4, 2, 1001.5, 1, -2, 3],
        [2026, 989.5, None, None, None, 996, None, None, None, 1002.5, None, None, None],
    ]


def merged() -> list[Span]:
    spans = [(3, 0, 5, 0)]
    for left in (1, 5, 9):
        spans += [(3, left, 3, left + 3), (4, left, 5, left), (4, left + 1, 4, left + 3)]
    return spans


def test_another_edition_loads(tmp_path: Path) -> None:
    rows = read_as(DATASET, write_xls(tmp_path / "progn1.xls", {"1": sheet()}, {"1": merged()}))
    assert Counter(row["obs_status"] for row in rows) == {"F": 27, "O": 9}
    check_years(rows, first=2024, last=2025)


def test_an_edition_keyed_by_hand_loads(tmp_path: Path) -> None:
    keyed = [[one.replace("\n", " ") if isinstance(one, str) else one for one in row] for row in sheet()]
    rows = read_as(DATASET, write_csv(tmp_path / "progn1.csv", keyed))
    assert Counter(row["obs_status"] for row in rows) == {"F": 27, "O": 9}
    check_years(rows, first=2024, last=2025)


def test_a_variant_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = write_xls(tmp_path / "progn1.xls", {"1": sheet("Стабильный вариант")}, {"1": merged()})
    with pytest.raises(FrontierError, match=r"Высокий вариант прогноза.*Стабильный вариант"):
        read_as(DATASET, path)
