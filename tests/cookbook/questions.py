"""Reading the cookbook: its questions, their SQL, the answers printed below them, and how an answer is printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.published import CHECKOUT

COOKBOOK = CHECKOUT / "docs" / "cookbook.md"

_HEADING = re.compile(r"^## (?P<title>\d+\. .+)$", re.MULTILINE)
_SQL = re.compile(r"^```sql\n(?P<sql>(?s:.*?))^```\n", re.MULTILINE)
_TABLE = re.compile(r"^\|.*\|\n\|[-:| ]+\|\n(?:\|.*\|\n)*", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Question:
    """A section of the cookbook; every list has one entry where the section is well made.

    `answers` hold a table each: the header and the rows, as texts.
    """

    title: str
    text: str
    queries: list[str]
    answers: list[list[list[str]]]


def read_questions(markdown: str) -> list[Question]:
    """The sections under a numbered heading, in their order."""
    _, *parts = _HEADING.split(markdown)
    return [_question(title, body) for title, body in zip(parts[::2], parts[1::2], strict=True)]


def _question(title: str, body: str) -> Question:
    queries = [match["sql"] for match in _SQL.finditer(body)]
    rest = _SQL.sub("", body)
    return Question(title, _TABLE.sub("", rest).strip(), queries, [_cells(match[0]) for match in _TABLE.finditer(rest)])


def _cells(table: str) -> list[list[str]]:
    header, _, *rows = table.splitlines()
    return [[cell.strip().replace("\\|", "|") for cell in _BAR.split(line.strip()[1:-1])] for line in (header, *rows)]


def answer(database: Path, sql: str) -> list[list[str]]:
    """Header and rows as a plain read-only connection gives them, each value as it is printed."""
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(sql)
        header = [column[0] for column in cursor.description or []]
        return [header, *([_printed(value) for value in row] for row in cursor.fetchall())]


def _printed(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case _:
            return " ".join(str(value).split())


def renewed(markdown: str, database: Path) -> str:
    """The cookbook with the answer of this database below each of its queries."""

    def with_answer(match: re.Match[str]) -> str:
        return f"{match['block']}\n{_markdown(answer(database, match['sql']))}"

    block = re.compile(rf"(?P<block>{_SQL.pattern})(?:\n+{_TABLE.pattern})?", re.MULTILINE)
    return block.sub(with_answer, markdown)


def _markdown(table: list[list[str]]) -> str:
    rule = ["---:" if _is_numeric([row[column] for row in table[1:]]) else "---" for column in range(len(table[0]))]
    lines = [table[0], rule, *table[1:]]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _is_numeric(texts: list[str]) -> bool:
    values = [text for text in texts if text != "null"]
    return bool(values) and all(re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", text) for text in values)
