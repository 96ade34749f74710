"""Where the cases of an SPSS system file (.sav, .zsav) start and how a case is laid out in it.

Only what is needed to find the cells; names, labels and missing values are read by pyreadstat. The
layout is the one that the developers' guide of GNU PSPP describes ("System File Format").
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Literal

if TYPE_CHECKING:
    from pathlib import Path

WORD = 8
Compression = Literal["none", "bytecode", "zlib"]

_COMPRESSIONS: dict[int, Compression] = {0: "none", 1: "bytecode", 2: "zlib"}
_HEADER_BYTES = 176
_TEXT_FORMAT = 1
_SEGMENT_STEP = 252
# "7-bit" and "8-bit ASCII", which old versions write whatever the language of the machine.
_ANY_CODE_PAGE = frozenset({2, 3})
_CODE_PAGES = {**dict.fromkeys(_ANY_CODE_PAGE, "windows-1252"), 65001: "UTF-8", 20866: "KOI8-R", 28595: "ISO-8859-5"}


class UnknownLayoutError(Exception):
    """The file is no system file of a kind that is laid out as described here."""


@dataclass(frozen=True)
class Cell:
    """The words of a case that hold one variable.

    `segments` are (first word, number of words); more than one only for texts of over 255 bytes.
    `text_bytes` is the width of a text, 0 for a number.
    """

    segments: tuple[tuple[int, int], ...]
    text_bytes: int


@dataclass(frozen=True)
class CaseLayout:
    """How the cases stand in the file: a case is `words` words of eight bytes, `cells` in file order.

    `row_count` is None where the file does not say; `byte_order` as in `struct`; a small whole number
    `n` is stored in compressed cases as the byte `n + bias`. Where the encoding is not told, windows-1252
    is what readers suppose.
    """

    offset: int
    words: int
    cells: tuple[Cell, ...]
    row_count: int | None
    compression: Compression
    bias: float
    byte_order: Literal["<", ">"]
    encoding: str | None
    is_encoding_told: bool


def read_case_layout(path: Path) -> CaseLayout:
    """The layout of the cases of a system file.

    Raises `UnknownLayoutError` for a file that ends early or is made another way.
    """
    with path.open("rb") as stream:
        source = _Source(stream, path.stat().st_size)
        header = source.take(_HEADER_BYTES)
        source.order = _byte_order(header)
        compression, _, row_count = struct.unpack_from(f"{source.order}3i", header, 72)
        if compression not in _COMPRESSIONS:
            raise UnknownLayoutError(f"compression {compression}")
        records = _read_records(source)
        return CaseLayout(
            offset=stream.tell(),
            words=records.words,
            cells=tuple(_cells(records)),
            row_count=row_count if row_count >= 0 else None,
            compression=_COMPRESSIONS[compression],
            bias=struct.unpack_from(f"{source.order}d", header, 84)[0],
            byte_order=source.order,
            encoding=records.encoding or _code_page_name(records.code_page),
            is_encoding_told=bool(records.encoding) or records.code_page not in _ANY_CODE_PAGE,
        )


@dataclass
class _Source:
    """The bytes of a file in order, and its byte order; it never reads past the end."""

    stream: BinaryIO
    size: int
    order: Literal["<", ">"] = "<"

    def take(self, length: int) -> bytes:
        if not 0 <= length <= self.size - self.stream.tell():
            raise UnknownLayoutError("the file ends inside its dictionary")
        return self.stream.read(length)

    def integers(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f"{self.order}{count}i", self.take(4 * count))


@dataclass
class _Records:
    """What the records of the dictionary have said so far."""

    short_names: list[bytes] = field(default_factory=list)
    first_words: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    words: int = 0
    long_widths: dict[bytes, int] = field(default_factory=dict)
    code_page: int | None = None
    encoding: str | None = None


def _byte_order(header: bytes) -> Literal["<", ">"]:
    """The layout code of the header is 2 or 3 in the byte order of the file."""
    if header[64:68] in (b"\x02\0\0\0", b"\x03\0\0\0"):
        return "<"
    if header[64:68] in (b"\0\0\0\x02", b"\0\0\0\x03"):
        return ">"
    raise UnknownLayoutError("the layout code of the header")


def _read_records(source: _Source) -> _Records:
    records = _Records()
    while True:
        (kind,) = source.integers(1)
        if kind == 2:
            _read_variable(source, records)
        elif kind == 3:
            _skip_value_labels(source)
        elif kind == 4:
            source.take(4 * source.integers(1)[0])
        elif kind == 6:
            source.take(80 * source.integers(1)[0])
        elif kind == 7:
            _read_extension(source, records)
        elif kind == 999:
            source.take(4)
            return records
        else:
            raise UnknownLayoutError(f"record type {kind}")


def _read_variable(source: _Source, records: _Records) -> None:
    """A variable record; one of width -1 only reserves a further word for the text before it."""
    width, has_label, missing_values, print_format, write_format = source.integers(5)
    short_name = source.take(8)
    if has_label:
        source.take((source.integers(1)[0] + 3) // 4 * 4)
    source.take(WORD * abs(missing_values))
    if width >= 0:
        is_text = width > 0 or _TEXT_FORMAT in ((print_format >> 16) & 0xFF, (write_format >> 16) & 0xFF)
        records.short_names.append(short_name.rstrip(b" \0"))
        records.first_words.append(records.words)
        records.widths.append(max(width, 1) if is_text else 0)
    records.words += 1


def _skip_value_labels(source: _Source) -> None:
    for _ in range(source.integers(1)[0]):
        source.take(WORD)
        length = source.take(1)[0]
        source.take((length + 8) // 8 * 8 - 1)


def _read_extension(source: _Source, records: _Records) -> None:
    subtype, size, count = source.integers(3)
    content = source.take(size * count)
    if subtype == 3 and len(content) >= 32:
        (records.code_page,) = struct.unpack_from(f"{source.order}i", content, 28)
    elif subtype == 14:
        for entry in content.split(b"\t"):
            name, _, width = entry.strip(b"\0").partition(b"=")
            if width.strip(b"\0 ").isdigit():
                records.long_widths[name] = int(width.strip(b"\0 "))
    elif subtype == 20:
        records.encoding = content.decode("ascii", "replace").strip()


def _cells(records: _Records) -> list[Cell]:
    """One cell per variable; in the records, the segments of a long text are variables of their own."""
    following = [*records.first_words[1:], records.words]
    spans = [(first, last - first) for first, last in zip(records.first_words, following, strict=True)]
    cells, index = [], 0
    while index < len(spans):
        long_width = records.long_widths.get(records.short_names[index])
        pieces = 1 if long_width is None else max(1, -(-long_width // _SEGMENT_STEP))
        if index + pieces > len(spans):
            raise UnknownLayoutError("the segments of a long text")
        cells.append(Cell(tuple(spans[index : index + pieces]), long_width or records.widths[index]))
        index += pieces
    return cells


def _code_page_name(code_page: int | None) -> str | None:
    return None if code_page is None else _CODE_PAGES.get(code_page, f"cp{code_page}")
