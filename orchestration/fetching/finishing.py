"""The last step of a download: the whole file gets its name, its digest and what is known of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from email.message import Message
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from orchestration.fetching.client import Answer, Client, Request
from orchestration.fetching.documents import canonical_json
from orchestration.fetching.partial import PartialFile
from orchestration.fetching.results import Fetched, LastFetch, NotModified
from orchestration.fetching.sniffing import form_of, suffix_of
from orchestration.release.fingerprint import file_sha256

JSON = "application/json"


def keep_if_changed(
    client: Client,
    request: Request,
    last: LastFetch | None,
    name: Callable[[Answer], str],
    fingerprint: Callable[[], str | None] = lambda: None,
) -> Fetched | NotModified:
    """Ask on condition that there is something new, and keep what comes; `fingerprint` is asked once it is there."""
    answer = client.ask_if_changed(request, last) if last and last.has_validators else client.ask(request)
    if answer is None:
        return NotModified(client.source.address, "the service says that it is unchanged")
    return keep(client, answer, name(answer), fingerprint=fingerprint())


def keep(
    client: Client,
    answer: Answer,
    name: str,
    *,
    fingerprint: str | None = None,
    released_on: str | None = None,
    note: str | None = None,
) -> Fetched:
    """The answer as a file of the downloads folder, under the declaration's `file_name` or else `name`."""
    name = client.source.file_name or name
    digest = file_sha256(answer.body.path)
    answer.body.finish(client.into / name)
    return Fetched(
        file=client.into / name,
        url=client.source.address,
        media_type=answer.media_type,
        etag=answer.etag,
        last_modified=answer.last_modified,
        retrieved_at=dt.datetime.now(dt.UTC),
        sha256=digest,
        fingerprint=fingerprint or digest,
        released_on=released_on,
        note=note,
    )


def keep_document(
    client: Client, document: Any, name: str, *, released_on: str | None = None, note: str | None = None
) -> Fetched:
    """A JSON document put together from several answers, as a file that is the same for the same data."""
    part = PartialFile(client.into / ".document.part")
    part.path.write_text(canonical_json(document), encoding="utf-8")
    answer = Answer(client.source.address, part, httpx.Headers(), JSON)
    return keep(client, answer, name, released_on=released_on, note=note)


def named_by_bytes(stem: str, answer: Answer) -> str:
    """`stem` with the ending that goes with what the file is by its bytes."""
    return stem + suffix_of(form_of(answer.body.path))


def name_given_by(answer: Answer) -> str:
    """File name that the service gives: in `Content-Disposition`, else the last part of the address."""
    message = Message()
    message["Content-Disposition"] = answer.headers.get("content-disposition", "")
    name = message.get_filename() or unquote(urlsplit(answer.url).path)
    plain = re.sub(r"[\x00-\x1f:*?\"<>|]", "_", re.split(r"[/\\]", name.rstrip("/"))[-1]).strip(". ")
    return plain[-120:] or "file"
