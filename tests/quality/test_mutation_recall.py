"""Slips of the pen in the bundled tables: the identities find all that a brute force finds, and name the cell."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from benchmarks.mutation import Experiment, Report
from benchmarks.mutation_slips import text_slips
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.release.candidate import Candidate

SEED = 7
MUTATIONS = 150
COMPARED = 2


@pytest.fixture(scope="module")
def experiment(candidate: Candidate) -> Experiment:
    return Experiment(candidate.database, Workspace.of(), SEED, replacements=1)


@pytest.fixture(scope="module")
def report(experiment: Experiment) -> Report:
    return experiment.run(experiment.mutations([], MUTATIONS, SEED))


def test_every_violation_is_found_and_nothing_else(report: Report) -> None:
    assert report.every.mutations == MUTATIONS
    assert report.every.violating > MUTATIONS / 2
    assert report.every.found == report.every.violating
    assert report.every.otherwise == 0


def test_the_changed_cell_is_among_the_suspects(report: Report) -> None:
    assert report.every.among >= 0.95 * report.every.violating


def test_no_identity_fails_on_the_clean_tables_but_where_the_print_is_known_to_be_wrong(report: Report) -> None:
    assert sorted(rule for rule, _ in report.clean) == [
        "departures_per_100_arrivals",
        "federal_okrugs_add_up",
        "federal_okrugs_add_up",
    ]


def test_few_slips_are_seen_by_no_identity(report: Report) -> None:
    assert report.every.mutations - report.every.violating <= 0.1 * report.every.mutations


def test_a_world_of_some_cells_is_judged_like_the_whole(experiment: Experiment) -> None:
    assert experiment.unlike_whole(experiment.mutations([], COMPARED, SEED)) == []


def test_the_slips_of_a_text() -> None:
    found = list(text_slips("-12.0", random.Random(SEED), replacements=9))
    by_kind = {kind: [text for one, text in found if one == kind] for kind, _ in found}
    assert {kind: len(texts) for kind, texts in by_kind.items()} == {
        "digit replaced": 27,
        "neighbours transposed": 2,
        "digit dropped": 3,
        "sign lost": 1,
        "decimal mark moved": 1,
    }
    assert by_kind["neighbours transposed"] == ["-21.0", "-10.2"]
    assert by_kind["digit dropped"] == ["-2.0", "-1.0", "-12."]
    assert by_kind["decimal mark moved"] == ["-1.20"]
