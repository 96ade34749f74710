"""Tables of Rosstat's territorial offices: migration by flow, and by settlement at the other end."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from tests.datasets.papers import Rows, Span, write_csv, write_page, write_xls
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

FLOWS = "goskomstat/migration_by_flow"
MATRIX = "goskomstat/migration_urban_rural"
NINE_MONTHS_2019, NINE_MONTHS_2018 = "2019-01/2019-09", "2018-01/2018-09"
# Cell, text, value, indicator, territory, partner, period.
PUBLISHED_FLOWS = [
    ("E2", "33322", 33322, "arrivals", "RU-BU", "ALL-PARTNERS", NINE_MONTHS_2019),
    ("E7", "-2989", -2989, "net_migration", "RU-BU", "ALL-PARTNERS", NINE_MONTHS_2018),
    ("E8", "31128", 31128, "arrivals", "RU-BU", "RU", NINE_MONTHS_2019),
    ("E14", "21203", 21203, "arrivals", "RU-BU", "INTRAREGIONAL", NINE_MONTHS_2019),
    ("E16", "-", 0, "net_migration", "RU-BU", "INTRAREGIONAL", NINE_MONTHS_2019),
    ("E19", "-", 0, "net_migration", "RU-BU", "INTRAREGIONAL", NINE_MONTHS_2018),
    ("E22", "-284", -284, "net_migration", "RU-BU", "INTERREGIONAL", NINE_MONTHS_2019),
    ("E26", "2194", 2194, "arrivals", "RU-BU", "WORLD", NINE_MONTHS_2019),
    ("E32", "1326", 1326, "arrivals", "RU-BU", "CIS", NINE_MONTHS_2019),
    ("E38", "868", 868, "arrivals", "RU-BU", "FAR-ABROAD", NINE_MONTHS_2019),
    ("E44", "2908", 2908, "arrivals", "RU-X-KHABAROVSKSTAT", "ALL-PARTNERS", "2022-01/2022-09"),
    ("E58", "-", 0, "net_migration", "RU-X-KHABAROVSKSTAT", "INTRAREGIONAL", "2022-01/2022-09"),
    ("E85", "-16", -16, "net_migration", "RU-X-KHABAROVSKSTAT", "FAR-ABROAD", "2021-01/2021-09"),
    ("E86", "78738", 78738, "arrivals", "RU-X-UNNAMED", "ALL-PARTNERS", "2015"),
    ("E128", "12824", 12824, "arrivals", "RU-X-UNNAMED", "WORLD", "2019"),
    ("E139", "177", 177, "net_migration", "RU-X-UNNAMED", "WORLD", "2020"),
]
# Cell, text, value, status, indicator, partner, group.
PUBLISHED_MATRIX = [
    ("C2", "2234", 2234, "A", "arrivals", "ALL-PARTNERS", "total"),
    ("D2", "x", None, "M", "arrivals", "ALL-PARTNERS", "partner_urban"),
    ("I2", "-4", -4, "A", "net_migration", "ALL-PARTNERS", "total"),
    ("D3", "648", 648, "A", "arrivals", "RU", "partner_urban"),
    ("E4", "1046", 1046, "A", "arrivals", "INTRAREGIONAL", "partner_rural"),
    ("G4", "113", 113, "A", "departures", "INTRAREGIONAL", "partner_urban"),
    ("J4", "72", 72, "A", "net_migration", "INTRAREGIONAL", "partner_urban"),
    ("K5", "38", 38, "A", "net_migration", "INTERREGIONAL", "partner_rural"),
    ("C6", "340", 340, "A", "arrivals", "WORLD", "total"),
    ("F7", "155", 155, "A", "departures", "CIS", "total"),
    ("I8", "34", 34, "A", "net_migration", "FAR-ABROAD", "total"),
    ("K8", "x", None, "M", "net_migration", "FAR-ABROAD", "partner_rural"),
    ("I9", "20", 20, "A", "net_migration", "EXTERNAL", "total"),
]
COVERS = {"ref_area": "RU-BU", "time_period": "2021-01"}


@pytest.fixture(scope="module")
def flows() -> list[Observation]:
    return read_as(FLOWS, shared_file("pages/regional_offices_migration_tables.csv"))


@pytest.fixture(scope="module")
def matrix() -> list[Observation]:
    return read_as(MATRIX, shared_file("pages/buryatia_85283_urban_rural_matrix.csv"), covers=COVERS)


@pytest.mark.parametrize("expected", PUBLISHED_FLOWS, ids=lambda expected: expected[0])
def test_a_cell_of_the_published_flows(flows: list[Observation], expected: tuple[object, ...]) -> None:
    row = by_cell(flows)[None, str(expected[0])]
    assert (row["raw_text"], row["value"], row["indicator"]) == expected[1:4]
    assert (row["ref_area"], row["counterpart_area"], row["time_period"]) == expected[4:]
    assert row["obs_status"] == "A"


@pytest.mark.parametrize("expected", PUBLISHED_MATRIX, ids=lambda expected: expected[0])
def test_a_cell_of_the_published_matrix(matrix: list[Observation], expected: tuple[object, ...]) -> None:
    row = by_cell(matrix)[None, str(expected[0])]
    assert (row["raw_text"], row["value"], row["obs_status"], row["indicator"]) == expected[1:5]
    assert (row["counterpart_area"], row["population_group"]) == expected[5:]
    assert (row["ref_area"], row["time_period"]) == ("RU-BU", "2021-01")


def test_the_published_tables_give_every_figure(flows: list[Observation], matrix: list[Observation]) -> None:
    assert Counter(row["ref_area"] for row in flows) == {"RU-BU": 42, "RU-X-KHABAROVSKSTAT": 42, "RU-X-UNNAMED": 54}
    assert Counter(row["indicator"] for row in flows) == dict.fromkeys(["arrivals", "departures", "net_migration"], 46)
    assert Counter(row["obs_status"] for row in matrix) == {"A": 42, "M": 30}
    definitions = {row["counterpart_area"]: row["group_definition"] for row in flows if row.get("group_definition")}
    assert definitions == {"CIS": "without_georgia", "FAR-ABROAD": "without_georgia"}


def test_the_flows_add_up(flows: list[Observation]) -> None:
    check_flows(flows)


def check_flows(rows: list[Observation]) -> None:
    """Arrivals less departures are the balance, and the flows make those above them; a dash is zero in that."""
    figures = {
        (row["ref_area"], row["time_period"], row["counterpart_area"], row["indicator"]): row["value"] for row in rows
    }
    for area, period, partner, indicator in figures:
        balance = figures[area, period, partner, "arrivals"] - figures[area, period, partner, "departures"]
        assert figures[area, period, partner, "net_migration"] == balance, (area, period, partner)
        parts = {
            "ALL-PARTNERS": ("RU", "WORLD"),
            "RU": ("INTRAREGIONAL", "INTERREGIONAL"),
            "WORLD": ("CIS", "FAR-ABROAD"),
        }
        keys = [(area, period, part, indicator) for part in parts.get(partner, ())]
        if keys and all(key in figures for key in keys):
            assert figures[area, period, partner, indicator] == sum(figures[key] for key in keys), (area, keys)


def test_the_matrix_adds_up(matrix: list[Observation]) -> None:
    figures = {(row["counterpart_area"], row["population_group"], row["indicator"]): row["value"] for row in matrix}
    check_flows([row for row in matrix if row["population_group"] == "total"])
    for partner, group, indicator in figures:
        urban, rural = (figures[partner, f"partner_{one}", indicator] for one in ("urban", "rural"))
        if group == "total" and urban is not None:
            assert figures[partner, group, indicator] == urban + rural, (partner, indicator)
    for indicator in ("arrivals", "departures", "net_migration"):
        across, abroad = (figures[one, "total", indicator] for one in ("INTERREGIONAL", "WORLD"))
        assert figures["EXTERNAL", "total", indicator] == across + abroad


MEASURES = ("прибывшие", "выбывшие", "миграционный прирост, снижение (-)")
LINES = {
    "Миграция – всего": (1000, 1100, 800, 700),
    "в том числе: в пределах России": (900, 1050, 750, 680),
    "внутрирегиональная": (300, 300, 250, 250),
    "межрегиональная": (600, 750, 500, 430),
    "международная миграция": (100, 50, 50, 20),
    "в том числе: со странами СНГ": (90, 45, 45, 15),
    "с другими зарубежными странами": (10, 5, 5, 5),
}


def balance(number: int) -> str:
    return str(number) if number else "-"


def plain_rows() -> Rows:
    """Persons only, in two periods."""
    rows: list[list[str | int]] = [["", "январь-сентябрь 2024 г.", "январь–сентябрь 2023 г."]]
    for label, (came, went, came_before, went_before) in LINES.items():
        numbers = [(came, came_before), (went, went_before), (balance(came - went), balance(came_before - went_before))]
        rows.append([label, "", ""])
        rows += [[measure, *pair] for measure, pair in zip(MEASURES, numbers, strict=True)]
    return rows


def rated_rows() -> tuple[Rows, list[Span]]:
    """Persons, with rates beside them, in two periods; one of them for reference."""
    header: list[list[str | None]] = [
        ["", "Январь-сентябрь 2024 г.", None, "Справочно январь-сентябрь 2023 г.", None],
        [None, "человек", "на 10000 человек населения", "человек", "на 10000 человек населения"],
    ]
    rows = [
        [one[0], one[1], "1,2" if one[1] != "" else "", one[2], "-3,4" if one[2] != "" else ""]
        for one in plain_rows()[1:]
    ]
    return [*header, *rows], [(0, 0, 1, 0), (0, 1, 0, 2), (0, 3, 0, 4)]


def test_a_page_loads_with_the_region_of_its_title(tmp_path: Path) -> None:
    above = ["О миграции населения Республики Бурятия в январе-сентябре 2024 года", "человек"]
    rows = read_as(FLOWS, write_page(tmp_path / "doc.html", plain_rows(), above=above))
    check_page(rows)
    assert {row["ref_area"] for row in rows} == {"RU-BU"}


def check_page(rows: list[Observation]) -> None:
    assert len(rows) == 42
    check_flows(rows)
    figures = {(row["counterpart_area"], row["time_period"], row["indicator"]): row["value"] for row in rows}
    assert figures["ALL-PARTNERS", "2024-01/2024-09", "arrivals"] == 1000
    assert figures["INTERREGIONAL", "2023-01/2023-09", "departures"] == 430
    assert figures["INTRAREGIONAL", "2024-01/2024-09", "net_migration"] == 0
    assert figures["FAR-ABROAD", "2023-01/2023-09", "net_migration"] == 0


@pytest.mark.parametrize(
    ("title", "region"),
    [
        ("Общие итоги миграции населения по Хабаровскому краю за январь – сентябрь 2024 года", "RU-KHA"),
        ("Миграция населения Еврейской автономной области", "RU-YEV"),
        ("О миграции населения в Ямало-Ненецком автономном округе в 2024 году", "RU-YAN"),
        ("О миграции населения г. Москвы за январь-сентябрь 2024 года", "RU-MOW"),
    ],
)
def test_a_page_with_rates_loads_for_any_office(tmp_path: Path, title: str, region: str) -> None:
    rows, spans = rated_rows()
    found = read_as(FLOWS, write_page(tmp_path / "doc.html", rows, above=[title], spans=spans))
    check_page(found)
    assert {row["ref_area"] for row in found} == {region}


def test_an_old_workbook_of_an_office_loads(tmp_path: Path) -> None:
    rows: Rows = [["Общие итоги миграции населения Республики Карелия"], ["человек"], *plain_rows()]
    found = read_as(FLOWS, write_xls(tmp_path / "mig.xls", {"1": rows}))
    check_page(found)
    assert {row["ref_area"] for row in found} == {"RU-KR"}


def test_a_page_without_a_title_goes_by_what_its_publication_says(tmp_path: Path) -> None:
    path = write_page(tmp_path / "doc.html", plain_rows(), above=["человек"])
    with pytest.raises(FrontierError, match=r"no ref_area.*`covers`"):
        read_as(FLOWS, path)
    assert {row["ref_area"] for row in read_as(FLOWS, path, covers={"ref_area": "RU-MAG"})} == {"RU-MAG"}


def test_a_title_that_contradicts_what_was_said_is_refused(tmp_path: Path) -> None:
    path = write_page(tmp_path / "doc.html", plain_rows(), above=["О миграции населения Приморского края", "человек"])
    with pytest.raises(FrontierError, match=r"'RU-PRI'.*'RU-MAG' under `covers`"):
        read_as(FLOWS, path, covers={"ref_area": "RU-MAG"})


def test_a_place_that_is_no_known_territory_is_refused(tmp_path: Path) -> None:
    path = write_page(
        tmp_path / "doc.html", plain_rows(), above=["О миграции населения г. Бурга в 2024 году", "человек"]
    )
    with pytest.raises(FrontierError, match=r"speaks of 'г\. Бурга', which is no known territory"):
        read_as(FLOWS, path)


def test_a_list_of_figures_of_another_year_loads(tmp_path: Path) -> None:
    rows: Rows = [
        ["source", "period_as_printed", "row_label_as_printed", "measure", "value_as_printed"],
        [
            "03.rosstat.gov.ru/document/1",
            "Справочно январь–март 2031 г.",
            "1.1. Внутрирегиональная",
            "прибывшие",
            "1 203",
        ],
        ["03.rosstat.gov.ru/document/1", "2030 год", "Миграция - всего", "миграционный прирост (убыль)", "–"],
        ["03.rosstat.gov.ru/document/1", "январь 2031 года", "Миграция — всего", "число выбывших", "…"],
    ]
    found = read_as(FLOWS, write_csv(tmp_path / "list.csv", rows))
    assert [(row["time_period"], row["counterpart_area"], row["indicator"]) for row in found] == [
        ("2031-01/2031-03", "INTRAREGIONAL", "arrivals"),
        ("2030", "ALL-PARTNERS", "net_migration"),
        ("2031-01", "ALL-PARTNERS", "departures"),
    ]
    assert [(row["value"], row["obs_status"]) for row in found] == [
        (Decimal(1203), "A"),
        (Decimal(0), "A"),
        (None, "O"),
    ]


MATRIX_ROWS: Rows = [
    ["№ п/п", "", "Число прибывших", None, None, "Число выбывших", None, None, "Миграционный прирост", None, None],
    [None, None, "всего", "из городской местности", "из сельской местности", "всего", "в городскую местность",
     "в сельскую местность", "всего", "за счет городской местности", "за счет сельской местности"],
    ["А", "Б", *map(str, range(1, 10))],
    ["1", "Городская и сельская местность Миграция - всего", 90, "x", "x", 80, "x", "x", 10, "x", "x"],
    ["2", "в пределах России", 60, 40, 20, 55, 30, 25, 5, 10, -5],
    ["3", "международная миграция", 30, "х", "х", 25, "х", "х", 5, "х", "х"],
]  # fmt: skip
MATRIX_SPANS = [(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 4), (0, 5, 0, 7), (0, 8, 0, 10)]


@pytest.mark.parametrize("has_numbers", [True, False])
def test_a_matrix_goes_by_its_title(tmp_path: Path, has_numbers: bool) -> None:
    rows = MATRIX_ROWS if has_numbers else [row for row in MATRIX_ROWS if row[0] != "А"]
    above = ["Общие итоги миграции населения Республики Бурятия за январь – апрель 2024 года", "человек"]
    found = read_as(MATRIX, write_page(tmp_path / "doc.html", rows, above=above, spans=MATRIX_SPANS))
    assert {(row["ref_area"], row["time_period"]) for row in found} == {("RU-BU", "2024-01/2024-04")}
    assert Counter(row["obs_status"] for row in found) == {"A": 15, "M": 12}
    figures = {(row["counterpart_area"], row["population_group"], row["indicator"]): row["value"] for row in found}
    assert figures["RU", "partner_rural", "net_migration"] == -5
    assert figures["ALL-PARTNERS", "total", "departures"] == 80


def test_a_matrix_without_a_title_needs_its_territory_and_period(tmp_path: Path) -> None:
    path = write_page(tmp_path / "doc.html", MATRIX_ROWS, spans=MATRIX_SPANS)
    with pytest.raises(FrontierError, match="no ref_area"):
        read_as(MATRIX, path)
    with pytest.raises(FrontierError, match="no time_period"):
        read_as(MATRIX, path, covers={"ref_area": "RU-BU"})
    found = read_as(MATRIX, path, covers={"ref_area": "RU-BU", "time_period": "2024"})
    assert {(row["ref_area"], row["time_period"]) for row in found} == {("RU-BU", "2024")}


def test_a_column_number_that_is_none_is_not_passed_over(tmp_path: Path) -> None:
    rows = [["А", "Б", "2234", *row[3:]] if row[0] == "А" else row for row in MATRIX_ROWS]
    path = write_page(tmp_path / "doc.html", rows, spans=MATRIX_SPANS)
    with pytest.raises(FrontierError, match=r"excluded by the layout but holds '2234'"):
        read_as(MATRIX, path, covers=COVERS)
