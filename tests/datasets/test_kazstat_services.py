"""Bureau of National Statistics of Kazakhstan: the answers of its services, and the flows between regions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from orchestration.workspace import Workspace
from tests.datasets.reading import by_cell, golden, read_as
from tests.shared_files import shared_file

NET = "kazstat/net_migration_iblock"
POPULATION = "kazstat/population_iblock"
TALDAU = "kazstat/taldau_population"
INTERNAL = "kazstat/internal_migration"


def _told(rows: Sequence[Observation]) -> list[tuple[str, str, str, Decimal | None]]:
    return [(row["ref_area"], row["time_period"], row["population_group"], row["value"]) for row in rows]


# --- net migration of stat.gov.kz ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def net() -> list[Observation]:
    return read_as(NET, shared_file("kz/stat_gov_kz_iblock_csv_shape_RECONSTRUCTED.tsv"))


@pytest.mark.parametrize(
    ("cell", "text", "period", "group"),
    [
        ("L2", "24 876", "2017", "urban"),
        ("L14", "5 406", "2002", "urban"),
        ("L19", "-5 561", "2000", "urban"),
        ("L26", "60 128", "2022", "urban"),
        ("L27", "-47 006", "2017", "rural"),
        ("L44", "-102 746", "2000", "rural"),
        ("L51", "-66 850", "2022", "rural"),
        ("L52", "-22 130", "2017", "total"),
        ("L60", "-279", "2013", "total"),
        ("L69", "-108 307", "2000", "total"),
        ("L76", "-6 722", "2022", "total"),
    ],
)
def test_a_line_becomes_this_figure(net: list[Observation], cell: str, text: str, period: str, group: str) -> None:
    row = by_cell(net)[None, cell]
    assert golden(row) == (text, text.replace(" ", ""), "A", "net_migration", "KZ", period)
    assert row["population_group"] == group


def test_town_and_country_sum_to_the_total_in_every_year(net: list[Observation]) -> None:
    values = {(row["time_period"], row["population_group"]): row["value"] for row in net}
    assert Counter(group for _, group in values) == {"total": 25, "urban": 25, "rural": 25}
    assert all(values[year, "urban"] + values[year, "rural"] == values[year, "total"] for year, _ in values)


def test_the_service_says_what_the_edition_keyed_by_hand_says(net: list[Observation]) -> None:
    keyed = read_as("kazstat/net_migration", Workspace.of().raw / "kazstat/net_migration/2025/net_migration.csv")
    assert sorted(_told(keyed)) == sorted(_told(net))


NAMES = {
    NET: "Сальдо миграции по всем потокам(Человек)",
    POPULATION: "Численность населения на начало периода(Человек)",
}
# The classifications behind territory and settlement, as the service names and orders them in each file.
OTHERS = {NET: {"КН": "Всего", "СП": "Всего"}, POPULATION: {"СП": "Всего", "СГНЛ": "Все группы"}}
LINES = [
    ("2032 год", "203212", "ОБЛАСТЬ ЖЕТІСУ", "Всего", "1 698 675"),
    ("2031 год", "203112", "РЕСПУБЛИКА КАЗАХСТАН", "городская местность", "-12 204"),
    ("2032 год", "203212", "АБАЙСКИЙ РАЙОН", "Всего", "6 305"),
    ("2032 год", "203212", "АБАЙСКИЙ РАЙОН", "Всего", "-481"),
    ("2032 год", "203212", "РАЙОН АЛМАТЫ", "Всего", "17 882"),
    ("2032 год", "203212", "ЭКИБАСТУЗ Г.А.", "Всего", "-1 135"),
    ("2032 год", "203212", "Г.ШЫМКЕНТ", "сельская местность", "0"),
    ("2031 год", "203112", "ЗАПАДНО-КАЗАХСТАНСКАЯ ОБЛАСТЬ", "Всего", "-4 796"),
]


def _delimited(path: Path, dataset: str, lines: Sequence[tuple[str, ...]], **changed: str) -> Path:
    """The service's text: a mark of byte order, quoted columns with tabs between, levels that are always 0."""
    own = {"NAM": NAMES[dataset]} | changed
    records = []
    for day, period, territory, settlement, value in lines:
        keys = {"КАТО(по каталогу)": territory, "СПТМ (по каталогу)": settlement, **OTHERS[dataset]}
        levels = {column: pair for key, text in keys.items() for column, pair in ((key, text), (f"L{key}", "0"))}
        records.append({"NAM": own["NAM"], "DAT": day, "PERIOD": period, **levels, "VAL": value})
    rows = [list(records[0]), *(list(record.values()) for record in records)]
    text = "\r\n".join("\t".join(f'"{cell}"' for cell in row) for row in rows)
    path.write_text(text, encoding="utf-8-sig", newline="")
    return path


def _series(path: Path, dataset: str, lines: Sequence[tuple[str, ...]], *, has_names: bool = True) -> Path:
    """The same as JSON: a series for each key, its figures by the last day of their period."""
    records: list[dict[str, Any]] = []
    for day, period, territory, settlement, value in lines:
        figure = {"date": f"31.{period[4:]}.{period[:4]}", "value": value} | ({"name": day} if has_names else {})
        names = [territory, settlement, *OTHERS[dataset].values()]
        records.append({"terms": [741880, 741917, 1, 2], "termNames": names, "periods": [figure]})
    path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(("dataset", "day"), [(NET, ""), (POPULATION, "-01-01")])
@pytest.mark.parametrize("form", ["text", "json", "json without names"])
def test_districts_are_left_out_and_regions_kept_in_both_forms(
    tmp_path: Path, dataset: str, day: str, form: str
) -> None:
    if form == "text":
        path = _delimited(tmp_path / "answer.csv", dataset, LINES)
    else:
        path = _series(tmp_path / "answer.json", dataset, LINES, has_names=form == "json")
    assert _told(read_as(dataset, path)) == [
        ("KZ-33", f"2032{day}", "total", 1698675),
        ("KZ", f"2031{day}", "urban", -12204),
        ("KZ-79", f"2032{day}", "rural", 0),
        ("KZ-27", f"2031{day}", "total", -4796),
    ]


def test_a_figure_of_one_sex_is_told_from_the_total(tmp_path: Path) -> None:
    path = _delimited(tmp_path / "answer.csv", POPULATION, LINES[:1])
    text = path.read_text(encoding="utf-8-sig")
    line = text.splitlines()[1].replace('"Всего"\t"0"\t"Все группы"', '"Женщины"\t"0"\t"Все группы"')
    path.write_text(f"{text}\r\n{line}", encoding="utf-8-sig", newline="")
    assert [row.get("sex") for row in read_as(POPULATION, path)] == [None, "F"]


@pytest.mark.parametrize(
    ("lines", "name", "message"),
    [
        (LINES[:1], "Сальдо миграции по всем потокам(тысяч человек)", "A2.*is not one of"),
        (LINES[:1], "Число прибывших(Человек)", "A2.*'Число прибывших"),
        ([("1 квартал 2032 года", "203203", *LINES[0][2:])], NAMES[NET], "B2.*'1 квартал 2032 года' is not one of"),
        ([("2032 год", "203203", *LINES[0][2:])], NAMES[NET], "C2.*'203203' is not a period"),
        ([(*LINES[0][:2], "ОБЛАСТЬ СЕМЕЙ", *LINES[0][3:])], NAMES[NET], "D2.*'ОБЛАСТЬ СЕМЕЙ' is not a known territory"),
        ([(*LINES[0][:3], "посёлки", LINES[0][4])], NAMES[NET], "F2.*'посёлки' is not one of"),
        ([(*LINES[0][:4], "1.698.675")], NAMES[NET], "L2.*is neither a number"),
        ([LINES[0], LINES[0]], NAMES[NET], "L2 and L3 both claim to be net_migration of KZ-33"),
    ],
    ids=["unit", "indicator", "quarter", "other month", "territory", "settlement", "number", "twice"],
)
def test_a_changed_answer_is_refused_by_its_place(
    tmp_path: Path, lines: Sequence[tuple[str, ...]], name: str, message: str
) -> None:
    with pytest.raises(FrontierError, match=message):
        read_as(NET, _delimited(tmp_path / "answer.csv", NET, lines, NAM=name))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([("2032 год", "203206", *LINES[0][2:])], "'31.06.2032' is not a period"),
        ([(*LINES[0][:3], "Ауылдық жер", LINES[0][4])], "/0/termNames/1.*'Ауылдық жер' is not one of"),
    ],
)
def test_a_changed_series_is_refused_by_its_pointer(
    tmp_path: Path, lines: Sequence[tuple[str, ...]], message: str
) -> None:
    with pytest.raises(FrontierError, match=message):
        read_as(POPULATION, _series(tmp_path / "answer.json", POPULATION, lines))


# --- population of Taldau --------------------------------------------------------------------------------------

ATTRIBUTES = {"id": 703831, "name": "Численность населения на начало периода", "measureName": "Человек"}


def _term(text: str, parent: str = "741880", *, leaf: str = "false", unit: str = "Человек", **values: Any) -> dict:
    own = {"id": "741880" if not parent else text, "rownum": "1", "text": text, "leaf": leaf, "expanded": False}
    return {"parent_id": parent, **own, "measureName": unit, **values}


def _document(path: Path, rows: Sequence[dict], attributes: dict[str, Any] | None = None) -> Path:
    """The document that is put together of the service's answers."""
    periods = {"dateList": ["122031", "122032"], "periodNameList": ["2031 год", "2032 год"]}
    document = {"attributes": ATTRIBUTES if attributes is None else attributes, "periods": periods, "rows": list(rows)}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def test_the_tree_of_the_index_is_read_by_the_year_in_its_keys(tmp_path: Path) -> None:
    rows = [
        _term("РЕСПУБЛИКА КАЗАХСТАН", "", **{"y122031": "19766807", "y122032 ": "20033842,0"}),
        _term("АКМОЛИНСКАЯ ОБЛАСТЬ", y122031="788 013", y122032="787976.0"),
        _term("ОБЛАСТЬ ҰЛЫТАУ", y122031=None, y122032="221426"),
        _term("Г.АСТАНА", y122031="x", y122032=1430117),
        _term("АБАЙСКИЙ РАЙОН", "КАРАГАНДИНСКАЯ ОБЛАСТЬ", y122031="1", y122032="2"),
        _term("СЕМЕЙ Г.А.", "ОБЛАСТЬ АБАЙ", y122031="1", y122032="2"),
    ]
    observed = read_as(TALDAU, _document(tmp_path / "taldau.json", rows))
    assert [(row["cell"], *golden(row)) for row in observed] == [
        ("/rows/0/y122031", "19766807", "19766807", "A", "population", "KZ", "2031-01-01"),
        ("/rows/0/y122032 ", "20033842,0", "20033842.0", "A", "population", "KZ", "2032-01-01"),
        ("/rows/1/y122031", "788 013", "788013", "A", "population", "KZ-11", "2031-01-01"),
        ("/rows/1/y122032", "787976.0", "787976.0", "A", "population", "KZ-11", "2032-01-01"),
        ("/rows/2/y122031", "", None, "O", "population", "KZ-62", "2031-01-01"),
        ("/rows/2/y122032", "221426", "221426", "A", "population", "KZ-62", "2032-01-01"),
        ("/rows/3/y122031", "x", None, "Q", "population", "KZ-71", "2031-01-01"),
        ("/rows/3/y122032", "1430117", "1430117", "A", "population", "KZ-71", "2032-01-01"),
    ]


@pytest.mark.parametrize(
    ("row", "attributes", "message"),
    [
        (_term("РЕСПУБЛИКА КАЗАХСТАН", "", y122031="1"), {"id": 703832, "name": ATTRIBUTES["name"]}, "703831"),
        (_term("РЕСПУБЛИКА КАЗАХСТАН", "", y122031="1"), {}, "703831"),
        (_term("РЕСПУБЛИКА КАЗАХСТАН", "", unit="Тысяч человек", y122031="1"), None, "'Тысяч человек' is not one of"),
        (_term("РЕСПУБЛИКА КАЗАХСТАН", "", y122031="1", y062031="1"), None, "the column 'y062031' is not mapped"),
        (_term("РЕСПУБЛИКА КАЗАХСТАН", "", y122031="1", y2031="1"), None, "the column 'y2031' is not mapped"),
        (_term("КАЗАХСКАЯ ССР", "", y122031="1"), None, "/rows/0/text.*'КАЗАХСКАЯ ССР' is not a known territory"),
        (_term("РЕСПУБЛИКА КАЗАХСТАН", "", y122031="1,234,567"), None, "/rows/0/y122031.*is neither a number"),
    ],
    ids=["another index", "index not told", "unit", "half a year", "year without month", "territory", "number"],
)
def test_a_changed_tree_is_refused_by_its_pointer(
    tmp_path: Path, row: dict, attributes: dict[str, Any] | None, message: str
) -> None:
    with pytest.raises(FrontierError, match=message):
        read_as(TALDAU, _document(tmp_path / "taldau.json", [row], attributes))


# --- migration between the regions -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def internal() -> list[Observation]:
    return read_as(INTERNAL, shared_file("kz/internal_migration_od_2010_2025.csv"))


@pytest.mark.parametrize(
    ("cell", "text", "period", "origin", "destination"),
    [
        ("D2", "36729", "2025", "KZ-19", "KZ-75"),
        ("D3", "35436", "2025", "KZ-61", "KZ-79"),
        ("D4", "34136", "2025", "KZ-75", "KZ-19"),
        ("D5", "21040", "2025", "KZ-79", "KZ-61"),
        ("D6", "17326", "2025", "KZ-11", "KZ-71"),
        ("D1500", "30", "2022", "KZ-55", "KZ-27"),
        ("D552", "517", "2024", "KZ-39", "KZ-35"),
        ("D2333", "979", "2015", "KZ-75", "KZ-61"),
        ("D3039", "5", "2010", "KZ-27", "KZ-62"),
        ("D3040", "5", "2010", "KZ-62", "KZ-27"),
        ("D3041", "4", "2010", "KZ-47", "KZ-62"),
    ],
)
def test_a_flow_becomes_this_figure(
    internal: list[Observation], cell: str, text: str, period: str, origin: str, destination: str
) -> None:
    row = by_cell(internal)[None, cell]
    assert golden(row) == (text, text, "A", "departures", origin, period)
    assert (row["counterpart_area"], row["reporting_area"]) == (destination, "KZ")


def test_every_region_sends_to_every_other_in_every_year(internal: list[Observation]) -> None:
    assert Counter(row["time_period"] for row in internal) == dict.fromkeys(
        ("2010", "2015", "2020", "2021", "2022", "2023", "2024", "2025"), 20 * 19
    )
    assert len({row["ref_area"] for row in internal}) == 20
    assert not any(row["ref_area"] == row["counterpart_area"] for row in internal)
    totals: Counter[str] = Counter()
    for row in internal:
        totals[row["time_period"]] += row["value"]
    assert (totals["2010"], totals["2025"]) == (189941, 458948)


def test_other_years_and_turned_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "flows.csv"
    path.write_text("region_immigr,N,region_emmigr,Year\nAstana_city,1200,Abay,2031\n", encoding="utf-8")
    (row,) = read_as(INTERNAL, path)
    told = (row["ref_area"], row["counterpart_area"], row["time_period"], row["value"])
    assert told == ("KZ-10", "KZ-71", "2031", 1200)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Year,origin,region_immigr,N\n2031,Abay,Ulytau,3\n", "the header row lacks the column 'region_emmigr'"),
        ("Year,region_emmigr,region_immigr,N\n2031,Abay,Semey_city,3\n", "C2.*'Semey_city' is not a known territory"),
        ("Year,region_emmigr,region_immigr,N\n2031,Abay,Ulytau,3\n2031,Abay,Ulytau,4\n", "D2 and D3 both claim"),
    ],
)
def test_changed_flows_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "flows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FrontierError, match=message):
        read_as(INTERNAL, path)
