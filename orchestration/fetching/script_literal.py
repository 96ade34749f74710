"""Object and array literals of JavaScript: JSON with bare keys, either quote, comments and trailing commas."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*|/\*.*?\*/)*
    (?:(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<mark>[{}\[\]:,])|(?P<word>[^\s{}\[\]:,'"]+))""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_DEEPEST = 50


def parse_literal(text: str, start: int) -> Any:
    """The value that begins at `start`: dicts with keys as text, lists, text, numbers as text, true, false, none.

    Raises `ValueError` with the position where it is no literal.
    """
    return _Reader(text, start).value(0)


class _Reader:
    def __init__(self, text: str, position: int) -> None:
        self.text, self.position = text, position

    def value(self, depth: int) -> Any:
        kind, token = self._next()
        if depth > _DEEPEST:
            raise ValueError(f"nested too deeply at position {self.position}")
        if token == "{" and kind == "mark":
            return self._object(depth + 1)
        if token == "[" and kind == "mark":
            return self._array(depth + 1)
        if kind == "mark":
            raise ValueError(f"{token!r} at position {self.position} where a value was expected")
        return _unescaped(token) if kind == "string" else _WORDS.get(token, token)

    def _object(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while not self._skips("}"):
            kind, token = self._next()
            if kind == "mark" or not self._skips(":"):
                raise ValueError(f"{token!r} at position {self.position} where a name and a colon were expected")
            members[_unescaped(token) if kind == "string" else token] = self.value(depth)
            self._end_of_item("}")
        return members

    def _array(self, depth: int) -> list[Any]:
        items = []
        while not self._skips("]"):
            items.append(self.value(depth))
            self._end_of_item("]")
        return items

    def _end_of_item(self, closing: str) -> None:
        if not self._skips(",") and not self._is_next(closing):
            raise ValueError(f"no comma at position {self.position}")

    def _skips(self, mark: str) -> bool:
        if not self._is_next(mark):
            return False
        self._next()
        return True

    def _is_next(self, mark: str) -> bool:
        found = _TOKEN.match(self.text, self.position)
        return found is not None and found["mark"] == mark

    def _next(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.position)
        if found is None:
            raise ValueError(f"the text ends at position {self.position}")
        self.position = found.end()
        return str(found.lastgroup), found[str(found.lastgroup)]


def _unescaped(token: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _CONTROL.get(found[3], found[3])

    return _ESCAPE.sub(character, token[1:-1])
