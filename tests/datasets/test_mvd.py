"""The interior ministry's migration indicators: seven rows of header, by region and by citizenship."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from tests.datasets.papers import Rows, Span, Value, write_xls
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

DATASET = "mvd/migration_registration"
REGIONS, COUNTRIES = "САЙТ (2-РД регионы) ", "САЙТ (2-РД страны)"
PURPOSES = ("tourism", "study", "work", "private", "other")
# Sheet, cell, text, indicator, territory, citizenship.
PUBLISHED = [
    (REGIONS, "B13", "465,657", "invitations_issued", "RU", None),
    (REGIONS, "D13", "14,337,084", "migration_registrations", "RU", None),
    (REGIONS, "R13", "265,319", "citizenship_acquisitions", "RU", None),
    (REGIONS, "B14", "240,938", "invitations_issued", "RU-FD-CENTRAL", None),
    (REGIONS, "D36", "24,855", "migration_registrations", "RU-ARK.without_okrug", None),
    (REGIONS, "D40", "2,216,690", "migration_registrations", "RU-X-SPE-LEN", None),
    (REGIONS, "H43", "8,347", "first_stay_registrations_tourism", "RU-PSK", None),
    (REGIONS, "B44", "24,452", "invitations_issued", "RU-FD-SOUTH.2010", None),
    (REGIONS, "R79", "2,334", "citizenship_acquisitions", "RU-TYU.without_okrugs", None),
    (REGIONS, "B106", "5,722", "invitations_issued", "RU-X-GUVM", None),
    (REGIONS, "D106", "0", "migration_registrations", "RU-X-GUVM", None),
    (COUNTRIES, "B13", "465,657", "invitations_issued", "RU", "WORLD"),
    (COUNTRIES, "B14", "46", "invitations_issued", "RU", "XX-ABKHAZIA"),
    (COUNTRIES, "D23", "0", "migration_registrations", "RU", "AQ"),
    (COUNTRIES, "D98", "545,676", "migration_registrations", "RU", "KZ"),
    (COUNTRIES, "D202", "0", "migration_registrations", "RU", "PM"),
    (COUNTRIES, "F193", "1,082", "stay_registrations", "RU", "SA"),
    (COUNTRIES, "B266", "1,453", "invitations_issued", "RU", "ZA"),
    (COUNTRIES, "B269", "1941", "invitations_issued", "RU", "STATELESS"),
    (COUNTRIES, "R269", "11,042", "citizenship_acquisitions", "RU", "STATELESS"),
]


@pytest.fixture(scope="module")
def published() -> list[Observation]:
    return read_as(DATASET, shared_file("rosstat/mvd_stst_2016.xls"))


@pytest.mark.parametrize("expected", PUBLISHED, ids=lambda expected: f"{expected[0][9:13]} {expected[1]}")
def test_a_cell_of_the_published_workbook(published: list[Observation], expected: tuple[str, ...]) -> None:
    row = by_cell(published)[expected[0], expected[1]]
    assert (row["raw_text"], row["indicator"], row["ref_area"], row.get("citizenship")) == expected[2:]
    assert row["value"] == Decimal(expected[2].replace(",", ""))
    # The second sheet says 0 where the first says "за январь - декабрь 2016 года".
    assert (row["time_period"], row["obs_status"]) == ("2016", "A")


def test_the_published_workbook_gives_every_figure(published: list[Observation]) -> None:
    # 94 lines of regions; 257 lines of countries, of which one is printed twice; the column of sums is left out.
    assert Counter(row["sheet"] for row in published) == {REGIONS: 94 * 17, COUNTRIES: 256 * 17}
    assert len({row["indicator"] for row in published}) == 17
    units = {row["indicator"]: row["unit"] for row in published}
    assert {indicator for indicator, unit in units.items() if unit == "documents"} == {
        "invitations_issued",
        "visas_issued",
        "temporary_residence_permits_granted",
        "residence_permits_granted",
    }


def test_regions_make_their_district_and_districts_the_country(published: list[Observation]) -> None:
    figures = {(row["indicator"], row["ref_area"]): row["value"] for row in published if row["sheet"] == REGIONS}
    areas = list(dict.fromkeys(area for _, area in figures))
    districts = [area for area in areas if "-FD-" in area]
    assert (len(districts), areas[0], areas[-1]) == (9 - 1, "RU", "RU-X-GUVM")
    starts = [areas.index(one) for one in districts]
    for indicator in {indicator for indicator, _ in figures}:
        for start, end in zip(starts, [*starts[1:], len(areas) - 1], strict=True):
            regions = sum(figures[indicator, area] for area in areas[start + 1 : end])
            assert figures[indicator, areas[start]] == regions, (indicator, areas[start])
        country = sum(figures[indicator, area] for area in (*districts, "RU-X-GUVM"))
        assert figures[indicator, "RU"] == country, indicator


def test_citizenships_make_the_country(published: list[Observation]) -> None:
    whole = {
        row["indicator"]: row["value"] for row in published if row["ref_area"] == "RU" and not row.get("citizenship")
    }
    by_citizenship: Counter[str] = Counter()
    for row in published:
        if row.get("citizenship") and row["citizenship"] != "WORLD":
            by_citizenship[row["indicator"]] += row["value"]
    assert by_citizenship == whole


def test_the_columns_of_a_line_add_up(published: list[Observation]) -> None:
    lines: dict[tuple[str, str | None], dict[str, Decimal]] = {}
    for row in published:
        lines.setdefault((row["ref_area"], row.get("citizenship")), {})[row["indicator"]] = row["value"]
    assert len(lines) == 350
    for key, line in lines.items():
        assert line["migration_registrations"] == line["residence_registrations"] + line["stay_registrations"], key
        by_purpose = sum(line[f"first_stay_registrations_{purpose}"] for purpose in PURPOSES)
        assert line["first_stay_registrations"] == by_purpose, key


HEADER: Rows = [
    [None, "Оформлено приглашений", "Оформлено виз", "МИГРАЦИОННЫЙ УЧЕТ", *[None] * 9,
     "РАЗРЕШЕНИЯ НА ВРЕМЕННОЕ ПРОЖИВАНИЕ", None, "ВИДЫ НА ЖИТЕЛЬСТВО", None,
     "ПРИОБРЕТЕНИЕ ГРАЖДАНСТВА РОССИЙСКОЙ ФЕДЕРАЦИИ\n(принято, восстановлено, признано)"],
    [],
    [None, None, None, "Поставлено на миграцион-ный учет", "в том числе:", *[None] * 7, "Снято с миграционного учета",
     "Принято решений о выдаче РВП", "Проживает по РВП", "Принято решений о выдаче ВнЖ", "Прожи- вает по ВнЖ"],
    [*[None] * 4, "зарегистри-ровано по месту жительства", "поставлено на учет по месту пребывания", "в том числе:"],
    [*[None] * 6, "первично", "из них по целям въезда:"],
    [*[None] * 7, "туризм", "учеба", "работа", "частная", "иное"],
]  # fmt: skip
SPANS = [(5, 1, 10, 1), (5, 2, 10, 2), (5, 3, 6, 12), (5, 13, 6, 14), (5, 15, 6, 16), (5, 17, 10, 17), (7, 3, 10, 3)]
SPANS += [(7, 4, 7, 11), *((7, one, 10, one) for one in (12, 13, 14, 15, 16)), (8, 4, 10, 4), (8, 5, 10, 5)]
SPANS += [(8, 6, 8, 11), (9, 6, 10, 6), (9, 7, 9, 11)]
SPAN_LIST: list[Span] = SPANS


def line(label: str, size: int) -> list[Value]:
    """A line whose figures add up as those of the ministry do."""
    purposes = [size * one for one in (1, 2, 3, 4, 5)]
    first = sum(purposes)
    return [label, size, size, 3 * first, first, 2 * first, first, *purposes, *[size] * 6]


def page(period: str | int, by: str, lines: list[list[Value]], sums: bool = False) -> Rows:
    """A sheet of an edition of our own; with `sums` it has the last column without a heading."""
    numbers: list[Value] = ["код графы", *map(str, range(1, 19 if sums else 18))]
    if sums:
        lines = [[*one, 12345] for one in lines]
    top: Rows = [
        [],
        ["ОТДЕЛЬНЫЕ ПОКАЗАТЕЛИ МИГРАЦИОННОЙ СИТУАЦИИ В РОССИЙСКОЙ ФЕДЕРАЦИИ"],
        [period],
        [f"с распределением {by}"],
        [],
    ]
    return [*top, *HEADER, numbers, *lines]


def workbook(path: Path, period: str, second: int = 0) -> Path:
    regions = [
        line("ВСЕГО по регионам", 30),
        line("Южный ФО", 30),
        line("Республика Калмыкия        ", 10),
        line("Ростовская область", 20),
    ]
    countries = [
        line("ВСЕГО по странам", 30),
        line("Казахстан ", 30 - second),
        line("Сен-Пьер и Микелон", 0),
        line("Сент-Пьер и Микелон", second),
    ]
    sheets = {
        REGIONS: page(period, "по регионам", regions),
        COUNTRIES: page(0, "по странам мира", countries, sums=True),
    }
    return write_xls(path / "stst.xls", sheets, {REGIONS: SPAN_LIST, COUNTRIES: SPAN_LIST})


@pytest.mark.parametrize(
    ("title", "period"),
    [
        ("за январь - декабрь 2018 года", "2018"),
        ("за январь – июнь 2017 года", "2017-01/2017-06"),
        ("за январь 2019 года", "2019-01"),
    ],
)
def test_another_edition_loads_for_any_months(tmp_path: Path, title: str, period: str) -> None:
    rows = read_as(DATASET, workbook(tmp_path, title))
    assert {row["time_period"] for row in rows} == {period}
    assert Counter(row["sheet"] for row in rows) == {REGIONS: 4 * 17, COUNTRIES: 3 * 17}
    figures = {(row["indicator"], row["ref_area"], row.get("citizenship")): row["value"] for row in rows}
    assert figures["first_stay_registrations_other", "RU-KL", None] == 50
    assert figures["migration_registrations", "RU-FD-SOUTH.2010", None] == 1350
    assert figures["citizenship_acquisitions", "RU", "KZ"] == 30
    assert figures["residence_permit_holders", "RU", "PM"] == 0


def test_a_title_without_a_period_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"регионы.*time_period"):
        read_as(DATASET, workbook(tmp_path, "за отчётный период"))


def test_two_spellings_of_one_territory_with_different_figures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"cell B16: '5'.*'0'"):
        read_as(DATASET, workbook(tmp_path, "за январь 2019 года", second=5))
