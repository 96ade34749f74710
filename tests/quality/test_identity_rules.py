"""The file of identities: what it may say, and how a wrong entry is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.quality.identities.rules import load_identities
from orchestration.workspace import Workspace

WHOLE = """
- id: net
  severity: error
  statement: Arrivals less departures is net migration
  kind: linear
  same: [edition_id, time_period]
  terms:
    - {where: {indicator: arrivals}}
    - {coefficient: -1, where: {indicator: [departures, net_migration]}}
"""


def test_the_bundled_identities_fit_their_form() -> None:
    rules = load_identities(Workspace.of().expectations / "identities.yml")
    assert {rule.kind for rule in rules} == {"linear", "ratio", "at_most", "between", "band"}
    assert len({rule.id for rule in rules}) == len(rules) >= 20


def test_a_whole_entry_is_read(tmp_path: Path) -> None:
    path = tmp_path / "identities.yml"
    path.write_text(WHOLE, encoding="utf-8")
    (rule,) = load_identities(path)
    assert (rule.id, rule.severity, rule.kind) == ("net", "error", "linear")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  severity: error\n", "", "entry 0.linear.severity: Field required"),
        ("severity: error", "severity: fatal", "entry 0.linear.severity"),
        ("kind: linear", "kind: cubic", "entry 0"),
        ("  kind: linear\n", "", "entry 0"),
        ("coefficient: -1", "coefficent: -1", "entry 0.linear.terms.1.coefficent: Extra inputs"),
        ("coefficient: -1", "coefficient: half", "entry 0.linear.terms.1.coefficient"),
        ("[edition_id, time_period]", "[edition_id, period]", "entry 0.linear.same.1"),
        ("{indicator: arrivals}", "{indikator: arrivals}", "indikator"),
        ("  statement: Arrivals", "  note: x\n  statement: Arrivals", "entry 0.linear.note: Extra inputs"),
        ("  terms:", "  parts:", "entry 0.linear.terms: Field required"),
    ],
)
def test_an_entry_that_does_not_fit_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "identities.yml"
    assert WHOLE.count(old) == 1
    path.write_text(WHOLE.replace(old, new), encoding="utf-8")
    with pytest.raises(FrontierError, match="does not fit its form") as caught:
        load_identities(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_a_between_needs_two_bounds(tmp_path: Path) -> None:
    path = tmp_path / "identities.yml"
    path.write_text(
        "- {id: rate, severity: error, statement: s, kind: between, same: [time_period], middle: {}, bounds: [{}]}\n",
        encoding="utf-8",
    )
    with pytest.raises(FrontierError, match=r"entry 0\.between\.bounds"):
        load_identities(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("  low: 2\n  high: 1\n", "low is above high"),
        ("  breaks: [{where: {}, reason: r}]\n", "entry 0.linear.breaks.0.where"),
        ("  breaks: [{where: {time_period: '2005'}}]\n", "entry 0.linear.breaks.0.reason"),
    ],
)
def test_a_spread_and_a_break_say_what_they_must(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "identities.yml"
    path.write_text(WHOLE + line, encoding="utf-8")
    with pytest.raises(FrontierError) as caught:
        load_identities(path)
    assert words in str(caught.value)


def test_a_sum_over_a_level_has_no_breaks(tmp_path: Path) -> None:
    path = tmp_path / "identities.yml"
    path.write_text(
        "- {id: sum, severity: error, statement: s, kind: linear, same: [time_period], high: 1, terms: [{}, "
        "{coefficient: -1, each: {dimension: ref_area, level: regions}}]}\n",
        encoding="utf-8",
    )
    with pytest.raises(FrontierError, match="a sum over a level has no breaks"):
        load_identities(path)


def test_an_id_that_stands_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "identities.yml"
    path.write_text(WHOLE + WHOLE, encoding="utf-8")
    with pytest.raises(FrontierError, match="declares net more than once"):
        load_identities(path)


@pytest.mark.parametrize("content", [b"- id: [", b"- id: \xd0", b""], ids=["not YAML", "not UTF-8", "empty"])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "identities.yml"
    path.write_bytes(content)
    with pytest.raises(FrontierError) as caught:
        load_identities(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"identities\.yml cannot be read"):
        load_identities(tmp_path / "identities.yml")
