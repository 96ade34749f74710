"""Where things stand: the raw folder, the warehouse folder, and the declarations that come with the code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orchestration

CHECKOUT = Path(orchestration.__file__).resolve().parents[1]


@dataclass(frozen=True)
class Workspace:
    """The folders of one warehouse. Paths are absolute, because several engines open them."""

    raw: Path
    warehouse: Path
    dbt_project: Path = CHECKOUT / "dbt_project"
    expectations: Path = CHECKOUT / "expectations"

    @classmethod
    def of(cls, raw: Path | None = None, warehouse: Path | None = None, expectations: Path | None = None) -> Workspace:
        """The workspace of these folders; the checkout's own where none is named."""
        return cls(
            raw=(raw or CHECKOUT / "raw").resolve(),
            warehouse=(warehouse or CHECKOUT / "warehouse").resolve(),
            expectations=(expectations or CHECKOUT / "expectations").resolve(),
        )

    @property
    def database(self) -> Path:
        """The published database that analysts open."""
        return self.warehouse / "frontier.duckdb"

    @property
    def releases(self) -> Path:
        return self.warehouse / "releases"

    @property
    def candidates(self) -> Path:
        return self.warehouse / "candidates"

    @property
    def quarantine(self) -> Path:
        """Files that could not be landed or were taken out, each with its reason."""
        return self.warehouse / "quarantine"

    @property
    def dbt_target(self) -> Path:
        """dbt's working folder: manifest, compiled SQL and what it remembers between runs."""
        return self.warehouse / ".dbt"

    @property
    def dagster_home(self) -> Path:
        return self.warehouse / ".dagster"

    @property
    def territory_names(self) -> Path:
        return self.dbt_project / "seeds" / "territory_name.csv"
