"""A steward's round trip through the real command: refused, seen, corrected and waived, published, and outdated."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.quality.waivers import load_waivers
from tests.published import CHECKOUT, TABLE_4, Command

DATASET = "goskomstat/arrivals_departures_by_okrug"
EDITION = "demographic_yearbook_2006"
# Departures of the whole country, and departures per 100 arrivals of one region.
MISPRINTS = ((b"69798", b"69788"), (b",11.3", b",11.4"))


@pytest.fixture
def expectations(tmp_path: Path) -> Path:
    """A copy of the folder of rules and decisions that the steward of a test may change."""
    return Path(shutil.copytree(CHECKOUT / "expectations", tmp_path / "expectations"))


def as_json(frontier: Command, *arguments: str) -> Any:
    outcome = frontier(*arguments, "--format", "json")
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)


def decide(frontier: Command, expectations: Path, *arguments: str) -> str:
    outcome = frontier(*arguments, "--by", "Steward", "--expectations", str(expectations))
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def test_round_trip_of_a_misprint(
    raw_copy: Path, warehouse_copy: Path, renew_origin: Callable[[str, bytes], None], expectations: Path
) -> None:
    frontier = Command(raw_copy, warehouse_copy)
    as_published = (raw_copy / TABLE_4).read_bytes()
    misprinted = as_published
    for right, wrong in MISPRINTS:
        misprinted = misprinted.replace(right, wrong)
    renew_origin(TABLE_4, misprinted)

    refused = frontier("refresh", "--expectations", str(expectations))
    assert refused.returncode == 3, refused.stderr

    found = as_json(frontier, "findings", "--candidate")
    suspects = {(one["cell"], one["raw_text"], one["expected_low"]) for each in found for one in each["suspects"]}
    assert ("C4", "69788", 69798.0) in suspects
    [ratio] = [each for each in found if [one["cell"] for one in each["suspects"]] == ["E7"]]

    cell = ("--dataset", DATASET, "--edition", EDITION, "--cell", "C4", "--value", "69798")
    why = ("--reason", "A slip of a digit.", "--evidence", "The okrugs, and net migration beside it.")
    assert "from '69788' to 69798" in decide(frontier, expectations, "correct", *cell, *why)
    waived = ("waive", ratio["id"], "--reason", "Left as printed.", "--until", "2099-12-31")
    assert ratio["id"] in decide(frontier, expectations, *waived)
    kept, _, added = (expectations / "waivers.yml").read_text("utf-8").partition(f"- finding: {ratio['id']}")
    assert kept.rstrip("\n") == (CHECKOUT / "expectations" / "waivers.yml").read_text("utf-8").rstrip("\n")
    assert "{file: " in added
    assert load_waivers(expectations / "waivers.yml")[-1].decided_by == "Steward"

    published = frontier("refresh", "--expectations", str(expectations))
    assert published.returncode == 0, published.stderr
    show_both_values(frontier)
    findings = as_json(frontier, "findings", "--all")
    assert [(one["state"], one["decision"]) for one in findings if one["id"] == ratio["id"]] == [
        ("waived", "Left as printed.")
    ]
    # Nothing of what the refused candidate found has ever been published, so it has no history.
    history = as_json(frontier, "findings", "--history")
    assert {one["resolved_in"] for one in history} == {None}

    renew_origin(TABLE_4, as_published.replace(*MISPRINTS[1]))
    outdated = frontier("refresh", "--expectations", str(expectations))
    assert outdated.returncode == 3, outdated.stderr
    assert f"the correction of {DATASET}@{EDITION} C4 from '69788' to 69798 does not hold" in outdated.stderr
    assert "prints '69798' now, no longer '69788': the agency has fixed its print" in outdated.stderr
    show_both_values(frontier)


def show_both_values(frontier: Command) -> None:
    """The release has the corrected value, and beside it what is printed."""
    sql = (
        "select figure_value, raw_text, is_corrected, obs_status from fct_observation join dim_edition "
        f"using (edition_key) where dataset = '{DATASET}' and territory_id = 'RU' and indicator_id = 'departures'"
    )
    assert as_json(frontier, "query", sql) == [
        {"figure_value": 69798.0, "raw_text": "69788", "is_corrected": True, "obs_status": "I"}
    ]
    sql = (
        "select printed_value, recomputed_value from mart_kim_2008_table_4 "
        "where territory_id = 'RU' and indicator_id = 'departures'"
    )
    assert as_json(frontier, "query", sql) == [{"printed_value": 69788.0, "recomputed_value": 69798.0}]
    keys = ("territory=RU", "period=2005", f"edition={DATASET}@{EDITION}")
    [traced] = as_json(frontier, "source", "fct_arrivals_departures.departures", *keys)
    assert traced["value"] == 69798
    assert [(one["cell"], one["raw_text"], one["corrected_text"]) for one in traced["cells"]] == [
        ("C4", "69788", "69798")
    ]
    shown = frontier("source", "fct_arrivals_departures.departures", *keys).stdout
    assert "corrected to 69798: A slip of a digit." in shown
