"""An index of taldau.stat.gov.kz: one JSON document out of several calls.

The document is an object: `attributes` as the service gives them, `periods` (of a tree only), and `rows`: the
series of a flat list, or the terms of a tree, from the root down, each with its `parent_id`.
"""

from __future__ import annotations

from typing import Any

from orchestration.fetching.client import Client, Request
from orchestration.fetching.documents import ask_json, sorted_rows
from orchestration.fetching.errors import Refused
from orchestration.fetching.finishing import keep_document
from orchestration.fetching.results import Fetched, LastFetch
from orchestration.landing.source_declaration import TaldauSource


def fetch(source: TaldauSource, client: Client, last: LastFetch | None) -> Fetched:  # noqa: ARG001
    """All that the declaration wants of the index; the calls give no sign by which to ask for changes only."""
    calls = _Calls(source, client)
    document: dict[str, Any] = {}
    if source.describe:
        document["attributes"] = calls.ask(source.attributes_address)
    if source.call == "tree":
        if source.describe:
            document["periods"] = calls.ask(source.periods_address)
        document["rows"] = _read_tree(source, calls)
    else:
        document["rows"] = sorted_rows(calls.ask_rows(source.address), ("terms",))
    if not document["rows"]:
        raise Refused(
            f"the service has no figures of index {source.index} for these dictionaries and this period",
            advice="Correct index, period, dics or terms in the source section of the dataset.yml.",
        )
    return keep_document(
        client, document, f"taldau_{source.index}.json", note=f"Put together from {calls.count} answers of the service."
    )


class _Calls:
    """The calls of one download, counted, so that a tree that never ends does."""

    def __init__(self, source: TaldauSource, client: Client) -> None:
        self.source, self.client, self.count = source, client, 0

    def ask(self, address: str, *, is_list: bool = False) -> Any:
        """What the service says at an address, with its keys freed of blanks."""
        if self.count >= self.source.max_requests:
            raise Refused(
                f"the tree needs more than {self.source.max_requests} requests",
                advice="Lower depth, or raise max_requests, in the source section of the dataset.yml.",
            )
        self.count += 1

        def check(document: Any) -> None:
            if is_list and not (isinstance(document, list) and all(isinstance(row, dict) for row in document)):
                raise Refused("the answer is no list of records", is_passing=True)

        request = Request(address, headers={"X-Requested-With": "XMLHttpRequest"}, expects=self.source.expects)
        return _tidy(ask_json(self.client, request, check))

    def ask_rows(self, address: str) -> list[dict[str, Any]]:
        """A list of records."""
        return self.ask(address, is_list=True)


def _read_tree(source: TaldauSource, calls: _Calls) -> list[dict[str, Any]]:
    """The terms from the root down, level by level, in the order of the service."""
    rows = [{"parent_id": "", **row} for row in calls.ask_rows(source.branch_address(""))]
    level, opened = rows, set()
    for _ in range(source.depth):
        below: list[dict[str, Any]] = []
        for row in level:
            term = str(row.get("id", "")).strip()
            if str(row.get("leaf")).lower() == "true" or not term or term in opened:
                continue
            opened.add(term)
            below += [{"parent_id": term, **child} for child in calls.ask_rows(source.branch_address(term))]
        rows, level = rows + below, below
    return rows


def _tidy(document: Any) -> Any:
    if isinstance(document, dict):
        tidy = {key.strip(): _tidy(value) for key, value in document.items()}
        if len(tidy) < len(document):
            raise Refused(f"a record has one key twice, but for blanks: {', '.join(map(repr, document))}")
        return tidy
    return [_tidy(item) for item in document] if isinstance(document, list) else document
