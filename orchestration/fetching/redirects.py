"""Where a redirect may lead: never to a weaker scheme, and never from the public network to a private one."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from orchestration.fetching.errors import Refused

Resolve = Callable[[str], list[str]]


def addresses_of(host: str) -> list[str]:
    """IP addresses of a host; none when its name is not known here."""
    try:
        return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, None)})
    except OSError:
        return []


def redirect_target(declared: str, current: str, location: str, resolve: Resolve = addresses_of) -> str:
    """The address to which `current` sends us on; raises `Refused` when it may not be followed."""
    target = urljoin(current, location)
    scheme, host = urlsplit(target).scheme, urlsplit(target).hostname
    if scheme not in ("http", "https") or not host:
        raise Refused(f"{current} leads on to {target}, which is no web address")
    if scheme == "http" and urlsplit(current).scheme == "https":
        raise Refused(f"{current} leads on to {target}, which is not encrypted")
    if not _is_private(host, resolve) or _is_private(urlsplit(declared).hostname or "", resolve):
        return target
    raise Refused(f"{current} leads on to {target}, which is an address of a private network")


def is_same_origin(first: str, second: str) -> bool:
    """Whether two addresses have the same scheme, host and port: a token goes no further."""
    return _origin(first) == _origin(second)


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_private(host: str, resolve: Resolve) -> bool:
    """Whether any address of the host lies outside the public network. An unknown name counts as public."""
    try:
        addresses = [str(ipaddress.ip_address(host))]
    except ValueError:
        addresses = resolve(host)
    return any(not ipaddress.ip_address(address.split("%")[0]).is_global for address in addresses)
