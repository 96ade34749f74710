"""Reading in chunks: nothing is lost or doubled at their borders, and wide files come in shorter ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from orchestration.extraction.surveys.dictionary import read_dictionary
from orchestration.extraction.surveys.foreign_columns import read_foreign_file
from orchestration.extraction.surveys.reading import ROW_GROUP, rows_per_chunk
from orchestration.extraction.surveys.sav_columns import fitting_layout, read_system_file

if TYPE_CHECKING:
    from orchestration.extraction.surveys.chunks import Chunk

ROWS = 500
WRITERS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "plain": ("sav", pyreadstat.write_sav, {}),
    "bytecode": ("sav", pyreadstat.write_sav, {"row_compress": True}),
    "zlib": ("zsav", pyreadstat.write_sav, {"compress": True}),
    "portable": ("por", pyreadstat.write_por, {}),
    "stata": ("dta", pyreadstat.write_dta, {"missing_user_values": {"TAGGED": ["a", "z"]}}),
}


@pytest.fixture(params=WRITERS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    suffix, write, options = WRITERS[request.param]
    numbers = np.arange(ROWS, dtype=float)
    data = pd.DataFrame(
        {
            "CODE": np.where(numbers % 10 == 0, np.nan, numbers % 9),
            "DECIMAL": numbers / 8,
            "WORD": [f"word {number % 83:.0f}" for number in numbers],
            "LONG": ["x" * int(3 * number % 250) for number in numbers],
        }
    )
    if suffix == "dta":
        data["TAGGED"] = [("a" if row % 5 == 0 else "z") if row % 3 == 0 else float(row) for row in range(ROWS)]
    write(data, tmp_path / f"survey.{suffix}", **options)
    return tmp_path / f"survey.{suffix}"


def content(chunks: list[Chunk]) -> dict[str, list[Any]]:
    """What all chunks hold together, by variable."""
    found: dict[str, list[Any]] = {name: [] for name in chunks[0].columns}
    for chunk in chunks:
        for name, column in chunk.columns.items():
            values: Any = column.values
            found[name] += values.tolist() if isinstance(values, np.ndarray) else values.to_pylist()
        found.setdefault("special", []).extend(
            (name, row, code) for name, cells in chunk.special.items() for row, code in cells.items()
        )
    return found


@pytest.mark.parametrize("rows", [7, 250, 499, 500])
def test_chunks_hold_what_the_whole_holds(path: Path, rows: int) -> None:
    dictionary = read_dictionary(path)
    layout = fitting_layout(dictionary)
    assert (layout is None) == (path.suffix in (".por", ".dta"))
    whole = list(read_foreign_file(dictionary, ROWS + 1))
    parts = list(read_system_file(dictionary, layout, rows) if layout else read_foreign_file(dictionary, rows))
    assert [chunk.first_row for chunk in parts] == list(range(1, ROWS + 1, rows))
    assert sum(chunk.rows for chunk in parts) == ROWS
    assert content(parts) == content(whole)


def test_wide_files_come_in_shorter_chunks() -> None:
    assert rows_per_chunk(8 * 30) == ROW_GROUP
    assert rows_per_chunk(8 * 5_000) * 8 * 5_000 <= 64 * 1024 * 1024 < (rows_per_chunk(8 * 5_000) + 1) * 8 * 5_000
    assert rows_per_chunk(10**9) == 1
