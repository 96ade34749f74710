"""Lists of records in JSON documents: one row each, one column per key, each cell known by its JSON Pointer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NoReturn

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Workbook
from orchestration.extraction.readers.record_rows import Record, Shown, workbook_of_records
from orchestration.extraction.readers.text_encoding import decode_text
from orchestration.landing.declarations import FileReading

_MESSAGE_KEYS = ("message", "error", "errors", "detail")


class _Number(str):
    """A JSON number as it is printed."""

    __slots__ = ()


def open_content(content: bytes, name: str, reading: FileReading) -> Workbook:
    """The one sheet of the records that `reading.records` points to, read at once.

    Row 1 holds the keys, without blanks around them, in the order of their first appearance; keys of nested
    objects and numbers of list elements are joined by dots. With `reading.explode` each element of that list
    is a row, and a record whose list is empty has none. What an object says beside its records is in the notes
    of the sheet, as "key: text". Raises `FrontierError` when the text is no JSON, when the pointer leads to no
    list of objects (a message of the service is quoted), or when there is no record.
    """
    document = _parse(decode_text(content, name, reading.encoding), name)
    rows: list[Record] = []
    for number, record in enumerate(_find_records(document, name, reading.records)):
        pointer = f"{reading.records}/{number}"
        if not isinstance(record, dict):
            raise FrontierError(
                f"{name}, {pointer}: {_excerpt(record)} is no JSON object, though each record should be one. Correct "
                "the pointer `records` in dataset.yml."
            )
        rows.extend(_rows(record, pointer, name, reading.explode))
    if not rows:
        place = repr(reading.records) if reading.records else "its root"
        raise FrontierError(f"{name} holds no record at {place}: check the request, or fetch the file again.")
    return workbook_of_records(rows, name, _notes(document, reading.records))


def _parse(text: str, name: str) -> Any:
    def refuse_constant(constant: str) -> NoReturn:
        raise FrontierError(f"{name} holds {constant}, which is no JSON number. Fetch or correct the file.")

    def refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            raise _twin(name, [key for key, _ in pairs])
        return members

    try:
        return json.loads(
            text,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=refuse_constant,
            object_pairs_hook=refuse_twins,
        )
    except (ValueError, RecursionError) as error:
        raise FrontierError(f"{name} is no whole JSON document ({error}). Fetch or copy the file again.") from error


def _find_records(document: Any, name: str, pointer: str) -> list[Any]:
    value = document
    walked = ""
    for step in pointer.split("/")[1:]:
        walked = f"{walked}/{step}"
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise FrontierError(f"{name}: nothing stands at the JSON Pointer {walked!r}. {_what_stands(document)}")
    if not isinstance(value, list):
        raise FrontierError(
            f"{name}: the JSON Pointer {pointer!r} leads to no list of records. {_what_stands(document)}{_lists(value)}"
        )
    return value


def _notes(document: Any, pointer: str) -> list[str]:
    if not isinstance(document, dict):
        return []
    first = pointer.split("/")[1:2]
    beside = {key: value for key, value in document.items() if [_escape(key)] != first}
    return [f"{key}: {shown.text}" for key, shown in _flatten(beside, "", "") if shown.text.strip()]


def _what_stands(document: Any) -> str:
    """What to say of a document in which the records are not where they should be."""
    told = document[0] if isinstance(document, list) and document else document
    if isinstance(told, dict):
        for key, value in told.items():
            if key.strip().lower() in _MESSAGE_KEYS and value:
                return (
                    f"The service answered with a message instead of data: {_excerpt(value, 500)}. Correct the "
                    "request, or fetch the file again later."
                )
    return f"The document begins {_excerpt(document)}. Correct `records` in dataset.yml, or fetch the file again."


def _lists(value: Any) -> str:
    keys = [key for key, member in value.items() if isinstance(member, list)] if isinstance(value, dict) else []
    return f" Lists stand there under {keys}." if keys else ""


def _rows(record: dict[str, Any], pointer: str, name: str, explode: str | None) -> Iterator[Record]:
    key = next((key for key in record if key.strip() == explode), None)
    if key is None:
        if explode is None:
            yield _merged(_flatten(record, "", pointer), name, pointer)
            return
        raise FrontierError(
            f"{name}, {pointer}: the record has no {explode!r}; its keys are {list(record)}. Correct `explode` in "
            "dataset.yml, or fetch the file again."
        )
    parts = record[key] if record[key] is not None else []
    if not isinstance(parts, list):
        raise FrontierError(
            f"{name}, {pointer}/{_escape(key)}: {_excerpt(parts)} is no list, so `explode` cannot make rows of it. "
            "Correct dataset.yml, or fetch the file again."
        )
    own = list(_flatten({one: value for one, value in record.items() if one != key}, "", pointer))
    for number, part in enumerate(parts):
        place = f"{pointer}/{_escape(key)}/{number}"
        yield _merged([*own, *_flatten(part, key.strip(), place)], name, place)


def _merged(pairs: Iterable[tuple[str, Shown]], name: str, pointer: str) -> Record:
    listed = list(pairs)
    record = dict(listed)
    if len(record) < len(listed):
        raise _twin(f"{name}, {pointer}", [key for key, _ in listed])
    return record


def _twin(place: str, keys: list[str]) -> FrontierError:
    twin = next(key for key in keys if keys.count(key) > 1)
    return FrontierError(
        f"{place}: one JSON object has the key {twin!r} twice, so one value would be lost. Fetch or correct the file."
    )


def _flatten(value: Any, key: str, pointer: str) -> Iterator[tuple[str, Shown]]:
    prefix = f"{key}." if key else ""
    if isinstance(value, dict) and value:
        for member, inner in value.items():
            yield from _flatten(inner, f"{prefix}{member.strip()}", f"{pointer}/{_escape(member)}")
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _flatten(inner, f"{prefix}{number}", f"{pointer}/{number}")
    else:
        yield key, _shown(value, pointer)


def _shown(value: Any, pointer: str) -> Shown:
    if isinstance(value, _Number):
        return Shown(str(value), pointer, Decimal(value), float(value))
    if isinstance(value, bool):
        return Shown("true" if value else "false", pointer)
    return Shown(value if isinstance(value, str) else "", pointer)


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _plain(value: Any) -> Any:
    """The value with ordinary numbers in it."""
    if isinstance(value, _Number):
        return json.loads(value)
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list) else value


def _excerpt(value: Any, length: int = 120) -> str:
    text = json.dumps(_plain(value), ensure_ascii=False)
    return text if len(text) <= length else f"{text[:length]}…"
