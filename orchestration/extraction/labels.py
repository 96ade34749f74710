"""Texts of labels and headers: how they are compared with what a layout declares, and their footnote marks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from orchestration.extraction.grid import tidy
from orchestration.landing.layout_declaration import YEAR, Text, is_pattern

# Words are hyphenated and lines broken as the page has room, and dashes come in several lengths.
_ACCIDENTS = re.compile(r"[\s\-\u00ad\u2010-\u2015\u2212]+")


@lru_cache(maxsize=8192)
def squeeze(text: str) -> str:
    """The form in which labels and headers are compared: no blanks, hyphens or dashes, one letter case."""
    return _ACCIDENTS.sub("", tidy(text)).casefold().replace("ё", "е")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern[1:-1], re.IGNORECASE)


def variants(rule: Text) -> list[str]:
    """The texts that a rule accepts, as a list."""
    return [rule] if isinstance(rule, str) else rule


def match_text(rule: Text, text: str) -> dict[str, str] | None:
    """What the named groups of the rule capture in the text (nothing, for a plain text); None when it differs."""
    for variant in variants(rule):
        if is_pattern(variant):
            found = _compiled(variant).fullmatch(tidy(text))
            if found:
                return {name: value for name, value in found.groupdict().items() if value is not None}
        elif squeeze(variant) == squeeze(text):
            return {}
    return None


def is_prefix(rule: Text, text: str) -> bool:
    """Whether the text begins with one of the plain texts of a rule."""
    return any(squeeze(text).startswith(squeeze(variant)) for variant in variants(rule))


def contains_text(rule: str, text: str) -> bool:
    """Whether a cell's text holds the demanded text, or fits the demanded pattern somewhere."""
    if is_pattern(rule):
        return _compiled(rule).search(tidy(text)) is not None
    return squeeze(rule) in squeeze(text)


@lru_cache(maxsize=8192)
def split_footnotes(text: str, pattern: str | None) -> tuple[str, str | None]:
    """A label without its footnote marks, and the marks."""
    label = tidy(text)
    if not pattern:
        return label, None
    found = [match.group() for match in re.finditer(pattern, label) if match.group()]
    if not found:
        return label, None
    rest = tidy(re.sub(pattern, "", label))
    return (rest, tidy(" ".join(found))) if rest else (label, None)


def readable(rule: Text) -> str:
    """A rule as people read it in an error message: its first variant."""
    first = variants(rule)[0]
    return "a year" if first == YEAR else first


def nearest(wanted: str, known: Iterable[str]) -> str:
    """The text most like the wanted one; empty when there is none."""
    from rapidfuzz import fuzz, process

    texts = list(known)
    return process.extractOne(wanted, texts, scorer=fuzz.WRatio)[0] if texts else ""
