"""The table macros against a plain replay of random histories, through the models as they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest
from hypothesis import event, given, settings

from orchestration.modelling.table_macros import TABLE_MACROS
from tests.vintages.conftest import CompiledModels
from tests.vintages.histories import Edition, Figure, Known, Printed, histories, land, replay

DAYS = [
    dt.date(2004, 1, 1), dt.date(2004, 12, 30), dt.date(2004, 12, 31), dt.date(2005, 6, 30),
    dt.date(2006, 12, 30), dt.date(2006, 12, 31), dt.date(9999, 12, 31),
]  # fmt: skip
EDITION = "edition_id, released_on, released_on_precision, is_withdrawn, obs_status, is_provisional"


@pytest.fixture(scope="module")
def warehouse(compiled_models: CompiledModels) -> duckdb.DuckDBPyConnection:
    return compiled_models.empty_warehouse()


def said(known: Known) -> tuple[Any, ...]:
    """The edition of an answer, as the macros give it."""
    edition = known.edition
    return (edition.id, edition.released_on, edition.precision, known.is_withdrawn)


def figures_as_of(warehouse: duckdb.DuckDBPyConnection, day: dt.date) -> dict[tuple[str, object], tuple[Any, ...]]:
    """What the macros of single figures answer, by agency and figure."""
    observations = warehouse.execute(
        f"select indicator_id, period_id, partner_id, figure_value, group_definition, {EDITION} "
        "from observations_as_of(?)",
        [day],
    ).fetchall()
    return {
        (edition_id.split("/")[0], Figure(indicator, period, partner)): (
            (edition_id, *edition),
            value,
            definition,
            status,
            is_provisional,
        )
        for indicator, period, partner, value, definition, edition_id, *edition, status, is_provisional in observations
    }


def expected_figure(known: Known, figure: Figure) -> tuple[Any, ...]:
    printed: Printed = known.edition.cells[figure]
    definition = known.edition.group_definition if figure.partner else None
    return (said(known), printed.value, definition, printed.obs_status, printed.obs_status == "P")


def check_figures(warehouse: duckdb.DuckDBPyConnection, history: list[Edition], day: dt.date) -> None:
    expected = {
        (agency, figure): expected_figure(known, figure)
        for (agency, figure), known in replay(history, day, by_row=False).items()
        if isinstance(figure, Figure)
    }
    assert figures_as_of(warehouse, day) == expected
    populations = warehouse.execute(
        f"select period_id, population, {EDITION} from population_as_of(?)", [day]
    ).fetchall()
    flows = warehouse.execute(
        f"select counted_as, period_id, persons, group_definition, {EDITION} from flows_as_of(?)", [day]
    ).fetchall()
    assert sorted(map(str, populations)) == sorted(
        str((figure.period, value, *edition, status, is_provisional))
        for (_, figure), (edition, value, _, status, is_provisional) in expected.items()
        if figure.indicator == "population"
    )
    assert sorted(map(str, flows)) == sorted(
        str((figure.indicator, figure.period, value, definition, *edition, status, is_provisional))
        for (_, figure), (edition, value, definition, status, is_provisional) in expected.items()
        if figure.partner
    )


def check_rows(warehouse: duckdb.DuckDBPyConnection, history: list[Edition], day: dt.date) -> None:
    """Rows of several figures are versions as a whole: the newest edition of the row, and nothing of an older one."""
    columns = "edition_id, released_on, released_on_precision, is_withdrawn"
    answered = {
        (edition_id.split("/")[0], ("arrivals_departures", period, partner)): (
            (edition_id, *edition),
            (arrivals, departures),
        )
        for period, partner, arrivals, departures, edition_id, *edition in warehouse.execute(
            f"select period_id, partner_id, arrivals, departures, {columns} from arrivals_departures_as_of(?)", [day]
        ).fetchall()
    } | {
        (edition_id.split("/")[0], ("net_migration", period)): ((edition_id, *edition), (net,))
        for period, net, edition_id, *edition in warehouse.execute(
            f"select period_id, net_migration, {columns} from population_change_as_of(?)", [day]
        ).fetchall()
    }
    expected = {}
    for (agency, row), known in replay(history, day, by_row=True).items():
        kind, period = row[:2]  # ty: ignore[not-subscriptable]
        if kind == "population":
            continue
        names = ("arrivals", "departures") if kind == "arrivals_departures" else ("net_migration",)
        figures = [Figure(name, period, "CIS" if len(names) > 1 else None) for name in names]
        cells = [known.edition.cells.get(figure) for figure in figures]
        expected[agency, row] = (said(known), tuple(cell.value if cell else None for cell in cells))
    assert answered == expected


@settings(max_examples=25, deadline=None)
@given(history=histories())
def test_the_macros_answer_like_a_replay(
    warehouse: duckdb.DuckDBPyConnection, compiled_models: CompiledModels, history: list[Edition]
) -> None:
    land(warehouse, history)
    compiled_models.rebuild(warehouse)

    for day in DAYS:
        check_figures(warehouse, history, day)
        check_rows(warehouse, history, day)
        if any(known.is_withdrawn for known in replay(history, day, by_row=False).values()):
            event("a figure is withdrawn")
    check_that_latest_is_as_of_the_last_day(warehouse)


def check_that_latest_is_as_of_the_last_day(warehouse: duckdb.DuckDBPyConnection) -> None:
    for macro in TABLE_MACROS:
        latest = warehouse.execute(f"select {macro.row_key} from {macro.fact} where is_latest order by 1").fetchall()
        known = warehouse.execute(f"select {macro.row_key} from {macro.name}('9999-12-31') order by 1").fetchall()
        assert known == latest, macro.name


def test_a_withdrawal_is_seen_from_its_day_on(compiled_models: CompiledModels) -> None:
    """A whole edition withdraws what it no longer prints; an excerpt and another table withdraw nothing."""
    population, net = Figure("population", "2004-01-01"), Figure("net_migration", "2004")
    cells = {population: Printed(3, "A"), net: Printed(2, "P")}

    def edition(dataset: str, name: str, year: int, is_excerpt: bool, printed: dict[Figure, Printed]) -> Edition:
        return Edition(dataset, name, dt.date(year, 12, 31), "year", is_excerpt, "with_georgia", printed)

    warehouse = compiled_models.empty_warehouse()
    land(
        warehouse,
        [
            edition("first/one", "a", 2004, False, cells),
            edition("first/one", "b", 2005, True, {}),
            edition("first/two", "a", 2005, False, {}),
            edition("first/one", "c", 2006, False, {population: Printed(4, "A")}),
        ],
    )
    compiled_models.rebuild(warehouse)

    def known(macro: str, day: str) -> list[tuple[Any, ...]]:
        return warehouse.execute(f"select edition_id, is_withdrawn, is_provisional from {macro}('{day}')").fetchall()

    assert known("population_change_as_of", "2006-12-30") == [("first/one@a", False, True)]
    assert known("population_change_as_of", "2006-12-31") == [("first/one@a", True, True)]
    assert known("population_as_of", "2006-12-30") == [("first/one@a", False, False)]
    assert known("population_as_of", "2006-12-31") == [("first/one@c", False, False)]
    assert known("population_as_of", "2004-12-30") == []
