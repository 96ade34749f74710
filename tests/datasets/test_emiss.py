"""EMISS: indicators as SDMX-ML 1.0 messages, and as the Excel files that people download."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import pytest
import xlwt

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from orchestration.reception.receiving import Examined, HandPlaced, add_by_hand
from orchestration.workspace import Workspace
from tests.datasets.reading import by_cell, golden, read_as
from tests.shared_files import shared_file

WOMEN = "emiss/women_by_age"
MESSAGE = "fedstat/sdmx_33459_women_by_age.xml"
BASKET = "emiss/fixed_basket_cost"

Figures = dict[tuple[str, str], Decimal | None]


def _figures(rows: Sequence[Observation]) -> Figures:
    return {(row["ref_area"], row["time_period"]): row["value"] for row in rows}


# --- the published message of women by age ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def women() -> list[Observation]:
    return read_as(WOMEN, shared_file(MESSAGE))


@pytest.mark.parametrize(
    ("series", "text", "territory", "period"),
    [
        (1, "78549601", "RU", "1990-01-01"),
        (36, "78154709", "RU", "2025-01-01"),
        (705, "6121270", "RU-MOW", "2010-01-01"),
        (901, "620452", "RU-ARK.without_okrug", "2012-01-01"),
        (1167, "11021818", "RU-FD-SOUTH", "1990-01-01"),
        (1179, "12126173", "RU-FD-SOUTH", "2002-01-01"),
        (1181, "7432648", "RU-FD-SOUTH.2010", "2005-01-01"),
        (1188, "7441074", "RU-FD-SOUTH.2016", "2012-01-01"),
        (1435, "213964", "UA-40", "2015-01-01"),
        (1447, "4728700", "RU-FD-NORTHCAUCASUS", "2005-01-01"),
        (2502, "876826", "RU-TYU.without_okrugs", "2025-01-01"),
        (2561, "9220101", "RU-FD-SIBERIA.2018", "2012-01-01"),
        (2683, "1395409", "RU-ALT", "1990-01-01"),
        (2780, "8834", "RU-EVE", "2002-01-01"),
        (2817, "64744", "RU-UOB", "1990-01-01"),
        (3009, "4140915", "RU-FD-FAREAST.2018", "2025-01-01"),
        (3460, "4240304", "RU-ER-BLACKEARTH", "1996-01-01"),
        (3507, "3595619", "RU-ER-FAREAST", "2003-01-01"),
    ],
)
def test_a_published_series_becomes_this_figure(
    women: list[Observation], series: int, text: str, territory: str, period: str
) -> None:
    row = by_cell(women)[None, f"/GenericData/DataSet/Series[{series}]/Obs/ObsValue"]
    assert golden(row) == (text, text, "A", "population", territory, period)
    assert (row["sex"], row.get("age"), row["population_group"]) == ("F", None, "total")


@pytest.mark.parametrize("series", [1274, 1276, 1432, 1434])
def test_a_nought_where_nobody_was_counted_is_missing(women: list[Observation], series: int) -> None:
    row = by_cell(women)[None, f"/GenericData/DataSet/Series[{series}]/Obs/ObsValue"]
    assert golden(row)[:3] == ("0", None, "M")
    assert row["ref_area"] in ("UA-43", "UA-40")
    assert row["time_period"] < "2015"


def test_the_published_series_are_this_many(women: list[Observation]) -> None:
    assert Counter(row["obs_status"] for row in women) == {"A": 3501, "M": 6}
    years = Counter(row["ref_area"] for row in women)
    assert len(years) == 117
    eras = ("RU-FD-SOUTH", "RU-FD-SOUTH.2010", "RU-FD-SOUTH.2016", "RU-FD-SIBERIA", "RU-FD-SIBERIA.2018")
    assert [years[one] for one in eras] == [13, 8, 14, 22, 14]


@pytest.mark.parametrize(
    ("year", "total", "eras"),
    [
        ("2005", 77104825, ("RU-FD-SOUTH.2010", "RU-FD-SIBERIA", "RU-FD-FAREAST")),
        ("2015", 78726074, ("RU-FD-SOUTH.2016", "RU-FD-SIBERIA.2018", "RU-FD-FAREAST.2018")),
    ],
)
def test_the_federal_districts_of_one_era_sum_to_the_country(
    women: list[Observation], year: str, total: int, eras: tuple[str, ...]
) -> None:
    always = ("RU-FD-CENTRAL", "RU-FD-NORTHWEST", "RU-FD-NORTHCAUCASUS", "RU-FD-VOLGA", "RU-FD-URALS")
    figures = _figures(women)
    districts = [figures[one, f"{year}-01-01"] or Decimal(0) for one in (*always, *eras)]
    assert sum(districts) == figures["RU", f"{year}-01-01"] == total


def test_the_message_of_3507_series_takes_less_than_a_second(women: list[Observation]) -> None:
    """Seconds of this process alone: what else runs on the machine is not what is measured."""
    path = shared_file(MESSAGE)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        rows = read_as(WOMEN, path)
        seconds.append(time.process_time() - start)
        assert len(rows) == len(women)
    assert min(seconds) < 1


def test_nothing_said_of_the_responsible_official_is_observed(women: list[Observation]) -> None:
    assert "REDACTED" in shared_file(MESSAGE).read_text(encoding="utf-8")
    assert not any("REDACTED" in str(value) for row in women for value in row.values())


# --- messages of the same make ---------------------------------------------------------------------------------


class Series(NamedTuple):
    """A series of a message: its key by concept, the year, the value as printed, the period and the unit."""

    key: dict[str, str]
    year: str
    value: str
    period: str = "на 1 января"
    unit: str = "человек"


AGES = {
    "1": "Всего",
    "64": "0",
    "65": "1 год",
    "134": "0-4 года",
    "157": "53 года",
    "132": "100 и более лет",
    "150": "Всего в трудоспособном возрасте (для мужчин 16-59,для женщин 16-54)",
    "159": "Моложе трудоспособного",
    "221": "Старше трудоспособного",
    "267": "Население пенсионного возраста (66 лет и старше)",
}
TERRITORIES = {
    "643": "Российская Федерация",
    "032": "Южный федеральный округ (по 2009 год)",
    "01000000000": "Алтайский край",
    "058": "Западно-Сибирский район",
    "35000000000": "Республика Крым",
}
SETTLEMENTS = {
    "w2:p_mest:11": "все население",
    "w2:p_mest:12": "городское население",
    "w2:p_mest:13": "сельское население",
}
BY_AGE = {"s_vozr": AGES, "s_OKATO": TERRITORIES, "s_mest": SETTLEMENTS}
FLOW = {"s_OKATO": TERRITORIES}


def _by_age(age: str, territory: str, settlement: str, year: str, value: str, unit: str = "человек") -> Series:
    key = {"s_vozr": age, "s_OKATO": territory, "s_mest": f"w2:p_mest:{settlement}"}
    return Series(key, year, value, unit=unit)


def _message(path: Path, indicator: str, lists: dict[str, dict[str, str]], series: Sequence[Series]) -> Path:
    """A message as the service writes it, with an official's name and telephone in its description."""
    schema = "http://www.SDMX.org/resources/SDMXML/schemas/v1_0"
    spaces = " ".join(f'xmlns:{one}="{schema}/{one}"' for one in ("generic", "structure"))
    code_lists = "".join(
        f'<structure:CodeList id="{name}">'
        + "".join(
            f'<structure:Code value="{code}"><structure:Description xml:lang="ru">{label}</structure:Description>'
            "</structure:Code>"
            for code, label in codes.items()
        )
        + "</structure:CodeList>"
        for name, codes in lists.items()
    )
    official = '<Responsible name="Петрова М.И." phone="(495) 000-00-00">Петрова М.И. (495) 000-00-00</Responsible>'
    text = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<GenericData xmlns="{schema}/message" {spaces}>'
        f"<Header><ID>1</ID></Header><CodeLists>{code_lists}</CodeLists><Description>"
        f'<Indicator id="{indicator}" name="Показатель"><LastUpdate value="2024-03-01T10:00:00"/>{official}</Indicator>'
        f"</Description><DataSet>{''.join(_series(one) for one in series)}</DataSet></GenericData>"
    )
    path.write_text(text, encoding="utf-8")
    return path


def _series(one: Series) -> str:
    def values(pairs: dict[str, str]) -> str:
        return "".join(
            f'<generic:Value concept="{concept}" value={quoteattr(value)}/>' for concept, value in pairs.items()
        )

    return (
        f"<generic:Series><generic:SeriesKey>{values(one.key)}</generic:SeriesKey>"
        f"<generic:Attributes>{values({'EI': one.unit, 'PERIOD': one.period})}</generic:Attributes>"
        f"<generic:Obs><generic:Time>{one.year}</generic:Time>"
        f"<generic:ObsValue value={quoteattr(one.value)}/></generic:Obs></generic:Series>"
    )


def test_ages_settlements_and_decimal_marks_are_told_apart(tmp_path: Path) -> None:
    path = _message(
        tmp_path / "women.xml",
        "33459",
        BY_AGE,
        [
            _by_age("1", "643", "11", "2031", "78000000"),
            _by_age("64", "643", "11", "2031", "650000,0"),
            _by_age("65", "643", "11", "2031", "660000.5"),
            _by_age("134", "643", "12", "2031", "2500000"),
            _by_age("157", "032", "13", "2009", "41000"),
            _by_age("132", "01000000000", "11", "2031", "117"),
            _by_age("150", "643", "11", "2031", "40000000"),
            _by_age("159", "643", "11", "2031", "13000000"),
            _by_age("221", "643", "11", "2031", "25000000"),
            _by_age("267", "643", "11", "2031", "17000000"),
            _by_age("1", "35000000000", "11", "2014", "0"),
            _by_age("1", "35000000000", "11", "2031", "0"),
        ],
    )
    rows = read_as(WOMEN, path)
    told = [(row.get("age"), row["ref_area"], row["population_group"], row["time_period"]) for row in rows]
    assert told == [
        (None, "RU", "total", "2031-01-01"),
        ("Y0", "RU", "total", "2031-01-01"),
        ("Y1", "RU", "total", "2031-01-01"),
        ("Y0T4", "RU", "urban", "2031-01-01"),
        ("Y53", "RU-FD-SOUTH", "rural", "2009-01-01"),
        ("Y_GE100", "RU-ALT", "total", "2031-01-01"),
        ("Y16T54", "RU", "total", "2031-01-01"),
        ("Y_LT16", "RU", "total", "2031-01-01"),
        ("ABOVE_WORKING_AGE", "RU", "total", "2031-01-01"),
        ("Y_GE66", "RU", "total", "2031-01-01"),
        (None, "UA-43", "total", "2014-01-01"),
        (None, "UA-43", "total", "2031-01-01"),
    ]
    assert [(row["value"], row["decimals"]) for row in rows[1:3]] == [
        (Decimal("650000.0"), 1),
        (Decimal("660000.5"), 1),
    ]
    assert [(row["value"], row["obs_status"]) for row in rows[-2:]] == [(None, "M"), (Decimal(0), "A")]
    assert not any("Петрова" in str(value) or "495" in str(value) for row in rows for value in row.values())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("prefix", ["", "m:"])
def test_a_landed_message_names_no_official(tmp_path: Path, encoding: str, prefix: str) -> None:
    source = Workspace.of().raw / WOMEN / "dataset.yml"
    (tmp_path / "raw" / WOMEN).mkdir(parents=True)
    shutil.copy(source, tmp_path / "raw" / WOMEN)
    path = _message(tmp_path / "women.xml", "33459", BY_AGE, [_by_age("1", "643", "11", "2031", "78000000")])
    text = path.read_text(encoding="utf-8").replace('encoding="utf-8"', f'encoding="{encoding}"')
    text = text.replace("<GenericData ", '<GenericData xmlns:m="urn:m" ')
    text = text.replace("<Responsible", f"<{prefix}Responsible").replace("</Responsible", f"</{prefix}Responsible")
    path.write_bytes(text.encode(encoding))
    workspace = Workspace.of(tmp_path / "raw", tmp_path / "warehouse")
    added = add_by_hand(workspace, HandPlaced(path, WOMEN, "2031", "2031"))
    assert isinstance(added, Examined)
    landed = added.edition.file.read_bytes().decode(encoding)
    assert "Петрова" in text
    assert "Петрова" not in landed
    assert "495" not in landed


def test_the_working_age_of_men_is_theirs(tmp_path: Path) -> None:
    path = _message(tmp_path / "men.xml", "31548", BY_AGE, [_by_age("150", "643", "11", "2031", "41000000")])
    (row,) = read_as("emiss/men_by_age", path)
    assert (row["sex"], row["age"]) == ("M", "Y16T59")


def test_population_is_read_by_settlement(tmp_path: Path) -> None:
    lists = {name: codes for name, codes in BY_AGE.items() if name != "s_vozr"}
    series = [
        Series({"s_OKATO": "058", "s_mest": f"w2:p_mest:{kind}"}, "1996", value)
        for kind, value in (("11", "15100000"), ("12", "10900000"), ("13", "4200000"))
    ]
    rows = read_as("emiss/population", _message(tmp_path / "population.xml", "31557", lists, series))
    groups = {row["population_group"]: row["value"] for row in rows}
    assert groups == {"total": 15100000, "urban": 10900000, "rural": 4200000}
    assert {(row["ref_area"], row.get("sex"), row.get("age")) for row in rows} == {("RU-ER-WESTSIBERIA", None, None)}


@pytest.mark.parametrize(
    ("dataset", "indicator", "measured"),
    [
        ("emiss/arrivals", "43514", "arrivals"),
        ("emiss/departures", "43513", "departures"),
        ("emiss/net_migration", "46162", "net_migration"),
    ],
)
def test_flows_are_read_by_the_kind_of_their_period(
    tmp_path: Path, dataset: str, indicator: str, measured: str
) -> None:
    periods = {
        "значение показателя за год": "2031",
        "март": "2031-03",
        "январь-май": "2031-01/2031-05",
        "II квартал": "2031-Q2",
    }
    series = [
        Series({"s_OKATO": "01000000000"}, "2031", str(-number), period) for number, period in enumerate(periods, 10)
    ]
    rows = read_as(dataset, _message(tmp_path / "flow.xml", indicator, FLOW, series))
    assert [row["time_period"] for row in rows] == list(periods.values())
    assert [row["value"] for row in rows] == [-10, -11, -12, -13]
    assert {(row["indicator"], row["ref_area"], row["counterpart_area"]) for row in rows} == {
        (measured, "RU-ALT", "ALL-PARTNERS")
    }


@pytest.mark.parametrize(
    ("indicator", "lists", "series", "message"),
    [
        pytest.param("31548", BY_AGE, _by_age("1", "643", "11", "2031", "1"), r"'31548' is not one of \['33459'\]"),
        pytest.param(
            "33459", BY_AGE, _by_age("1", "643", "11", "2031", "78000", "тысяча человек"), "'тысяча человек' is not one"
        ),
        pytest.param(
            "33459",
            BY_AGE | {"s_OKATO": {"099": "Новый район"}},
            _by_age("1", "099", "11", "2031", "1"),
            "'099' is not a known code of the scheme emiss_okato",
        ),
        pytest.param(
            "33459", BY_AGE | {"s_vozr": {"9": "возраст не указан"}}, _by_age("9", "643", "11", "2031", "1"), "'возраст"
        ),
        pytest.param("33459", BY_AGE, _by_age("1", "643", "11", "2031", "около 5"), "'около 5' is neither a number"),
        pytest.param(
            "33459",
            BY_AGE | {"s_pol": {"1": "женщины"}},
            Series({"s_vozr": "1", "s_OKATO": "643", "s_mest": "w2:p_mest:11", "s_pol": "1"}, "2031", "1"),
            "the column 's_pol' is not mapped",
        ),
    ],
    ids=["another indicator", "another unit", "new territory", "new age", "no number", "new dimension"],
)
def test_a_message_of_another_make_is_refused_by_its_place(
    tmp_path: Path, indicator: str, lists: dict[str, dict[str, str]], series: Series, message: str
) -> None:
    with pytest.raises(FrontierError, match=message):
        read_as(WOMEN, _message(tmp_path / "women.xml", indicator, lists, [series]))


def test_net_migration_is_not_mixed_up_with_the_indicator_of_the_same_name(tmp_path: Path) -> None:
    series = Series({"s_OKATO": "643"}, "2031", "5", "значение показателя за год")
    with pytest.raises(FrontierError, match="'61749' is not one of"):
        read_as("emiss/net_migration", _message(tmp_path / "net.xml", "61749", FLOW, [series]))


# --- the Excel file of the fixed basket ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def basket() -> list[Observation]:
    return read_as(BASKET, shared_file("fedstat/data_fixed_basket.xls"))


@pytest.mark.parametrize(
    ("cell", "text", "value", "status", "territory", "period"),
    [
        ("B5", "3,196.74", "3196.74", "A", "RU", "2002-12"),
        ("V5", "20,224.9", "20224.9", "A", "RU", "2022-12"),
        ("Y5", "", None, "O", "RU", "2025-12"),
        ("B6", "3,329.09", "3329.09", "A", "RU-FD-CENTRAL", "2002-12"),
        ("Y6", "29,474.36", "29474.36", "A", "RU-FD-CENTRAL", "2025-12"),
        ("E12", "4,374.34", "4374.34", "A", "RU-KLU", "2005-12"),
        ("B29", "5,131.92", "5131.92", "A", "RU-NEN", "2002-12"),
        ("M30", "12,128.26", "12128.26", "A", "RU-ARK.without_okrug", "2013-12"),
        ("Q31", "16,183.51", "16183.51", "A", "RU-ARK.without_okrug", "2017-12"),
        ("P80", "13,725.8", "13725.8", "A", "RU-TYU.without_okrugs", "2016-12"),
        ("Y81", "23,539.01", "23539.01", "A", "RU-TYU.without_okrugs", "2025-12"),
        ("R83", "14,311.34", "14311.34", "A", "RU-FD-SIBERIA", "2018-12"),
        ("S83", "", None, "O", "RU-FD-SIBERIA", "2019-12"),
        ("F89", "8,992.31", "8992.31", "A", "RU-TAY", "2006-12"),
        ("G89", "", None, "O", "RU-TAY", "2007-12"),
        ("C103", "7,282.33", "7282.33", "A", "RU-KOR", "2003-12"),
        ("Y110", "41,534.99", "41534.99", "A", "RU-CHU", "2025-12"),
        ("O111", "11,611.83", "11611.83", "A", "RU-FD-CRIMEA", "2015-12"),
        ("P111", "", None, "O", "RU-FD-CRIMEA", "2016-12"),
    ],
)
def test_a_published_cost_becomes_this_figure(
    basket: list[Observation], cell: str, text: str, value: str | None, status: str, territory: str, period: str
) -> None:
    row = by_cell(basket)["Данные", cell]
    assert golden(row) == (text, value, status, "fixed_basket_cost", territory, period)
    assert (row["unit"], row["unit_mult"]) == ("roubles", 0)


def test_the_published_costs_are_this_many(basket: list[Observation]) -> None:
    assert Counter(row["obs_status"] for row in basket) == {"A": 2263, "O": 235}
    assert len({row["ref_area"] for row in basket}) == 105
    cells = by_cell(basket)
    assert ("Данные", "M31") not in cells, "printed in M30 before"
    assert ("Данные", "B30") not in cells, "an empty cell of a repeated row says nothing"


def test_the_country_lies_between_its_federal_districts(basket: list[Observation]) -> None:
    figures = _figures(basket)
    years = [period for (territory, period), value in figures.items() if territory == "RU" and value is not None]
    assert len(years) == 21
    for period in years:
        districts = [
            value
            for (territory, when), value in figures.items()
            if when == period and territory.startswith("RU-FD-") and value is not None
        ]
        total = figures["RU", period]
        assert total is not None
        assert min(districts) < total < max(districts)


def test_nothing_of_the_passport_is_observed(basket: list[Observation]) -> None:
    assert {row["sheet"] for row in basket} == {"Данные"}
    assert not any("@rosstat" in str(value) or "568-00-42" in str(value) for row in basket for value in row.values())


# --- Excel files of the same make ------------------------------------------------------------------------------

COST = "Стоимость фиксированного набора потребительских товаров и услуг"
Rows = Sequence[tuple[str, Sequence[float | str]]]


def _export(
    path: Path, title: str, periods: Sequence[tuple[str, str]], rows: Rows, *, passport: str = "Паспорт"
) -> Path:
    """A file as the service writes it: merged years over periods, names indented, an official in the passport."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Данные")
    sheet.write_merge(0, 0, 0, len(periods), title)
    sheet.merge(2, 3, 0, 0)
    start = 0
    for number, (year, period) in enumerate(periods):
        sheet.write(3, number + 1, period)
        if number + 1 == len(periods) or periods[number + 1][0] != year:
            sheet.write_merge(2, 2, start + 1, number + 1, year)
            start = number + 1
    money = xlwt.easyxf(num_format_str="#,##0.####")
    for number, (label, values) in enumerate(rows, 4):
        sheet.write(number, 0, label)
        for column, value in enumerate(values, 1):
            if value != "":
                sheet.write(number, column, value, money)
    other = book.add_sheet(passport)
    other.write(0, 0, "Ответственный: ")
    other.write(0, 1, "Сидорова А.Б. - (495) 111-11-11 sidorova@example.org")
    book.save(str(path))
    return path


MONTHS = [("2031", "ноябрь"), ("2031", "декабрь"), ("2032", "январь")]
COSTS: Rows = [
    ("Российская Федерация", [20224.9, 20300, ""]),
    ("    Уральский федеральный округ", [21000.55, 21100, 21200]),
    ("        Тюменская область", [22000, 22100, 22200]),
    ("            Тюменская область (без АО)", [19000, "", ""]),
    ("            Тюменская область (кроме Ханты-Мансийского автономного округа-Югры и "
     "Ямало-Ненецкого автономного округа)", [19000, 19100, ""]),
]  # fmt: skip


def test_another_export_is_read_by_its_texts(tmp_path: Path) -> None:
    rows = read_as(BASKET, _export(tmp_path / "data.xls", f"{COST} (рубль)", MONTHS, COSTS))
    assert _figures(rows) == {
        ("RU", "2031-11"): Decimal("20224.9"),
        ("RU", "2031-12"): 20300,
        ("RU", "2032-01"): None,
        ("RU-FD-URALS", "2031-11"): Decimal("21000.55"),
        ("RU-FD-URALS", "2031-12"): 21100,
        ("RU-FD-URALS", "2032-01"): 21200,
        ("RU-TYU", "2031-11"): 22000,
        ("RU-TYU", "2031-12"): 22100,
        ("RU-TYU", "2032-01"): 22200,
        ("RU-TYU.without_okrugs", "2031-11"): 19000,
        ("RU-TYU.without_okrugs", "2031-12"): 19100,
    }
    assert by_cell(rows)["Данные", "C6"]["column_label"] == "2031 | декабрь"
    assert not any("Сидорова" in str(value) or "example.org" in str(value) for row in rows for value in row.values())


def test_two_names_of_one_territory_must_say_the_same(tmp_path: Path) -> None:
    changed = [*COSTS[:-1], (COSTS[-1][0], [19001, 19100, ""])]
    with pytest.raises(FrontierError, match=r"B9: '19,001\.' stands where the same row said '19,000\.' before, in B8"):
        read_as(BASKET, _export(tmp_path / "data.xls", f"{COST} (рубль)", MONTHS, changed))


@pytest.mark.parametrize(
    ("title", "passport", "rows", "message"),
    [
        (f"{COST} (процент)", "Паспорт", COSTS, "no cell holds the text"),
        ("Стоимость минимального набора продуктов питания (рубль)", "Паспорт", COSTS, "no cell holds the text"),
        (f"{COST} (рубль)", "Примечания", COSTS, "the sheet 'Примечания' is not mapped"),
        (f"{COST} (рубль)", "Паспорт", [("    Уральский округ", [1, 2, 3])], "'Уральский округ' is not a known"),
        (f"{COST} (рубль)", "Паспорт", [("Российская Федерация", [1, "около 2", 3])], "C5.*'около 2' is neither"),
    ],
    ids=["another unit", "another indicator", "another sheet", "another name", "text in a number"],
)
def test_an_export_of_another_make_is_refused(
    tmp_path: Path, title: str, passport: str, rows: Rows, message: str
) -> None:
    with pytest.raises(FrontierError, match=message):
        read_as(BASKET, _export(tmp_path / "data.xls", title, MONTHS, rows, passport=passport))


def _population_export(path: Path, heads: Sequence[str], rows: Sequence[Sequence[str | float]]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Данные")
    sheet.write(0, 0, "Численность постоянного населения на 1 января (человек)")
    for number, head in enumerate(heads):
        sheet.write(2, number, head)
        sheet.write(3, number, "на 1 января" if head else "")
    for number, row in enumerate(rows, 4):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    book.add_sheet("Паспорт").write(0, 0, "Ответственный: Сидорова А.Б.")
    book.save(str(path))
    return path


def test_an_export_of_population_shows_the_kind_of_settlement(tmp_path: Path) -> None:
    labels = [
        ("Российская Федерация", "все население", 146000000.0),
        ("", "городское население", 109000000.0),
        ("    Южный федеральный округ (с 29.07.2016)", "все население", 16400000.0),
    ]
    rows = read_as("emiss/population", _population_export(tmp_path / "data.xls", ["", "", "2031"], labels))
    assert [(row["ref_area"], row["population_group"], row["value"]) for row in rows] == [
        ("RU", "total", 146000000),
        ("RU", "urban", 109000000),
        ("RU-FD-SOUTH.2016", "total", 16400000),
    ]
    assert {row["time_period"] for row in rows} == {"2031-01-01"}


def test_an_export_of_population_that_hides_what_it_was_filtered_by_is_refused(tmp_path: Path) -> None:
    path = _population_export(tmp_path / "data.xls", ["", "2031"], [("Российская Федерация", 109000000.0)])
    with pytest.raises(FrontierError):
        read_as("emiss/population", path)
