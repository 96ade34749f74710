"""Waivers: a decision covers exactly the cells and texts that the steward saw, until it expires."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.errors import FrontierError
from orchestration.quality.findings import Finding, FindingCell
from orchestration.quality.identities.findings import identity_findings
from orchestration.quality.identities.rules import load_identities
from orchestration.quality.waivers import Waiver, apply_waivers, load_waivers
from orchestration.workspace import Workspace

TODAY = dt.date(2026, 11, 22)
EXPECTATIONS = Workspace.of().expectations

BREAK = Finding(
    rule="net",
    instance="ref_area=RU time_period=2005",
    severity="error",
    message="Not so.",
    cells=(
        FindingCell("one", "agency/table/2006/table.csv", None, "B4", "10"),
        FindingCell("two", "agency/table/2006/table.csv", None, "C4", "7"),
    ),
)
DECISION: dict[str, Any] = {
    "finding": BREAK.id,
    "rule": "net",
    "cells": [
        {"file": "agency/table/2006/table.csv", "cell": "B4", "raw_text": "10"},
        {"file": "agency/table/2006/table.csv", "cell": "C4", "raw_text": "7"},
    ],
    "reason": "A slip of the press.",
    "decided_by": "Steward",
    "decided_on": "2026-11-22",
    "expires_on": "2027-12-31",
}


def decided(**changes: Any) -> Waiver:
    return Waiver.model_validate(DECISION | changes)


def stale(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.rule == "waiver_is_stale"]


def test_a_waiver_stops_its_finding_from_blocking_and_leaves_it_in_sight() -> None:
    (found,) = apply_waivers([BREAK], [decided()], TODAY)
    assert (found.state, found.decision, found.is_blocking) == ("waived", "A slip of the press.", False)
    assert replace(found, state="open", decision=None) == BREAK


def test_the_order_in_which_the_cells_are_listed_does_not_matter() -> None:
    (found,) = apply_waivers([BREAK], [decided(cells=DECISION["cells"][::-1])], TODAY)
    assert found.state == "waived"


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([DECISION["cells"][0]], id="fewer cells"),
        pytest.param([*DECISION["cells"], {**DECISION["cells"][0], "cell": "D4"}], id="more cells"),
        pytest.param([DECISION["cells"][0], {**DECISION["cells"][1], "raw_text": "7.0"}], id="other text"),
        pytest.param([DECISION["cells"][0], {**DECISION["cells"][1], "cell": "C5"}], id="other cell"),
        pytest.param([DECISION["cells"][0], {**DECISION["cells"][1], "sheet": "1"}], id="other sheet"),
        pytest.param([{**one, "file": "agency/table/2007/table.csv"} for one in DECISION["cells"]], id="other file"),
        pytest.param([], id="no cells"),
    ],
)
def test_another_extent_is_not_covered(cells: list[dict[str, str]]) -> None:
    found, left_over = apply_waivers([BREAK], [decided(cells=cells)], TODAY)
    assert found.is_blocking
    assert (left_over.rule, left_over.is_blocking) == ("waiver_is_stale", True)
    assert BREAK.id in left_over.message


def test_a_waiver_of_another_rule_or_finding_does_not_cover() -> None:
    for changes in ({"rule": "gross"}, {"finding": "0" * 12}):
        found, left_over = apply_waivers([BREAK], [decided(**changes)], TODAY)
        assert found.is_blocking
        assert left_over.rule == "waiver_is_stale"


def test_a_waiver_that_matches_nothing_is_an_error_with_the_cells_to_look_at() -> None:
    (found,) = apply_waivers([], [decided()], TODAY)
    assert (found.rule, found.severity, found.is_blocking) == ("waiver_is_stale", "error", True)
    assert "matches no finding" in found.message
    assert "agency/table/2006/table.csv B4 '10'" in found.message


def test_a_waiver_covers_until_the_day_before_it_expires() -> None:
    (found,) = apply_waivers([BREAK], [decided()], dt.date(2027, 12, 30))
    assert found.state == "waived"


@pytest.mark.parametrize("today", [dt.date(2027, 12, 31), dt.date(2028, 1, 1)])
def test_an_expired_waiver_is_an_error_and_the_finding_blocks_again(today: dt.date) -> None:
    found, left_over = apply_waivers([BREAK], [decided()], today)
    assert found.is_blocking
    assert left_over.severity == "error"
    assert "expired on 2027-12-31" in left_over.message


def test_one_stale_waiver_does_not_touch_the_others() -> None:
    other = replace(BREAK, instance="ref_area=RU time_period=2006")
    judged = apply_waivers([BREAK, other], [decided(finding="0" * 12), decided()], TODAY)
    assert [one.state for one in judged] == ["waived", "open", "open"]
    assert len(stale(judged)) == 1


def test_no_file_means_no_waivers(tmp_path: Path) -> None:
    assert load_waivers(tmp_path / "waivers.yml") == []
    (tmp_path / "waivers.yml").write_text("# none yet\n", encoding="utf-8")
    assert load_waivers(tmp_path / "waivers.yml") == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([{key: value for key, value in DECISION.items() if key != "reason"}], "entry 0.reason: Field required"),
        ([DECISION, {**DECISION, "until": "2030-01-01"}], "entry 1.until: Extra inputs"),
        ([{**DECISION, "expires_on": "some day"}], "entry 0.expires_on"),
        ([{**DECISION, "cells": [{"file": "f", "cell": "B4"}]}], "entry 0.cells.0.raw_text"),
        ([{**DECISION, "cells": [{"file": "f", "cell": "B4", "raw_text": 10}]}], "entry 0.cells.0.raw_text"),
        ({"waivers": []}, "entry"),
    ],
)
def test_an_entry_that_does_not_fit_is_named(tmp_path: Path, content: object, words: str) -> None:
    path = tmp_path / "waivers.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(FrontierError, match="does not fit its form") as caught:
        load_waivers(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [b"- finding: [", b"- finding: \xd0"], ids=["not YAML", "not UTF-8"])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "waivers.yml"
    path.write_bytes(content)
    with pytest.raises(FrontierError, match="is not readable YAML") as caught:
        load_waivers(path)
    assert str(path) in str(caught.value)


@pytest.fixture(scope="module")
def in_print(evaluated: duckdb.DuckDBPyConnection) -> list[Finding]:
    """What the bundled tables break, before the bundled waivers."""
    return identity_findings(evaluated, load_identities(EXPECTATIONS / "identities.yml"))


def test_the_bundled_waivers_cover_the_errors_in_print_and_nothing_is_left_over(in_print: list[Finding]) -> None:
    judged = apply_waivers(in_print, load_waivers(EXPECTATIONS / "waivers.yml"), TODAY)
    assert sorted(one.rule for one in judged if one.state == "waived") == [
        "departures_per_100_arrivals",
        "federal_okrugs_add_up",
        "federal_okrugs_add_up",
    ]
    assert not [one for one in judged if one.is_blocking]
    assert not stale(judged)


@pytest.mark.parametrize(("cell", "text"), [("E6", "19.1"), ("B5", "60112"), ("B5", "60111"), ("D20", "8133")])
def test_any_other_text_in_a_waived_cell_blocks_again(in_print: list[Finding], cell: str, text: str) -> None:
    """Even the same number without its comma: the steward has not seen it."""
    changed = [
        replace(one, cells=tuple(replace(old, raw_text=text) if old.cell == cell else old for old in one.cells))
        for one in in_print
    ]
    judged = apply_waivers(changed, load_waivers(EXPECTATIONS / "waivers.yml"), TODAY)
    blocking = [one for one in judged if one.is_blocking and one.rule != "waiver_is_stale"]
    assert [any(found.cell == cell for found in one.cells) for one in blocking] == [True]
    assert len(stale(judged)) == 1


def test_a_repaired_print_makes_its_waiver_stale(in_print: list[Finding]) -> None:
    repaired = [one for one in in_print if one.rule != "departures_per_100_arrivals"]
    judged = apply_waivers(repaired, load_waivers(EXPECTATIONS / "waivers.yml"), TODAY)
    (left_over,) = stale(judged)
    assert left_over.is_blocking
    assert "E6 '19.0'" in left_over.message
