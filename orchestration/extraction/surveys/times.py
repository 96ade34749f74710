"""Dates and times in survey files: which formats are some, and the ISO 8601 text of a stored number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from orchestration.extraction.surveys.formats import SurveyFormat

Kind = Literal["date", "datetime", "time", "duration", "month", "quarter", "year"]

_SECONDS_A_DAY = 86_400
_SPSS: dict[str, Kind] = {
    **dict.fromkeys(("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "MOYR", "QYR", "WKYR"), "date"),
    **dict.fromkeys(("DATETIME", "YMDHMS"), "datetime"),
    **dict.fromkeys(("TIME", "MTIME"), "time"),
    "DTIME": "duration",
}
_SAS: tuple[tuple[str, Kind], ...] = (
    (r"(DATETIME|DATEAMPM|MDYAMPM|DTDATE|(E8601|B8601|IS8601)(DT|DN))", "datetime"),
    (r"(TIME|HHMM|HOUR|MMSS|TOD|TIMEAMPM|(E8601|B8601|IS8601)TM)", "time"),
    (
        r"(DATE|(DDMMYY|MMDDYY|YYMMDD|YYMM|MMYY|YYQ|YYQR)[A-Z]?|WEEKDAT[EX]|WORDDAT[EX]|JULIAN|MONYY|YYMON|NLDATE"
        r"|(E8601|B8601|IS8601)DA)",
        "date",
    ),
)
_STATA: dict[str, tuple[Kind, float]] = {
    "d": ("date", _SECONDS_A_DAY),
    "c": ("datetime", 0.001),
    "m": ("month", 1),
    "q": ("quarter", 1),
    "y": ("year", 1),
}


@dataclass(frozen=True)
class TimeReading:
    """How a number becomes a date or time: it counts `unit` seconds since `origin` (months and quarters: since 1960).

    Dates before `earliest` or after 9999-12-31 are out of range.
    """

    kind: Kind
    unit: float
    origin: str
    earliest: str


def time_reading(file_format: SurveyFormat, print_format: str | None) -> TimeReading | None:
    """How numbers printed in this format are dates or times; None where they are not.

    Also None for Stata's weeks, half-years, leap seconds and business days, which ISO 8601 cannot write.
    """
    if not print_format:
        return None
    if file_format == "dta":
        found = re.match(r"%-?(?:t([dcmqy])|(d))", print_format)
        return TimeReading(*_STATA[found[1] or found[2]], "1960-01-01", "0100-01-01") if found else None
    name = re.match(r"(.*?[A-Z])\d*(?:\.\d*)?$", print_format.upper())
    if name is None:
        return None
    if file_format == "sas7bdat":
        kind = next((kind for pattern, kind in _SAS if re.fullmatch(pattern, name[1])), None)
        unit = _SECONDS_A_DAY if kind == "date" else 1
        return TimeReading(kind, unit, "1960-01-01", "1582-01-01") if kind else None
    kind = _SPSS.get(name[1])
    return TimeReading(kind, 1, "1582-10-14", "1582-10-15") if kind else None


def iso_texts(values: np.ndarray, is_missing: np.ndarray, reading: TimeReading) -> tuple[pa.StringArray, np.ndarray]:
    """ISO 8601 text of each number, null where missing or out of range; and which are out of range."""
    import numpy as np
    import pyarrow as pa

    texts = np.full(len(values), None, dtype=object)
    low, high = _bounds(reading)
    fits = ~is_missing & (values >= low) & (values < high)
    texts[fits] = _write(values[fits], reading)
    return pa.array(texts.tolist(), pa.string()), ~is_missing & ~fits


def _bounds(reading: TimeReading) -> tuple[float, float]:
    """The numbers from (with) and to (without) which a date or time can be written."""
    import numpy as np

    if reading.kind in ("time", "duration"):
        # A longer time than the whole calendar is no measurement.
        span = 10_000 * 366.0 * _SECONDS_A_DAY
        return -span, span
    if reading.kind == "year":
        return 100, 10_000
    if reading.kind in ("month", "quarter"):
        per_year = 12 if reading.kind == "month" else 4
        return (100 - 1960) * per_year, (10_000 - 1960) * per_year
    origin = np.datetime64(reading.origin, "s")
    days = [np.datetime64(day, "s") - origin for day in (reading.earliest, "10000-01-01")]
    return days[0].astype(float) / reading.unit, days[1].astype(float) / reading.unit


def _write(values: np.ndarray, reading: TimeReading) -> list[str]:
    import numpy as np

    if reading.kind == "year":
        return [f"{int(value):04d}" for value in values]
    if reading.kind == "month":
        return [f"{1960 + int(value) // 12:04d}-{int(value) % 12 + 1:02d}" for value in np.floor(values)]
    if reading.kind == "quarter":
        return [f"{1960 + int(value) // 4:04d}-Q{int(value) % 4 + 1}" for value in np.floor(values)]
    microseconds = np.rint(values * reading.unit * 1e6).astype(np.int64)
    if reading.kind in ("time", "duration"):
        return [_write_time(int(value), reading.kind == "duration") for value in microseconds]
    moments = np.datetime64(reading.origin, "us") + microseconds.astype("timedelta64[us]")
    if reading.kind == "date":
        return np.datetime_as_string(moments, unit="D").tolist()
    return [_without_empty_fraction(text) for text in np.datetime_as_string(moments, unit="us")]


def _without_empty_fraction(text: str) -> str:
    whole, _, fraction = str(text).partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def _write_time(microseconds: int, is_duration: bool) -> str:
    """A time of day; what is longer than a day, negative or a duration by its format becomes P1DT2H3M4S."""
    seconds, fraction = divmod(abs(microseconds), 1_000_000)
    days, seconds = divmod(seconds, _SECONDS_A_DAY)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    part = f".{fraction:06d}".rstrip("0") if fraction else ""
    if not is_duration and not days and microseconds >= 0:
        return f"{hours:02d}:{minutes:02d}:{seconds:02d}{part}"
    return f"{'-' if microseconds < 0 else ''}P{days}DT{hours}H{minutes}M{seconds}{part}S"
