"""The release day that a file states of itself, such as "Обновлено 19.04.2019" above the title."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from orchestration.errors import FrontierError
from orchestration.extraction.grid import tidy
from orchestration.landing.catalogue import Dataset


def stamped_release_day(dataset: Dataset, file: Path) -> str | None:
    """The ISO day that the first stamp of the file states; None where the declaration or the file has none.

    Raises `FrontierError` when the stamp is no day of the calendar, or the file cannot be opened.
    """
    pattern = dataset.declaration.release_stamp
    if pattern is None:
        return None
    from orchestration.extraction.readers import open_workbook

    for sheet in open_workbook(file, file.name, dataset.declaration.file).sheets:
        if sheet.is_hidden:
            continue
        grid = sheet.read()
        for cell in (cell for row in grid.rows for cell in row if not cell.is_blank):
            found = re.search(pattern, tidy(cell.text))
            if found:
                return _iso_day(found, grid.place(cell))
    return None


def _iso_day(found: re.Match[str], place: str) -> str:
    parts = found.groupdict()
    try:
        return dt.date(int(parts["year"]), int(parts["month"]), int(parts["day"])).isoformat()
    except ValueError as error:
        raise FrontierError(
            f"{place}: the stamp {found.group()!r} is no day ({error}). Give the day with --released-on."
        ) from error
