"""Which kind of survey file some bytes are: told by their first bytes, never by the name of the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from orchestration.errors import FrontierError

if TYPE_CHECKING:
    from pathlib import Path

SurveyFormat = Literal["sav", "zsav", "por", "dta", "sas7bdat"]

_PUT_BACK = "Put the file back as it was published; the SHA-256 in the origin.yml beside it says which one that is."
_HEAD_BYTES = 1024
_SAS_MAGIC = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
_STATA_RELEASES = frozenset(range(102, 116))
_STATA_START = b"<stata_dta>"
_STATA_END = b"</stata_dta>"
_PAGE = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype|html|head|body|\?xml)", re.IGNORECASE | re.DOTALL)


def detect_format(path: Path) -> SurveyFormat:
    """The kind of survey file that the first bytes announce.

    Raises `FrontierError` when the file is missing or empty, is a web page or is no survey file at all, or
    is a Stata file without its end: readers do not miss the labels that are lost with it.
    """
    head, tail = _read_ends(path)
    found = _announced(head)
    if found is None:
        raise unreadable(path, _what_it_is(head))
    if head.startswith(_STATA_START) and not tail.endswith(_STATA_END):
        raise unreadable(path, f"it is cut off: {_STATA_END.decode()} does not stand at its end")
    return found


def unreadable(path: Path, reason: str, remedy: str = _PUT_BACK) -> FrontierError:
    """The error for a file that cannot be read as what it should be."""
    return FrontierError(f"{path} cannot be read as a survey file: {reason}. {remedy}")


def _read_ends(path: Path) -> tuple[bytes, bytes]:
    """The first bytes of the file, and its last ones."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            stream.seek(max(0, path.stat().st_size - len(_STATA_END)))
            return head, stream.read()
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error


def _announced(head: bytes) -> SurveyFormat | None:
    if head.startswith(b"$FL2"):
        return "sav"
    if head.startswith(b"$FL3"):
        return "zsav"
    if head.startswith(_SAS_MAGIC):
        return "sas7bdat"
    if head.startswith(_STATA_START) or _is_old_stata(head):
        return "dta"
    # A portable file is text in lines of 80 characters; its tag stands at character 456.
    if b"SPSSPORT" in head.replace(b"\r", b"").replace(b"\n", b"")[:520]:
        return "por"
    return None


def _is_old_stata(head: bytes) -> bool:
    """Before release 117 a file starts with its release, its byte order (1 or 2), 1 and 0."""
    return len(head) >= 4 and head[0] in _STATA_RELEASES and head[1] in (1, 2) and head[2:4] == b"\x01\x00"


def _what_it_is(head: bytes) -> str:
    if not head:
        return "it is empty"
    if _PAGE.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "it is a web page, as a server sends instead of a file that is gone"
    if head.startswith(b"PK"):
        return "it is a zip archive; unpack it and land the file inside"
    return "it starts like no SPSS (.sav, .zsav, .por), Stata (.dta) or SAS (.sas7bdat) file"
