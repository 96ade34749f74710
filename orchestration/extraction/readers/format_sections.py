"""The parts of a number format: its sections, their tokens and conditions, and which section a value takes."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import cached_property


class Kind(enum.Enum):
    """What a piece of a number format stands for."""

    LITERAL = enum.auto()
    DIGIT = enum.auto()
    POINT = enum.auto()
    COMMA = enum.auto()
    PERCENT = enum.auto()
    EXPONENT = enum.auto()
    SLASH = enum.auto()
    GENERAL = enum.auto()
    AT = enum.auto()
    DATE = enum.auto()
    ELAPSED = enum.auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a number format: what it is, and how it is written."""

    kind: Kind
    text: str

    @property
    def shown(self) -> str:
        """What the piece shows where it stands outside the digits."""
        return self.text if self.kind in (Kind.LITERAL, Kind.PERCENT, Kind.POINT, Kind.SLASH) else ""


_DIGIT_KINDS = (Kind.DIGIT, Kind.POINT, Kind.SLASH)


@dataclass(frozen=True)
class Condition:
    """A condition such as [>=100] that a value must meet to be shown by a section."""

    operator: str
    limit: float

    def holds(self, value: float) -> bool:
        """Whether the value meets the condition."""
        return {
            "=": value == self.limit,
            "<>": value != self.limit,
            "<": value < self.limit,
            "<=": value <= self.limit,
            ">": value > self.limit,
            ">=": value >= self.limit,
        }[self.operator]


@dataclass(frozen=True)
class Section:
    """One section of a number format."""

    tokens: tuple[Token, ...]
    condition: Condition | None
    has_colour: bool

    def has(self, *kinds: Kind) -> bool:
        """Whether a piece of one of these kinds is among the tokens."""
        return any(token.kind in kinds for token in self.tokens)

    @cached_property
    def is_date(self) -> bool:
        """Whether the section shows a date or a time."""
        return self.has(Kind.DATE, Kind.ELAPSED)

    @cached_property
    def is_general(self) -> bool:
        """Whether a number is shown as General: so it is under @ too."""
        return self.has(Kind.GENERAL, Kind.AT)

    @cached_property
    def has_number(self) -> bool:
        """Whether the section shows digits at all."""
        return self.has(Kind.DIGIT, Kind.GENERAL, Kind.AT)

    @cached_property
    def has_text(self) -> bool:
        """Whether the section is for text."""
        return self.has(Kind.AT)

    @cached_property
    def is_fraction(self) -> bool:
        """Whether the section shows a vulgar fraction."""
        return self.has(Kind.SLASH)

    @cached_property
    def percents(self) -> int:
        """How many percent signs multiply the number."""
        return sum(token.kind is Kind.PERCENT for token in self.tokens)

    @cached_property
    def digit_span(self) -> tuple[int, int]:
        """First and last position of what lays out the digits, scaling commas after them included."""
        places = [i for i, token in enumerate(self.tokens) if token.kind in _DIGIT_KINDS]
        last = places[-1]
        while last + 1 < len(self.tokens) and self.tokens[last + 1].kind is Kind.COMMA:
            last += 1
        return places[0], last


_TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"?
  | \\(?P<escaped>.)
  | _(?P<skipped>.)
  | \*(?P<filled>.)
  | \[(?P<bracket>[^\]]*)\]
  | (?P<general>General)
  | (?P<ampm>AM/PM|A/P)
  | (?P<exponent>E[+-])
  | (?P<date>y+|m+|d+|h+|s+|e+|b+|g+)
  | (?P<digit>[0\#?])
  | (?P<point>\.) | (?P<comma>,) | (?P<percent>%) | (?P<slash>/[0-9]*[1-9][0-9]*|/) | (?P<at>@)
  | (?P<section>;)
  | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<>|<=|>=|=|<|>)\s*(-?\d+(?:\.\d*)?(?:E[+-]?\d+)?)", re.IGNORECASE)
_COLOUR = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|color\s*\d+", re.IGNORECASE)
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_PLAIN_KINDS = {
    "general": Kind.GENERAL,
    "ampm": Kind.DATE,
    "exponent": Kind.EXPONENT,
    "date": Kind.DATE,
    "digit": Kind.DIGIT,
    "point": Kind.POINT,
    "comma": Kind.COMMA,
    "percent": Kind.PERCENT,
    "slash": Kind.SLASH,
    "at": Kind.AT,
}


def parse_sections(code: str) -> tuple[Section, ...]:
    """The sections of a number format, at most four; a blank format is General."""
    sections: list[Section] = []
    part = _Part()
    for match in _TOKEN.finditer(code if code.strip() else "General"):
        if match.lastgroup == "section":
            sections.append(part.section())
            part = _Part()
        else:
            part.add(match)
    sections.append(part.section())
    return tuple(sections[:4])


class _Part:
    """A section in the making."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.condition: Condition | None = None
        self.has_colour = False

    def add(self, match: re.Match[str]) -> None:
        group = match.lastgroup or "other"
        text = match.group(group)
        if group == "bracket":
            self._add_bracket(text)
        elif group == "skipped":
            self.tokens.append(Token(Kind.LITERAL, " "))
        elif group in ("quoted", "escaped", "other"):
            self.tokens.append(Token(Kind.LITERAL, text))
        elif group != "filled":
            self.tokens.append(Token(_PLAIN_KINDS[group], text))

    def _add_bracket(self, text: str) -> None:
        condition = _CONDITION.fullmatch(text.strip())
        if condition:
            self.condition = Condition(condition.group(1), float(condition.group(2)))
        elif _COLOUR.fullmatch(text):
            self.has_colour = True
        elif _ELAPSED.fullmatch(text):
            self.tokens.append(Token(Kind.ELAPSED, text))
        elif text.startswith("$"):
            self.tokens.append(Token(Kind.LITERAL, text[1:].split("-")[0]))

    def section(self) -> Section:
        """The section; what only means something among digits or in a date is a literal elsewhere."""
        kinds = {token.kind for token in self.tokens}
        is_date = bool(kinds & {Kind.DATE, Kind.ELAPSED})
        lone = set()
        if Kind.DIGIT not in kinds or is_date:
            lone |= {Kind.POINT, Kind.COMMA, Kind.SLASH, Kind.EXPONENT}
        tokens = [Token(Kind.LITERAL, t.text) if t.kind in lone else t for t in self.tokens]
        return Section(tuple(tokens), self.condition, self.has_colour)


def text_section(sections: tuple[Section, ...]) -> Section | None:
    """The section that shows text: the fourth, or the last if it has a place for text."""
    if len(sections) == 4:
        return sections[3]
    return sections[-1] if sections[-1].has_text else None


def pick_section(sections: tuple[Section, ...], value: float) -> int:
    """Number of the section that shows the value."""
    if len(sections) == 1 and sections[0].condition is None:
        return 0
    first = sections[0].condition
    numeric = sections[:-1] if len(sections) > 1 and sections[-1].has_text else sections[:3]
    second = sections[1].condition if len(sections) > 1 else None
    if first is None and second is None:
        if value < 0 and len(numeric) > 1:
            return 1
        return 2 if value == 0 and len(numeric) > 2 else 0
    if (first or Condition(">", 0)).holds(value):
        return 0
    if len(numeric) > 1 and (second or Condition("<", 0)).holds(value) and len(numeric) > 2:
        return 1
    if len(numeric) == 2 and (second is None or second.holds(value)):
        return 1
    return len(numeric) - 1


def is_negative_only(sections: tuple[Section, ...], index: int) -> bool:
    """Whether a section never meets a value of 0 or more: it then shows numbers without their sign."""
    limits = [one.condition.limit for one in sections if one.condition]
    probes = [0.0, 1e-300, 1e300]
    for limit in limits:
        probes += [abs(limit), abs(limit) * (1 - 1e-9), abs(limit) * (1 + 1e-9)]
    return all(pick_section(sections, probe) != index for probe in probes)
