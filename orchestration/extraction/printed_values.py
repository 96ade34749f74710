"""What a printed cell says: its number as printed, its decimals, its status and its footnote marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from orchestration.extraction.grid import Cell
from orchestration.landing.layout_declaration import Numbers, Symbol, TableLayout

SPREADSHEETS = {"xls", "xlsx", "ods"}
_MINUS_SIGNS = str.maketrans({"−": "-", "–": "-"})


@dataclass(frozen=True)
class PrintedValue:
    """A printed figure: `value` as printed (unscaled), its `decimals`, SDMX `status`, `footnotes`."""

    value: Decimal | None
    decimals: int | None
    status: str
    footnotes: str | None


def read_cell(cell: Cell, layout: TableLayout, kind: str) -> PrintedValue:
    """Read a cell as its table prints it: the number that it shows, or its text; `kind` is the file's format.

    Raises `ValueError` with what is wrong when the text is neither a number nor a declared symbol.
    """
    if cell.number is None:
        numbers = layout.numbers
        if kind in SPREADSHEETS and not numbers.are_text_in_spreadsheets:
            numbers = numbers.model_copy(update={"thousands": []})
        return read_printed(cell.text, numbers, layout.symbols, layout.value_footnotes)
    decimals = -int(cell.number.as_tuple().exponent)
    return PrintedValue(cell.number, max(decimals, 0), "A", None)


def read_printed(text: str, numbers: Numbers, symbols: dict[str, Symbol], footnote_pattern: str | None) -> PrintedValue:
    """Read the text of a cell.

    Raises `ValueError` with what is wrong when the text is neither a number nor a declared symbol.
    """
    shown, footnotes = _split_footnotes(text.strip(), footnote_pattern)
    if shown in symbols:
        symbol = symbols[shown]
        decimals = None if symbol.value is None else max(-int(symbol.value.as_tuple().exponent), 0)
        return PrintedValue(symbol.value, decimals, symbol.status, footnotes)
    plain = shown.translate(_MINUS_SIGNS)
    decimal = "[.,]" if numbers.decimal == "either" else re.escape(numbers.decimal)
    for mark in numbers.thousands:
        separator = re.escape(mark)
        # No grouped number starts with a nought: 0,199 is a decimal comma in the wrong table.
        if re.fullmatch(rf"-?[1-9]\d{{0,2}}({separator}\d{{3}})+({decimal}\d+)?", plain):
            plain = plain.replace(mark, "")
    match = re.fullmatch(rf"-?\d+(?:{decimal}(\d+))?", plain)
    if not match:
        known = ", ".join(repr(symbol) for symbol in symbols) or "none"
        raise ValueError(f"{text!r} is neither a number nor a declared symbol (declared: {known})")
    return PrintedValue(Decimal(plain.replace(",", ".")), len(match.group(1) or ""), "A", footnotes)


def _split_footnotes(text: str, pattern: str | None) -> tuple[str, str | None]:
    if not pattern:
        return text, None
    match = re.search(pattern, text)
    if not match or match.start() == 0:
        return text, None
    return text[: match.start()].rstrip(), text[match.start() :].strip()
