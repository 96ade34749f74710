"""Drift: what a candidate changes against the last release, with which severity, and how it is accepted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.errors import FrontierError
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.audit import Audit, store_check_results
from orchestration.quality.drift.acceptance import accepted_changes
from orchestration.quality.drift.findings import drift_findings
from orchestration.quality.drift.rules import Band, DriftRules, Magnitude, load_drift_rules
from orchestration.quality.findings import Finding, read_findings, write_findings
from orchestration.release.contents import table_contents
from orchestration.workspace import Workspace

_MODELS = """
    create table main.dim_edition as select edition_id as edition_key, edition_id, dataset, edition, released_on
    from raw.editions;
    create table main.dim_period as select distinct time_period as period_id, 'year' as period_type,
    make_date(time_period::int, 1, 1) as opens_on from raw.observations;
    create table main.fct_observation as select
        edition_id as edition_key, indicator as indicator_id, ref_area as territory_id, counterpart_area as partner_id,
        'RU' as reporting_id, time_period as period_id, 'total' as population_group_id, null::varchar as sex,
        null::varchar as age,
        null::varchar as citizenship_id, null::varchar as variant, null::varchar as group_definition,
        unit, unit_mult, observation_id,
        (value * pow(10, unit_mult))::double as figure_value
    from raw.observations;
"""


@dataclass
class Warehouse:
    """Editions of one dataset, and of a survey, as they land."""

    editions: list[dict[str, Any]] = field(default_factory=list)
    observations: list[dict[str, Any]] = field(default_factory=list)
    variables: list[dict[str, Any]] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)

    def print(self, year: int, figures: Mapping[tuple[str, str, int], float | None], unit_mult: int = 0) -> None:
        """An edition of a year, with values by indicator, territory and period."""
        edition = f"agency/table@{year}"
        self.editions.append(
            {"edition_id": edition, "dataset": "agency/table", "edition": str(year), "released_on": dt.date(year, 6, 1)}
        )
        for row, ((indicator, territory, period), value) in enumerate(figures.items(), start=4):
            self.observations.append(
                {
                    "observation_id": f"{indicator} {territory} {period} {year}", "edition_id": edition,
                    "dataset": "agency/table", "edition": str(year), "file": f"{year}.csv", "file_sha256": str(year),
                    "cell": f"B{row}", "raw_text": "…" if value is None else f"{value:g}",
                    "value": None if value is None else Decimal(str(value)), "indicator": indicator,
                    "ref_area": territory, "time_period": str(period), "unit": "persons", "unit_mult": unit_mult,
                    "decimals": 0, "obs_status": "M" if value is None else "A",
                }
            )  # fmt: skip

    def ask(self, year: int, variables: dict[str, tuple[str, dict[str, str]]], storage: str = "numeric") -> None:
        """An edition of a survey: for each variable its label, and the labels of its codes."""
        edition = f"survey/one@{year}"
        self.editions.append(
            {"edition_id": edition, "dataset": "survey/one", "edition": str(year), "released_on": dt.date(year, 6, 1)}
        )
        self.files.append({"edition_id": edition, "case_count": 1200})
        for variable, (label, codes) in variables.items():
            self.variables.append(
                {"edition_id": edition, "variable": variable, "label": label, "storage_type": storage, "format": "F8"}
            )
            self.labels += [
                {"edition_id": edition, "variable": variable, "code": code, "label": text}
                for code, text in codes.items()
            ]

    def store(self, path: Path) -> Path:
        """Write the database of a release."""
        tables = {
            "raw.editions": self.editions,
            "raw.observations": self.observations,
            "raw.survey_files": self.files,
            "raw.survey_variables": self.variables,
            "raw.survey_value_labels": self.labels,
        }
        path.parent.mkdir()
        with duckdb.connect(str(path)) as connection:
            for table, rows in tables.items():
                insert_rows(connection, create_declared_table(connection, table), rows)
            connection.execute(_MODELS)
        return path


@pytest.fixture
def releases(tmp_path: Path) -> tuple[Warehouse, Warehouse, Callable[..., dict[str, Finding]]]:
    """The last release, the candidate, and what drifts between them, by rule and instance."""
    before, after = Warehouse(), Warehouse()

    def drift(rules: DriftRules | None = None) -> dict[str, Finding]:
        last = before.store(tmp_path / "last" / "frontier.duckdb")
        rules = rules or load_drift_rules(Workspace.of().expectations / "drift.yml")
        with duckdb.connect(str(after.store(tmp_path / "candidate" / "frontier.duckdb"))) as connection:
            return {f"{one.rule} {one.instance}": one for one in drift_findings(connection, rules, last)}

    return before, after, drift


Releases = tuple[Warehouse, Warehouse, Callable[..., dict[str, Finding]]]
TWO_YEARS = {("arrivals", place, year): 5000 + year for place in ("North", "South", "East") for year in (2005, 2006)}


def test_nothing_drifts_where_nothing_changes(releases: Releases) -> None:
    for warehouse in releases[:2]:
        warehouse.print(2007, TWO_YEARS)
        warehouse.ask(2007, {"sex": ("Sex", {"1": "Male"})})
    assert releases[2]() == {}


def test_nothing_drifts_before_the_first_release() -> None:
    assert drift_findings(duckdb.connect(), DriftRules(), None) == []


def test_lost_territories_block_and_lost_periods_warn(releases: Releases) -> None:
    before, after, drift = releases
    before.print(2007, TWO_YEARS)
    after.print(2007, TWO_YEARS)
    after.print(2008, {("arrivals", "North", 2006): 7006})
    found = drift()
    territories = found["drift.coverage edition_id=agency/table@2008 aspect=territories indicator=arrivals"]
    assert territories.severity == "error"
    assert territories.extent == "2 territories"
    assert "agency/table@2007" in territories.message
    assert "East, South" in territories.message
    periods = found["drift.coverage edition_id=agency/table@2008 aspect=periods indicator=arrivals"]
    assert (periods.severity, periods.extent) == ("warning", "1 periods")
    assert set(found.values()) == {territories, periods}


@pytest.mark.parametrize(
    ("years", "lost"), [((2003, 2004, 2006), "2005"), ((2005, 2006, 2007), None), ((2006, 2007), "2004, 2005")]
)
def test_a_window_of_periods_may_move_and_have_no_hole(
    releases: Releases, years: tuple[int, ...], lost: str | None
) -> None:
    before, after, drift = releases
    before.print(2007, {("arrivals", "North", year): 5000 for year in (2004, 2005, 2006)})
    after.print(2008, {("arrivals", "North", year): 5000 for year in years})
    messages = [one.message for one in drift().values()]
    assert len(messages) == (lost is not None)
    assert lost is None or f"prints: {lost}. See" in messages[0]


def test_a_lost_indicator_is_named_once(releases: Releases) -> None:
    before, after, drift = releases
    before.print(2007, TWO_YEARS | {("departures", "North", 2006): 3000})
    after.print(2008, TWO_YEARS)
    [finding] = drift().values()
    assert finding.instance == "edition_id=agency/table@2008 aspect=indicators"
    assert "departures" in finding.message


def test_an_older_edition_that_lands_late_loses_nothing(releases: Releases) -> None:
    before, after, drift = releases
    before.print(2007, TWO_YEARS)
    after.print(2001, {("arrivals", "North", 2000): 5000})
    assert drift() == {}


def test_missing_values_may_not_rise(releases: Releases) -> None:
    before, after, drift = releases
    before.print(2007, TWO_YEARS)
    after.print(2008, {key: None if key[1] == "East" else value for key, value in TWO_YEARS.items()})
    [finding] = drift().values()
    assert finding.rule == "drift.missing"
    assert "2 of 6 values are missing (33%)" in finding.message


@pytest.mark.parametrize(
    ("value", "severity"), [(7006 * 1.9, None), (7006 * 2.1, "warning"), (7006 * 11, "error"), (7006 / 11, "error")]
)
def test_a_figure_of_a_new_period_is_compared_with_the_latest(
    releases: Releases, value: float, severity: str | None
) -> None:
    before, after, drift = releases
    before.print(2007, TWO_YEARS)
    after.print(2008, TWO_YEARS | {("arrivals", "South", 2007): round(value)})
    found = list(drift().values())
    assert [one.severity for one in found] == ([severity] if severity else [])
    if severity:
        [suspect] = found[0].suspects
        assert suspect.observation_id == "arrivals South 2007 2008"
        assert (suspect.expected_low, suspect.expected_high) == (7006 / 2, 7006 * 2)
        assert {cell.observation_id for cell in found[0].cells} == {
            "arrivals South 2007 2008", "arrivals South 2006 2007",
        }  # fmt: skip
        assert f"South 2007: {round(value):,g} after 7,006 (2006)" in found[0].message


def test_a_changed_unit_is_seen_in_every_figure_and_said_in_the_unit_of_the_print(releases: Releases) -> None:
    before, after, drift = releases
    before.print(2007, TWO_YEARS)
    after.print(2007, TWO_YEARS)
    after.print(2008, TWO_YEARS, unit_mult=3)
    [finding] = drift().values()
    assert (finding.severity, finding.extent) == ("error", "6 figures")
    suspect = finding.suspects[0]
    assert (suspect.expected_low, suspect.expected_high) == (pytest.approx(7.005 / 2), pytest.approx(7.005 * 2))


def test_small_figures_and_indicators_without_a_band_are_not_judged(releases: Releases) -> None:
    before, after, drift = releases
    before.print(2007, {("arrivals", "North", 2006): 20, ("net_migration", "North", 2006): 5000})
    after.print(2008, {("arrivals", "North", 2007): 900, ("net_migration", "North", 2007): -90000,
                       ("arrivals", "North", 2006): 20, ("net_migration", "North", 2006): 5000})  # fmt: skip
    assert drift() == {}


def test_a_figure_that_changes_its_sign_leaves_every_band(releases: Releases) -> None:
    before, after, drift = releases
    before.print(2007, {("net_migration", "North", 2006): 5000})
    after.print(2008, {("net_migration", "North", 2006): -5001})
    rules = DriftRules(magnitude=Magnitude(default=Band(warn=2)))
    assert [one.severity for one in drift(rules).values()] == ["warning"]


def test_a_cell_that_is_read_otherwise_from_the_same_file_is_named(releases: Releases) -> None:
    before, after, drift = releases
    before.print(2007, TWO_YEARS)
    after.print(2007, TWO_YEARS | {("arrivals", "North", 2005): 7005.5})
    [finding] = drift().values()
    assert (finding.rule, finding.severity, finding.extent) == ("drift.reading", "warning", "1 cells")
    assert "B4 '7005.5' was 7005 (A), is 7005.5 (A)" in finding.message


def test_changes_of_a_survey_file_are_told_apart(releases: Releases) -> None:
    before, after, drift = releases
    before.ask(
        2007, {"sex": ("Sex", {"1": "Male", "2": "Female", "9": "Refused"}), "age": ("Age", {}), "old": ("", {})}
    )
    after.ask(2008, {"sex": ("Gender", {"1": "Female", "2": "Female", "3": "Other"}), "age": ("Age", {}),
                     "new": ("", {})})  # fmt: skip
    found = {key.rpartition("change=")[2]: one for key, one in drift().items()}
    assert {kind: one.severity for kind, one in found.items()} == {
        "variable_gone": "error", "variable_new": "info", "label": "warning", "code_gone": "warning",
        "code_new": "warning", "code_label": "error", "edition_gone": "error",
    }  # fmt: skip
    assert "sex 1 was “Male”, is “Female”" in found["code_label"].message
    assert "sex 9" in found["code_gone"].message
    assert "survey/one@2007 of the last release" in found["label"].message
    assert "1,200 respondents" in found["edition_gone"].message


def test_a_changed_type_of_the_same_edition_blocks(releases: Releases) -> None:
    before, after, drift = releases
    before.ask(2007, {"age": ("Age", {})})
    after.ask(2007, {"age": ("Age", {})}, storage="text")
    [finding] = drift().values()
    assert finding.severity == "error"
    assert "age was numeric F8, is text F8" in finding.message


@pytest.fixture
def released(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "released.duckdb")) as connection:
        yield connection


def test_a_waived_change_is_accepted_by_the_release_and_no_part_of_its_contents(
    released: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lasting = Finding(rule="parts_add_up", instance="a", severity="error", message="Not so.", state="waived")
    passing = Finding(rule="drift.coverage", instance="b", severity="error", message="Gone.", state="waived")
    still_open = Finding(rule="drift.magnitude", instance="c", severity="warning", message="Jumps.")
    write_findings(released, [lasting])
    without = table_contents(released)["audit.finding"].content_hash
    write_findings(released, [lasting, passing, still_open])
    assert table_contents(released)["audit.finding"].content_hash == without
    released.close()
    assert accepted_changes(tmp_path / "released.duckdb") == {passing.id}
    assert accepted_changes(None) == set()


@pytest.mark.parametrize(("rule", "is_stale"), [("drift.coverage", False), ("figures_deleted", False), ("sums", True)])
def test_the_waiver_of_a_change_has_done_its_work_with_the_release(tmp_path: Path, rule: str, is_stale: bool) -> None:
    change = Finding(rule=rule, instance="one", severity="error", message="Gone.", extent="2 territories")
    entry = {
        "finding": change.id, "rule": rule, "extent": "2 territories", "reason": "The agency dropped them.",
        "decided_by": "Steward", "decided_on": "2026-11-22", "expires_on": "2030-12-31",
    }  # fmt: skip
    (tmp_path / "waivers.yml").write_text(yaml.safe_dump([entry]), encoding="utf-8")
    (tmp_path / "owners.yml").write_text("default: Steward", encoding="utf-8")
    today, published = dt.date(2026, 11, 23), tmp_path / "r1" / "frontier.duckdb"
    published.parent.mkdir()
    with duckdb.connect(str(published)) as connection:
        write_findings(connection, [change])
        store_check_results(connection, Audit(tmp_path, None, "r1", today), [])
        assert [one.state for one in read_findings(connection)] == ["waived"]
    with duckdb.connect() as connection:
        write_findings(connection, [])
        store_check_results(connection, Audit(tmp_path, published, "r2", today), [])
        assert [one.rule for one in read_findings(connection)] == (["waiver_is_stale"] if is_stale else [])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("coverage: {territory: error}", "coverage.territory"),
        ("magnitude: {default: {warn: 5, refuse: 2}}", r"warn \(5.0\) is above refuse"),
        ("magnitude: {default: {warn: 0.5}}", "greater than 1"),
        ("missing: [", "not readable YAML"),
    ],
)
def test_rules_that_do_not_fit_are_refused_in_words(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "drift.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FrontierError, match=complaint):
        load_drift_rules(path)
