"""SDMX-ML 2.1 messages, structure and generic data, written by sdmx1 from our objects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from lxml import etree  # ty: ignore[missing-module-member]
from sdmx import message
from sdmx.format.xml.v21 import qname
from sdmx.model import common, v21
from sdmx.writer.xml import writer

from orchestration.export.sdmx.flows import AGENCY, Flow
from orchestration.export.sdmx.structures import Structures


def write_structure(structures: Structures, file: Path, release: str, published_at: dt.datetime) -> None:
    """Write concepts, code lists, data structures and dataflows as one structure message."""
    sent = message.StructureMessage(header=_header(f"STRUCTURE_{release}", published_at))
    sent.concept_scheme[structures.concepts.id] = structures.concepts
    for code_list in structures.code_lists.values():
        sent.codelist[code_list.id] = code_list
    for dataflow in structures.dataflows:
        sent.structure[dataflow.structure.id] = dataflow.structure
        sent.dataflow[dataflow.id] = dataflow
    _write(writer.recurse(sent), file)


def write_data(
    flow: Flow,
    dataflow: v21.DataflowDefinition,
    rows: Iterable[Sequence[Any]],
    file: Path,
    release: str,
    published_at: dt.datetime,
) -> int:
    """Write observations (a value per component, ordered by the key) as generic data by series; their count."""
    structure = dataflow.structure
    data = v21.GenericDataSet(described_by=dataflow, structured_by=structure)
    names = [component.id for component in flow.components]
    dimensions = [component.id for component in flow.of("dimension")]
    width = len(dimensions)
    count = 0
    for key, series in groupby(rows, key=lambda row: tuple(row[:width])):
        records = [dict(zip(names, row, strict=True)) for row in series]
        values = {
            one: common.KeyValue(id=one, value=value, value_for=structure.dimensions.get(one))
            for one, value in zip(dimensions, key, strict=True)
        }
        series_key = common.SeriesKey(values=values, described_by=structure.dimensions)
        series_key.attrib.update(_attributes(structure, records[0], [one.id for one in flow.of("series")]))
        data.add_obs([_observation(flow, structure, record) for record in records], series_key)
        count += len(records)
    sent = message.DataMessage(
        header=_header(f"{flow.id}_{release}", published_at),
        data=[data],
        dataflow=dataflow,
        observation_dimension=structure.dimensions.get("TIME_PERIOD"),
    )
    _write(_as_generic_data(writer.recurse(sent)), file)
    return count


def _observation(flow: Flow, structure: v21.DataStructureDefinition, record: dict[str, Any]) -> v21.Observation:
    time = common.KeyValue(
        id="TIME_PERIOD", value=record["TIME_PERIOD"], value_for=structure.dimensions.get("TIME_PERIOD")
    )
    observation = v21.Observation(dimension=common.Key([time]), value=_number(record["OBS_VALUE"]))
    observation.attached_attribute.update(_attributes(structure, record, [one.id for one in flow.of("observation")]))
    return observation


def _attributes(
    structure: v21.DataStructureDefinition, record: dict[str, Any], names: list[str]
) -> dict[str, common.AttributeValue]:
    return {
        name: common.AttributeValue(value=str(record[name]), value_for=structure.attributes.get(name))
        for name in names
        if record[name] is not None
    }


def _number(value: float | None) -> float | None:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_generic_data(root: etree._Element) -> etree._Element:
    # sdmx1 names the root after structure-specific data, and writes the word None for an observation without a
    # value; the schemas of SDMX 2.1 want the name of the generic message, and the element left out.
    root.tag = qname("mes:GenericData")
    for data_set in root.iter(qname("mes:DataSet")):
        data_set.set("action", "Information")
    for element in list(root.iter(qname("gen:ObsValue"))):
        if element.get("value") == "None":
            element.getparent().remove(element)
    return root


def _header(message_id: str, published_at: dt.datetime) -> message.Header:
    return message.Header(id=message_id, prepared=published_at, sender=common.Agency(id=AGENCY), test=False)


def _write(root: etree._Element, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True))
