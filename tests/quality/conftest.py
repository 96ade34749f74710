"""Fixtures of the quality tests: figures in a small database, and the audited bundled data."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from orchestration.modelling.declared_tables import create_declared_table
from orchestration.quality.audit import evaluate_identities
from orchestration.quality.identities.evaluation import evaluate
from orchestration.quality.identities.findings import identity_findings
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.quality.findings import Finding
    from orchestration.quality.identities.rules import Identity
    from orchestration.release.candidate import Candidate

_MODELS = """
    create schema intermediate;
    create schema staging;
    create table intermediate.int_figures__versioned (
        observation_id varchar, dataset varchar, edition_id varchar, agency varchar, released_on date,
        indicator varchar, ref_area varchar, counterpart_area varchar, reporting_area varchar, time_period varchar,
        population_group varchar, breakdown varchar, sex varchar, age varchar, citizenship varchar, variant varchar,
        group_definition varchar, obs_status varchar, unit varchar, unit_mult integer, previous_edition_id varchar,
        figure_value decimal(28, 8), half_width decimal(28, 9), is_latest_in_dataset boolean
    );
    create view staging.stg_observations as
    select observation_id, unit_mult, figure_value, half_width from intermediate.int_figures__versioned;
    create table main.dim_period (period_id varchar, opens_on date, closes_on date);
    create table main.dim_territory (territory_id varchar, parent_id varchar);
    create table main.bridge_territory_group (group_id varchar, definition_id varchar, member_id varchar);
    insert into main.dim_period values
        ('2004', '2004-01-01', '2005-01-01'), ('2005', '2005-01-01', '2006-01-01'),
        ('2006', '2006-01-01', '2007-01-01'), ('2004-01-01', '2004-01-01', '2004-01-01'),
        ('2005-01-01', '2005-01-01', '2005-01-01'),
        ('2006-01-01', '2006-01-01', '2006-01-01');
"""
_FIGURE = {
    "dataset": "agency/table",
    "edition_id": "agency/table@2006",
    "agency": "agency",
    "indicator": "arrivals",
    "ref_area": "RU",
    "counterpart_area": "WORLD",
    "reporting_area": "RU",
    "time_period": "2005",
    "population_group": "total",
    "breakdown": "",
    "sex": None,
    "age": None,
    "citizenship": None,
    "variant": None,
    "group_definition": None,
    "obs_status": "A",
    "unit": "persons",
    "unit_mult": 0,
    "is_latest_in_dataset": True,
    "previous_edition_id": None,
}


def _decimal(value: Fraction | int | None) -> Decimal | None:
    """The value as the engine keeps it; halves and tenths are exact."""
    return None if value is None else Decimal(Fraction(value).numerator) / Decimal(Fraction(value).denominator)


@dataclass
class Books:
    """Figures of a test in the tables that the evaluation of identities reads."""

    connection: duckdb.DuckDBPyConnection = field(repr=False)
    figures: list[dict[str, Any]] = field(default_factory=list, repr=False)

    def clear(self) -> None:
        """Forget all figures, groups and territories."""
        self.figures = []
        self.connection.execute("delete from main.bridge_territory_group; delete from main.dim_territory")

    def add(self, cell: str, value: Fraction | int | None, half_width: Fraction | int = 0, **dimensions: Any) -> None:
        """Print a figure in a cell; what is not said is the same for all."""
        numbers = {"figure_value": _decimal(value), "half_width": _decimal(half_width)}
        characteristics = dict(one.split("=") for one in dimensions.get("breakdown", "").split())
        self.figures.append({**_FIGURE, **characteristics, **dimensions, "observation_id": cell, **numbers})

    def add_group(self, group: str, *members: str) -> None:
        """Declare a group of territories, of the definition `printed`."""
        for member in members:
            self.connection.execute("insert into main.bridge_territory_group values (?, 'printed', ?)", [group, member])

    def evaluate(self, identities: Iterable[Identity]) -> dict[str, str]:
        """Verdict of each instance, by its key."""
        for table in ("audit.identity_term", "audit.identity_result"):
            create_declared_table(self.connection, table)
        self._store()
        evaluate(self.connection, identities)
        return dict(self.connection.execute("select instance, verdict from audit.identity_result").fetchall())

    def findings(self, identities: Iterable[Identity]) -> list[Finding]:
        """Findings of the identities that are broken."""
        identities = list(identities)
        self.evaluate(identities)
        return identity_findings(self.connection, identities)

    def _store(self) -> None:
        rows = [
            {key: None if value is None else str(value) for key, value in figure.items()} for figure in self.figures
        ]
        self.connection.register("printed_figures", pa.Table.from_pylist(rows))
        self.connection.execute(
            "delete from raw.observations; delete from intermediate.int_figures__versioned;"
            "insert into intermediate.int_figures__versioned by name select * from printed_figures;"
            "insert into raw.observations by name select observation_id, observation_id as cell, 'table.csv' as file, "
            "figure_value as raw_text, dataset, edition_id as edition, ref_area as row_label, "
            "indicator as column_label from printed_figures"
        )
        self.connection.unregister("printed_figures")


@pytest.fixture(scope="session")
def _books() -> Books:
    connection = duckdb.connect()
    create_declared_table(connection, "raw.observations")
    connection.execute(_MODELS)
    return Books(connection)


@pytest.fixture
def books(_books: Books) -> Books:
    """An empty page: figures may be printed on it and identities evaluated."""
    _books.clear()
    return _books


@pytest.fixture(scope="session")
def _evaluated(candidate: Candidate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("evaluated") / "frontier.duckdb"
    shutil.copyfile(candidate.database, copy)
    with duckdb.connect(str(copy)) as connection:
        evaluate_identities(connection, Workspace.of().expectations)
    return copy


@pytest.fixture(scope="session")
def evaluated(_evaluated: Path) -> duckdb.DuckDBPyConnection:
    """The bundled data with its identities evaluated and nothing waived; to be read only."""
    return duckdb.connect(str(_evaluated), read_only=True)


@pytest.fixture(scope="session")
def browser() -> Generator[Any]:
    """A running Chromium; without one the tests that open pages are skipped."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on PATH to open the pages with")
    from playwright.sync_api import sync_playwright

    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", *quiet]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=options)
        yield running
        running.close()


@pytest.fixture
def page(browser: Any) -> Generator[Any]:
    """A page that remembers what it requested, and what went wrong in it."""
    opened = browser.new_page()
    opened.requested = []
    opened.errors = []
    opened.on("request", lambda request: opened.requested.append(request.url))
    opened.on("requestfailed", lambda request: opened.errors.append(request.url))
    opened.on("console", lambda message: opened.errors.append(message.text))
    yield opened
    opened.close()
