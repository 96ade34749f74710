"""The digits of a number under the placeholders of a number format: decimals, groups, exponents and fractions."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from orchestration.extraction.readers.format_sections import Kind, Token

# Wide enough for every double with thirty decimals.
_CONTEXT = Context(prec=400)


_MARK = "\0"


class Digits(NamedTuple):
    """Digits as they are shown, and the number that they show."""

    text: str
    number: Decimal


@dataclass(frozen=True)
class NumberLayout:
    """Placeholders such as #,##0.00, told apart once for the many numbers shown under them."""

    whole: tuple[Token, ...]
    fraction: tuple[Token, ...]
    thousands: int
    is_grouped: bool
    has_point: bool

    @staticmethod
    def of(tokens: Sequence[Token]) -> NumberLayout:
        """The layout of these tokens; commas behind the digits scale, those among them group."""
        point = next((i for i, token in enumerate(tokens) if token.kind is Kind.POINT), len(tokens))
        whole, fraction = list(tokens[:point]), list(tokens[point + 1 :])
        thousands = 0
        for part in (whole, fraction):
            while part and part[-1].kind is Kind.COMMA:
                part.pop()
                thousands += 1
        is_grouped = any(token.kind is Kind.COMMA for token in whole)
        shown = tuple(token for token in whole if token.kind is not Kind.COMMA)
        return NumberLayout(shown, tuple(fraction), thousands, is_grouped, point < len(tokens))

    @cached_property
    def unit(self) -> Decimal:
        """The last decimal that is shown."""
        return Decimal(1).scaleb(-sum(token.kind is Kind.DIGIT for token in self.fraction))

    @cached_property
    def is_plain(self) -> bool:
        """Whether the digits stand as everywhere: at least one before the point, all decimals after it."""
        if any(token.kind is not Kind.DIGIT for token in self.whole):
            return False
        places = "".join(token.text for token in self.whole)
        return places.strip("#") == "0" and places.endswith("0") and all(token.text == "0" for token in self.fraction)

    def show(self, size: Decimal) -> Digits:
        """A number of 0 or more under these placeholders."""
        scaled = size.scaleb(-3 * self.thousands) if self.thousands else size
        number = scaled.quantize(self.unit, ROUND_HALF_UP, _CONTEXT)
        if self.is_plain:
            text = f"{number:,f}" if self.is_grouped else f"{number:f}"
            return Digits(f"{text}." if self.has_point and not self.fraction else text, number)
        whole_digits, _, fraction_digits = f"{number:f}".partition(".")
        text = self._whole_text(whole_digits.lstrip("0"))
        if self.has_point:
            shown = _fraction_text(self.fraction, fraction_digits)
            text += f".{shown}"
            number = number.quantize(
                Decimal(1).scaleb(-sum(character.isdigit() for character in shown)), None, _CONTEXT
            )
        return Digits(text, number)

    def _whole_text(self, digits: str) -> str:
        """Digits before the point; where the other characters stand depends only on how many there are."""
        template = self._templates.get(len(digits))
        if template is None:
            template = _template(_fill(self.whole, _MARK * len(digits), self.is_grouped))
            self._templates[len(digits)] = template
        return "".join([lead + digits[part] for lead, part in template])

    @cached_property
    def _templates(self) -> dict[int, list[tuple[str, slice]]]:
        return {}


@dataclass(frozen=True)
class ScientificLayout:
    """Placeholders such as 0.00E+00 or ##0.0E+0."""

    mantissa: NumberLayout
    mark: str
    width: int

    @staticmethod
    def of(tokens: Sequence[Token]) -> ScientificLayout:
        """The layout of these tokens, of which one is the mark of the exponent."""
        mark = next(i for i, token in enumerate(tokens) if token.kind is Kind.EXPONENT)
        width = sum(token.kind is Kind.DIGIT and token.text == "0" for token in tokens[mark:])
        return ScientificLayout(NumberLayout.of(tokens[:mark]), tokens[mark].text, width)

    def show(self, size: Decimal) -> Digits:
        """A number of 0 or more under these placeholders; several before the point make steps of the exponent."""
        step = max(sum(token.kind is Kind.DIGIT for token in self.mantissa.whole), 1)
        exponent = _exponent(size, step)
        digits = self.mantissa.show(size.scaleb(-exponent))
        if digits.number >= Decimal(10) ** step:
            exponent += step
            digits = self.mantissa.show(size.scaleb(-exponent))
        sign = "-" if exponent < 0 else "+" if self.mark.endswith("+") else ""
        return Digits(f"{digits.text}E{sign}{abs(exponent):0{self.width}d}", digits.number.scaleb(exponent))


@dataclass(frozen=True)
class FractionLayout:
    """Placeholders such as # ?/? or ??/100."""

    has_whole: bool
    denominator: str

    @staticmethod
    def of(tokens: Sequence[Token]) -> FractionLayout:
        """The layout of these tokens, of which one is the stroke."""
        slash = next(i for i, token in enumerate(tokens) if token.kind is Kind.SLASH)
        numerator = itertools.takewhile(lambda token: token.kind is Kind.DIGIT, reversed(tokens[:slash]))
        digits = sum(token.kind is Kind.DIGIT for token in tokens[:slash])
        denominator = tokens[slash].text[1:] or "".join(token.text for token in tokens[slash + 1 :])
        return FractionLayout(digits > len(list(numerator)), denominator)

    def show(self, size: Decimal) -> Digits:
        """The fraction that spreadsheets show for a number of 0 or more, which is not always the nearest."""
        whole = int(size) if self.has_whole else 0
        over, under = self._nearest(Fraction(size) - whole)
        if self.has_whole and over == under:
            whole, over = whole + 1, 0
        number = Decimal(whole) + Decimal(over) / Decimal(under)
        if self.has_whole and not over:
            return Digits(str(whole), number)
        return Digits(f"{whole} {over}/{under}" if whole else f"{over}/{under}", number)

    def _nearest(self, value: Fraction) -> tuple[int, int]:
        fixed = self.denominator.strip()
        if fixed.isdigit() and fixed.strip("0"):
            return int(value * int(fixed) + Fraction(1, 2)), int(fixed)
        return _convergent(value, 10 ** max(len(fixed), 1) - 1)


def _convergent(value: Fraction, most: int) -> tuple[int, int]:
    """The last convergent of the continued fraction whose denominator is at most `most`."""
    last, before = (int(value), 1), (1, 0)
    rest = value - int(value)
    while rest:
        rest = 1 / rest
        step = int(rest)
        if step * last[1] + before[1] > most:
            break
        last, before = (step * last[0] + before[0], step * last[1] + before[1]), last
        rest -= step
    return last


def _fill(tokens: Sequence[Token], digits: str, is_grouped: bool) -> str:
    """Digits before the point, filled from the right; a blank that separates no digits is not shown."""
    places = [token.text for token in tokens if token.kind is Kind.DIGIT]
    shown: list[str] = []
    count = 0

    def put(characters: str) -> None:
        nonlocal count
        for character in reversed(characters):
            shown.append("," if is_grouped and count and count % 3 == 0 else "")
            shown.append(character)
            count += 1

    for token in reversed(tokens):
        if token.kind is Kind.DIGIT:
            place = places.pop()
            taken = digits[-1:] if places else digits
            digits = digits[: len(digits) - len(taken)]
            put(taken or ("0" if place == "0" else ""))
            shown.append(" " if place == "?" and not taken else "")
        elif token.text.strip() or digits or "0" in places:
            shown.append(token.text)
    put(digits)
    return "".join(reversed(shown))


def _template(marked: str) -> list[tuple[str, slice]]:
    """A text with marks for digits as pieces: what stands before some digits, and which digits they are."""
    pieces: list[tuple[str, slice]] = []
    position = 0
    for piece in re.finditer(f"([^{_MARK}]*)({_MARK}*)", marked):
        end = position + len(piece.group(2))
        pieces.append((piece.group(1), slice(position, end)))
        position = end
    return pieces


def _fraction_text(tokens: Sequence[Token], digits: str) -> str:
    """Digits after the point; # shows no trailing nought and ? a blank for it."""
    significant = len(digits.rstrip("0"))
    shown: list[str] = []
    position = 0
    for token in tokens:
        if token.kind is not Kind.DIGIT:
            shown.append(token.text)
            continue
        if position < significant or token.text == "0":
            shown.append(digits[position])
        elif token.text == "?":
            shown.append(" ")
        position += 1
    return "".join(shown)


def _exponent(size: Decimal, step: int) -> int:
    if not size:
        return 0
    return int((Decimal(size.adjusted()) / step).to_integral_value(rounding=ROUND_FLOOR)) * step
