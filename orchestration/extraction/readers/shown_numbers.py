"""The number that a shown text stands for, told by the stored number beside it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"[-\u2212\u2013(]?\s*\d[\d\s.,'\u2019]*(?:E[+-]?\d+)?", re.IGNORECASE)
_FLOAT_NOISE = Decimal("1e-12")


def number_shown(text: str, stored: float) -> Decimal | None:
    """The number that a text shows, whichever its decimal mark and groups, or None where it shows none.

    Of the readings that the text allows, the one that the stored number rounds to is taken; under a percent
    sign that is a hundred times the stored number. None when no reading fits, as with `-` for a nought.
    """
    matches = _NUMBER.findall(text)
    if len(matches) != 1 or stored != stored:
        return None
    size = abs(Decimal(f"{stored:.15g}")) * (100 if "%" in text else 1)
    is_negative = matches[0][0] in "-\u2212\u2013("
    for reading in _readings(matches[0].lstrip("-\u2212\u2013( ")):
        exponent = reading.as_tuple().exponent
        half_unit = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0) / 2
        if abs(reading - size) <= half_unit + size * _FLOAT_NOISE:
            return -reading if is_negative else reading
    return None


def _readings(text: str) -> list[Decimal]:
    """What the digits may mean: with a point, with a comma, or without decimals."""
    plain = re.sub(r"[\s'\u2019]", "", text)
    readings = []
    for decimal, group in ((".", ","), (",", ".")):
        try:
            readings.append(Decimal(plain.replace(group, "").replace(decimal, ".").rstrip(".")))
        except InvalidOperation:
            continue
    return readings
