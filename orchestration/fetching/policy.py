"""How patiently and under what name sources are asked: settings of this machine, not of a dataset."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.fetching.errors import FetchError

if TYPE_CHECKING:
    from orchestration.landing.source_declaration import SourceDeclaration

CONTACT = "FRONTIER_CONTACT"
CA_BUNDLE = "FRONTIER_CA_BUNDLE"


@dataclass(frozen=True)
class FetchPolicy:
    """Pauses between attempts, in seconds, and how much a service may ask of us.

    The pause grows from `wait_initial` by doubling, up to `wait_max`, each time with up to `wait_jitter` more
    at random. A `Retry-After` up to `longest_wait` is obeyed; a longer one ends the download. `turns` is the
    folder of the hosts' locks; without it, the folder of the download.
    """

    wait_initial: float = 1.0
    wait_max: float = 60.0
    wait_jitter: float = 1.0
    longest_wait: float = 300.0
    redirects: int = 5
    turns: Path | None = None


def user_agent() -> str:
    """Our name for the services: product, version, and where to reach whoever runs it."""
    contact = os.environ.get(CONTACT, "").strip()
    name = f"frontier-warehouse/{version('frontier-warehouse')}"
    return f"{name} (+{contact})" if contact else name


def bearer_token(source: SourceDeclaration) -> str | None:
    """The token that the source needs, from the environment; a `FetchError` names the variable if it is not set."""
    if source.token_env is None:
        return None
    token = os.environ.get(source.token_env, "").strip()
    if not token:
        raise FetchError(
            f"{source.address} was not asked: it wants a token, and the environment variable {source.token_env} "
            "is not set. Ask the service for a token and set the variable; it is never written into a file."
        )
    return token


def tls_context(source: SourceDeclaration) -> ssl.SSLContext:
    """The authorities that vouch for the source: the usual ones and those of the CA bundle that is named.

    The variable of the source's `ca_bundle_env` comes first, then `FRONTIER_CA_BUNDLE`. Raises a `FetchError`
    that names the variable when its file is no list of certificates.
    """
    for name in (source.ca_bundle_env, CA_BUNDLE):
        bundle = os.environ.get(name, "").strip() if name else ""
        if bundle:
            return _context_with(bundle, name or CA_BUNDLE)
    return _usual_context()


@lru_cache(maxsize=1)
def _usual_context() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()


def _context_with(bundle: str, name: str) -> ssl.SSLContext:
    import httpx

    context = httpx.create_ssl_context()
    try:
        if Path(bundle).is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError as error:
        raise FetchError(
            f"{bundle}, named by the environment variable {name}, is no readable list of certificates ({error}): "
            "give the path of a PEM file or of a folder of hashed PEM files."
        ) from error
    return context
