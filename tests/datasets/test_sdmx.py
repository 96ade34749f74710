"""SDMX of an agency, here the OECD's: SDMX-CSV with and without names, SDMX-ML 2.1 generic and structure-specific."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from tests.datasets.reading import read_as

DATASET = "oecd/international_migration"

DIMENSIONS = ("REF_AREA", "CITIZENSHIP", "FREQ", "MEASURE", "SEX", "BIRTH_PLACE", "EDUCATION_LEV", "UNIT_MEASURE")
FIXED = {"FREQ": "A", "BIRTH_PLACE": "_Z", "EDUCATION_LEV": "_Z", "UNIT_MEASURE": "PS"}
NAMES = {
    "REF_AREA": "Reference area",
    "CITIZENSHIP": "Citizenship",
    "FREQ": "Frequency of observation",
    "MEASURE": "Measure",
    "SEX": "Sex",
    "BIRTH_PLACE": "Place of birth",
    "EDUCATION_LEV": "Education level",
    "UNIT_MEASURE": "Unit of measure",
    "TIME_PERIOD": "Time period",
    "OBS_VALUE": "Observation value",
    "OBS_STATUS": "Observation status",
    "UNIT_MULT": "Unit multiplier",
    "DECIMALS": "Decimals",
}
FLOW = "OECD.ELS.IMD:DSD_MIG@DF_MIG(1.0)"


def series(
    area: str, citizenship: str, measure: str, sex: str, *observations: tuple[str, str, str], **more: str
) -> Any:
    """Key and attributes of a series, and its observations: period, value and status."""
    key = FIXED | {"REF_AREA": area, "CITIZENSHIP": citizenship, "MEASURE": measure, "SEX": sex}
    return {name: key[name] for name in DIMENSIONS}, {"UNIT_MULT": "0", "DECIMALS": "0"} | more, observations


# A stock, asylum seekers and a group of countries are left out on purpose.
SERIES = [
    series("DEU", "KAZ", "B11", "_T", ("2021", "3456", "A"), ("2022", "4012", "B")),
    series("DEU", "KAZ", "B11", "F", ("2022", "2101", "P")),
    series("DEU", "W", "B12", "_T", ("2022", "1100.5", "E"), UNIT_MULT="3", DECIMALS="1"),
    series("KOR", "RUS", "B16", "_T", ("2022", "", "M"), ("2023", "17", "A")),
    series("POL", "STLS", "B11", "_T", ("2022", "0", "A")),
    series("DEU", "KAZ", "B15", "_T", ("2022", "46000", "A")),
    series("DEU", "KAZ", "B13", "_T", ("2022", "80", "A")),
    series("DEU", "EU15", "B11", "_T", ("2022", "99", "A")),
]
# Indicator, reference area, citizenship, sex, period; then value, status and power of ten.
EXPECTED = {
    ("arrivals", "DE", "KZ", None, "2021"): (Decimal(3456), "A", 0),
    ("arrivals", "DE", "KZ", None, "2022"): (Decimal(4012), "B", 0),
    ("arrivals", "DE", "KZ", "F", "2022"): (Decimal(2101), "P", 0),
    ("departures", "DE", "WORLD", None, "2022"): (Decimal("1100.5"), "E", 3),
    ("citizenship_acquisitions", "KR", "RU", None, "2022"): (None, "M", 0),
    ("citizenship_acquisitions", "KR", "RU", None, "2023"): (Decimal(17), "A", 0),
    ("arrivals", "PL", "STATELESS", None, "2022"): (Decimal(0), "A", 0),
}


def _records(content: Sequence[Any]) -> list[dict[str, str]]:
    return [
        {"DATAFLOW": FLOW, **key, "TIME_PERIOD": period, "OBS_VALUE": value, "OBS_STATUS": status, **attributes}
        for key, attributes, observations in content
        for period, value, status in observations
    ]


def csv_message(path: Path, content: Sequence[Any]) -> Path:
    return _write(path.with_suffix(".csv"), _records(content))


def named_csv_message(path: Path, content: Sequence[Any]) -> Path:
    """SDMX-CSV 2 with a name beside each code; the name of SEX is Sex."""
    records = []
    for record in _records(content):
        named = {"STRUCTURE": "DATAFLOW", "STRUCTURE_ID": record.pop("DATAFLOW"), "STRUCTURE_NAME": "Migration"}
        named["ACTION"] = "I"
        for concept, value in record.items():
            named |= {concept: value, NAMES[concept]: "" if concept == "OBS_VALUE" else f"name of {value}"}
        records.append(named)
    return _write(path.with_suffix(".csv"), records)


def _write(path: Path, records: Sequence[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    return path


_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
_NAMESPACES = (
    f'xmlns:mes="{_SCHEMAS}/message" xmlns:com="{_SCHEMAS}/common" xmlns:gen="{_SCHEMAS}/data/generic" '
    f'xmlns:ss="{_SCHEMAS}/data/structurespecific" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def _message(path: Path, kind: str, data: str, at_observation: str = "TIME_PERIOD") -> Path:
    urn = "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=OECD.ELS.IMD:DSD_MIG(1.0)"
    namespace = f' namespace="{urn}"' if kind == "StructureSpecificData" else ""
    structure = f"{urn}:ObsLevelDim:{at_observation}"
    reference = (
        'structureRef="DSD_MIG"'
        if kind == "GenericData"
        else (
            f'ss:structureRef="DSD_MIG" ss:dataScope="DataStructure" xmlns:own="{structure}" xsi:type="own:DataSetType"'
        )
    )
    path = path.with_suffix(".xml")
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><mes:{kind} {_NAMESPACES}><mes:Header><mes:ID>M1</mes:ID>'
        "<mes:Test>false</mes:Test><mes:Prepared>2025-11-20T10:00:00</mes:Prepared><mes:Sender id='OECD'/>"
        f'<mes:Structure structureID="DSD_MIG"{namespace} dimensionAtObservation="{at_observation}"><com:Structure>'
        '<Ref id="DSD_MIG" agencyID="OECD.ELS.IMD" version="1.0"/></com:Structure></mes:Structure></mes:Header>'
        f'<mes:DataSet {reference} action="Information">{data}</mes:DataSet></mes:{kind}>',
        encoding="utf-8",
    )
    return path


def _values(members: dict[str, str]) -> str:
    return "".join(f'<gen:Value id="{name}" value="{value}"/>' for name, value in members.items())


def _attributes(members: dict[str, str]) -> str:
    return " ".join(f'{name}="{value}"' for name, value in members.items() if value)


def generic_message(path: Path, content: Sequence[Any]) -> Path:
    data = ""
    for key, attributes, observations in content:
        data += f"<gen:Series><gen:SeriesKey>{_values(key)}</gen:SeriesKey>"
        data += f"<gen:Attributes>{_values(attributes)}</gen:Attributes>"
        for period, value, status in observations:
            printed = f'<gen:ObsValue value="{value}"/>' if value else ""
            data += f'<gen:Obs><gen:ObsDimension value="{period}"/>{printed}'
            data += f"<gen:Attributes>{_values({'OBS_STATUS': status})}</gen:Attributes></gen:Obs>"
        data += "</gen:Series>"
    return _message(path, "GenericData", data)


def specific_message(path: Path, content: Sequence[Any]) -> Path:
    data = ""
    for key, attributes, observations in content:
        data += f"<Series {_attributes(key | attributes)}>"
        for period, value, status in observations:
            data += f"<Obs {_attributes({'TIME_PERIOD': period, 'OBS_VALUE': value, 'OBS_STATUS': status})}/>"
        data += "</Series>"
    return _message(path, "StructureSpecificData", data)


def flat_message(path: Path, content: Sequence[Any]) -> Path:
    """Structure-specific without series, as a service answers that was asked for all dimensions at each figure."""
    records = [{name: value for name, value in one.items() if name != "DATAFLOW"} for one in _records(content)]
    data = "".join(f"<Obs {_attributes(one)}/>" for one in records)
    return _message(path, "StructureSpecificData", data, "AllDimensions")


Make = Callable[[Path, Sequence[Any]], Path]
MAKES: list[Make] = [csv_message, named_csv_message, generic_message, specific_message, flat_message]


def _figures(rows: Sequence[Observation]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    keys = ("indicator", "ref_area", "citizenship", "sex", "time_period")
    return {tuple(row.get(key) for key in keys): (row["value"], row["obs_status"], row["unit_mult"]) for row in rows}


@pytest.mark.parametrize("make", MAKES)
def test_every_form_of_the_message_says_the_same(tmp_path: Path, make: Make) -> None:
    rows = read_as(DATASET, make(tmp_path / "message", SERIES))
    assert _figures(rows) == EXPECTED
    assert len(rows) == len(EXPECTED)
    assert all(row["reporting_area"] == row["ref_area"] for row in rows), "the countries report to the organisation"
    assert len({row["cell"] for row in rows}) == len(rows)


def test_each_figure_keeps_its_place(tmp_path: Path) -> None:
    def place(make: Make, name: str) -> str:
        rows = read_as(DATASET, make(tmp_path / name, SERIES))
        return next(row["cell"] for row in rows if row.get("sex") == "F")

    assert place(csv_message, "a") == "K4"
    assert place(generic_message, "b") == "/GenericData/DataSet/Series[2]/Obs[1]/ObsValue"
    assert place(specific_message, "c") == "/StructureSpecificData/DataSet/Series[2]/Obs[1]/@OBS_VALUE"


def test_a_row_of_attributes_without_observation_is_no_figure(tmp_path: Path) -> None:
    bare = series("DEU", "KAZ", "B11", "_T", ("", "", ""))
    assert _figures(read_as(DATASET, csv_message(tmp_path / "message", [*SERIES, bare]))) == EXPECTED


def test_a_value_that_is_absent_for_a_reason_keeps_the_reason(tmp_path: Path) -> None:
    content = [series("DEU", "KAZ", "B11", "_T", *((str(2000 + i), "", one) for i, one in enumerate("AMLQNO")))]
    rows = read_as(DATASET, csv_message(tmp_path / "message", content))
    # An empty cell under "normal value" can only be said to be missing.
    assert [row["obs_status"] for row in rows] == ["O", "M", "L", "Q", "N", "O"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([series("XXX", "KAZ", "B11", "_T", ("2022", "1", "A"))], "cell B2: the row label 'XXX' is not a known code"),
        ([series("DEU", "ZZZ", "B11", "_T", ("2022", "1", "A"))], "cell C2: the row label 'ZZZ' is not a known code"),
        ([series("DEU", "KAZ", "B99", "_T", ("2022", "1", "A"))], "cell E2: the row label 'B99' is not one of"),
        ([series("DEU", "KAZ", "B11", "X", ("2022", "1", "A"))], "cell F2: the row label 'X' is not one of"),
        ([series("DEU", "KAZ", "B11", "_T", ("2022-Q1", "1", "A"))], "cell J2: the row label '2022-Q1' is not a year"),
        (
            [series("DEU", "KAZ", "B11", "_T", ("2022", "1", "A"), UNIT_MULT="4")],
            "cell M2: the row label '4' is not one",
        ),
        ([series("DEU", "KAZ", "B11", "_T", ("2022", "NaN", "A"))], "cell K2 .*'NaN' is neither a number"),
        ([series("DEU", "KAZ", "B11", "_T", ("2022", "1", "A"), CONF="F")], "the column 'CONF' is not mapped"),
        ([SERIES[0], SERIES[0]], "the cells K2 and K4 both claim to be arrivals of DE in 2021"),
    ],
)
def test_a_message_that_does_not_fit_is_refused_with_its_place(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(FrontierError, match=says):
        read_as(DATASET, csv_message(tmp_path / "message", content))


def test_another_dataflow_is_refused(tmp_path: Path) -> None:
    path = csv_message(tmp_path / "message", SERIES)
    path.write_text(path.read_text(encoding="utf-8").replace("DSD_MIG@DF_MIG", "DSD_POP@DF_POP"), encoding="utf-8")
    with pytest.raises(FrontierError, match=r"cell A2: the row label 'OECD.ELS.IMD:DSD_POP@DF_POP\(1.0\)' is not one"):
        read_as(DATASET, path)


def test_a_message_of_the_service_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "message.xml"
    path.write_text(
        f'<mes:Error xmlns:mes="{_SCHEMAS}/message" xmlns:com="{_SCHEMAS}/common"><mes:ErrorMessage code="100">'
        "<com:Text>No Results Found</com:Text></mes:ErrorMessage></mes:Error>",
        encoding="utf-8",
    )
    with pytest.raises(FrontierError, match="No Results Found"):
        read_as(DATASET, path)
