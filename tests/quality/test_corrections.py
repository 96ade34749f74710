"""Corrections: a value stands for a print as long as the cell prints just what the steward saw."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.errors import FrontierError
from orchestration.modelling.declared_tables import create_declared_table, insert_rows
from orchestration.quality.corrections import (
    Correction,
    apply_corrections,
    correction_findings,
    load_corrections,
)

DATASET = "agency/table"
ENTRY: dict[str, Any] = {
    "dataset": DATASET,
    "edition": "2006",
    "cell": "B4",
    "expect": "69,788",
    "value": "69798",
    "reason": "A slip of a digit.",
    "evidence": "The parts add up to it.",
    "decided_by": "Steward",
    "decided_on": "2026-11-22",
}


def corrected(**changes: Any) -> Correction:
    said = {key: value for key, value in (ENTRY | changes).items() if value is not None}
    return Correction.model_validate(said)


@pytest.fixture
def landed() -> duckdb.DuckDBPyConnection:
    """Three editions of a table that print the same cell, the last of them mended, and a list of records."""
    connection = duckdb.connect()
    editions = create_declared_table(connection, "raw.editions")
    observations = create_declared_table(connection, "raw.observations")
    prints = {"2005": ("69,788", 69788), "2006": ("69,788", 69788), "2007": ("69,798", 69798)}
    for year, (text, value) in prints.items():
        common = {"dataset": DATASET, "edition": year, "edition_id": f"{DATASET}@{year}"}
        insert_rows(connection, editions, [common | {"released_on": f"{year}-12-31"}])
        cell = common | {"file": f"{DATASET}/{year}/t.csv", "cell": "B4", "raw_text": text, "value": Decimal(value)}
        insert_rows(connection, observations, [cell | {"observation_id": year, "decimals": 0}])
        record = cell | {"observation_id": f"record{year}", "cell": "B9", "record_id": "claim", "decimals": 0}
        insert_rows(connection, observations, [record])
    return connection


def stale(landed: duckdb.DuckDBPyConnection, **changes: Any) -> list[str]:
    found = correction_findings(landed, [corrected(**changes)])
    assert all(one.is_blocking and one.rule == "correction_is_stale" for one in found)
    return [one.message for one in found]


def overridden(landed: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return landed.execute(
        "select observation_id, raw_text, corrected_text, corrected_value, decimals from raw.corrections order by all"
    ).fetchall()


def test_a_correction_stands_beside_the_print_of_its_edition(landed: duckdb.DuckDBPyConnection) -> None:
    assert apply_corrections(landed, [corrected(value="69798.0")]) == 1
    assert overridden(landed) == [("2006", "69,788", "69798.0", Decimal(69798), 1)]
    assert stale(landed) == []
    assert landed.execute("select value from raw.observations where observation_id = '2006'").fetchall() == [(69788,)]


def test_a_correction_from_an_edition_on_fails_in_the_one_that_is_mended(landed: duckdb.DuckDBPyConnection) -> None:
    (message,) = stale(landed, edition=None, from_edition="2005")
    assert "agency/table/2007/t.csv prints '69,798' now, no longer '69,788'" in message
    assert "to_edition" in message
    assert stale(landed, edition=None, from_edition="2005", to_edition="2006") == []
    assert apply_corrections(landed, [corrected(edition=None, from_edition="2005")]) == 2
    assert [row[0] for row in overridden(landed)] == ["2005", "2006"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"edition": "2007"}, "the agency has fixed its print. Remove this entry", id="mended"),
        pytest.param({"expect": "69788"}, "prints '69,788', not '69788' as expected", id="other print"),
        pytest.param({"value": "69788"}, "so it corrects nothing", id="same value"),
        pytest.param({"cell": "B5"}, "no figure is read from that cell", id="other cell"),
        pytest.param({"sheet": "1"}, "no figure is read from that cell", id="other sheet"),
        pytest.param({"edition": "2004"}, "has no edition '2004'; it has 2005, 2006, 2007", id="other edition"),
        pytest.param({"dataset": "agency/tables"}, "no edition of a dataset 'agency/tables'", id="other dataset"),
        pytest.param({"cell": "B9"}, "belongs to a list of records", id="record"),
        pytest.param(
            {"edition": None, "from_edition": "2005", "to_edition": "2016"}, "has no edition '2016'", id="last edition"
        ),
    ],
)
def test_a_correction_that_corrects_nothing_is_refused_and_changes_nothing(
    landed: duckdb.DuckDBPyConnection, changes: dict[str, str | None], words: str
) -> None:
    (message,) = stale(landed, **changes)
    assert words in message
    assert message.startswith("corrections.yml: the correction of ")
    assert apply_corrections(landed, [corrected(**changes)]) == 0


def test_the_id_of_a_stale_correction_does_not_change_with_what_is_printed(landed: duckdb.DuckDBPyConnection) -> None:
    (before,) = correction_findings(landed, [corrected(expect="1")])
    landed.execute("update raw.observations set raw_text = '2'")
    (after,) = correction_findings(landed, [corrected(expect="1")])
    assert (before.id, before.cells[0].raw_text, after.cells[0].raw_text) == (after.id, "69,788", "2")


def test_two_corrections_of_one_cell_are_refused(landed: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match="twice"):
        apply_corrections(landed, [corrected(), corrected(edition=None, from_edition="2006")])
    path = tmp_path / "corrections.yml"
    path.write_text(yaml.safe_dump([ENTRY, ENTRY | {"value": "1"}]), encoding="utf-8")
    with pytest.raises(FrontierError, match="twice"):
        load_corrections(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value": 69798}, "entry 0.value: Input should be a valid string"),
        ({"value": "69,798"}, "entry 0.value"),
        ({"value": "1.123456789"}, "entry 0.value"),
        ({"evidence": " "}, "entry 0.evidence"),
        ({"from_edition": "2005"}, "entry 0: Value error, name either the edition"),
        ({"to_edition": "2007"}, "entry 0: Value error, name either the edition"),
        ({"until": "2030-01-01"}, "entry 0.until: Extra inputs"),
    ],
)
def test_an_entry_that_does_not_fit_is_named(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    path = tmp_path / "corrections.yml"
    path.write_text(yaml.safe_dump([ENTRY | changes]), encoding="utf-8")
    with pytest.raises(FrontierError, match="does not fit its form") as caught:
        load_corrections(path)
    assert words in str(caught.value)


def test_no_entries_correct_nothing(landed: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    assert load_corrections(tmp_path / "corrections.yml") == []
    assert apply_corrections(landed, []) == 0
    assert overridden(landed) == []
