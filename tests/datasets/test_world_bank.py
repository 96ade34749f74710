"""Net migration of the World Bank: the bulk workbook, the same as delimited text, and the answer of the API."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlwt

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from orchestration.landing.catalogue import read_dataset
from orchestration.reception.stamps import stamped_release_day
from orchestration.workspace import Workspace
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

DATASET = "world_bank/net_migration"


@pytest.fixture(scope="module")
def published() -> list[Observation]:
    return read_as(DATASET, shared_file("un_wb/wdi_SM.POP.NETM.xls"))


@pytest.mark.parametrize(
    ("cell", "text", "territory", "period"),
    [
        ("E5", "0", "AW", "1960"),
        ("F5", "-569", "AW", "1961"),
        ("BO6", "-274282", "WB-AFE", "2022"),
        ("AX43", "817", "M49-830", "2005"),
        ("AX125", "22958", "KZ", "2005"),
        ("BI125", "-7445", "KZ", "2016"),
        ("BO125", "0", "KZ", "2022"),
        ("E207", "-161432", "RU", "1960"),
        ("BO207", "942445", "RU", "2022"),
        ("BO253", "-6673580", "UA", "2022"),
        ("AX264", "0", "WORLD", "2005"),
        ("E266", "-6603", "XX-KOSOVO", "1960"),
        ("BO270", "-9999", "ZW", "2022"),
    ],
)
def test_a_published_cell_becomes_this_figure(
    published: list[Observation], cell: str, text: str, territory: str, period: str
) -> None:
    row = by_cell(published)["Data", cell]
    assert (row["raw_text"], row["value"], row["obs_status"]) == (text, Decimal(text), "A")
    assert (row["indicator"], row["ref_area"], row["time_period"]) == ("net_migration", territory, period)
    assert row["reporting_area"] == "WORLD"


def test_an_empty_published_cell_is_no_data(published: list[Observation]) -> None:
    assert Counter(row["obs_status"] for row in published) == {"A": 16695, "O": 63}
    assert {row["ref_area"] for row in published if row["obs_status"] == "O"} == {"WB-INX"}
    assert by_cell(published)["Data", "E115"]["value"] is None


@pytest.mark.parametrize(
    ("group", "parts"),
    [
        ("WB-NAC", ("US", "CA", "BM")),
        ("WB-LMY", ("WB-LIC", "WB-MIC")),
        ("WB-MIC", ("WB-LMC", "WB-UMC")),
    ],
)
def test_published_groups_are_the_sum_of_their_parts(
    published: list[Observation], group: str, parts: tuple[str, ...]
) -> None:
    figures = {(row["ref_area"], row["time_period"]): row["value"] for row in published}
    for year in map(str, range(1960, 2023)):
        assert figures[group, year] == sum(figures[part, year] for part in parts), year


def test_the_published_workbook_states_its_release_day() -> None:
    declared = read_dataset(Workspace.of().raw, DATASET)
    assert stamped_release_day(declared, shared_file("un_wb/wdi_SM.POP.NETM.xls")) == "2024-02-21"


# --- the bulk file ----------------------------------------------------------------------------------------------

# An older edition knew figures only for every fifth year.
ROWS: list[tuple[str, str, list[int | None]]] = [
    ("Kazakhstan", "KAZ", [None, -12450, None]),
    ("Channel Islands", "CHI", [None, 3001, None]),
    ("High income", "HIC", [None, 17000000, None]),
    ("Not classified", "INX", [None, None, None]),
]
HEADER = ["Country Name", "Country Code", "Indicator Name", "Indicator Code"]
YEARS = [2011, 2012, 2013]


def bulk_rows(
    rows: Sequence[tuple[str, str, list[int | None]]] = ROWS, indicator: str = "SM.POP.NETM"
) -> list[list[Any]]:
    table: list[list[Any]] = [["Data Source", "World Development Indicators"], ["Last Updated Date", "2017-01-03"], []]
    table.append([*HEADER, *YEARS])
    return table + [[name, code, "Net migration", indicator, *figures] for name, code, figures in rows]


def bulk_workbook(path: Path, table: Sequence[Sequence[Any]]) -> Path:
    book = xlwt.Workbook()
    data = book.add_sheet("Data")
    for row, values in enumerate(table):
        for column, value in enumerate(values):
            if value is not None:
                data.write(row, column, value)
    for name in ("Metadata - Countries", "Metadata - Indicators"):
        book.add_sheet(name).write(0, 0, "Country Code")
    book.save(str(path))
    return path


def bulk_text(path: Path, table: Sequence[Sequence[Any]]) -> Path:
    """Every field in quotes and a comma at the end, as the service writes it."""
    lines = [",".join(f'"{"" if value is None else value}"' for value in row) + "," for row in table]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("make", [bulk_workbook, bulk_text])
def test_an_older_edition_with_gaps_loads(tmp_path: Path, make: Any) -> None:
    path = make(tmp_path / "bulk", bulk_rows())
    rows = read_as(DATASET, path)
    assert Counter(row["obs_status"] for row in rows) == {"O": 9, "A": 3}
    assert {row["ref_area"]: row["value"] for row in rows if row["time_period"] == "2012"} == {
        "KZ": Decimal(-12450),
        "M49-830": Decimal(3001),
        "WB-HIC": Decimal(17000000),
        "WB-INX": None,
    }
    assert {row["cell"] for row in rows if row["ref_area"] == "KZ"} == {"E5", "F5", "G5"}
    assert stamped_release_day(read_dataset(Workspace.of().raw, DATASET), path) == "2017-01-03"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (bulk_rows(indicator="SP.POP.TOTL"), "cell D5: the row label 'SP.POP.TOTL' is not one of"),
        (
            bulk_rows([("Ruritania", "RUR", [1, 2, 3])]),
            "cell B5: the row label 'RUR' is not a known code of the scheme wb",
        ),
        ([*bulk_rows(), *bulk_rows()[4:5]], "the cells E5 and E9 both claim to be net_migration of KZ in 2011"),
        (
            [["Data Source", "Doing Business"], *bulk_rows()[1:]],
            "no cell holds the text 'World Development Indicators'",
        ),
        (
            [*bulk_rows()[:3], [*HEADER, 2011, 2012, "Trend"], *bulk_rows()[4:]],
            "cell G4: the column 'Trend' is not mapped",
        ),
        (
            [*bulk_rows()[:5], ["Aruba", "ABW", "Net migration", "SM.POP.NETM", 1, "..", 3]],
            r"cell F6 .*'\.\.' is neither",
        ),
    ],
)
def test_a_bulk_file_that_does_not_fit_is_refused_with_its_place(
    tmp_path: Path, table: list[list[Any]], says: str
) -> None:
    with pytest.raises(FrontierError, match=says):
        read_as(DATASET, bulk_workbook(tmp_path / "bulk.xls", table))


# --- the answer of the API --------------------------------------------------------------------------------------

META = {"sourceid": "2", "total": 4}


def record(identifier: str, name: str, code: str, year: str, value: float | None, **changes: Any) -> dict[str, Any]:
    return {
        "indicator": {"id": "SM.POP.NETM", "value": "Net migration"},
        "country": {"id": identifier, "value": name},
        "countryiso3code": code,
        "date": year,
        "value": value,
        "unit": "",
        "obs_status": "",
        "decimal": 0,
    } | changes


RECORDS = [
    record("KZ", "Kazakhstan", "KAZ", "2023", -3911),
    record("KZ", "Kazakhstan", "KAZ", "2024", None),
    # The service gives no three letters for some of its groups.
    record("XD", "High income", "", "2023", 7000001),
    record("ZH", "Africa Eastern and Southern", "AFE", "2023", -180000, obs_status="F"),
]


def answer(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_answer_of_the_service_loads_by_code_or_else_by_name(tmp_path: Path) -> None:
    rows = read_as(DATASET, answer(tmp_path / "answer.json", [META, RECORDS]))
    assert [(row["cell"], row["ref_area"], row["time_period"], row["value"], row["obs_status"]) for row in rows] == [
        ("/1/0/value", "KZ", "2023", Decimal(-3911), "A"),
        ("/1/1/value", "KZ", "2024", None, "O"),
        ("/1/2/value", "WB-HIC", "2023", Decimal(7000001), "A"),
        ("/1/3/value", "WB-AFE", "2023", Decimal(-180000), "F"),
    ]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([{"message": [{"id": "120", "key": "Invalid value", "value": "The indicator was not found"}]}], "not found"),
        ([META, [record("XX", "Ruritania", "", "2023", 1)]], "the row label 'Ruritania' is not a known territory"),
        ([META, [record("KZ", "Kazakhstan", "KAZ", "2023Q1", 1)]], "/1/0/date: the row label '2023Q1' is not a year"),
        (
            [META, [record("KZ", "Kazakhstan", "KAZ", "2023", 1, unit="%")]],
            "/1/0/unit: the row label '%' is not one of",
        ),
        ([META, [record("KZ", "Kazakhstan", "KAZ", "2023", 1, scale=3)]], "the column 'scale' is not mapped"),
        ([META, [RECORDS[0], RECORDS[0]]], "the cells /1/0/value and /1/1/value both claim to be net_migration of KZ"),
        ([META, []], "holds no record"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_its_place(tmp_path: Path, document: Any, says: str) -> None:
    with pytest.raises(FrontierError, match=says):
        read_as(DATASET, answer(tmp_path / "answer.json", document))
