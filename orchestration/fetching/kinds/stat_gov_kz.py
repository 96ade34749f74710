"""An element of stat.gov.kz. What it is, its bytes tell: the address serves .xlsx and .xls, its "CSV" has tabs."""

from __future__ import annotations

from pathlib import Path

from orchestration.fetching.client import Client, Request
from orchestration.fetching.errors import Refused
from orchestration.fetching.finishing import keep_if_changed, named_by_bytes
from orchestration.fetching.results import Fetched, LastFetch, NotModified
from orchestration.fetching.sniffing import form_of
from orchestration.landing.source_declaration import StatGovKzSource

_FORMS = {"workbook": ("xlsx", "xls"), "csv": ("tsv", "csv"), "json": ("json",)}


def fetch(source: StatGovKzSource, client: Client, last: LastFetch | None) -> Fetched | NotModified:
    """The element's file, named by its number and by what its bytes are."""

    def check(path: Path) -> None:
        form, wanted = form_of(path), _FORMS[source.format]
        if form == "damaged zip":
            raise Refused("the workbook that came is damaged", is_passing=True)
        if form not in wanted:
            raise Refused(
                f"by its bytes the answer is {form}, where format: {source.format} means {' or '.join(wanted)}",
                advice="Correct format in the source section of the dataset.yml, if the service has changed for good.",
            )

    request = Request(source.address, expects=source.expects, check=check)
    stem = f"stat_gov_kz_{source.id}_{source.language}"
    return keep_if_changed(client, request, last, lambda answer: named_by_bytes(stem, answer))
