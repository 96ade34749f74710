"""SDMX-ML GenericData of versions 1.0 and 2.0, as EMISS gives it: a row for each observation."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Workbook
from orchestration.extraction.readers.record_rows import Record, Shown, workbook_of_records
from orchestration.extraction.readers.xml_reading import XmlElement, local_name, read_elements

_ROOT = "/GenericData"


def open_message(content: bytes, name: str) -> Workbook:
    """The one sheet of a GenericData message, read at once.

    Columns: each concept of the series keys (its code), `<concept>:label` where the message has its code
    list, the attributes of series, TIME_PERIOD, OBS_VALUE as printed, the attributes of observations, and
    INDICATOR with its label where the message names one. Nobody's name enters the grid. Raises
    `FrontierError` when the message is damaged, has no observation, or uses a code that its list lacks.
    """
    message = _Message(name)
    records: list[Record] = []
    for element in read_elements(io.BytesIO(content), name, "CodeList", "Indicator", "Series", "Group", "DataSet"):
        records.extend(message.take(element))
    if not records:
        raise FrontierError(f"{name} holds no observation: check the request, or fetch the message again.")
    return workbook_of_records(records, name)


@dataclass
class _Message:
    """What is known of a message in the reading."""

    name: str
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    indicator: Record = field(default_factory=dict)
    data_set: int = 1
    series: int = 0

    def take(self, element: XmlElement) -> Iterator[Record]:
        """Take in an element; the observations of a series are given back."""
        kind = local_name(element)
        if kind == "CodeList":
            self.codes[element.get("id", "")] = {
                code.get("value", ""): _first_text(code, "Description")
                for code in element
                if local_name(code) == "Code"
            }
        elif kind == "Indicator" and "id" in element.attrib:
            place = f"{_ROOT}/Description/Indicator"
            self.indicator = {
                "INDICATOR": Shown(element.get("id", ""), f"{place}/@id"),
                "INDICATOR:label": Shown(element.get("name", ""), f"{place}/@name"),
            }
        elif kind == "Series":
            self.series += 1
            yield from self._observations(element)
        elif kind == "Group":
            raise FrontierError(
                f"{self.name}: the message groups its series, and what is said of a group would be lost. Ask the "
                "service for version 2.1 or for ungrouped series."
            )
        elif kind == "DataSet":
            self.data_set += 1
            self.series = 0

    def _observations(self, series: XmlElement) -> Iterator[Record]:
        data_set = "DataSet" if self.data_set == 1 else f"DataSet[{self.data_set}]"
        place = f"{_ROOT}/{data_set}/Series[{self.series}]"
        key: Record = {}
        attributes: Record = {}
        observations: list[XmlElement] = []
        for part in series:
            kind = local_name(part)
            if kind == "SeriesKey":
                key = self._key(part, f"{place}/SeriesKey")
            elif kind == "Attributes":
                attributes = dict(_values(part, f"{place}/Attributes"))
            elif kind == "Obs":
                observations.append(part)
        for number, one in enumerate(observations, start=1):
            ordinal = f"[{number}]" if len(observations) > 1 else ""
            yield self.indicator | key | attributes | _observation(one, f"{place}/Obs{ordinal}")

    def _key(self, element: XmlElement, place: str) -> Record:
        key: Record = {}
        for concept, shown in _values(element, place):
            key[concept] = shown
            codes = self.codes.get(concept)
            if codes is None:
                continue
            if shown.text not in codes:
                raise FrontierError(
                    f"{self.name}, {shown.locator}: the code {shown.text!r} is not in the code list {concept!r} of the "
                    "message, so nobody can tell what it stands for. Fetch the message again, or ask the agency."
                )
            path = f"{_ROOT}/CodeLists/CodeList[@id='{concept}']/Code[@value='{shown.text}']/Description"
            key[f"{concept}:label"] = Shown(codes[shown.text], path)
        return key


def _observation(element: XmlElement, place: str) -> Record:
    record: Record = {"TIME_PERIOD": Shown("", place), "OBS_VALUE": Shown("", place)}
    for part in element:
        kind = local_name(part)
        if kind == "Time":
            record["TIME_PERIOD"] = Shown((part.text or "").strip(), f"{place}/Time")
        elif kind == "ObsValue":
            record["OBS_VALUE"] = Shown(part.get("value", ""), f"{place}/ObsValue")
        elif kind == "Attributes":
            record |= dict(_values(part, f"{place}/Attributes"))
    return record


def _values(element: XmlElement, place: str) -> Iterator[tuple[str, Shown]]:
    for value in element:
        concept = value.get("concept")
        if concept is not None:
            yield concept, Shown(value.get("value", ""), f"{place}/Value[@concept='{concept}']")


def _first_text(element: XmlElement, kind: str) -> str:
    return next(((part.text or "").strip() for part in element if local_name(part) == kind), "")
