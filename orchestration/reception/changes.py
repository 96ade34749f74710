"""What an edition changes against what its agency printed before: new, confirmed, revised, withdrawn figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.observations import FIGURE_KEY, Observation, read_edition
from orchestration.landing.catalogue import Dataset, Edition, read_catalogue
from orchestration.workspace import Workspace

ChangeType = Literal["new", "confirmed", "revised", "definition", "withdrawn"]
CHANGE_TYPES: tuple[ChangeType, ...] = get_args(ChangeType)
Key = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One figure of an edition against the edition before it; `definition` where the group is defined otherwise."""

    change: ChangeType
    key: Key
    cell: str | None
    printed: str | None
    printed_before: str | None
    edition_before: str | None

    @property
    def figure(self) -> str:
        """The figure in words: the members of its key that are set."""
        return ", ".join(f"{name} {value}" for name, value in zip(FIGURE_KEY, self.key, strict=True) if value)


@dataclass(frozen=True)
class Changes:
    """Every figure of an edition, compared."""

    figures: list[Change]

    def count(self, change: ChangeType) -> int:
        """How many figures changed in this way."""
        return sum(one.change == change for one in self.figures)

    def of(self, change: ChangeType) -> list[Change]:
        """The figures that changed in this way, in the order of the print."""
        return [one for one in self.figures if one.change == change]


def compare_edition(
    workspace: Workspace,
    dataset: Dataset,
    edition: Edition,
    observations: Sequence[Observation],
    names: TerritoryNames,
    already_read: Mapping[str, Sequence[Observation]],
) -> Changes:
    """Compare an edition that has been read with the ones that its agency had released before it.

    As in `fct_revision`, a figure is one figure whatever table of the agency prints it, and is compared with
    what the same table said before where it did; it is withdrawn when the last whole edition of the table
    printed it and this one, being whole, does not. `already_read` holds the observations of editions, by their
    id, that need not be read again.
    """
    elsewhere: dict[Key, Observation] = {}
    before: dict[Key, Observation] = {}
    last_whole: dict[Key, Observation] = {}
    for other, earlier in _earlier_editions(workspace, dataset, edition):
        rows = already_read.get(earlier.edition_id) or read_edition(other, earlier, names)
        printed = {figure_key(row): row for row in rows}
        if other.name != dataset.name:
            elsewhere |= printed
        else:
            before |= printed
            last_whole = (last_whole | printed) if earlier.origin.is_excerpt else printed
    before = elsewhere | before
    figures = [_compare(row, before.get(figure_key(row))) for row in observations]
    if not edition.origin.is_excerpt:
        kept = {figure_key(row) for row in observations}
        figures += [_withdrawn(key, row) for key, row in last_whole.items() if key not in kept]
    return Changes(figures)


def figure_key(row: Observation) -> Key:
    """The natural key of a figure, absent parts as empty text."""
    return tuple(row.get(part) or "" for part in FIGURE_KEY)


def _earlier_editions(workspace: Workspace, dataset: Dataset, edition: Edition) -> list[tuple[Dataset, Edition]]:
    moment = _moment(edition)
    found = [
        (other, one)
        for other in read_catalogue(workspace.raw)
        if other.agency == dataset.agency and other.declaration.kind == "table"
        for one in other.editions
        if _moment(one) < moment
    ]
    return sorted(found, key=lambda pair: _moment(pair[1]))


def _moment(edition: Edition) -> tuple[dt.date, str]:
    return edition.origin.released_day, edition.edition_id


def _compare(row: Observation, before: Observation | None) -> Change:
    if before is None or (before["value"] is None and row["value"] is not None):
        change: ChangeType = "new"
    elif before["value"] is not None and row["value"] is None:
        change = "withdrawn"
    elif row.get("group_definition") != before.get("group_definition") and not _is_same(row, before):
        change = "definition"
    else:
        change = "confirmed" if _is_same(row, before) else "revised"
    printed_before, edition_before = (before["raw_text"], before["edition_id"]) if before else (None, None)
    return Change(change, figure_key(row), row["cell"], row["raw_text"], printed_before, edition_before)


def _withdrawn(key: Key, row: Observation) -> Change:
    return Change("withdrawn", key, None, None, row["raw_text"], row["edition_id"])


def _is_same(row: Observation, before: Observation) -> bool:
    """Whether two prints agree as far as the coarser of them is rounded."""
    value, value_before = _scaled(row), _scaled(before)
    if value is None or value_before is None:
        return value == value_before
    return abs(value - value_before) <= abs(_half_width(row) - _half_width(before))


def _scaled(row: Observation) -> Decimal | None:
    return None if row["value"] is None else row["value"].scaleb(row["unit_mult"])


def _half_width(row: Observation) -> Decimal:
    """Half a unit of the last printed digit; a count printed to the unit stands for itself alone."""
    if row["unit"] in ("persons", "documents") and row["decimals"] >= row["unit_mult"]:
        return Decimal(0)
    return Decimal("0.5").scaleb(row["unit_mult"] - row["decimals"])


def periods_missing(observations: Iterable[Observation], before: Iterable[Observation]) -> list[str]:
    """Years that an edition before printed and this one skips, though it has the year before and the year after.

    Before and after in the order of that edition: a series of every fifth year may move its last year on.
    """
    years = {_year(row) for row in observations}
    earlier = sorted({_year(row) for row in before})
    inner = zip(earlier, earlier[1:], earlier[2:], strict=False)
    return [str(year) for last, year, following in inner if year not in years and {last, following} <= years]


def members_missing(observations: Iterable[Observation], before: Iterable[Observation]) -> list[str]:
    """Labels of rows and columns that an edition before had and this one has lost, whatever the period."""
    kept = {_without_period(row) for row in observations}
    labels = (f"{row['row_label']} | {row['column_label']}" for row in before if _without_period(row) not in kept)
    return list(dict.fromkeys(labels))


def _without_period(row: Observation) -> Key:
    return tuple(row.get(part) or "" for part in FIGURE_KEY if part != "time_period")


def _year(row: Observation) -> int:
    return int((row.get("time_period") or "0")[:4])
