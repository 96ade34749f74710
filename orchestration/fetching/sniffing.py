"""Which form an answer has by its first bytes: enough to tell data from a web page, and to name the file."""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path
from typing import Literal

Form = Literal["empty", "html", "xml", "json", "tsv", "csv", "xls", "xlsx", "ods", "zip", "damaged zip", "other"]

_HEAD = 65_536
_OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")
_NO_TEXT = (b"%PDF", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")
_BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_HTML = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype html|<html|<head|<body)", re.IGNORECASE | re.DOTALL
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_HEADING = re.compile(r"<h1[^>]*>(.*?)</h1", re.IGNORECASE | re.DOTALL)


def form_of(path: Path) -> Form:
    """The form of the file's content."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip():
        return "empty"
    if head.startswith(_OLE2):
        return "xls"
    if head.startswith(b"PK\x03\x04"):
        return _form_of_archive(path)
    if head.startswith(_NO_TEXT) or (b"\x00" in head and not head.startswith(tuple(_BOMS))):
        return "other"
    return _form_of_text(decode(head, "utf-8"))


def suffix_of(form: Form) -> str:
    """The file name's ending that goes with a form; nothing where there is no telling."""
    return "" if form in ("empty", "damaged zip", "other") else f".{form}"


def decode(content: bytes, encoding: str, errors: Literal["replace", "strict"] = "replace") -> str:
    """Text of bytes: by its byte order mark, else in the encoding that is given.

    What does not fit is replaced, as befits the head of a file, or raises `UnicodeDecodeError`.
    """
    for mark, marked in _BOMS.items():
        if content.startswith(mark):
            return content.decode(marked, errors=errors).lstrip("\ufeff")
    return content.decode(encoding, errors=errors)


def page_title(text: str) -> str | None:
    """Title of a web page, or its first heading; nothing for any other text."""
    for pattern in (_TITLE, _HEADING):
        found = pattern.search(text)
        title = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""
        if title:
            return title[:200]
    return None


def is_page(text: str) -> bool:
    """Whether a text is a web page."""
    return _HTML.match(text) is not None


def _form_of_archive(path: Path) -> Form:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return "damaged zip"
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsx"
    return "ods" if "mimetype" in names and "content.xml" in names else "zip"


def _form_of_text(text: str) -> Form:
    start = text.lstrip()
    if not start:
        return "empty"
    if is_page(start):
        return "html"
    if start.startswith("<"):
        return "xml"
    if start[:1] in "[{":
        return "json"
    return "tsv" if "\t" in start.splitlines()[0] else "csv"
