"""Measures which slips of the pen the identities see: one printed cell at a time is changed in every official table.

Run from the checkout: `.venv/bin/python benchmarks/mutation.py [--database frontier.duckdb] [--table agency/dataset]
[--replacements 1] [--sample 5000] [--seed 1] [--check 3]`. Without a database it lands the bundled tables and builds
the models that the identities stand on. A brute force over fractions, written apart from the engine, decides which
mutations violate an identity; the engine itself evaluates each mutated table and names the suspects.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.mutation_oracle import Oracle, Violation
from benchmarks.mutation_slips import Mutation, Slips
from benchmarks.mutation_worlds import Worlds
from orchestration.landing.catalogue import read_catalogue
from orchestration.quality.identities.rules import load_identities
from orchestration.workspace import Workspace
from orchestration.yaml_text import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Tally:
    """What came of the mutations of a table, or of a kind."""

    mutations: int = 0
    violating: int = 0
    found: int = 0
    otherwise: int = 0
    among: int = 0
    only: int = 0
    named: list[int] = field(default_factory=list)

    def add(self, changed: set[str], expected: set[Violation], engine: Mapping[Violation, frozenset[str]]) -> None:
        """Count one mutation: what it violates by brute force, and what the engine says of those cells."""
        self.mutations += 1
        mine = {one: suspects for one, suspects in engine.items() if one[1] & changed}
        self.otherwise += set(mine) != expected
        if not expected:
            return
        self.violating += 1
        self.found += bool(expected & set(mine))
        named = frozenset().union(*mine.values()) if mine else frozenset()
        self.among += bool(named & changed)
        self.only += bool(named) and named <= changed
        self.named.append(len(named))


@dataclass
class Report:
    """The tallies by table and by kind of slip, and what the clean tables say."""

    by_table: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_kind: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    every: Tally = field(default_factory=Tally)
    clean: set[Violation] = field(default_factory=set)
    refused: dict[str, int] = field(default_factory=dict)


class Experiment:
    """The printed figures of a database with everything that mutates, judges and localises them."""

    def __init__(self, database: Path, workspace: Workspace, seed: int, replacements: int) -> None:
        path = workspace.expectations / "identities.yml"
        self.worlds = Worlds(database, load_identities(path))
        self._cells = self.worlds.printed()
        self._slips = Slips(self._cells, read_catalogue(workspace.raw), seed, replacements)
        rules = parse_yaml(path.read_text(encoding="utf-8"))
        self._oracle = Oracle(rules, self.worlds.figures(), self.worlds.extents(), self.worlds.groups())
        self._printed = self.worlds.intervals()

    def mutations(self, tables: Sequence[str], sample: int | None, seed: int) -> list[Mutation]:
        """The mutations of some tables, or of all, or a random sample of them."""
        found = [one for one in self._slips.mutations() if not tables or one.dataset in tables]
        if sample is None or sample >= len(found):
            return found
        return random.Random(seed).sample(found, sample)

    def expected(self, mutation: Mutation) -> set[Violation]:
        """What a mutation violates, by brute force."""
        changed = {one.cell_id: self.worlds.interval(one.cell_id, one.value, one.decimals) for one in mutation.changes}
        return self._oracle.violations({**self._printed, **changed}, changed)

    def run(self, mutations: Iterable[Mutation]) -> Report:
        """Let the engine judge every mutation."""
        report = Report(clean=self._oracle.violations(self._printed, self._printed))
        for batch in self.worlds.batches(mutations):
            self.worlds.evaluate(batch)
            suspects = self.worlds.suspects()
            for number, mutation in enumerate(batch):
                changed = {one.cell_id for one in mutation.changes}
                expected = self.expected(mutation)
                for tally in (report.by_table[mutation.dataset], report.by_kind[mutation.kind], report.every):
                    tally.add(changed, expected, suspects.get(number, {}))
        report.refused = dict(self._slips.refused)
        return report

    def unlike_whole(self, mutations: Sequence[Mutation]) -> list[Mutation]:
        """Of these mutations, those of which the engine says something else when it evaluates every figure anew."""
        self.worlds.evaluate(mutations)
        quick = self.worlds.suspects()
        found = []
        for number, mutation in enumerate(mutations):
            self.worlds.evaluate([mutation], whole=True)
            changed = {one.cell_id for one in mutation.changes}
            here = {one: named for one, named in quick.get(number, {}).items() if one[1] & changed}
            there = {one: named for one, named in self.worlds.suspects().get(0, {}).items() if one[1] & changed}
            if here != there:
                found.append(mutation)
        return found


def build_database(workspace: Workspace) -> Path:
    """Land every table and build the models that identities stand on; the database."""
    from orchestration import pipeline
    from orchestration.modelling.dbt_runner import build

    candidate = pipeline.begin(workspace, "mutation")
    for _ in pipeline.land(workspace, candidate, [one.name for one in pipeline.catalogue(workspace)]):
        pass
    select = "+int_figures__versioned +dim_period +dim_territory +bridge_territory_group territory_group_member"
    build(candidate.database, workspace.dbt_target, select, "", workspace.dbt_project)
    return candidate.database


def show(report: Report) -> None:
    """Print the shares by table and by kind of slip."""
    head = (
        f"{'':44}{'mutations':>10}{'violating':>10}{'found':>10}{'among':>10}{'only':>10}{'named':>7}{'invisible':>11}"
    )
    for title, tallies in (("by table", report.by_table), ("by kind of slip", report.by_kind)):
        print(f"\n{title}\n{head}")
        for name, tally in [*sorted(tallies.items()), ("all", report.every)]:
            print(
                f"{name:44}{tally.mutations:10,}{tally.violating:10,}{_share(tally.found, tally.violating)}"
                f"{_share(tally.among, tally.violating)}{_share(tally.only, tally.violating)}"
                f"{sum(tally.named) / max(1, len(tally.named)):7.1f}"
                f" {_share(tally.mutations - tally.violating, tally.mutations)}"
            )
    print(f"\nverdicts unlike the brute force: {report.every.otherwise}")
    print(f"slips that the reader refuses by itself: {sum(report.refused.values()):,}")
    print(f"findings on the clean tables: {sorted(rule for rule, _ in report.clean)}")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:8.2f} %" if whole else f"{'–':>10}"


def main() -> None:
    """Mutate, evaluate, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, help="the database of a candidate or release")
    parser.add_argument("--raw", type=Path, help="the raw folder of that database")
    parser.add_argument("--table", nargs="*", default=[], help="datasets; all official ones unless told")
    parser.add_argument("--replacements", type=int, default=2, help="of the nine other digits, how many are tried")
    parser.add_argument("--sample", type=int, default=6000, help="how many mutations; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", type=int, default=5, help="how many are compared with a whole evaluation")
    chosen = parser.parse_args()
    before = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.of(raw=chosen.raw, warehouse=Path(folder))
        database = chosen.database or build_database(workspace)
        experiment = Experiment(database, workspace, chosen.seed, chosen.replacements)
        mutations = experiment.mutations(chosen.table, chosen.sample or None, chosen.seed)
        show(experiment.run(mutations))
        checked = random.Random(chosen.seed).sample(mutations, min(chosen.check, len(mutations)))
        unlike = experiment.unlike_whole(checked) if checked else []
        print(f"of {len(checked)} compared with an evaluation of every figure, unlike: {len(unlike)}")
    print(f"{time.process_time() - before:.0f} s of processor time")


if __name__ == "__main__":
    main()
