"""Sections as plain text for a terminal: aligned columns, numbers rounded for eyes."""

import math
from collections.abc import Sequence
from typing import Any

from orchestration.glm.output.sections import Section

_WIDE = 110


def render_text(sections: Sequence[Section]) -> str:
    """The sections one after another."""
    return "\n".join(_section(section) for section in sections)


def shown(value: Any) -> str:
    """A value for eyes: three decimals, or three significant digits where these would show nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "."
    if value == 0:
        return "0"
    return f"{value:.3f}" if 5e-4 <= abs(value) < 1e9 else f"{value:.2e}"


def _section(section: Section) -> str:
    cells = [[shown(value) for value in row] for row in section.rows]
    widths = [
        max(len(name), *(len(row[index]) for row in cells)) if cells else len(name)
        for index, name in enumerate(section.columns)
    ]
    right = [_is_number(section, index) for index in range(len(section.columns))]
    lines = [section.title, "─" * min(max(sum(widths) + 2 * len(widths) - 2, len(section.title)), _WIDE)]
    if any(section.columns):
        lines.append(_line(section.columns, widths, right))
    lines += [_line(row, widths, right) for row in cells]
    lines += [f"  {note}" for note in section.notes]
    return "\n".join(lines) + "\n"


def _line(values: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        value.rjust(width) if is_right else value.ljust(width)
        for value, width, is_right in zip(values, widths, right, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _is_number(section: Section, index: int) -> bool:
    return any(isinstance(row[index], int | float) for row in section.rows)
