"""UN DESA: the workbook of migration flows of one country, and the answers of the Data Portal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

FLOWS = "un_desa/migration_flows_kazakhstan"
PORTAL = "un_desa/net_migration"
SHEET = "Kazakhstan by Residence"


# --- migration flows -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published() -> list[Observation]:
    return read_as(FLOWS, shared_file("un_wb/UN_MigFlow_Kazakhstan.xlsx"))


@pytest.mark.parametrize(
    ("cell", "text", "status", "indicator", "partner", "period"),
    [
        ("J22", "..", "O", "departures", "AM", "1980"),
        ("AD22", "24", "A", "departures", "AM", "2000"),
        ("AD25", "..", "O", "departures", "CA", "2000"),
        ("AM33", "0", "A", "departures", "LT", "2009"),
        ("AE35", "76", "A", "departures", "MD", "2001"),
        ("AD36", "108724", "A", "departures", "RU", "2000"),
        ("AD43", "39042", "A", "departures", "UNKNOWN", "2000"),
        ("AD44", "155749", "A", "departures", "WORLD", "2000"),
        ("AD45", "106", "A", "arrivals", "AM", "2000"),
        ("AM57", "3501", "A", "arrivals", "MN", "2009"),
        ("AM59", "8939", "A", "arrivals", "RU", "2009"),
        ("AM61", "217", "A", "arrivals", "TR", "2009"),
        ("AM67", "42032", "A", "arrivals", "WORLD", "2009"),
        ("AQ67", "..", "O", "arrivals", "WORLD", "2013"),
    ],
)
def test_a_published_flow_becomes_this_figure(
    published: list[Observation], cell: str, text: str, status: str, indicator: str, partner: str, period: str
) -> None:
    row = by_cell(published)[SHEET, cell]
    assert (row["raw_text"], row["value"]) == (text, None if text == ".." else Decimal(text))
    assert (row["obs_status"], row["indicator"], row["counterpart_area"]) == (status, indicator, partner)
    assert (row["ref_area"], row["reporting_area"], row["time_period"]) == ("KZ", "KZ", period)


def test_the_published_flows_are_this_many(published: list[Observation]) -> None:
    assert Counter((row["indicator"], row["obs_status"]) for row in published) == {
        ("departures", "A"): 200,
        ("departures", "O"): 582,
        ("arrivals", "A"): 200,
        ("arrivals", "O"): 582,
    }
    assert {row["sheet"] for row in published} == {SHEET}, "sums over regions are left out"


def test_published_partners_and_the_unknown_sum_to_the_total(published: list[Observation]) -> None:
    totals = {_flow(row): row["value"] for row in published if row["counterpart_area"] == "WORLD" and row["value"]}
    parts: Counter[tuple[str, str]] = Counter()
    for row in published:
        if row["counterpart_area"] != "WORLD" and row["value"] is not None:
            parts[_flow(row)] += row["value"]
    assert len(totals) == 20
    assert parts == totals


def _flow(row: Observation) -> tuple[str, str]:
    return row["indicator"], row["time_period"]


PARTNERS = ("Russian Federation", "Germany", "Unknown", "Total")


def flow_workbook(
    path: Path,
    *,
    country: str = "Kazakhstan",
    years: Sequence[int] = (2014, 2015, 2016),
    partners: Sequence[str] = PARTNERS,
    coverage: str = "Both",
    criterion: str = "Residence",
) -> Path:
    """The sums over regions first, then a row for each kind of flow and partner under a header in row 21."""
    book = Workbook()
    regions = book.active
    assert regions is not None
    regions.title = f"Regions by {criterion}"
    sheet = book.create_sheet(f"{country} by {criterion}")
    for one in (regions, sheet):
        one["A9"] = "International Migration Flows to and from Selected Countries"
        one["A17"] = f"Reporting country: {country}"
        one["A18"] = f"Criterion: {criterion}"
        one["A20"] = "Classification"
    header = ["Type", "Coverage", "OdName", "AREA", "AreaName", "REG", "RegName", "DEV", "DevName", *years]
    sheet["C20"] = "Origin/Destination"
    sheet["D20"] = "Major area"
    for column, text in enumerate(header, start=1):
        sheet.cell(21, column, text)
    row = 22
    for kind in ("Emigrants", "Immigrants"):
        for partner in partners:
            figures = [".." if partner == "Germany" and year == years[0] else row * 100 + year for year in years]
            values = [kind, coverage, partner, 935, "Asia", 5500, "Central Asia", 902, "Developing regions", *figures]
            for column, value in enumerate(values, start=1):
                sheet.cell(row, column, value)
            row += 1
    book.save(path)
    return path


def test_another_edition_of_the_flows_loads_with_its_own_years(tmp_path: Path) -> None:
    rows = read_as(FLOWS, flow_workbook(tmp_path / "flows.xlsx"))
    assert Counter(row["obs_status"] for row in rows) == {"A": 22, "O": 2}
    first = by_cell(rows)[SHEET, "J22"]
    assert (first["indicator"], first["counterpart_area"], first["time_period"]) == ("departures", "RU", "2014")
    assert (first["value"], first["row_label"]) == (Decimal(4214), "Emigrants | Both | Russian Federation")
    last = by_cell(rows)[SHEET, "L29"]
    assert (last["indicator"], last["counterpart_area"], last["value"]) == ("arrivals", "WORLD", Decimal(4916))


def test_a_keyed_table_with_a_part_of_the_columns_loads_too(tmp_path: Path) -> None:
    path = tmp_path / "flows.csv"
    path.write_text(
        "Reporting country: Kazakhstan,,,\nCriterion: Residence,,,\n\nClassification,,Origin/Destination,\n"
        "Type,Coverage,OdName,2003\nImmigrants,Both,Uzbekistan,17\nEmigrants,Both,Total,..\n",
        encoding="utf-8",
    )
    rows = read_as(FLOWS, path)
    assert [(row["cell"], row["indicator"], row["counterpart_area"], row["obs_status"]) for row in rows] == [
        ("D6", "arrivals", "UZ", "A"),
        ("D7", "departures", "WORLD", "O"),
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"country": "Kyrgyzstan"},
            "'Kyrgyzstan by Residence': no cell holds the text 'Reporting country: Kazakhstan'",
        ),
        ({"criterion": "Citizenship"}, "the sheet 'Kazakhstan by Citizenship' is not mapped"),
        ({"coverage": "Foreigners"}, "cell B22: the row label 'Foreigners' is not one of"),
        ({"partners": ["Russian Federation", "Ruritania"]}, "cell C23: the row label 'Ruritania' is not a known"),
        ({"partners": ["Germany", "Germany"]}, "both claim to be departures of KZ"),
        ({"years": (2014, 2014)}, "the column '2014' stands twice"),
    ],
)
def test_flows_that_do_not_fit_are_refused_with_their_place(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(FrontierError, match=says):
        read_as(FLOWS, flow_workbook(tmp_path / "flows.xlsx", **changes))


# --- Data Portal ------------------------------------------------------------------------------------------------

RECORD = {
    "locationId": 398,
    "location": "Kazakhstan",
    "iso3": "KAZ",
    "iso2": "KZ",
    "locationTypeId": 4,
    "indicatorId": 65,
    "indicator": "Net migration",
    "indicatorDisplayName": "Net number of migrants",
    "sourceId": 27,
    "source": "World Population Prospects",
    "revision": "0",
    "variantId": 4,
    "variant": "Median",
    "variantShortName": "Median",
    "variantLabel": "Median",
    "timeId": 71,
    "timeLabel": "2020",
    "timeMid": 2020.5,
    "categoryId": 0,
    "category": "Not applicable",
    "estimateTypeId": 1,
    "estimateType": "Model-based Estimates",
    "estimateMethodId": 2,
    "estimateMethod": "Interpolation",
    "sexId": 3,
    "sex": "Both sexes",
    "ageId": 188,
    "ageLabel": "Total",
    "ageStart": 0,
    "ageEnd": -1,
    "ageMid": 0,
    "value": -18917,
}
PROJECTED = {"timeLabel": "2031", "estimateMethodId": 3, "estimateMethod": "Projection"}
RECORDS = [
    RECORD,
    RECORD | {"locationId": 900, "location": "World", "iso3": None, "iso2": None, "value": 0},
    RECORD | PROJECTED | {"value": 1250.5},
    RECORD | PROJECTED | {"variantId": 3, "variant": "High", "value": 1300.25},
    RECORD | PROJECTED | {"variantId": 12, "variant": "Upper 95", "value": 9999},
    RECORD | {"timeLabel": "1950", "value": None},
]


def portal_json(path: Path, records: Sequence[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"data": records}, indent=1), encoding="utf-8")
    return path


def portal_csv(path: Path, records: Sequence[dict[str, Any]], first_line: str = "sep=|") -> Path:
    """The same records as the service writes them for spreadsheets: a line that names the separator, other case."""
    lines = ["|".join(key[0].upper() + key[1:] for key in RECORD)]
    lines += ["|".join("" if value is None else str(value) for value in record.values()) for record in records]
    path.write_text("\n".join([first_line, *lines, ""]), encoding="utf-8")
    return path


EXPECTED_ESTIMATES = [
    ("KZ", "2020", None, "E", Decimal(-18917)),
    ("WORLD", "2020", None, "E", Decimal(0)),
    ("KZ", "2031", "medium", "F", Decimal("1250.5")),
    ("KZ", "2031", "high", "F", Decimal("1300.25")),
    ("KZ", "1950", None, "O", None),
]


def _estimates(rows: Sequence[Observation]) -> list[tuple[Any, ...]]:
    return [(row["ref_area"], row["time_period"], row.get("variant"), row["obs_status"], row["value"]) for row in rows]


def test_only_what_is_projected_has_a_variant(tmp_path: Path) -> None:
    rows = read_as(PORTAL, portal_json(tmp_path / "answer.json", RECORDS))
    assert _estimates(rows) == EXPECTED_ESTIMATES
    assert [row["cell"] for row in rows][:2] == ["/data/0/value", "/data/1/value"]
    assert {(row["indicator"], row["reporting_area"], row.get("sex")) for row in rows} == {
        ("net_migration", "WORLD", None)
    }
    assert {row["unit_mult"] for row in rows} == {0}


@pytest.mark.parametrize("first_line", ["sep=|", "sep =|"])
def test_the_delimited_answer_says_the_same(tmp_path: Path, first_line: str) -> None:
    rows = read_as(PORTAL, portal_csv(tmp_path / "answer.csv", RECORDS, first_line))
    assert _estimates(rows) == EXPECTED_ESTIMATES
    assert rows[0]["cell"] == "AF3"


def test_the_unit_is_the_one_that_the_answer_states(tmp_path: Path) -> None:
    thousands = [{**RECORD, "indicatorDisplayName": "Net number of migrants (thousands)", "value": -18.917}]
    (row,) = read_as(PORTAL, portal_json(tmp_path / "answer.json", thousands))
    assert (row["value"], row["unit_mult"], row["decimals"]) == (Decimal("-18.917"), 3, 3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"indicatorId": 66}, r"cell /data/0/indicatorId: the row label '66' is not one of"),
        (
            {"indicatorDisplayName": "Net migration (per 1,000 population)"},
            "cell /data/0/indicatorDisplayName: .* is not",
        ),
        ({"locationId": 4711}, r"cell /data/0/locationId: the row label '4711' is not a known code of the scheme m49"),
        ({"estimateMethod": "Guess"}, r"cell /data/0/estimateMethod: the row label 'Guess' is not one of"),
        ({"ageLabel": "0-4"}, r"cell /data/0/ageLabel: the row label '0-4' is not one of"),
        ({"variant": "Optimistic"}, r"cell /data/0/variant: the row label 'Optimistic' is not one of"),
        ({"netOf": "x"}, r"the column 'netOf' is not mapped"),
        ({"value": "n.a."}, r"cell /data/0/value .*'n.a.' is neither a number"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_its_place(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(FrontierError, match=says):
        read_as(PORTAL, portal_json(tmp_path / "answer.json", [RECORD | change]))
