"""Reading a file as an edition of a declared dataset, as landing does, without a place for it in `raw/`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.observations import Observation, read_edition
from orchestration.landing.catalogue import Edition, read_dataset
from orchestration.landing.declarations import Origin
from orchestration.landing.layout_declaration import Dimensions
from orchestration.workspace import Workspace

_NAMES = TerritoryNames.from_seed(Workspace.of().territory_names)


@dataclass(frozen=True)
class _LooseEdition(Edition):
    """An edition whose file stands somewhere else."""

    path: Path = Path()

    @property
    def file(self) -> Path:
        return self.path


def read_as(dataset: str, path: Path, edition: str = "test", covers: dict[str, str] | None = None) -> list[Observation]:
    """The observations of a file under the bundled declaration of a dataset.

    `covers` is what the publication states around the file, by dimension.
    """
    origin = Origin(
        publication="test",
        edition=edition,
        publisher="test",
        released_on="2020-01-01",
        released_on_precision="day",
        retrieved_on=dt.date(2020, 1, 1),
        file=path.name,
        sha256="0" * 64,
        bytes=path.stat().st_size,
        licence="test",
        language="ru",
        is_keyed_by_hand=False,
        is_excerpt=False,
        is_synthetic=False,
        covers=Dimensions(**(covers or {})),
    )
    declared = read_dataset(Workspace.of().raw, dataset)
    return read_edition(declared, _LooseEdition(dataset, edition, path.parent, origin, path), _NAMES)


def by_cell(observations: list[Observation]) -> dict[tuple[str | None, str], Observation]:
    """The observations by sheet and address."""
    return {(row["sheet"], row["cell"]): row for row in observations}


def golden(row: Observation) -> tuple[Any, ...]:
    """What a golden test compares of a cell: text, value, status, indicator, territory, period."""
    value = row["value"]
    shown = None if value is None else str(Decimal(value))
    return (row["raw_text"], shown, row["obs_status"], row["indicator"], row["ref_area"], row["time_period"])
