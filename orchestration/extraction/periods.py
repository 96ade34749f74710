"""Periods as printed: from the parts that a pattern captures to an ISO 8601 period."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter

from orchestration.landing.layout_declaration import Template

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("январь", "января", "январе", "қаңтар", "january", "jan"),
            ("февраль", "февраля", "феврале", "ақпан", "february", "feb"),
            ("март", "марта", "марте", "наурыз", "march", "mar"),
            ("апрель", "апреля", "апреле", "сәуір", "april", "apr"),
            ("май", "мая", "мае", "мамыр", "may"),
            ("июнь", "июня", "июне", "маусым", "june", "jun"),
            ("июль", "июля", "июле", "шілде", "july", "jul"),
            ("август", "августа", "августе", "тамыз", "august", "aug"),
            ("сентябрь", "сентября", "сентябре", "қыркүйек", "september", "sep"),
            ("октябрь", "октября", "октябре", "қазан", "october", "oct"),
            ("ноябрь", "ноября", "ноябре", "қараша", "november", "nov"),
            ("декабрь", "декабря", "декабре", "желтоқсан", "december", "dec"),
        ),
        start=1,
    )
    for name in names
}
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}


# The first and the last month of one year, and one period given as its own beginning and end.
_WHOLE_YEAR = re.compile(r"(?P<one>\d{4})-01/(?P=one)-12")
_ITSELF = re.compile(r"(?P<one>[^/]+)/(?P=one)")


def period_text(captured: Mapping[str, str | None], template: Template) -> str:
    """The template filled with what was captured; of several, the first whose parts are all there.

    `month_name` and `month_name_end` give `month` and `month_end` as two digits, a Roman `quarter` gives a
    digit, and `month` and `day` get their leading nought. January to December is the year. Raises `ValueError`
    when a month has no known name or the template asks for what was not captured.
    """
    parts = _parts(captured)
    templates = [template] if isinstance(template, str) else template
    for one in templates:
        if all(name is None or name in parts for _, name, _, _ in Formatter().parse(one)):
            period = one.format(**parts)
            whole = _WHOLE_YEAR.fullmatch(period) or _ITSELF.fullmatch(period)
            return whole.group("one") if whole else period
    raise ValueError(f"{' and '.join(repr(one) for one in templates)} asks for more than was found, {sorted(parts)}")


def _parts(captured: Mapping[str, str | None]) -> dict[str, str]:
    parts = {name: value for name, value in captured.items() if value is not None}
    for ending in ("", "_end"):
        name = parts.pop(f"month_name{ending}", None)
        if name is not None:
            number = _MONTHS.get(name.casefold())
            if number is None:
                raise ValueError(f"{name!r} is no month")
            parts[f"month{ending}"] = str(number)
    for key in ("month", "month_end", "day"):
        if key in parts:
            parts[key] = parts[key].zfill(2)
    if "quarter" in parts:
        parts["quarter"] = _ROMAN.get(parts["quarter"].casefold(), parts["quarter"])
    return parts
