"""An indicator of EMISS: a form that names fields and values, answered by SDMX-ML 1.0 or an Excel file.

The service answers with a web page and status 200 when it is busy or when nothing matches.
"""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

from orchestration.fetching.client import Client, Request
from orchestration.fetching.emiss_page import IndicatorPage, parse_indicator_page
from orchestration.fetching.errors import Refused
from orchestration.fetching.finishing import keep, named_by_bytes
from orchestration.fetching.results import Fetched, LastFetch
from orchestration.fetching.sdmx_message import Message, read_message
from orchestration.fetching.sniffing import decode, form_of
from orchestration.landing.source_declaration import EVERY_VALUE, EmissSource

INDICATOR_FIELD = "0"
_MOST_ROWS, _MOST_COLUMNS = 65_536, 256
_ADVICE = "Correct lines, columns, filters or select in the source section of the dataset.yml."

Form = tuple[tuple[str, str], ...]


def fetch(source: EmissSource, client: Client, last: LastFetch | None) -> Fetched:  # noqa: ARG001
    """The indicator's file; the service gives no sign by which to ask for changes only."""
    page = None if source.is_complete else _read_page(source, client)
    messages: list[Message] = []

    def check(path: Path) -> None:
        if source.format == "excel":
            _check_workbook(path)
        else:
            messages[:] = [_checked_message(path)]

    request = Request(
        source.data_address,
        method="POST",
        form=form_for(source, page),
        headers={"Referer": source.address},
        expects=source.expects,
        check=check,
        is_page_passing=True,
    )
    answer = client.ask(request)
    name = named_by_bytes(f"emiss_{source.indicator}", answer)
    if not messages:
        return keep(client, answer, name)
    return keep(client, answer, name, fingerprint=messages[0].fingerprint, released_on=_day(messages[0].last_update))


def form_for(source: EmissSource, page: IndicatorPage | None) -> Form:
    """The form's fields: every dimension at its place, every chosen value.

    Raises `Refused` when the declaration names a field or a value that the indicator does not have.
    """
    chosen = _chosen_values(source, page)
    places = dict.fromkeys(chosen, "lineObjectIds")
    places |= {field: "columnObjectIds" for field in page.columns if field in chosen} if page else {}
    for name, fields in (("line", source.lines), ("column", source.columns), ("filter", source.filters)):
        places |= dict.fromkeys(fields, f"{name}ObjectIds")
    places[INDICATOR_FIELD] = "filterObjectIds"
    chosen[INDICATOR_FIELD] = (source.indicator,)
    title = source.title or (page.title if page else "")
    return (
        ("format", source.format),
        ("id", source.indicator),
        ("indicator_title", title),
        *((place, field) for field, place in sorted(places.items(), key=lambda item: (item[1], int(item[0])))),
        *(("selectedFilterIds", f"{field}_{value}") for field in sorted(chosen, key=int) for value in chosen[field]),
    )


def _chosen_values(source: EmissSource, page: IndicatorPage | None) -> dict[str, tuple[str, ...]]:
    """The values that are wanted of each field but the indicator itself."""
    if page is None:
        return {field: tuple(values) for field, values in source.select.items() if field != INDICATOR_FIELD}
    _check_declared(source, page)
    chosen = {}
    for field, dimension in page.fields.items():
        wanted = source.select.get(field, EVERY_VALUE)
        chosen[field] = tuple(dimension.values) if wanted == EVERY_VALUE else tuple(wanted)
    return chosen


def _check_declared(source: EmissSource, page: IndicatorPage) -> None:
    for field in sorted({*source.lines, *source.columns, *source.filters, *source.select} - {INDICATOR_FIELD}):
        if field not in page.fields:
            known = ", ".join(f"{name} ({dimension.title})" for name, dimension in page.fields.items())
            raise Refused(f"indicator {source.indicator} has no field {field}; it has {known}", advice=_ADVICE)
    for field, wanted in source.select.items():
        known_values = page.fields[field].values if field in page.fields else {source.indicator: ""}
        missing = [] if wanted == EVERY_VALUE else [value for value in wanted if value not in known_values]
        if missing:
            raise Refused(
                f"field {field} of indicator {source.indicator} has no value {', '.join(missing)}", advice=_ADVICE
            )


def _read_page(source: EmissSource, client: Client) -> IndicatorPage:
    found: list[IndicatorPage] = []

    def check(path: Path) -> None:
        text = decode(path.read_bytes(), source.encoding)
        found[:] = [parse_indicator_page(text, source.indicator)]

    request = Request(source.address, expects=("text/html", "application/xhtml+xml"), check=check)
    client.ask(request).body.drop()
    return found[0]


def _checked_message(path: Path) -> Message:
    if form_of(path) != "xml":
        raise Refused(f"by its bytes the answer is {form_of(path)}, where SDMX-ML was expected", is_passing=True)
    message = read_message(path)
    if message.root != "GenericData":
        raise Refused(f"the answer is XML of another kind: its root is {message.root}, not GenericData")
    if message.is_truncated:
        raise Refused("the service says of its answer that it is truncated", advice="Select fewer values. " + _ADVICE)
    if not message.observations:
        raise Refused("the answer holds no observation", advice=_ADVICE)
    return message


def _check_workbook(path: Path) -> None:
    """A workbook; an .xls that is full to its last row or column has lost what did not fit, without a word."""
    form = form_of(path)
    if form not in ("xls", "xlsx"):
        raise Refused(f"by its bytes the answer is {form}, where a workbook was expected", is_passing=True)
    if form == "xls" and any(rows >= _MOST_ROWS or columns >= _MOST_COLUMNS for rows, columns in _sheet_sizes(path)):
        raise Refused(
            f"the workbook is full ({_MOST_ROWS:,} rows or {_MOST_COLUMNS} columns): figures are missing",
            advice="Declare format: sdmx, or select fewer values, in the source section of the dataset.yml.",
        )


def _sheet_sizes(path: Path) -> list[tuple[int, int]]:
    import xlrd

    try:
        with xlrd.open_workbook(path, logfile=io.StringIO()) as book:
            return [(sheet.nrows, sheet.ncols) for sheet in book.sheets()]
    except Exception as error:
        # On a damaged file the reader fails with whatever it stumbles over.
        raise Refused(
            f"the workbook that came is damaged ({error or type(error).__name__})", is_passing=True
        ) from error


def _day(text: str | None) -> str | None:
    try:
        return dt.datetime.fromisoformat(text or "").date().isoformat()
    except ValueError:
        return None
