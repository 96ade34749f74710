"""SDMX-ML data messages of every version: which reader takes them."""

from __future__ import annotations

import re

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Workbook
from orchestration.extraction.readers.sdmx_personal_data import drop_personal_data
from orchestration.extraction.readers.xml_reading import local_name, namespace, read_tags
from orchestration.landing.declarations import FileReading

__all__ = ["drop_personal_data", "open_content"]

_FIRST_GENERATION = re.compile(r"/v[12]_0/")


def open_content(content: bytes, name: str, reading: FileReading) -> Workbook:  # noqa: ARG001
    """The one sheet of a data message: a row for each observation, a column for each concept.

    Raises `FrontierError` when the message is damaged, of a kind that no reader takes, or without
    observations.
    """
    root, _ = next(read_tags(content, name))
    kind = local_name(root)
    if not _FIRST_GENERATION.search(namespace(root)):
        from orchestration.extraction.readers.sdmx_21 import open_message
    elif kind == "GenericData":
        from orchestration.extraction.readers.sdmx_10 import open_message
    else:
        raise FrontierError(
            f"{name} is an SDMX-ML message of the kind {kind} from before version 2.1, of which only GenericData is "
            "read: ask the service for generic data or for version 2.1."
        )
    return open_message(content, name)
