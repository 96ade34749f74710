"""Files that the tests of the readers build for themselves, and the short way to open them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestration.extraction.grid import Cell, Grid, Workbook
from orchestration.extraction.readers import open_workbook
from orchestration.landing.declarations import FileReading

EVERY_FORMAT = ["csv", "xls", "xlsx", "ods", "html", "json", "sdmx-ml"]


def open_bytes(folder: Path, content: bytes, **reading: Any) -> Workbook:
    """Open these bytes as a file called `table.bin`; `reading` as in `dataset.yml`, every format by default."""
    path = folder / "table.bin"
    path.write_bytes(content)
    return open_workbook(path, "table.bin", FileReading.model_validate({"formats": EVERY_FORMAT} | reading))


def read_bytes(folder: Path, content: bytes, sheet: int = 0, **reading: Any) -> Grid:
    """The grid of one sheet of these bytes."""
    return open_bytes(folder, content, **reading).sheets[sheet].read()


def open_file(path: Path, **reading: Any) -> Workbook:
    """Open a file that exists; every format is expected by default."""
    return open_workbook(path, path.name, FileReading.model_validate({"formats": EVERY_FORMAT} | reading))


def texts(grid: Grid) -> list[list[str]]:
    """What a person sees, row by row."""
    return [[cell.text for cell in row] for row in grid.rows]


def at(grid: Grid, address: str) -> Cell:
    """The cell with this address; in records the value, not the header that is named by its first value."""
    return [cell for row in grid.rows for cell in row if cell.address == address][-1]


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    """The bytes that a library writes."""
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


def with_part(workbook: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A zipped workbook with one of its parts changed."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return result.getvalue()
