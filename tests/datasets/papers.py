"""Files that look like published tables, written by the tests: old Excel workbooks, pages and delimited text."""

from __future__ import annotations

import csv
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlwt


@dataclass(frozen=True)
class Shown:
    """A number that its cell shows under a number format of Excel."""

    value: float
    number_format: str


Value = str | int | float | Shown | None
Rows = Sequence[Sequence[Value]]
Span = tuple[int, int, int, int]  # first row, first column, last row, last column, from 0, the last ones included


def write_xls(path: Path, sheets: dict[str, Rows], merged: dict[str, Sequence[Span]] | None = None) -> Path:
    """Write an Excel 97-2003 workbook; None is an empty cell, and a merged range has the text of its first cell."""
    book = xlwt.Workbook()
    styles: dict[str, xlwt.XFStyle] = {}
    for name, rows in sheets.items():
        page = book.add_sheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, Shown):
                    style = styles.setdefault(value.number_format, xlwt.easyxf(num_format_str=value.number_format))
                    page.write(number, column, value.value, style)
                elif value is not None:
                    page.write(number, column, value)
        for top, left, bottom, right in (merged or {}).get(name, ()):
            page.merged_ranges.append((top, bottom, left, right))
    book.save(str(path))
    return path


def write_csv(path: Path, rows: Rows) -> Path:
    """Write delimited text; None is an empty field."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["" if value is None else value for value in row] for row in rows])
    return path


def write_page(
    path: Path, rows: Rows, above: Iterable[str] = (), below: Iterable[str] = (), spans: Sequence[Span] = ()
) -> Path:
    """Write a page with one table between paragraphs; None is a cell that a span covers."""
    sizes = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in spans}
    lines = ["<html><head><meta charset='utf-8'><title>Росстат</title></head><body>"]
    lines += [f"<p align=center><b>{html.escape(text)}</b></p>" for text in above]
    lines.append("<table border=1>")
    for number, row in enumerate(rows):
        lines.append("<tr>")
        for column, value in enumerate(row):
            if value is None:
                continue
            height, width = sizes.get((number, column), (1, 1))
            lines.append(f"<td rowspan={height} colspan={width}><p>{html.escape(str(value))}</p></td>")
        lines.append("</tr>")
    lines.append("</table>")
    lines += [f"<p>{html.escape(text)}</p>" for text in below]
    path.write_text("\n".join([*lines, "</body></html>"]), encoding="utf-8")
    return path
