"""A workbook that looks like the agency's long series of the population: stamp, stacked header, footnote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import xlwt

DATASET = "goskomstat/population_long_series"
Row = tuple[float, float, float, float, float]

FIGURES: dict[int, Row] = {
    1996: (148.3, 108.3, 40.0, 73, 27),
    2001: (146.3, 107.1, 39.2, 73, 27),
    2002: (145.2, 106.4, 38.8, 73, 27),
    2003: (145.0, 106.3, 38.7, 73, 27),
}


def write_long_series(path: Path, figures: Mapping[int, Row] = FIGURES, stamp: str | None = None) -> Path:
    """Write the table as the agency does; figures are in millions and per cent."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Лист1")
    if stamp:
        sheet.write(0, 0, stamp)
    sheet.write(1, 0, "ЧИСЛЕННОСТЬ НАСЕЛЕНИЯ 1)")
    sheet.write(3, 0, "Годы")
    for row, text in enumerate(("Все", "население,", "млн.человек"), start=3):
        sheet.write(row, 1, text)
    sheet.write_merge(3, 3, 2, 3, "в том числе")
    sheet.write_merge(3, 3, 4, 5, "В общей численности населения, процентов")
    for column, text in enumerate(("городское", "сельское") * 2, start=2):
        sheet.write(5, column, text)
    one_decimal = xlwt.easyxf(num_format_str="0.0")
    for row, (year, values) in enumerate(figures.items(), start=6):
        sheet.write(row, 0, year)
        for column, value in enumerate(values, start=1):
            sheet.write(row, column, value, *([one_decimal] if column < 4 else []))
    sheet.write(7 + len(figures), 0, "1) Оценка на 1 января соответствующего года.")
    book.save(str(path))
    return path
