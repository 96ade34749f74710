"""Dates and times of spreadsheets: a serial number of days under a date format, as ISO 8601 text."""

from __future__ import annotations

import datetime as dt

from orchestration.extraction.readers.format_sections import Kind, Section

_OUT_OF_CALENDAR = "########"
_LAST_SERIAL = 2_958_466
_SECONDS_A_DAY = 86_400


def show_serial(serial: float, section: Section, *, is_1904: bool) -> str:
    """The date or time of a serial number, to the precision of the format section.

    A year alone is shown with the words around it. Number signs stand for a date outside the calendar.
    """
    parts = _parts(section)
    if parts & {"[h]", "[m]", "[s]"}:
        return _elapsed(serial)
    if not 0 <= serial < _LAST_SERIAL:
        return _OUT_OF_CALENDAR
    moment = serial_moment(serial, is_1904=is_1904)
    if parts == {"y"}:
        return "".join(_year(token.text, moment) if token.kind is Kind.DATE else token.text for token in section.tokens)
    date = _date_text(moment, parts)
    time = _time_text(moment, parts)
    return " ".join(text for text in (date, time) if text)


def serial_moment(serial: float, *, is_1904: bool) -> dt.datetime:
    """The moment of a serial number, to the second; serial 60 of the 1900 system, which never was, is 1 March."""
    days, fraction = divmod(serial, 1)
    seconds = int(fraction * _SECONDS_A_DAY + 0.5)
    if is_1904:
        start = dt.datetime(1904, 1, 1)  # noqa: DTZ001
    else:
        start = dt.datetime(1899, 12, 31 if days < 60 else 30)  # noqa: DTZ001
        if days == 60:
            days = 61
    return start + dt.timedelta(days=days, seconds=seconds)


def _parts(section: Section) -> set[str]:
    """Letters of the date parts; M is a minute, which follows hours or precedes seconds."""
    letters = [
        f"[{token.text[0].lower()}]" if token.kind is Kind.ELAPSED else token.text[0].lower()
        for token in section.tokens
        if token.kind in (Kind.DATE, Kind.ELAPSED)
    ]
    parts: set[str] = set()
    for index, letter in enumerate(letters):
        before = letters[index - 1] if index else ""
        after = letters[index + 1] if index + 1 < len(letters) else ""
        is_minute = letter == "m" and (before in ("h", "[h]") or after in ("s", "[s]"))
        parts.add("M" if is_minute else {"e": "y", "b": "y"}.get(letter, letter))
    return parts - {"g"}


def _year(letters: str, moment: dt.datetime) -> str:
    return f"{moment.year % 100:02d}" if len(letters) <= 2 and letters[0].lower() == "y" else f"{moment.year:04d}"


def _date_text(moment: dt.datetime, parts: set[str]) -> str:
    if not parts & {"y", "m", "d"}:
        return ""
    if "y" not in parts:
        return moment.strftime("--%m-%d")
    return f"{moment.year:04d}" + moment.strftime("-%m-%d" if "d" in parts else "-%m")


def _time_text(moment: dt.datetime, parts: set[str]) -> str:
    if not parts & {"h", "M", "s"}:
        return ""
    return moment.strftime("%H:%M:%S" if "s" in parts else "%H:%M")


def _elapsed(serial: float) -> str:
    seconds = int(abs(serial) * _SECONDS_A_DAY + 0.5)
    return f"{'-' if serial < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
