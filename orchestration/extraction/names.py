"""The table of territory names: from a printed spelling to a territory, or a refusal with suggestions."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.extraction.grid import tidy


def normalise_name(text: str) -> str:
    """The form in which names are compared: tidy, case-folded, with ё as е."""
    return tidy(text).casefold().replace("ё", "е")


@dataclass(frozen=True)
class TerritoryNames:
    """Printed spellings and the territories they mean; a spelling may be scoped to one dataset."""

    by_name: dict[tuple[str, str], str]
    spellings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_rows(cls, rows: Iterable[dict[str, str]]) -> TerritoryNames:
        """Build from rows with `name`, `territory_id` and `dataset` (empty: any dataset)."""
        by_name: dict[tuple[str, str], str] = {}
        spellings: dict[str, str] = {}
        for row in rows:
            key = normalise_name(row["name"])
            by_name[(key, row["dataset"] or "")] = row["territory_id"]
            spellings.setdefault(key, row["name"])
        return cls(by_name, spellings)

    @classmethod
    def from_seed(cls, path: Path) -> TerritoryNames:
        """Read the `territory_name` seed."""
        with path.open(encoding="utf-8", newline="") as stream:
            return cls.from_rows(csv.DictReader(stream))

    def resolve(self, label: str, dataset: str) -> str | None:
        """The territory that a label means in a dataset, or None when the spelling is unknown."""
        key = normalise_name(label)
        return self.by_name.get((key, dataset)) or self.by_name.get((key, ""))

    def nearest(self, label: str, count: int = 3) -> list[str]:
        """The known spellings most like the label, best first."""
        from rapidfuzz import fuzz, process

        found = process.extract(normalise_name(label), self.spellings.keys(), scorer=fuzz.WRatio, limit=count)
        return [self.spellings[key] for key, _, _ in found]
