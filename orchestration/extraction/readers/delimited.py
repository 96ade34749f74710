"""Delimited text: CSV, TSV and their kin, with the addresses that a spreadsheet would give the cells."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, Grid, Sheet, Workbook
from orchestration.extraction.readers.cells import build_grid
from orchestration.extraction.readers.text_encoding import decode_text
from orchestration.landing.declarations import FileReading

_DELIMITERS = "\t;|,"
_SAMPLE_LINES = 50
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n?')


def open_content(content: bytes, name: str, reading: FileReading) -> Workbook:
    """The one sheet of these bytes, read at once.

    Raises `FrontierError` when the encoding is neither Unicode nor declared, when quotes do not match,
    or when there is no cell.
    """
    text = decode_text(content, name, reading.encoding)
    grid = _read_grid(text, name, reading.delimiter)
    if not grid.rows:
        raise FrontierError(f"{name} holds no cell: all of it is blank. Fetch or copy the file again.")
    return Workbook(name, (Sheet(None, False, lambda: grid),))


def _read_grid(text: str, name: str, delimiter: str | None) -> Grid:
    first_line = _SEPARATOR_LINE.match(text)
    rows: list[list[str]] = []
    if first_line:
        delimiter = delimiter or first_line.group(1)
        rows.append([first_line.group().strip('"\r\n')])
        text = text[first_line.end() :]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or find_delimiter(text), strict=True)
    try:
        rows.extend(reader)
    except csv.Error as error:
        line = reader.line_num + bool(first_line)
        raise FrontierError(
            f"{name}, line {line}: the quotes or the line do not fit delimited text ({error}). Check the file: it may "
            "be cut off, or its `delimiter` may need to be declared in dataset.yml."
        ) from error
    cells = {i: [Cell(i, j, value) for j, value in enumerate(row)] for i, row in enumerate(rows)}
    return build_grid(name, None, cells)


def find_delimiter(text: str) -> str:
    """The delimiter that parts most of the first lines alike, outside quotes; a comma where none does."""
    counts = _counts_by_line(text)
    best = ","
    best_score = (0, 0)
    for delimiter in _DELIMITERS:
        fields = Counter(line[delimiter] for line in counts if line[delimiter])
        if fields:
            number, lines = max(fields.items(), key=lambda item: (item[1], item[0]))
            if (lines, number) > best_score:
                best, best_score = delimiter, (lines, number)
    return best


def _counts_by_line(text: str) -> list[Counter[str]]:
    """How often each delimiter stands outside quotes, for each of the first lines that are not blank."""
    counts: list[Counter[str]] = [Counter()]
    is_quoted = False
    for character in text:
        if character == '"':
            is_quoted = not is_quoted
        elif character == "\n" and not is_quoted:
            if len(counts) == _SAMPLE_LINES:
                break
            counts.append(Counter())
        elif not is_quoted and character in _DELIMITERS:
            counts[-1][character] += 1
    return counts
