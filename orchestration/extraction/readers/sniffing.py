"""Which reader takes a file: its kind, told from its bytes, and in words what no reader takes."""

from __future__ import annotations

import codecs
import io
import re
import struct
import zipfile
from dataclasses import dataclass

from orchestration.errors import FrontierError
from orchestration.extraction.grid import tidy
from orchestration.extraction.readers.damage import protected

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD = 65_536
_OTHER_MAGIC = {
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"BZh": "a bzip2 archive",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"{\\rtf": "an RTF document",
    b"$FL2": "an SPSS file",
    b"$FL3": "an SPSS file",
}
_HTML_ROOTS = {"html", "head", "body", "table", "meta", "title", "div", "script", "center", "p", "h1", "font"}
_JSON_START = re.compile(r"\[\s*[\[{]|\{\s*[\"}]")
_SDMX_ROOTS = re.compile(
    r"(Generic|Compact|StructureSpecific|Utility|CrossSectional)(TimeSeries)?Data|MessageGroup|Error"
)


@dataclass(frozen=True)
class Sniffed:
    """What the bytes tell: the kind, a word for kinds that no reader takes, and the title of an HTML page."""

    kind: str
    description: str = ""
    title: str | None = None


def sniff(content: bytes, name: str) -> Sniffed:
    """The kind of a file: csv, xls, xlsx, ods, html, json, sdmx-ml, or something described in words.

    Raises `FrontierError` for an archive or a compound file that is cut off, damaged or encrypted.
    """
    if content.startswith(_OLE2):
        return _sniff_compound(content, name)
    if content[:4] in (b"\x09\x08\x10\x00", b"\x09\x08\x08\x00", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00"):
        return Sniffed("xls")
    if content.startswith(b"PK"):
        return _sniff_zip(content, name)
    for magic, description in _OTHER_MAGIC.items():
        if content.startswith(magic):
            return Sniffed("other", description)
    return _sniff_text(content)


def _sniff_compound(content: bytes, name: str) -> Sniffed:
    def has_stream(stream: str) -> bool:
        entry = stream.encode("utf-16-le")
        return entry.ljust(64, b"\0") + struct.pack("<H", len(entry) + 2) in content

    if has_stream("EncryptedPackage"):
        raise protected(name)
    if has_stream("Workbook") or has_stream("Book"):
        return Sniffed("xls")
    if has_stream("WordDocument"):
        return Sniffed("other", "a Word document")
    if not has_stream("Root Entry"):
        raise FrontierError(
            f"{name} starts as an Excel 97-2003 workbook but is cut off or damaged: its directory of streams is not "
            "there. Fetch or copy the file again."
        )
    return Sniffed("other", "a compound file that is no Excel workbook")


def _sniff_zip(content: bytes, name: str) -> Sniffed:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {info.filename: info for info in archive.infolist()}
            mimetype = archive.read("mimetype")[:200] if "mimetype" in members else b""
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise FrontierError(
            f"{name} starts as a zip archive (such as an xlsx or ods workbook) but is cut off or damaged ({error}). "
            "Fetch or copy the file again."
        ) from error
    if any(info.flag_bits & 1 for info in members.values()):
        raise protected(name)
    lower = {member.lower() for member in members}
    if "xl/workbook.bin" in lower:
        return Sniffed("other", "an Excel binary workbook (xlsb)")
    if "[content_types].xml" in lower and any(member.startswith("xl/") for member in lower):
        return Sniffed("xlsx")
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return Sniffed("ods")
    if any(member.startswith("word/") for member in lower):
        return Sniffed("other", "a Word document (docx)")
    return Sniffed("other", "a zip archive that is no workbook")


def _sniff_text(content: bytes) -> Sniffed:
    text = _decode_head(content)
    if text is None:
        return Sniffed("other", "binary data of no known format")
    text = text.lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return _sniff_markup(text)
    if _JSON_START.match(text) or (text[:1] == "[" and _is_json(content)):
        return Sniffed("json")
    return Sniffed("csv")


def _decode_head(content: bytes) -> str | None:
    """The start of a text, good enough to look at; None for bytes that are no text."""
    head = content[:_HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    if b"\0" in head:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return head.decode("cp1251", errors="replace")


def _sniff_markup(text: str) -> Sniffed:
    if re.match(r"<!doctype\s+html", text, re.IGNORECASE):
        return Sniffed("html", title=_title(text))
    for tag in re.finditer(r"<!--.*?-->|<\?.*?\?>|<!(?:[^<>\[]|\[[^\]]*\])*>|<([A-Za-z_][\w.:-]*)", text, re.DOTALL):
        if not tag.group(1):
            continue
        root = tag.group(1).rpartition(":")[2]
        if root.lower() in _HTML_ROOTS:
            return Sniffed("html", title=_title(text))
        if _SDMX_ROOTS.fullmatch(root):
            return Sniffed("sdmx-ml")
        if root == "Workbook":
            return Sniffed("other", "an Excel 2003 XML spreadsheet")
        return Sniffed("other", f"an XML document with the root element {root}")
    return Sniffed("csv")


def _title(text: str) -> str | None:
    import html

    match = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return (tidy(html.unescape(match.group(1)))[:200] or None) if match else None


def _is_json(content: bytes) -> bool:
    import json

    try:
        json.loads(content)
    except ValueError:
        return False
    return True
