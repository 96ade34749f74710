"""An indicator of the World Bank's API: pages of a two-element array; an array of one element is a refusal."""

from __future__ import annotations

import datetime as dt
from typing import Any

from orchestration.fetching.client import Client, Request
from orchestration.fetching.documents import ask_json, sorted_rows
from orchestration.fetching.errors import Refused
from orchestration.fetching.finishing import keep_document
from orchestration.fetching.results import Fetched, LastFetch
from orchestration.landing.source_declaration import WorldBankSource, with_query

# What depends on how we ask, or on other indicators of the same database, is no part of the document.
_VOLATILE = {"page", "pages", "per_page", "lastupdated"}
_ROW_ORDER = ("indicator", "country", "date")
_ADVICE = "Correct indicator, countries or date in the source section of the dataset.yml."


def fetch(source: WorldBankSource, client: Client, last: LastFetch | None) -> Fetched:  # noqa: ARG001
    """All pages as one `[meta, rows]`; the day of the database's last update is the day of release."""
    rows: list[dict[str, Any]] = []
    page, pages, meta = 1, 1, {}
    while page <= pages:
        address = source.address if page == 1 else with_query(source.address, {"page": str(page)})
        meta, part = ask_json(client, Request(address, expects=source.expects), _check_page)
        rows += part or []
        page, pages = page + 1, int(meta.get("pages", 1))
        if pages > source.max_requests:
            raise Refused(f"the service wants to be asked for {pages} pages", advice="Raise per_page or max_requests.")
    if not rows:
        raise Refused("the service has no rows for this indicator and these countries", advice=_ADVICE)
    if str(meta.get("total", len(rows))) != str(len(rows)):
        raise Refused(f"the service announced {meta['total']} rows and its pages held {len(rows)}")
    kept = {key: value for key, value in meta.items() if key not in _VOLATILE}
    return keep_document(
        client,
        [kept, sorted_rows(rows, _ROW_ORDER)],
        f"{source.indicator}.json",
        released_on=_day(meta.get("lastupdated")),
        note=f"Put together from {pages} pages of the service." if pages > 1 else None,
    )


def _check_page(document: Any) -> None:
    if isinstance(document, list) and len(document) == 1:
        raise Refused(f"the service refused the question: {_message(document[0])}", advice=_ADVICE)
    is_page = isinstance(document, list) and len(document) == 2 and isinstance(document[0], dict)
    if not is_page or not isinstance(document[1], list | None) or not str(document[0].get("pages", 1)).isdigit():
        raise Refused("the answer is no page of data: an array of meta data and rows was expected", is_passing=True)


def _message(refusal: Any) -> str:
    messages = refusal.get("message") if isinstance(refusal, dict) else None
    texts = [str(item.get("value") or item.get("key")) for item in messages or [] if isinstance(item, dict)]
    return "; ".join(texts) or str(refusal)[:200]


def _day(text: Any) -> str | None:
    try:
        return dt.date.fromisoformat(str(text)).isoformat()
    except ValueError:
        return None
