"""What a download starts from and what it ends with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LastFetch:
    """What the caller got last from the same address: the service's validators and the content's digest.

    `sha256` may be that of the file or the `fingerprint` of a `Fetched`.
    """

    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None

    @property
    def has_validators(self) -> bool:
        """Whether the service can be asked for changes only."""
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True)
class Fetched:
    """A whole file in the downloads folder.

    `sha256` is the digest of the file, `fingerprint` that of what it says: they differ for documents that
    carry the time of their making. `released_on` is an ISO day, where the service says when the data were
    released. `retrieved_at` is in UTC.
    """

    file: Path
    url: str
    media_type: str
    etag: str | None
    last_modified: str | None
    retrieved_at: dt.datetime
    sha256: str
    fingerprint: str
    released_on: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class NotModified:
    """The source still has what the caller got last."""

    url: str
    reason: str
