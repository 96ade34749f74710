"""Whether an answer is what was asked for: its status, its media type, and a web page in place of data."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.fetching.errors import BY_HAND, Refused
from orchestration.fetching.sniffing import decode, form_of, is_page, page_title

if TYPE_CHECKING:
    import httpx

    from orchestration.landing.source_declaration import SourceDeclaration

_PAGES = ("text/html", "application/xhtml+xml")
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_TITLE_BYTES = 65_536
_ADVICE = {
    401: "The service wants a valid token: declare token_env in the source section and set that variable anew.",
    403: "The service turns automated clients away; set FRONTIER_CONTACT so that it knows who asks, "
    "or download the file with a browser and place it by hand: "
    "`frontier add FILE --dataset DATASET --edition EDITION`.",
    404: "Correct the source section of the dataset.yml: the service has nothing at this address.",
    410: "Correct the source section of the dataset.yml: the service has taken this address down.",
}


def check_status(response: httpx.Response, source: SourceDeclaration, longest_wait: float) -> None:
    """Pass an answer with content; raise `Refused` with the status, and the page's title, for any other."""
    status = response.status_code
    if status in (200, 203, 206):
        return
    excerpt = _excerpt(response, source.encoding)
    reason = f"the service answered {status} {response.reason_phrase}".rstrip() + (f" ({excerpt})" if excerpt else "")
    if status not in _PASSING:
        raise Refused(reason, advice=_ADVICE.get(status, BY_HAND))
    wait = retry_after(response)
    if wait is not None and wait > longest_wait:
        raise Refused(f"{reason} and asks to be left alone for {wait:.0f} seconds", wait=wait)
    raise Refused(reason, is_passing=True, wait=wait)


def check_media_type(
    response: httpx.Response, source: SourceDeclaration, expects: tuple[str, ...], is_page_passing: bool
) -> None:
    """Pass one of the expected media types, or anything but a web page where none is expected."""
    found = media_type_of(response)
    if any(fnmatch(found, pattern) for pattern in expects) or (not expects and found not in _PAGES):
        return
    excerpt = _excerpt(response, source.encoding)
    raise Refused(
        f"the service answered {response.status_code} with {found or 'no content type'}"
        + (f" ({excerpt})" if excerpt else "")
        + (f" where {' or '.join(expects)} was expected" if expects else " where a file was expected"),
        is_passing=is_page_passing and found in _PAGES,
    )


def check_is_no_page(path: Path, expects: tuple[str, ...], encoding: str) -> None:
    """Refuse an empty body, and a web page that calls itself something else."""
    form = form_of(path)
    if form == "empty":
        raise Refused("the service answered with an empty file", is_passing=True)
    if form == "html" and not any(fnmatch(page, pattern) for page in _PAGES for pattern in expects):
        with path.open("rb") as file:
            title = page_title(decode(file.read(_TITLE_BYTES), encoding))
        raise Refused(f"the service answered with a web page that calls itself data (title: {title or 'none'})")


def media_type_of(response: httpx.Response) -> str:
    """The media type without its parameters, in lower case."""
    return response.headers.get("content-type", "").split(";")[0].strip().lower()


def retry_after(response: httpx.Response) -> float | None:
    """Seconds after which the service wants to be asked again; nothing where it does not say."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((moment.astimezone(dt.UTC) - dt.datetime.now(dt.UTC)).total_seconds(), 0.0)


def _excerpt(response: httpx.Response, encoding: str) -> str | None:
    """The title of a web page or the first words of a text: what a refusal says about itself."""
    import httpx

    head = b""
    try:
        for piece in response.iter_bytes():
            head += piece
            if len(head) >= _TITLE_BYTES:
                break
    except httpx.HTTPError:
        return None
    text = decode(head, response.charset_encoding or encoding)
    if is_page(text) or media_type_of(response) in _PAGES:
        title = page_title(text)
        return f"web page with the title {title!r}" if title else "web page without a title"
    words = " ".join(text.split())
    return repr(words[:160]) if words.isprintable() and words else None
