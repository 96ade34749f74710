"""Owners: declared in one place, by rule and by dataset, with a default."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.quality.findings import Finding
from orchestration.quality.owners import assign_owners, load_owners
from orchestration.workspace import Workspace

DECLARED = """
default: Steward
rules: {dbt_test: Modeller, "claim_*": Librarian}
datasets: {survey/frontier: Interviewer, "survey/*": Sociologist}
"""


@pytest.mark.parametrize(
    ("rule", "dataset", "owner"),
    [
        ("dbt_test", None, "Modeller"),
        ("dbt_test", "survey/frontier", "Modeller"),
        ("claim_differs", "a/t", "Librarian"),
        ("net", "survey/frontier", "Interviewer"),
        ("net", "survey/other", "Sociologist"),
        ("net", "a/t", "Steward"),
        ("net", None, "Steward"),
    ],
)
def test_a_rule_goes_before_a_dataset_and_both_before_the_default(
    tmp_path: Path, rule: str, dataset: str | None, owner: str
) -> None:
    path = tmp_path / "owners.yml"
    path.write_text(DECLARED, encoding="utf-8")
    (owned,) = assign_owners([Finding(rule, "one", "error", "No.", dataset=dataset)], load_owners(path))
    assert owned.owner == owner


def test_the_bundled_owners_can_be_read() -> None:
    assert load_owners(Workspace.of().expectations / "owners.yml").default


@pytest.mark.parametrize("content", ["rules: {}\n", "default: ' '\n", "default: S\nowner: T\n", "default: [\n", "[]\n"])
def test_a_file_that_does_not_fit_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "owners.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FrontierError, match="owners.yml"):
        load_owners(path)
    with pytest.raises(FrontierError, match="cannot be read"):
        load_owners(tmp_path / "none.yml")
