"""From a declaration to a whole file in the downloads folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestration.fetching.client import Client
from orchestration.fetching.errors import FetchError, Refused
from orchestration.fetching.kinds import emiss, file, sdmx, stat_gov_kz, taldau, un_data_portal, world_bank
from orchestration.fetching.policy import FetchPolicy
from orchestration.fetching.results import Fetched, LastFetch, NotModified
from orchestration.landing.source_declaration import SourceDeclaration

Fetch = Callable[[Any, Client, LastFetch | None], Fetched | NotModified]

_KINDS: dict[str, Fetch] = {
    "file": file.fetch,
    "emiss": emiss.fetch,
    "stat_gov_kz": stat_gov_kz.fetch,
    "taldau": taldau.fetch,
    "un_data_portal": un_data_portal.fetch,
    "world_bank": world_bank.fetch,
    "sdmx": sdmx.fetch,
}


def download(
    source: SourceDeclaration, into: Path, last: LastFetch | None, *, policy: FetchPolicy | None = None
) -> Fetched | NotModified:
    """Fetch what the source declares as one whole file in the folder `into`, which belongs to this dataset alone.

    `last` is what was got last from the same address: the service is asked for changes where it can tell,
    and content that is the same again counts as unchanged. What a cut left is gone on with next time, where
    the service can.

    Raises a `FetchError` that names the address, what happened, how often it was tried, and what to do.
    """
    into.mkdir(parents=True, exist_ok=True)
    with Client(source, into, policy or FetchPolicy()) as client:
        try:
            result = _KINDS[source.kind](source, client, last)
        except Refused as refusal:
            raise _explained(refusal, client) from refusal
    if isinstance(result, Fetched) and last is not None and last.sha256 in (result.sha256, result.fingerprint):
        result.file.unlink()
        return NotModified(result.url, "the service sent what it had sent last time")
    return result


def _explained(refusal: Refused, client: Client) -> FetchError:
    times = "1 attempt" if client.attempts == 1 else f"{client.attempts} attempts"
    of = "" if client.url == client.source.address else f" of {client.source.address}"
    return FetchError(f"{client.url}{of} was not fetched, after {times}: {refusal.reason}. {refusal.advice}")
