"""The table of territory names: from a printed spelling or code to a territory, or a refusal with suggestions."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from pathlib import Path

from orchestration.extraction.grid import tidy

# Dashes and apostrophes come in several shapes, and a dash with blanks around it or without.
_SHAPES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("‘’ʼ", "'") | {"ё": "е"})
_ODD_SHAPE = re.compile("[‐‑‒–—―−‘’ʼё]")
_DASH = re.compile(" ?- ?")


def normalise_name(text: str) -> str:
    """The form in which names are compared: tidy, case-folded, ё as е, dashes and apostrophes of one shape."""
    name = tidy(text).casefold()
    if _ODD_SHAPE.search(name):
        name = name.translate(_SHAPES)
    return _DASH.sub("-", name) if "-" in name else name


def normalise_code(text: str) -> str:
    """The form in which codes are compared: upper case, and without the leading zeros that spreadsheets lose."""
    return tidy(text).upper().lstrip("0")


@dataclass(frozen=True)
class TerritoryNames:
    """Printed spellings and the territories they mean.

    A spelling may be scoped to one dataset, to the inside of one territory, or to both: `by_name` is keyed by
    normalised name, dataset and territory, each of the two empty where the spelling holds everywhere.
    `folder` is where the seeds with codes and types of territories lie; without it there are none.
    """

    by_name: dict[tuple[str, str, str], str]
    spellings: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, str]]) -> TerritoryNames:
        """Build from rows with `name`, `territory_id`, `dataset` and `within`; the last two may be empty."""
        return cls._build(
            (row["name"], row["territory_id"], row["dataset"] or "", row.get("within") or "") for row in rows
        )

    @classmethod
    def from_seed(cls, path: Path) -> TerritoryNames:
        """Read the `territory_name` seed; `territory` and `territory_code` beside it are read when needed."""
        return cls._build(_columns(path, "name", "territory_id", "dataset", "within"), path.parent)

    @classmethod
    def _build(cls, entries: Iterable[tuple[str, ...]], folder: Path | None = None) -> TerritoryNames:
        by_name: dict[tuple[str, str, str], str] = {}
        spellings: dict[str, str] = {}
        for name, territory, dataset, within in entries:
            key = normalise_name(name)
            by_name[(key, dataset, within)] = territory
            spellings.setdefault(key, name)
        return cls(by_name, spellings, folder)

    def resolve(self, label: str, dataset: str, within: str = "") -> str | None:
        """The territory that a label means in a dataset, or None when the spelling is unknown there.

        `within` is the territory whose parts the label stands among, such as the region that heads a block of
        districts. What is said of the dataset goes before what is said of no dataset, then what is said of the
        inside of a territory before what holds anywhere.
        """
        key = normalise_name(label)
        for scope in ((dataset, within), (dataset, ""), ("", within), ("", "")):
            found = self.by_name.get((key, *scope))
            if found:
                return found
        return None

    def resolve_code(self, code: str, scheme: str) -> str | None:
        """The territory that has a code in a scheme (the one that had it last, if none has it today), or None."""
        return self._codes.get((scheme, normalise_code(code)))

    def nearest(self, label: str, count: int = 3) -> list[str]:
        """The known spellings most like the label, best first; one that holds in some places only names them."""
        from rapidfuzz import fuzz, process

        found = process.extract(normalise_name(label), self.spellings.keys(), scorer=fuzz.WRatio, limit=count)
        return [self.spellings[key] + self._where(key) for key, _, _ in found]

    def _where(self, key: str) -> str:
        scopes = [(dataset, within) for name, dataset, within in self.by_name if name == key]
        if ("", "") in scopes:
            return ""
        return f" ({' or '.join(_scope_text(dataset, within) for dataset, within in sorted(scopes))})"

    @cached_property
    def territory_types(self) -> dict[str, str]:
        """Type of each territory by its id."""
        if self.folder is None:
            return {}
        rows = _columns(self.folder / "territory.csv", "territory_id", "territory_type")
        return {row[0]: row[1] for row in rows}

    @cached_property
    def _codes(self) -> dict[tuple[str, str], str]:
        if self.folder is None:
            return {}
        rows = _columns(self.folder / "territory_code.csv", "scheme", "code", "territory_id", "valid_to")
        lasting = sorted(rows, key=lambda row: row[3] or "9999")
        return {(scheme, normalise_code(code)): territory for scheme, code, territory, _ in lasting}


def _scope_text(dataset: str, within: str) -> str:
    return " ".join(part for part in (f"within {within}" if within else "", f"in {dataset}" if dataset else "") if part)


def _columns(path: Path, *names: str) -> Iterator[tuple[str, ...]]:
    """The named columns of a seed, row by row."""
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        header = next(lines)
        yield from map(itemgetter(*(header.index(name) for name in names)), lines)
