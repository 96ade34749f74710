"""A file that arrived from a live source, and what became of it: the words between fetching and reception."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Arrival:
    """A complete file that a source has sent, waiting in the downloads folder to be received.

    `edition` is the name that the edition would have: the ISO day of retrieval, with `-2`, `-3`, … where the
    day's name is taken. `released_on` is an ISO day: the one that the service gives as the day of the data
    where it gives one, else that of `Last-Modified`, else the day of retrieval. `received_sha256` tells two
    contents apart: it is the file's digest, or, for documents that carry the time of their making, that of
    everything else in them; the edition's origin keeps it, so that the same content is recognised next time.
    The file is deleted after it was received: what is to stay is copied.
    """

    file: Path
    file_name: str
    dataset: str
    edition: str
    released_on: str | None
    retrieved_on: dt.date
    url: str
    etag: str | None
    last_modified: str | None
    received_sha256: str
    note: str | None = None


@dataclass(frozen=True)
class Reception:
    """What became of an arrival: landed as an edition, already there, or quarantined with the reason."""

    status: Literal["landed", "already_there", "quarantined"]
    edition: str | None
    message: str
