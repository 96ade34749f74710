"""Data of the UN Data Portal: JSON in pages, or a delimited file that begins with `sep=|`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from orchestration.fetching.client import Answer, Client, Request
from orchestration.fetching.documents import ask_json, sorted_rows
from orchestration.fetching.errors import Refused
from orchestration.fetching.finishing import keep, keep_document
from orchestration.fetching.redirects import is_same_origin
from orchestration.fetching.results import Fetched, LastFetch
from orchestration.landing.source_declaration import UnDataPortalSource

# What tells one figure from another, in the order in which a reader wants them.
_ROW_ORDER = (
    "indicatorId",
    "locationId",
    "timeLabel",
    "timeId",
    "variantId",
    "sexId",
    "ageStart",
    "ageId",
    "categoryId",
)


def fetch(source: UnDataPortalSource, client: Client, last: LastFetch | None) -> Fetched:  # noqa: ARG001
    """All pages as one object with the rows in `data`; or the delimited file as it came."""
    stem = f"un_data_portal_{'_'.join(source.indicators)}"
    if source.format == "csv":
        answer = client.ask(Request(source.address, expects=source.expects, check=_check_delimited))
        _check_is_whole(answer)
        return keep(client, answer, f"{stem}.csv")
    rows, pages = _read_pages(source, client)
    if not rows:
        raise Refused(
            "the service has no figures for these indicators, locations and years",
            advice="Correct indicators, locations, start or end in the source section of the dataset.yml.",
        )
    note = f"Put together from {pages} pages of the service."
    return keep_document(client, {"data": sorted_rows(rows, _ROW_ORDER)}, f"{stem}.json", note=note)


def _read_pages(source: UnDataPortalSource, client: Client) -> tuple[list[dict[str, Any]], int]:
    rows: list[dict[str, Any]] = []
    asked: set[str] = set()
    address: str | None = source.address
    while address is not None:
        if address in asked or len(asked) >= source.max_requests:
            raise Refused(f"the pages do not come to an end: {len(asked)} were read and the next one is {address}")
        asked.add(address)
        page = ask_json(client, Request(address, expects=source.expects), _check_page)
        rows += page["data"]
        address = _next_address(address, page.get("nextPage"))
    total = page.get("total")
    if isinstance(total, int) and total != len(rows):
        raise Refused(f"the service announced {total} rows and its {len(asked)} pages held {len(rows)}")
    return rows, len(asked)


def _next_address(current: str, following: str | None) -> str | None:
    """The next page, never at another service: the token goes with it."""
    if not following:
        return None
    address = urljoin(current, following)
    if urlsplit(current).scheme == "https" and address.startswith("http://"):
        address = "https://" + address.removeprefix("http://")
    if not is_same_origin(current, address):
        raise Refused(f"the next page is said to be at another service, {address}")
    return address


def _check_page(page: Any) -> None:
    if not isinstance(page, dict) or not isinstance(page.get("data"), list):
        raise Refused("the answer is no page of data: an object with a list `data` was expected", is_passing=True)


def _check_delimited(path: Path) -> None:
    with path.open("rb") as file:
        first = file.readline(200).decode("utf-8-sig", errors="replace").strip()
    if not first.startswith("sep="):
        raise Refused(f"the delimited file begins with {first[:60]!r} where `sep=|` was expected", is_passing=True)


def _check_is_whole(answer: Answer) -> None:
    """A delimited answer cannot name its next page in its text; where a header does, the rest would be missing."""
    header = answer.headers.get("x-pagination", "")
    try:
        paging = json.loads(header) if header else {}
    except json.JSONDecodeError:
        paging = {}
    following = [value for key, value in paging.items() if key.lower().startswith("nextpage")]
    if any(following):
        answer.body.drop()
        raise Refused(
            "the delimited answer is only the first of several pages",
            advice="Declare format: json, whose pages are followed to the end, or ask for fewer years.",
        )
