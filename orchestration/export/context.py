"""What every writer of an export needs: the open release, what was asked for, and where the files go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.export.contents import Table
from orchestration.export.request import Request

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Context:
    """An export in progress. `published_at` is the only time that a file may bear."""

    connection: duckdb.DuckDBPyConnection
    tables: Mapping[str, Table]
    request: Request
    folder: Path
    release: str
    published_at: dt.datetime

    def asks_for(self, *formats: str) -> bool:
        """Whether one of these formats was asked for."""
        return any(one in self.request.formats for one in formats)
