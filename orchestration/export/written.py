"""A file that an export has written, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.export.request import Format


@dataclass(frozen=True)
class Written:
    """A file by its path in the export; rows where it holds some; the table that it is a copy of, if it is one."""

    path: str
    format: Format
    title: str
    rows: int | None
    table: str | None = None
    is_synthetic: bool = False
