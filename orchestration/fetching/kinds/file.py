"""A file at an address."""

from __future__ import annotations

from pathlib import PurePath

from orchestration.fetching.client import Answer, Client, Request
from orchestration.fetching.finishing import keep_if_changed, name_given_by, named_by_bytes
from orchestration.fetching.results import Fetched, LastFetch, NotModified
from orchestration.landing.source_declaration import FileSource


def fetch(source: FileSource, client: Client, last: LastFetch | None) -> Fetched | NotModified:
    """The file at the source's address, under the name that the service gives it."""
    form = tuple((name, value) for name, given in source.form.items() for value in _values(given))
    request = Request(source.address, method=source.method, form=form, expects=source.expects)
    return keep_if_changed(client, request, last, _name)


def _name(answer: Answer) -> str:
    given = name_given_by(answer)
    return given if PurePath(given).suffix else named_by_bytes(given, answer)


def _values(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given
