"""What a spreadsheet cell shows: a stored number or text under its number format, in the invariant convention.

The convention is a decimal point and, where the format groups, a comma; dates are ISO 8601. The format codes
are those of ECMA-376 part 1, 18.8.30-31; rounding is Excel's, half away from zero on 15 significant digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from typing import Protocol

from orchestration.extraction.readers.date_format import show_serial
from orchestration.extraction.readers.digit_layout import (
    Digits,
    FractionLayout,
    NumberLayout,
    ScientificLayout,
)
from orchestration.extraction.readers.format_sections import (
    Kind,
    Section,
    is_negative_only,
    parse_sections,
    pick_section,
    text_section,
)

_GENERAL_WIDTH = 11
_UNITS = [Decimal(1).scaleb(-decimals) for decimals in range(_GENERAL_WIDTH)]
_SIGNS = "-\u2212\u2013("


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person sees: the text, and the number it shows if it shows one (before a percent sign)."""

    text: str
    number: Decimal | None


def show_number(value: float, code: str, *, is_1904: bool = False) -> Shown:
    """What a cell shows that stores `value` under the number format `code`.

    With `is_1904` dates count from 1 January 1904. A date outside the calendar of spreadsheets shows
    as number signs, as it does on the screen.
    """
    if code == "General" and -1e11 < value < 1e11 and value == int(value):
        return _show_integer(int(value))
    return _show(value, code, is_1904)


def show_text(text: str, code: str) -> str:
    """What a cell shows that stores `text` under the number format `code`."""
    if code in ("General", "@") or ("@" not in code and ";" not in code):
        return text
    section = text_section(_compiled(code).sections)
    if section is None:
        return text
    return "".join(text if token.kind in (Kind.AT, Kind.GENERAL) else token.shown for token in section.tokens)


def _decimal_of(value: float) -> Decimal:
    """The number to 15 significant digits, which is all that a spreadsheet takes for true."""
    return Decimal(f"{value:.15g}")


def _show_general(size: Decimal) -> str:
    """A number of 0 or more under General: as many digits as 11 places hold, else scientific with five decimals."""
    exact = str(size)
    if len(exact) <= _GENERAL_WIDTH and "E" not in exact:
        return exact
    exponent = size.adjusted()
    if -5 < exponent < _GENERAL_WIDTH:
        decimals = _GENERAL_WIDTH - 2 - max(exponent, 0)
        shown = _half_up(size, max(decimals, 0))
        if shown < Decimal(10) ** _GENERAL_WIDTH:
            return _plain(shown)
    elif exponent < 0 and len(_plain(size)) <= _GENERAL_WIDTH:
        return _plain(size)
    return _general_scientific(size)


@lru_cache(maxsize=1 << 16)
def _show_integer(value: int) -> Shown:
    return Shown(str(value), Decimal(value))


@lru_cache(maxsize=1 << 16)
def _show(value: float, code: str, is_1904: bool) -> Shown:
    return _compiled(code).show(value, is_1904=is_1904)


@lru_cache(maxsize=1024)
def _compiled(code: str) -> _Format:
    sections = parse_sections(code)
    return _Format(sections, tuple(_View(one, is_negative_only(sections, i)) for i, one in enumerate(sections)))


@dataclass(frozen=True)
class _Format:
    """A number format made ready for many values."""

    sections: tuple[Section, ...]
    views: tuple[_View, ...]

    def show(self, value: float, *, is_1904: bool) -> Shown:
        return self.views[pick_section(self.sections, value)].show(value, is_1904=is_1904)


@dataclass(frozen=True)
class _View:
    """A section made ready for many values; `is_unsigned` where only negative numbers come to it."""

    section: Section
    is_unsigned: bool

    def show(self, value: float, *, is_1904: bool) -> Shown:
        if self.section.is_date:
            return Shown(show_serial(value, self.section, is_1904=is_1904), None)
        if self.layout is None:
            return Shown(self.before.strip(), None)
        size = _decimal_of(abs(value))
        text, number = self.layout.show(size.scaleb(2 * self.percents) if self.percents else size)
        shows_number = not self.touches_digits and (text[-1:].isdigit() or any(one.isdigit() for one in text))
        text = f"{self.before}{text}{self.after}".strip()
        has_sign = value < 0 and not self.is_unsigned
        if has_sign:
            text = f"-{text}"
        if not shows_number:
            return Shown(text, None)
        return Shown(text, -number if has_sign or (value < 0 and self.marks_negative) else number)

    @cached_property
    def percents(self) -> int:
        return self.section.percents

    @cached_property
    def touches_digits(self) -> bool:
        """Whether digits of the format itself stand beside those of the number, as in 0"000"."""
        return self.before[-1:].isdigit() or self.after[:1].isdigit()

    @cached_property
    def span(self) -> tuple[int, int]:
        """First and last token of the digits; after the last token where there are none."""
        if self.section.is_general:
            place = next(i for i, t in enumerate(self.section.tokens) if t.kind in (Kind.GENERAL, Kind.AT))
            return place, place
        end = len(self.section.tokens)
        return self.section.digit_span if self.section.has_number else (end, end)

    @cached_property
    def before(self) -> str:
        return "".join(token.shown for token in self.section.tokens[: self.span[0]])

    @cached_property
    def after(self) -> str:
        return "".join(token.shown for token in self.section.tokens[self.span[1] + 1 :])

    @cached_property
    def marks_negative(self) -> bool:
        """Whether the section itself tells that its numbers are negative: by a sign, a bracket or a colour."""
        return self.section.has_colour or any(sign in self.before for sign in _SIGNS)

    @cached_property
    def layout(self) -> _Layout | None:
        if not self.section.has_number:
            return None
        if self.section.is_general:
            return _General()
        tokens = self.section.tokens[self.span[0] : self.span[1] + 1]
        if self.section.is_fraction:
            return FractionLayout.of(tokens)
        if any(token.kind is Kind.EXPONENT for token in tokens):
            return ScientificLayout.of(tokens)
        return NumberLayout.of(tokens)


class _Layout(Protocol):
    def show(self, size: Decimal, /) -> Digits: ...


class _General:
    def show(self, size: Decimal, /) -> Digits:
        text = _show_general(size)
        return Digits(text, Decimal(text))


def _general_scientific(size: Decimal) -> str:
    exponent = size.adjusted()
    mantissa = _half_up(size.scaleb(-exponent), 5)
    if mantissa >= 10:
        mantissa, exponent = mantissa / 10, exponent + 1
    return f"{_plain(mantissa)}E{exponent:+03d}"


def _half_up(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(_UNITS[decimals], rounding=ROUND_HALF_UP)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
