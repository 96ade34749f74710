"""The page of an EMISS indicator: the fields and values that its script offers for choice."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from orchestration.fetching.errors import Refused
from orchestration.fetching.script_literal import parse_literal
from orchestration.fetching.sniffing import page_title

_GRID = re.compile(r"new\s+FGrid\s*\(")
_INDICATOR = "0"


@dataclass(frozen=True)
class Dimension:
    """A field of the indicator: its title, and the title of each value by its id."""

    title: str
    values: dict[str, str]


@dataclass(frozen=True)
class IndicatorPage:
    """Title of the indicator, its fields by id without the indicator itself, and those that stand in columns."""

    title: str
    fields: dict[str, Dimension]
    columns: tuple[str, ...]


def parse_indicator_page(text: str, indicator: str) -> IndicatorPage:
    """What the page offers; raises `Refused` when it is not the page of this indicator."""
    grid = _GRID.search(text)
    if grid is None:
        title = page_title(text)
        raise Refused(f"the page offers no data to choose from (title: {title or 'none'})", is_passing=True)
    filters = _setting(text, "filters", grid.end())
    columns = _setting(text, "top_columns", grid.end())
    if not isinstance(filters, dict) or not all(_is_field(field) for field in filters.values()):
        raise Refused("the page's list of fields has another form than the one that is known")
    fields = {name: _dimension(field) for name, field in filters.items()}
    shown = fields.pop(_INDICATOR, Dimension("", {}))
    if indicator not in shown.values:
        raise Refused(f"the page is that of another indicator: {', '.join(shown.values) or 'none'}")
    empty = [f"{name} ({field.title})" for name, field in fields.items() if not field.values]
    if empty or not fields:
        raise Refused(f"the page offers no values of {', '.join(empty) or 'any field'}", is_passing=True)
    return IndicatorPage(shown.values[indicator], fields, tuple(map(str, columns or [])))


def _setting(text: str, name: str, start: int) -> Any:
    """The literal that the grid's settings give to a name; nothing where they do not."""
    found = re.compile(rf"\b{name}['\"]?\s*:\s*").search(text, start)
    if found is None:
        return None
    try:
        return parse_literal(text, found.end())
    except ValueError as error:
        raise Refused(f"the page's setting {name} cannot be read ({error})") from error


def _is_field(field: Any) -> bool:
    values = field.get("values") if isinstance(field, dict) else None
    return isinstance(values, dict) and all(isinstance(value, dict) for value in values.values())


def _dimension(field: dict[str, Any]) -> Dimension:
    values = {name: _text(value.get("title")) for name, value in field["values"].items()}
    return Dimension(_text(field.get("title")), values)


def _text(value: Any) -> str:
    return " ".join(html.unescape(str(value or "")).split())
