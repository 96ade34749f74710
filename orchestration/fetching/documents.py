"""JSON as services send it, and as we write it when one document is put together from several answers.

Numbers keep the digits with which they were sent; what we write is the same, byte by byte, for the same data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestration.fetching.client import Client, Request
from orchestration.fetching.errors import Refused
from orchestration.fetching.sniffing import decode


class PrintedNumber(str):
    """A number with a decimal point, in the digits of the document."""

    __slots__ = ()


def ask_json(client: Client, request: Request, check: Callable[[Any], None]) -> Any:
    """The parsed JSON of an answer. `check` raises `Refused` when the content is no use."""
    parsed: list[Any] = []

    def read(path: Path) -> None:
        document = parse_json(path, client.source.encoding)
        check(document)
        parsed[:] = [document]

    answer = client.ask(replace(request, check=read))
    answer.body.drop()
    return parsed[0]


def parse_json(path: Path, encoding: str) -> Any:
    """The JSON document in a file; raises `Refused` with the place where it breaks off."""
    try:
        return json.loads(decode(path.read_bytes(), encoding, "strict"), parse_float=PrintedNumber)
    except UnicodeDecodeError as error:
        advice = "Declare the service's encoding in the source section of the dataset.yml."
        raise Refused(f"the answer is no text in {encoding} ({error})", advice=advice) from error
    except json.JSONDecodeError as error:
        raise Refused(f"the answer is no JSON ({error})", is_passing=True) from error


def canonical_json(document: Any) -> str:
    """The document with sorted keys, one record a line."""
    return _layer(document, 0) + "\n"


def sorted_rows(rows: Iterable[dict[str, Any]], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows by the values of `keys`, numbers by size; what is still equal by all it says."""

    def place(row: dict[str, Any]) -> tuple[list[tuple[int, float, str]], str]:
        return [_place(row.get(key)) for key in keys], _inline(row)

    return sorted(rows, key=place)


def _place(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return 0, float(value), ""
    if isinstance(value, dict):
        return 1, 0.0, str(value.get("id", ""))
    return 1, 0.0, "" if value is None else str(value)


def _layer(value: Any, depth: int) -> str:
    """A document and its lists of records over several lines, everything else on one."""
    has_records = isinstance(value, list) and any(isinstance(item, dict | list) for item in value)
    has_lists = isinstance(value, dict) and depth == 0
    if not (has_records or has_lists) or depth > 1:
        return _inline(value)
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_layer(value[key], depth + 1)}" for key in sorted(value)]
        return "{\n" + ",\n".join(parts) + "\n}"
    return "[\n" + ",\n".join(_layer(item, depth + 1) for item in value) + "\n]"


def _inline(value: Any) -> str:
    if isinstance(value, PrintedNumber):
        return str(value)
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_inline(value[key])}" for key in sorted(value))
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
