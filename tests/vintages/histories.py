"""Random histories of editions, how they land, and what a plain replay says was known on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
from hypothesis import strategies as st

from orchestration.modelling.declared_tables import create_declared_table, insert_rows

DATASETS = ("first/one", "first/two", "second/one")
PERIODS = ("2003", "2004")


@dataclass(frozen=True)
class Figure:
    """What is counted: `indicator` in `period`, of or with `partner`."""

    indicator: str
    period: str
    partner: str | None = None

    @property
    def row(self) -> tuple[str, ...]:
        """The fact row that it stands in, whatever the edition."""
        if self.indicator in {"arrivals", "departures"}:
            return ("arrivals_departures", self.period, str(self.partner))
        return (self.indicator, self.period)


FIGURES = (
    *(Figure(indicator, period, "CIS") for indicator in ("arrivals", "departures") for period in PERIODS),
    *(Figure("net_migration", period) for period in PERIODS),
    *(Figure("population", f"{period}-01-01") for period in PERIODS),
)


@dataclass(frozen=True)
class Printed:
    """A printed cell: a value, or None where the agency prints a symbol."""

    value: int | None
    obs_status: str


@dataclass(frozen=True)
class Edition:
    """An edition of a dataset with its cells; `group_definition` is the one of its partner groups."""

    dataset: str
    name: str
    released_on: dt.date
    precision: str
    is_excerpt: bool
    group_definition: str
    cells: dict[Figure, Printed]

    @property
    def id(self) -> str:
        return f"{self.dataset}@{self.name}"

    @property
    def agency(self) -> str:
        return self.dataset.split("/")[0]

    @property
    def order(self) -> tuple[dt.date, str]:
        return (self.released_on, self.id)


def release_days() -> st.SearchStrategy[tuple[dt.date, str]]:
    """A day and how precisely it is known; a year alone is its 31 December."""
    years = st.integers(2004, 2006)
    by_year = st.builds(lambda year: (dt.date(year, 12, 31), "year"), years)
    by_day = st.builds(
        lambda year, month_and_day: (dt.date(year, *month_and_day), "day"),
        years,
        st.sampled_from([(1, 1), (6, 30), (12, 30), (12, 31)]),
    )
    return st.one_of(by_year, by_day)


def cells() -> st.SearchStrategy[dict[Figure, Printed]]:
    printed = st.one_of(st.builds(Printed, st.integers(0, 3), st.sampled_from(["A", "P"])), st.just(Printed(None, "M")))
    return st.dictionaries(st.sampled_from(FIGURES), printed, max_size=len(FIGURES))


@st.composite
def histories(draw: st.DrawFn) -> list[Edition]:
    """One to six editions, in any order of release."""
    editions = []
    for number in range(draw(st.integers(1, 6))):
        released_on, precision = draw(release_days())
        editions.append(
            Edition(
                dataset=draw(st.sampled_from(DATASETS)),
                name=f"{draw(st.integers(0, 9))}-{number}",
                released_on=released_on,
                precision=precision,
                is_excerpt=draw(st.booleans()),
                group_definition=draw(st.sampled_from(["with_georgia", "without_georgia"])),
                cells=draw(cells()),
            )
        )
    return editions


def land(connection: duckdb.DuckDBPyConnection, editions: Iterable[Edition]) -> None:
    """Write the editions as landing writes them."""
    editions = list(editions)
    insert_rows(
        connection,
        create_declared_table(connection, "raw.datasets"),
        [{"dataset": one, "agency": one.split("/")[0], "title_en": one} for one in DATASETS],
    )
    insert_rows(connection, create_declared_table(connection, "raw.editions"), [_edition_row(one) for one in editions])
    insert_rows(
        connection,
        create_declared_table(connection, "raw.observations"),
        [_cell_row(edition, figure) for edition in editions for figure in edition.cells],
    )


def _edition_row(edition: Edition) -> dict[str, object]:
    return {
        "edition_id": edition.id,
        "dataset": edition.dataset,
        "edition": edition.name,
        "agency": edition.agency,
        "released_on": edition.released_on,
        "released_on_precision": edition.precision,
        "is_excerpt": edition.is_excerpt,
        "is_keyed_by_hand": False,
        "is_synthetic": False,
    }


def _cell_row(edition: Edition, figure: Figure) -> dict[str, object]:
    printed = edition.cells[figure]
    return {
        "observation_id": f"{edition.id} {figure}",
        "edition_id": edition.id,
        "dataset": edition.dataset,
        "edition": edition.name,
        "raw_text": "…" if printed.value is None else str(printed.value),
        "value": None if printed.value is None else float(printed.value),
        "obs_status": printed.obs_status,
        "indicator": figure.indicator,
        "unit": "persons",
        "unit_mult": 0,
        "decimals": 0,
        "ref_area": "RU",
        "counterpart_area": figure.partner,
        "group_definition": edition.group_definition if figure.partner else None,
        "reporting_area": "RU",
        "time_period": figure.period,
        "population_group": "total",
        "is_computed_by_quoting_work": False,
    }


@dataclass(frozen=True)
class Known:
    """What was known of a figure, or of a fact row: the edition that says it, and whether it was taken back."""

    edition: Edition
    is_withdrawn: bool


def replay(editions: Iterable[Edition], day: dt.date, by_row: bool) -> dict[tuple[str, object], Known]:
    """What was known on `day`, release after release, by agency and figure (or fact row, when `by_row`)."""
    known: dict[tuple[str, object], Known] = {}
    for edition in sorted(editions, key=lambda one: one.order):
        if edition.released_on > day:
            continue
        printed = {figure.row if by_row else figure for figure in edition.cells}
        if not edition.is_excerpt:
            for (agency, thing), before in list(known.items()):
                if before.edition.dataset == edition.dataset and thing not in printed:
                    known[agency, thing] = Known(before.edition, is_withdrawn=True)
        for thing in printed:
            known[edition.agency, thing] = Known(edition, is_withdrawn=False)
    return known
