"""What a printed cell says: its number as printed, its decimals, its status and its footnote marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from orchestration.landing.declarations import Numbers, Symbol

_MINUS_SIGNS = str.maketrans({"−": "-", "–": "-"})


@dataclass(frozen=True)
class PrintedValue:
    """A printed figure: `value` as printed (unscaled), its `decimals`, SDMX `status`, `footnotes`."""

    value: Decimal | None
    decimals: int | None
    status: str
    footnotes: str | None


def read_printed(text: str, numbers: Numbers, symbols: dict[str, Symbol], footnote_pattern: str | None) -> PrintedValue:
    """Read the text of a cell.

    Raises `ValueError` with what is wrong when the text is neither a number nor a declared symbol.
    """
    shown, footnotes = _split_footnotes(text.strip(), footnote_pattern)
    if shown in symbols:
        return PrintedValue(None, None, symbols[shown].status, footnotes)
    plain = shown.translate(_MINUS_SIGNS)
    for mark in numbers.thousands:
        separator = re.escape(mark)
        # No grouped number starts with a nought: 0,199 is a decimal comma in the wrong table.
        if re.fullmatch(rf"-?[1-9]\d{{0,2}}({separator}\d{{3}})+({re.escape(numbers.decimal)}\d+)?", plain):
            plain = plain.replace(mark, "")
    match = re.fullmatch(rf"-?\d+(?:{re.escape(numbers.decimal)}(\d+))?", plain)
    if not match:
        known = ", ".join(repr(symbol) for symbol in symbols) or "none"
        raise ValueError(f"{text!r} is neither a number nor a declared symbol (declared: {known})")
    return PrintedValue(Decimal(plain.replace(numbers.decimal, ".")), len(match.group(1) or ""), "A", footnotes)


def _split_footnotes(text: str, pattern: str | None) -> tuple[str, str | None]:
    if not pattern:
        return text, None
    match = re.search(pattern, text)
    if not match or match.start() == 0:
        return text, None
    return text[: match.start()].rstrip(), text[match.start() :].strip()
