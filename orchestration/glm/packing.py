"""Grouping keys with a small range packed into one integer, which DuckDB groups by an array, not a hash table."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.glm.arrays import Integers
from orchestration.glm.sql import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ARRAY_BITS = 22
_LARGEST_KEY = 2**31 - 1
_RANGE = re.compile(r"\[Min: (-?\d+|true|false), Max: (-?\d+|true|false)\]\[Has Null: (true|false)")
_INTEGER_TYPES = frozenset(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "BOOLEAN"))


@dataclass(frozen=True)
class Range:
    """What the statistics of a column say: all its values lie between these, and whether one may be null."""

    low: int
    high: int
    has_null: bool


@dataclass(frozen=True)
class PackedKey:
    """One part of a packed key: the values low .. low + size - 1, then null where it may occur."""

    sql: str
    low: int
    size: int
    has_null: bool
    is_boolean: bool = False

    @property
    def width(self) -> int:
        """Number of different codes."""
        return self.size + self.has_null

    def code(self) -> str:
        """SQL of the code, 0 .. width - 1."""
        shifted = f"(CAST({self.sql} AS INTEGER) - {self.low})"
        return f"coalesce({shifted}, {self.size})" if self.has_null else shifted


def read_ranges(
    connection: "DuckDBPyConnection", source: str, types: Mapping[str, str], columns: Sequence[str]
) -> dict[str, Range]:
    """Ranges of integer columns: from DuckDB's statistics, or where it has none (as of Arrow tables) from the data.

    Columns of other types, and those whose values an integer key cannot hold, are left out.
    """
    known = [column for column in columns if types.get(column) in _INTEGER_TYPES]
    if not known:
        return {}
    selected = ", ".join(f"stats({quote_identifier(column)})" for column in known)
    row = connection.execute(f"SELECT {selected} FROM {source} LIMIT 1").fetchone()
    found = {column: _RANGE.search(text) for column, text in zip(known, row or (), strict=bool(row))}
    ranges = {
        column: Range(_number(match[1]), _number(match[2]), match[3] == "true")
        for column, match in found.items()
        if match is not None
    }
    ranges |= _measure_ranges(connection, source, [column for column in known if column not in ranges])
    return {column: found for column, found in ranges.items() if max(abs(found.low), abs(found.high)) < _LARGEST_KEY}


def _measure_ranges(connection: "DuckDBPyConnection", source: str, columns: Sequence[str]) -> dict[str, Range]:
    if not columns:
        return {}
    quoted = [quote_identifier(column) for column in columns]
    parts = [f"CAST(min({name}) AS BIGINT), CAST(max({name}) AS BIGINT), count({name})" for name in quoted]
    row = connection.execute(f"SELECT count(*), {', '.join(parts)} FROM {source}").fetchone()
    assert row is not None
    triples = [row[place : place + 3] for place in range(1, len(row), 3)]
    return {
        column: Range(low, high, present < row[0])
        for column, (low, high, present) in zip(columns, triples, strict=True)
        if low is not None
    }


def _number(text: str) -> int:
    return int(text == "true") if text in ("true", "false") else int(text)


def choose_packed(keys: Mapping[int, PackedKey]) -> dict[int, PackedKey]:
    """The keys, by their position, that go into one integer: as many as an array can hold, narrow ones first.

    Where only some would fit the array, as many as fit an integer are packed: a hash of one column is
    still cheaper than one of many.
    """
    for limit in (2**ARRAY_BITS, _LARGEST_KEY):
        chosen, size = {}, 1
        for position, key in sorted(keys.items(), key=lambda item: (item[1].width, item[0])):
            if size * key.width > limit:
                continue
            chosen[position] = key
            size *= key.width
        if len(chosen) == len(keys):
            break
    return dict(sorted(chosen.items()))


def packed_sql(keys: Sequence[PackedKey]) -> str:
    """SQL of the packed key, the first part slowest."""
    text = "0"
    for key in keys:
        text = f"({text}) * {key.width} + {key.code()}"
    return text


def packed_bits(keys: Sequence[PackedKey]) -> int:
    """Bits of the packed key, as the engine counts them."""
    size = 1
    for key in keys:
        size *= key.width
    return max((size + 1).bit_length(), 1)


def unpack(codes: Integers, keys: Sequence[PackedKey]) -> list[Integers]:
    """Codes of each part."""
    parts = []
    for key in reversed(keys):
        codes, part = codes // key.width, codes % key.width
        parts.append(part)
    return parts[::-1]
