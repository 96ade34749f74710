"""A data query of an SDMX REST service: SDMX-CSV or SDMX-ML."""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.fetching.client import Client, Request
from orchestration.fetching.errors import Refused
from orchestration.fetching.finishing import keep_if_changed, named_by_bytes
from orchestration.fetching.results import Fetched, LastFetch, NotModified
from orchestration.fetching.sdmx_message import Message, read_message
from orchestration.fetching.sniffing import form_of
from orchestration.landing.source_declaration import SdmxSource

_ACCEPT = (
    "application/vnd.sdmx.data+csv;version=1.0.0, application/vnd.sdmx.genericdata+xml;version=2.1;q=0.5, */*;q=0.1"
)
_ADVICE = "Correct flow, key or periods in the source section of the dataset.yml."


def fetch(source: SdmxSource, client: Client, last: LastFetch | None) -> Fetched | NotModified:
    """The answer of the service, with at least one observation in it."""
    headers = {"Accept": source.accept or _ACCEPT}
    messages: list[Message] = []

    def check(path: Path) -> None:
        messages[:] = _checked_messages(path)

    def fingerprint() -> str | None:
        return messages[0].fingerprint if messages else None

    request = Request(source.address, headers=headers, expects=source.expects, check=check)
    stem = re.sub(r"[^\w.-]+", "_", f"{source.flow}_{source.key}")[:100]
    return keep_if_changed(client, request, last, lambda answer: named_by_bytes(stem, answer), fingerprint)


def _checked_messages(path: Path) -> list[Message]:
    """The SDMX-ML message in the file; none where the file is SDMX-CSV."""
    form = form_of(path)
    if form == "xml":
        message = read_message(path)
        if not message.observations:
            raise Refused(f"the SDMX message ({message.root}) holds no observation", advice=_ADVICE)
        return [message]
    if form == "csv":
        with path.open("rb") as file:
            if not file.readline() or not file.readline().strip():
                raise Refused("the SDMX-CSV file holds no observation", advice=_ADVICE)
        return []
    raise Refused(
        f"by its bytes the answer is {form}, where SDMX-CSV or SDMX-ML was expected",
        advice="Choose one of the two with accept, or with format in query, in the source section.",
    )
