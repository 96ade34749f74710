"""Reading files into grids of cells, whatever their format: the one door is `open_workbook`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Workbook
from orchestration.extraction.readers.sniffing import Sniffed, sniff
from orchestration.landing.declarations import FileReading

__all__ = ["open_workbook"]

_READERS = {
    "csv": "delimited",
    "xls": "xls",
    "xlsx": "xlsx",
    "ods": "ods",
    "html": "html",
    "json": "json_records",
    "sdmx-ml": "sdmx_ml",
}
_NAMES = {
    "csv": "delimited text (CSV, TSV)",
    "xls": "an Excel 97-2003 workbook (xls)",
    "xlsx": "an Excel workbook (xlsx)",
    "ods": "an OpenDocument spreadsheet (ods)",
    "html": "an HTML page",
    "json": "a JSON document",
    "sdmx-ml": "an SDMX-ML message",
}


def open_workbook(path: Path, name: str, reading: FileReading) -> Workbook:
    """Open a file as a workbook of grids; its format is found from its bytes, never from its ending.

    `name` is what messages call the file. Raises `FrontierError` when the file is empty, outside the
    declared size band, damaged, protected by a password, of a format that `reading` does not name, or
    without any cell. A spreadsheet's sheets are read when they are asked for.
    """
    content = _content_within_band(path, name, reading)
    sniffed = sniff(content, name)
    if sniffed.kind not in reading.formats:
        raise FrontierError(_unexpected(name, reading, sniffed))
    open_content: Callable[[bytes, str, FileReading], Workbook] = import_module(
        f"{__name__}.{_READERS[sniffed.kind]}"
    ).open_content
    return replace(open_content(content, name, reading), kind=sniffed.kind)


def _content_within_band(path: Path, name: str, reading: FileReading) -> bytes:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FrontierError(f"{name} cannot be opened ({error.strerror}): put the file where it belongs.") from error
    if not size:
        raise FrontierError(f"{name} is empty (0 bytes): fetch or copy the file again.")
    if not reading.min_bytes <= size <= reading.max_bytes:
        raise FrontierError(
            f"{name} has {size:,} bytes; files of this dataset have {reading.min_bytes:,} to {reading.max_bytes:,}. "
            "Check that it is the whole and right file, or correct `min_bytes` and `max_bytes` in dataset.yml."
        )
    return path.read_bytes()


def _unexpected(name: str, reading: FileReading, sniffed: Sniffed) -> str:
    expected = " or ".join(_NAMES[one] for one in reading.formats)
    found = _NAMES.get(sniffed.kind, sniffed.description)
    title = f" with the title {sniffed.title!r}" if sniffed.title else ""
    return (
        f"{name} is {found}{title}, though this dataset comes as {expected}. Open the file to see what the "
        "publisher sent; fetch it again, or name the format under `formats` in dataset.yml if it has changed."
    )
