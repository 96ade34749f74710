"""One export of everything by the real command, and a small database with the traps that the bundled data lack."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.export.contents import read_tables
from orchestration.export.context import Context
from orchestration.export.request import choose
from orchestration.workspace import Workspace
from tests.published import Command

PUBLISHED_AT = dt.datetime(2021, 3, 4, 5, 6, 7, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Export:
    """An export of the published release, what the command printed of it, and the database that it was made from."""

    folder: Path
    printed: dict[str, Any]
    database: Path

    @property
    def descriptor(self) -> dict[str, Any]:
        return json.loads((self.folder / "datapackage.json").read_text(encoding="utf-8"))

    def resource(self, path: str) -> dict[str, Any]:
        return next(one for one in self.descriptor["resources"] if one["path"] == path)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def exported(published: Command, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Everything, exported once by the command."""
    folder = tmp_path_factory.mktemp("exports") / "all"
    outcome = published("export", "--to", str(folder), "--output-format", "json")
    assert outcome.returncode == 0, outcome.stderr
    return Export(folder, json.loads(outcome.stdout), published.database)


@pytest.fixture
def published_workspace(published: Command) -> Workspace:
    """The workspace of the published release, for exports within the test's own process."""
    return Workspace.of(published.raw, published.warehouse)


@pytest.fixture
def small_release() -> Generator[duckdb.DuckDBPyConnection]:
    """A database in the manner of a release, empty but for dimensions, that a test fills with facts."""
    connection = duckdb.connect()
    for statement in _SMALL_RELEASE:
        connection.execute(statement)
    yield connection
    connection.close()


@pytest.fixture
def context_of(small_release: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., Context]:
    """A context that exports the small release into the test's folder in the formats named."""

    def make(*formats: str, is_latest: bool = True) -> Context:
        tables = read_tables(small_release)
        request = choose(formats, [], tables, is_latest)
        return Context(small_release, tables, request, tmp_path, "20210304T050607000Z", PUBLISHED_AT)

    return make


_SMALL_RELEASE = (
    "create table dim_territory (territory_id varchar, territory_type varchar, name_en varchar, name_ru varchar, "
    "name_kk varchar, parent_id varchar)",
    "insert into dim_territory values ('RU', 'country', 'Russia', 'Россия', 'Ресей', null), "
    "('RU-KAM.oblast', 'region', 'Kamchatka oblast', null, null, 'RU'), "
    "('KZ', 'country', 'Kazakhstan', 'Казахстан', 'Қазақстан', null)",
    "create table dim_period (period_key varchar, period_id varchar, period_type varchar, opens_on date, "
    "closes_on date)",
    "insert into dim_period values ('y', '2005', 'year', '2005-01-01', '2006-01-01'), "
    "('q', '2024-Q1', 'quarter', '2024-01-01', '2024-04-01'), "
    "('m', '2024-02', 'month', '2024-02-01', '2024-03-01'), "
    "('i5', '1990/1994', 'interval', '1990-01-01', '1995-01-01'), "
    "('i9', '2019-01/2019-09', 'interval', '2019-01-01', '2019-10-01'), "
    "('id', '1989-01-12/2002-10-09', 'interval', '1989-01-12', '2002-10-09'), "
    "('d', '2005-01-01', 'date', '2005-01-01', '2005-01-01'), "
    "('e', '2005-03-15', 'date', '2005-03-15', '2005-03-15'), "
    "('c', '2002-10-09', 'census', '2002-10-09', '2002-10-09')",
    "create table dim_edition (edition_key varchar, edition_id varchar, edition varchar, agency varchar, "
    "title_en varchar, title_ru varchar, title_kk varchar, publisher varchar, publication varchar, "
    "released_on date, licence varchar, note varchar, file varchar, file_sha256 varchar, is_synthetic boolean)",
    "insert into dim_edition values "
    "('e1', 'rosstat/flows@2006', '2006', 'rosstat', 'Flows', null, null, 'Rosstat', 'Yearbook', '2006-12-31', "
    "'Official', null, 'f', 'h', false), "
    "('e2', 'rosstat/flows@2020', '2020', 'rosstat', 'Flows', null, null, 'Rosstat', 'Sheet', '2020-04-28', "
    "'Official', null, 'f', 'h', false), "
    "('s', 'survey/towns@2019', '2019', 'survey', 'Towns', 'Города', null, 'A bureau', 'Towns asked', '2019-12-31', "
    "'Open', null, 'f', 'h', false)",
    "create table dim_population_group (population_group_id varchar, name_en varchar, name_ru varchar, "
    "name_kk varchar, parent_id varchar)",
    "insert into dim_population_group values ('urban', 'Urban', null, null, 'total'), "
    "('total', 'Total', null, null, null)",
    "create table fct_migration_flow (reporting_id varchar, counted_as varchar, origin_id varchar, "
    "destination_id varchar, period_key varchar, period_id varchar, edition_key varchar, group_definition varchar, "
    "persons bigint, is_latest boolean, obs_status varchar)",
    "create table fct_population (territory_id varchar, period_key varchar, period_id varchar, "
    "population_group_id varchar, sex varchar, age varchar, edition_key varchar, population bigint, "
    "rounding_half_width bigint, is_latest boolean, obs_status varchar)",
    "create table fct_arrivals_departures (territory_id varchar, partner_id varchar, period_key varchar, "
    "period_id varchar, edition_key varchar, group_definition varchar, arrivals bigint, departures bigint, "
    "net_migration bigint, departures_per_100_arrivals double, net_migration_published bigint, "
    "departures_per_100_arrivals_published double, share_of_arrivals_published_pct double, "
    "share_of_departures_published_pct double, is_latest boolean, obs_status varchar)",
    "create table mart_survey_respondent (respondent_key varchar, edition_key varchar, respondent_id varchar, "
    "is_synthetic boolean, weight double, answer_code integer, place varchar)",
    "create table dim_survey_question (question_key varchar, edition_key varchar, variable varchar, "
    "label_en varchar, label_ru varchar, measure varchar, storage_type varchar)",
    "create table dim_survey_answer (question_key varchar, code varchar, label_en varchar, label_ru varchar)",
    "create table fct_survey_response (edition_key varchar, respondent_key varchar, variable varchar, value double, "
    "code varchar)",
    "create schema raw",
    "create table raw.survey_missing_ranges (edition_id varchar, variable varchar, low double, high double)",
)
