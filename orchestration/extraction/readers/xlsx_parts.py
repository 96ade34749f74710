"""The parts of an xlsx workbook that its sheets share: the list of sheets, shared strings, number formats."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache

from orchestration.errors import FrontierError
from orchestration.extraction.readers.packages import Package
from orchestration.extraction.readers.xml_reading import XmlElement, local_name

# ECMA-376 part 1, 18.8.30: the formats that have a number and no text in the file.
_BUILTIN_FORMATS = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);\\("$"#,##0\\)',
    6: '"$"#,##0_);[Red]\\("$"#,##0\\)',
    7: '"$"#,##0.00_);\\("$"#,##0.00\\)',
    8: '"$"#,##0.00_);[Red]\\("$"#,##0.00\\)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "m/d/yyyy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yyyy h:mm",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    41: '_(* #,##0_);_(* \\(#,##0\\);_(* "-"_);_(@_)',
    42: '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}
_EAST_ASIAN_DATES = {*range(27, 37), *range(50, 59)}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LETTERS = re.compile(r"\$?([A-Za-z]{1,3})")


@dataclass(frozen=True)
class PagePart:
    """A worksheet: its name, whether people see it, and the part that holds it."""

    name: str
    is_hidden: bool
    part: str


@dataclass(frozen=True)
class BookParts:
    """Where the parts of a workbook are, and whether its dates count from 1904."""

    pages: tuple[PagePart, ...]
    strings_part: str | None
    styles_part: str | None
    is_1904: bool


def read_book_parts(package: Package) -> BookParts:
    """The worksheets in their order, and what they share; charts and macros are no worksheets."""
    book_part = _book_part(package)
    folder = posixpath.dirname(book_part)
    root = package.root(book_part)
    targets: dict[str, tuple[str, str]] = {}
    for relation in package.root(f"{folder}/_rels/{posixpath.basename(book_part)}.rels"):
        target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
        targets[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], target)
    by_kind = dict(targets.values())
    pages = []
    for sheet in root.iter("{*}sheet"):
        relation_id = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        kind, part = targets.get(relation_id, ("", ""))
        if kind == "worksheet":
            pages.append(PagePart(sheet.get("name", ""), sheet.get("state", "visible") != "visible", part))
    properties = next(root.iter("{*}workbookPr"), None)
    is_1904 = properties is not None and is_true(properties.get("date1904"))
    if not pages:
        raise FrontierError(f"{package.file} lists no worksheet: it is damaged. Fetch or copy the file again.")
    return BookParts(tuple(pages), by_kind.get("sharedStrings"), by_kind.get("styles"), is_1904)


def read_shared_strings(package: Package, part: str | None) -> list[str]:
    """The texts that cells refer to by number."""
    return [rich_text(item) for item in package.elements(part, "si")] if part else []


def read_number_formats(package: Package, part: str | None) -> list[str]:
    """The number format of each cell style, by its number."""
    if part is None:
        return ["General"]
    root = package.root(part)
    custom = {int(item.get("numFmtId", "0")): item.get("formatCode", "General") for item in root.iter("{*}numFmt")}
    styles = (style for group in root.iter("{*}cellXfs") for style in group)
    return [_format_code(int(style.get("numFmtId", "0")), custom) for style in styles] or ["General"]


def rich_text(item: XmlElement) -> str:
    """The text of a plain or rich string; readings printed above it are no part of it."""
    texts: list[str] = []
    for child in item:
        kind = local_name(child)
        if kind == "t":
            texts.append(child.text or "")
        elif kind == "r":
            texts.extend(part.text or "" for part in child if local_name(part) == "t")
    return unescape("".join(texts))


def unescape(text: str) -> str:
    """The text with characters written as _x000D_ put back; the line breaks of cells are line feeds."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text).replace("\r\n", "\n")


def is_true(text: str | None) -> bool:
    """Whether an XML boolean is true."""
    return text in ("1", "true", "on")


def column_number(reference: str) -> int:
    """Zero-based column of an address such as AB12, or of its letters."""
    match = _LETTERS.match(reference)
    return _number_of_letters(match.group(1)) if match else 0


@lru_cache(maxsize=20_000)
def _number_of_letters(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _book_part(package: Package) -> str:
    for relation in package.root("_rels/.rels"):
        if relation.get("Type", "").endswith("/officeDocument"):
            return posixpath.normpath(posixpath.join("/", relation.get("Target", ""))).lstrip("/")
    raise FrontierError(f"{package.file} names no workbook part: it is damaged. Fetch or copy the file again.")


def _format_code(number: int, custom: dict[int, str]) -> str:
    if number in custom:
        return custom[number]
    return "yyyy-mm-dd" if number in _EAST_ASIAN_DATES else _BUILTIN_FORMATS.get(number, "General")
