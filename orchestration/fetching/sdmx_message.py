"""What an SDMX-ML message of any version says, apart from who made it when: read as a stream, whatever its size."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.fetching.errors import Refused

# Parts that differ between two messages with the same figures: the time of their making, a person in charge.
_PASSING_PARTS = {"Header", "Responsible"}


@dataclass(frozen=True)
class Message:
    """`fingerprint` is the SHA-256 of all elements but the passing ones; `last_update` is as printed."""

    root: str
    observations: int
    is_truncated: bool
    last_update: str | None
    fingerprint: str


def read_message(path: Path) -> Message:
    """Read the message to its end; raises `Refused` when it is no whole XML document."""
    from lxml import etree  # ty: ignore[missing-module-member]

    reading = _Reading()
    try:
        events = etree.iterparse(path, events=("start", "end"), resolve_entities=False, no_network=True)
        for event, element in events:
            if event == "start":
                reading.open(element)
            else:
                reading.close(element)
                _forget(element)
    except etree.XMLSyntaxError as error:
        raise Refused(f"the answer is no whole XML document ({error})", is_passing=True) from error
    return reading.message()


class _Reading:
    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.root = ""
        self.observations = 0
        self.is_truncated = False
        self.last_update: str | None = None
        self.skipped_below = 0

    def open(self, element: Any) -> None:
        name = _name(element)
        self.root = self.root or name
        self.observations += name == "Obs"
        if name == "LastUpdate":
            self.last_update = element.get("value")
        if self.skipped_below or name in _PASSING_PARTS:
            self.skipped_below += 1
            return
        self.digest.update(repr((element.tag, sorted(element.items()))).encode())

    def close(self, element: Any) -> None:
        text = (element.text or "").strip()
        if self.skipped_below:
            self.skipped_below -= 1
            self.is_truncated |= _name(element) == "Truncated" and text.lower() == "true"
            return
        self.digest.update(f"{text}\x1e".encode())

    def message(self) -> Message:
        return Message(self.root, self.observations, self.is_truncated, self.last_update, self.digest.hexdigest())


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _forget(element: Any) -> None:
    """Free the memory of what was read: the element's content and the siblings before it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
