"""SDMX-ML data messages since version 2.1, generic and structure-specific, through the sdmx1 library."""

from __future__ import annotations

import io
import logging
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Workbook, tidy
from orchestration.extraction.readers.record_rows import Record, Shown, workbook_of_records
from orchestration.extraction.readers.xml_reading import local_name, read_root, read_tags

if TYPE_CHECKING:
    from sdmx.model.common import BaseDataSet, BaseObservation

_ADVICE = "Ask the service for generic data (format SDMX-ML 2.1 generic) or for SDMX-CSV, or fetch the message again."


def open_message(content: bytes, name: str) -> Workbook:
    """The one sheet of a data message, read at once.

    Columns: the dimensions, TIME_PERIOD, OBS_VALUE as printed, then the attributes of observations, series,
    groups and the data set, on every row. A structure-specific message does not tell its dimensions from
    its attributes; all of them are columns all the same. Raises `FrontierError` when the message is
    damaged, is a message of the service, has a series twice, or has no observation.
    """
    outlines = _outline(content, name)
    records: list[Record] = []
    for number, (data_set, outline) in enumerate(zip(_data_sets(content, name), outlines, strict=False), start=1):
        ordinal = f"[{number}]" if len(outlines) > 1 else ""
        records.extend(_records(data_set, outline, f"/{outline.root}/DataSet{ordinal}", name))
    if not records:
        raise FrontierError(f"{name} holds no observation: check the request, or fetch the message again.")
    return workbook_of_records(records, name)


@dataclass
class _Outline:
    """What sdmx1 does not tell of a data set: its own XML attributes, and how many series the file lists."""

    root: str
    attributes: dict[str, str] = field(default_factory=dict)
    series: int = 0


def _outline(content: bytes, name: str) -> list[_Outline]:
    outlines: list[_Outline] = []
    root = ""
    for element, is_root in read_tags(content, name):
        kind = local_name(element)
        if is_root:
            root = kind
            if kind == "Error":
                raise FrontierError(_service_message(content, name))
        elif kind == "DataSet":
            plain = {key: value for key, value in element.attrib.items() if not key.startswith("{")}
            plain.pop("structureRef", None)
            outlines.append(_Outline(root, plain))
        elif kind == "Series" and outlines:
            outlines[-1].series += 1
    return outlines


def _service_message(content: bytes, name: str) -> str:
    texts = (element.text or "" for element in read_root(content, name).iter())
    told = tidy(" ".join(texts))[:500]
    return (
        f"{name} holds no data but a message of the service: {told!r}. Correct the request, or fetch the file again "
        "later."
    )


def _data_sets(content: bytes, name: str) -> list[BaseDataSet]:
    import sdmx
    from sdmx.message import DataMessage

    try:
        with _quiet_library():
            message = sdmx.read_sdmx(io.BytesIO(content))
    except Exception as error:  # noqa: BLE001
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FrontierError(f"{name} is an SDMX-ML message that cannot be read ({cause}). {_ADVICE}") from error
    if not isinstance(message, DataMessage):
        raise FrontierError(f"{name} is an SDMX-ML message without data ({type(message).__name__}). {_ADVICE}")
    return list(message.data)


@contextmanager
def _quiet_library() -> Generator[None]:
    """Keep the library from warning of messages without structure, and from printing its state when it fails."""
    logger = logging.getLogger("sdmx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


def _records(data_set: BaseDataSet, outline: _Outline, place: str, name: str) -> Iterator[Record]:
    constant = outline.attributes | _texts(getattr(data_set, "attrib", {}))
    attributes = {key: Shown(text, place) for key, text in constant.items()}
    is_generic = outline.root.startswith("Generic")
    value_step = "ObsValue" if is_generic else "@OBS_VALUE"
    if outline.series and outline.series != len(data_set.series):
        raise FrontierError(
            f"{name}, {place}: the message lists {outline.series} series of which only {len(data_set.series)} have "
            "keys of their own: a key stands twice. Fetch the message again, or ask the agency."
        )
    for number, observations in enumerate(data_set.series.values(), start=1):
        for ordinal, one in enumerate(observations, start=1):
            yield _record(one, f"{place}/Series[{number}]/Obs[{ordinal}]", value_step, attributes)
    if not data_set.series:
        for ordinal, one in enumerate(data_set.obs, start=1):
            yield _record(one, f"{place}/Obs[{ordinal}]", value_step, attributes)


def _record(observation: BaseObservation, place: str, value_step: str, constant: Record) -> Record:
    key = _texts(observation.key.values)
    time = key.pop("TIME_PERIOD", None)
    record: Record = {concept: Shown(text, place) for concept, text in key.items()}
    if time is not None:
        record["TIME_PERIOD"] = Shown(time, place)
    value = "" if observation.value is None else str(observation.value)
    record["OBS_VALUE"] = Shown(value, f"{place}/{value_step}")
    attributes = {concept: Shown(text, place) for concept, text in _texts(observation.attrib).items()}
    return record | {concept: shown for concept, shown in (constant | attributes).items() if concept not in record}


def _texts(members: Mapping[str, Any]) -> dict[str, str]:
    """Texts of key values and attribute values, by concept."""
    return {concept: str(getattr(member.value, "id", member.value)) for concept, member in members.items()}
