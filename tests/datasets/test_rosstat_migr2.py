"""Rosstat's international migration by partner (migr2): two stacked blocks with the same labels."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from orchestration.workspace import Workspace
from tests.datasets.papers import Rows, Shown, write_csv, write_xls
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

DATASET = "goskomstat/international_migration"
KIM = "goskomstat/russia_cis_migration"
SHEET = "Международная1997-2019"
CIS = ("AM", "AZ", "BY", "KG", "KZ", "MD", "TJ", "TM", "UA", "UZ")
YEARS = [str(year) for year in range(1997, 2020)]
# Cell, text, value, status, indicator, partner, period.
PUBLISHED = [
    ("B6", "597651", 597651, "A", "arrivals", "WORLD", "1997"),
    ("X6", "701234", 701234, "A", "arrivals", "WORLD", "2019"),
    ("J8", "163101", 163101, "A", "arrivals", "CIS", "2005"),
    ("B12", "235903", 235903, "A", "arrivals", "KZ", "1997"),
    ("X19", "83237", 83237, "A", "arrivals", "FAR-ABROAD", "2019"),
    ("B20", "...", None, "M", "arrivals", "XX-ABKHAZIA", "1997"),
    ("O20", "814", 814, "A", "arrivals", "XX-ABKHAZIA", "2010"),
    ("J30", "5497", 5497, "A", "arrivals", "GE", "2005"),
    ("N32", "-", 0, "A", "arrivals", "ZM", "2009"),
    ("K55", "...", None, "M", "arrivals", "RS", "2006"),
    ("L55", "115", 115, "A", "arrivals", "RS", "2007"),
    ("X67", "11807", 11807, "A", "arrivals", "OTHER-COUNTRIES", "2019"),
    ("B68", "232987", 232987, "A", "departures", "WORLD", "1997"),
    ("J70", "35418", 35418, "A", "departures", "CIS", "2005"),
    ("J92", "691", 691, "A", "departures", "GE", "2005"),
    ("M110", "-", 0, "A", "departures", "PK", "2008"),
    ("N126", "...", None, "M", "departures", "XX-SOUTH-OSSETIA", "2009"),
    ("X128", "9663", 9663, "A", "departures", "OTHER-COUNTRIES", "2019"),
]


@pytest.fixture(scope="module")
def published() -> list[Observation]:
    return read_as(DATASET, shared_file("rosstat/migr2_international_1997_2019.xls"))


def values(rows: list[Observation]) -> dict[tuple[str, str, str], Decimal]:
    """The figures that have a value, by indicator, partner and period."""
    return {
        (row["indicator"], row["counterpart_area"], row["time_period"]): row["value"]
        for row in rows
        if row["value"] is not None
    }


@pytest.mark.parametrize("expected", PUBLISHED, ids=lambda expected: expected[0])
def test_a_cell_of_the_published_workbook(published: list[Observation], expected: tuple[object, ...]) -> None:
    row = by_cell(published)[(SHEET, str(expected[0]))]
    assert (row["raw_text"], row["value"], row["obs_status"]) == expected[1:4]
    assert (row["indicator"], row["counterpart_area"], row["time_period"]) == expected[4:]
    assert row["ref_area"] == "RU"


def test_the_published_workbook_gives_every_figure(published: list[Observation]) -> None:
    assert Counter(row["indicator"] for row in published) == {"arrivals": 61 * 23, "departures": 60 * 23}
    assert Counter(row["obs_status"] for row in published) == {"A": 2711, "M": 72}
    groups = {row["counterpart_area"]: row["group_definition"] for row in published if row.get("group_definition")}
    assert groups == {"CIS": "without_georgia", "FAR-ABROAD": "without_georgia"}


@pytest.mark.parametrize("indicator", ["arrivals", "departures"])
def test_the_partners_add_up_in_every_year(published: list[Observation], indicator: str) -> None:
    figures = values(published)
    partners = {row["counterpart_area"] for row in published if row["indicator"] == indicator}
    others = partners - {"WORLD", "CIS", "FAR-ABROAD", *CIS}
    assert len(others) == {"arrivals": 48, "departures": 47}[indicator]
    for year in YEARS:
        total, cis, far = (figures[indicator, group, year] for group in ("WORLD", "CIS", "FAR-ABROAD"))
        assert total == cis + far, year
        assert cis == sum(figures[indicator, one, year] for one in CIS), year
        assert far == sum(figures.get((indicator, one, year), Decimal(0)) for one in others), year


def test_kims_cis_is_the_cis_of_the_workbook_with_georgia(published: list[Observation]) -> None:
    figures = values(published)
    folder = Workspace.of().raw / KIM
    printed = [
        row
        for edition in ("demographic_yearbook_2006", "statistical_yearbook_2005")
        for row in read_as(KIM, folder / edition / "table_1.csv", edition)
        if row["counterpart_area"] == "CIS" and row["indicator"] in ("arrivals", "departures")
    ]
    assert len(printed) == 18
    for row in printed:
        flow, year = row["indicator"], row["time_period"]
        assert row["value"] == figures[flow, "CIS", year] + figures[flow, "GE", year], (flow, year)
        assert row["group_definition"] == "with_georgia"


def test_the_workbook_is_read_in_half_a_second() -> None:
    path = shared_file("rosstat/migr2_international_1997_2019.xls")
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        assert len(read_as(DATASET, path)) == 2783
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5


UNKNOWN = '[=0]"...";General'
NONE = "[=0]\\-;General"


def sheet(stamp: str | None = None, unit: str = "(человек)") -> Rows:
    """Three years of an edition of our own; the last two partners stand for those that came later."""
    return [
        [stamp],
        ["МЕЖДУНАРОДНАЯ МИГРАЦИЯ 1)"],
        [unit],
        [],
        [None, 2008, 2009, 2010],
        ["Прибыло в Российскую Федерацию – всего", 130, 141, 152],
        ["в том числе:"],
        ["из стран СНГ ", 100, 110, 120],
        ["Казахстан", 100, 110, 120],
        ["из стран дальнего зарубежья ", 30, 31, 32],
        ["Абхазия", Shown(0, UNKNOWN), 0, 4],
        ["Замбия", Shown(1, NONE), Shown(0, NONE), Shown(0, NONE)],
        ["другие страны", 29, 31, 28],
        ["Выбыло из Российской Федерации - всего", 50, 51, 52],
        ["\u00a0\u00a0\u00a0\u00a0\u00a0в том числе :"],
        ["в страны СНГ ", 30, 30, 30],
        ["Казахстан", 30, 30, 30],
        ["в страны дальнего зарубежья ", 20, 21, 22],
        ["Абхазия", Shown(0, UNKNOWN), Shown(0, UNKNOWN), 0],
        ["другие страны", 20, 21, 22],
        [],
        ["1) По данным текущего учёта."],
    ]


def shown(rows: Rows) -> list[list[str | int | None]]:
    """The rows as a page or delimited text has them: the text that a person sees."""

    def text(value: object) -> str | int | None:
        if isinstance(value, Shown):
            return str(int(value.value)) if value.value else ("..." if value.number_format == UNKNOWN else "-")
        return value if isinstance(value, str | int) else None

    return [[text(value) for value in row] for row in rows]


def as_xls(path: Path) -> Path:
    return write_xls(path / "migr2.xls", {"Международная 2008-2010": sheet("Обновлено 28.04.2011")})


def as_csv(path: Path) -> Path:
    return write_csv(path / "migr2.csv", shown(sheet()))


@pytest.mark.parametrize("write", [as_xls, as_csv])
def test_another_edition_loads_in_every_format(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    rows = read_as(DATASET, write(tmp_path))
    figures = {(row["indicator"], row["counterpart_area"], row["time_period"]): row for row in rows}
    assert len(rows) == 39
    assert figures["arrivals", "WORLD", "2010"]["value"] == 152
    assert figures["departures", "KZ", "2008"]["value"] == 30
    zambia = figures["arrivals", "ZM", "2009"]
    assert (zambia["raw_text"], zambia["value"], zambia["decimals"], zambia["obs_status"]) == ("-", 0, 0, "A")


@pytest.mark.parametrize("write", [as_xls, as_csv])
def test_what_was_not_recorded_is_missing_whatever_the_cell_shows(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    rows = read_as(DATASET, write(tmp_path))
    abkhazia = {
        (row["indicator"], row["time_period"]): (row["raw_text"], row["value"], row["obs_status"])
        for row in rows
        if row["counterpart_area"] == "XX-ABKHAZIA"
    }
    assert abkhazia == {
        ("arrivals", "2008"): ("...", None, "M"),
        ("arrivals", "2009"): ("0", None, "M"),
        ("arrivals", "2010"): ("4", 4, "A"),
        ("departures", "2008"): ("...", None, "M"),
        ("departures", "2009"): ("...", None, "M"),
        ("departures", "2010"): ("0", 0, "A"),
    }


def test_another_unit_is_refused(tmp_path: Path) -> None:
    path = write_xls(tmp_path / "migr2.xls", {"1": sheet(unit="(тысяч человек)")})
    with pytest.raises(FrontierError, match=r"\(человек\).*тысяч"):
        read_as(DATASET, path)


def test_an_unknown_partner_is_refused_with_the_nearest_names(tmp_path: Path) -> None:
    rows = [["Казахстон", *row[1:]] if row and row[0] == "Казахстан" else row for row in sheet()]
    with pytest.raises(FrontierError, match=r"cell A9.*'Казахстон'.*'Казахстан'"):
        read_as(DATASET, write_xls(tmp_path / "migr2.xls", {"1": rows}))
