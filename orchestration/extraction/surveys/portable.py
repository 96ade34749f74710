"""SPSS portable files (.por): through pyreadstat, with the text that it cannot decode.

The library knows the characters of the portable set only and turns every other byte into U+FFFD, whatever
encoding it is told. So a file in a declared encoding is read twice: each byte above 127 stands for sixteen
of its kind, once by its high and once by its low half, as one of sixteen characters of the portable set
that no such file uses; both texts together give the byte back.
"""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

from orchestration.extraction.surveys.codes import code_text
from orchestration.extraction.surveys.encodings import codec_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

LOST = "\ufffd"

_LINE = 80
_SET_START, _SET_END = 200, 456
_LINES_WITH_SET = -(-_SET_END // _LINE)
# Sixteen neighbours of the portable character set (positions 163 to 178), as pyreadstat gives them.
_MARKS_START = 163
_MARKS = {mark: half for half, mark in enumerate("–└┌≥⁰¹²³⁴⁵⁶⁷⁸⁹┘┐")}
_HIGH_HALVES = bytes(range(0x80)) + bytes(0x80 | byte >> 4 for byte in range(0x80, 0x100))
_LOW_HALVES = bytes(range(0x80)) + bytes(0x80 | byte & 0x0F for byte in range(0x80, 0x100))

Reading = tuple[dict[str, list[Any]], Any]


class LostTextError(ValueError):
    """A text is in no encoding that the file or its declaration tells; the message says which text."""


def read_portable(path: Path, encoding: str | None, **options: Any) -> Reading:
    """Values and metadata of a portable file.

    Raises `LostTextError` when text is not in the declared encoding, or needs one and none is declared.
    """
    # The public read_por turns user-missing codes into nothing; what it calls keeps them.
    from pyreadstat._readstat_parser import parser_entry_point  # ty: ignore[import-not-found]

    first_row = 1 + options.get("row_offset", 0)
    read = partial(parser_entry_point, parser_format="por", **options)
    if encoding is None:
        values, meta = read(path)
        _walk(values, meta, _refuse_lost, first_row)
        return values, meta
    if codec_name(encoding) is None:
        raise LostTextError(f"the encoding {encoding} that is declared for it is unknown")
    content = path.read_bytes()
    values, meta = read(io.BytesIO(_with_halves(content, _HIGH_HALVES)))
    low_values, low_meta = read(io.BytesIO(_with_halves(content, _LOW_HALVES)))
    low_texts = _texts_in_order(low_values, low_meta)
    _walk(values, meta, lambda place, text: _join(place, text, next(low_texts), encoding), first_row)
    return values, meta


def _with_halves(content: bytes, halves: bytes) -> bytes:
    """The file with half of each byte above 127, and those halves in its table of characters."""
    lines = content.split(b"\n", _LINES_WITH_SET)
    head = b"".join(line.rstrip(b"\r").ljust(_LINE) for line in lines[:_LINES_WITH_SET])
    characters = bytearray(head[_SET_START:_SET_END])
    for place, byte in enumerate(characters):
        if byte >= 0x80:
            characters[place] = ord("0")
    characters[_MARKS_START : _MARKS_START + len(_MARKS)] = range(0x80, 0x80 + len(_MARKS))
    rest = b"\n".join(lines[_LINES_WITH_SET:]).translate(halves)
    head = head[:_SET_START] + bytes(characters) + head[_SET_END:].translate(halves)
    return b"".join(head[start : start + _LINE] + b"\r\n" for start in range(0, len(head), _LINE)) + rest


def _walk(values: dict[str, list[Any]], meta: Any, change: Callable[[str, str], str], first_row: int = 1) -> None:
    """Put each text of a reading through `change`, which is also told where it stands."""
    meta.file_label = change("the label of the file", meta.file_label or "") or None
    for name in meta.column_names:
        label = meta.column_names_to_labels.get(name)
        if label:
            meta.column_names_to_labels[name] = change(f"the label of variable {name}", label)
        labels = meta.variable_value_labels.get(name, {})
        _refuse_marked(name, labels)
        # A new dictionary, for variables share theirs.
        meta.variable_value_labels[name] = {
            code: change(f"the label of code {code_text(code)} of variable {name}", text)
            for code, text in labels.items()
        }
    for name, ranges in meta.missing_ranges.items():
        for one in ranges:
            for end in ("lo", "hi"):
                if isinstance(one[end], str):
                    one[end] = change(f"a missing value of variable {name}", one[end])
    for name, column in values.items():
        if meta.readstat_variable_types[name] == "string":
            values[name] = [
                change(f"variable {name} in row {row}", text) for row, text in enumerate(column, start=first_row)
            ]


def _refuse_marked(name: str, codes: Iterable[float | str]) -> None:
    """Codes that differ in one half of a letter only are one code in each reading, so that labels are lost."""
    texts = [code for code in codes if isinstance(code, str)]
    if any(letter in _MARKS or letter == LOST for text in texts for letter in text):
        raise LostTextError(
            f"variable {name} has labels for codes that are text in letters of some encoding, which cannot be read "
            "from a portable file; have it saved as .sav"
        )


def _texts_in_order(values: dict[str, list[Any]], meta: Any) -> Iterator[str]:
    texts: list[str] = []

    def keep(_: str, text: str) -> str:
        texts.append(text)
        return text

    _walk(values, meta, keep)
    return iter(texts)


def _refuse_lost(place: str, text: str) -> str:
    if LOST in text:
        raise LostTextError(f"{place} has letters that a portable file can hold in some encoding only")
    return text


def _join(place: str, high: str, low: str, encoding: str) -> str:
    """The text of which `high` and `low` hold the halves of each byte above 127."""
    if not any(mark in _MARKS for mark in high):
        return high
    written, run = [], bytearray()
    try:
        for first, second in zip(high, low, strict=True):
            if first in _MARKS:
                run.append(_MARKS[first] << 4 | _MARKS[second])
            elif first.isascii():
                run.append(ord(first))
            else:
                written += [run.decode(encoding), first]
                run.clear()
        return "".join([*written, run.decode(encoding)])
    except UnicodeDecodeError as error:
        raise LostTextError(f"{place} is not {encoding} text (bytes {bytes(run[:40])!r})") from error
