"""Many mutated tables at once in the engine: each is a world of its own, told apart by a variant of its figures.

The declared identities hold within one variant, so that one pass of the engine evaluates thousands of worlds. A
world holds the cells that could share an instance with the mutated ones, directly or through others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from benchmarks.mutation_oracle import Extent, Figure, Interval, Violation, interval_of
from benchmarks.mutation_slips import Mutation, Printed
from orchestration.modelling.declared_tables import create_declared_table
from orchestration.quality.identities.evaluation import evaluate
from orchestration.quality.identities.findings import identity_findings

if TYPE_CHECKING:
    from orchestration.quality.identities.rules import Identity

_MEMBERS = (
    "dataset", "edition_id", "agency", "released_on", "indicator", "ref_area", "counterpart_area",
    "reporting_area", "time_period", "population_group", "group_definition", "obs_status", "unit", "sex",
    "age", "citizenship", "variant", "breakdown",
)  # fmt: skip
_DECLARED = (
    "main.dim_period", "main.dim_territory", "main.bridge_territory_group", "raw.territory", "raw.territory_group",
    "raw.territory_group_member",
)  # fmt: skip
_ROWS_AT_ONCE = 60_000
# From the changed cell to a break, from there to a suspect, and to all that the suspect takes part in.
_STEPS = 3


class Worlds:
    """The printed figures of a candidate's database, and the engine over mutations of them."""

    def __init__(self, database: Path, identities: Sequence[Identity]) -> None:
        self._identities = [one for one in identities if one.severity != "info"]
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 2")
        self._connection.execute(f"attach '{database}' as printed (read_only)")
        self._prepare()
        self._reached: dict[str, frozenset[str]] = {}
        self._groups = self._connect_cells()

    def _prepare(self) -> None:
        create_declared_table(self._connection, "raw.observations")
        self._connection.execute("create schema intermediate; create schema staging;")
        for table in _DECLARED:
            self._connection.execute(f"create table {table} as from printed.{table}")
        self._connection.execute(
            """
            create table figures as from printed.intermediate.int_figures__versioned;
            create table cells as
            select observation_id, file, sheet, cell, raw_text, value, decimals, row_label, column_label, edition
            from printed.raw.observations where record_id is null;
            create table intermediate.int_figures__versioned as from figures limit 0;
            create view staging.stg_observations as from intermediate.int_figures__versioned;
            """
        )

    def printed(self) -> list[Printed]:
        """The cells that print a number, in reading order."""
        rows = self._connection.execute(
            """
            select observation_id, figures.dataset, figures.edition_id, file, sheet, cell, cells.raw_text,
                cells.value, cells.decimals
            from cells
            inner join figures using (observation_id)
            where cells.value is not null
            order by file, sheet, length(cell), cell
            """
        ).fetchall()
        return [Printed(*row) for row in rows]

    def figures(self) -> list[Figure]:
        """The figures, by number or by symbol."""
        columns = ", ".join(f"figures.{name}" for name in _MEMBERS)
        rows = self._connection.execute(
            f"select observation_id, is_latest_in_dataset, opens_on, closes_on, figure_value is not null, {columns} "
            "from figures inner join main.dim_period on time_period = period_id"
        ).fetchall()
        return [Figure(one, dict(zip(_MEMBERS, rest, strict=True)), latest, opens, closes, has_value)
                for one, latest, opens, closes, has_value, *rest in rows]  # fmt: skip

    def intervals(self) -> dict[str, Interval]:
        """What each printed number stands for."""
        return {one: self.interval(one, value, decimals) for one, value, decimals in self._numbers()}

    def _numbers(self) -> list[tuple[str, Any, int]]:
        return self._connection.execute(
            "select observation_id, value, decimals from cells where value is not null"
        ).fetchall()

    def interval(self, cell_id: str, value: Any, decimals: int) -> Interval:
        """What a number would stand for in this cell."""
        unit, unit_mult = self._units()[cell_id]
        return interval_of(Fraction(value), decimals, unit, unit_mult)

    def _units(self) -> dict[str, tuple[str, int]]:
        if not hasattr(self, "_units_by_cell"):
            rows = self._connection.execute("select observation_id, unit, unit_mult from figures").fetchall()
            self._units_by_cell = {one: (unit, unit_mult) for one, unit, unit_mult in rows}
        return self._units_by_cell

    def extents(self) -> list[Extent]:
        """The declared parts of territories, as the engine last wrote them down."""
        self.evaluate([])
        rows = self._connection.execute(
            "select extent_id, level, whole_id, valid_from, valid_to, list(part_id) "
            "from audit.territory_level group by all"
        ).fetchall()
        return [Extent(*row, frozenset(parts)) for *row, parts in rows]

    def groups(self) -> dict[tuple[str, str], frozenset[str]]:
        """The members of groups by group and definition."""
        rows = self._connection.execute(
            "select group_id, definition_id, list(member_id) from main.bridge_territory_group group by all"
        ).fetchall()
        return {(group, definition): frozenset(members) for group, definition, members in rows}

    def _connect_cells(self) -> dict[str, list[frozenset[str]]]:
        """By cell, the cells with which it shares an instance, or from which only the territory tells it apart."""
        self.evaluate([], whole=True)
        groups = self._connection.execute(
            """
            select list(split_part(observation_id, '#', 1)) from audit.identity_term group by rule_id, instance
            union all
            select list(observation_id) from figures
            group by edition_id, indicator, counterpart_area, time_period, population_group, breakdown
            """
        ).fetchall()
        found: dict[str, list[frozenset[str]]] = defaultdict(list)
        for (members,) in groups:
            together = frozenset(members)
            for one in together:
                found[one].append(together)
        return found

    def _reach(self, cell_id: str) -> frozenset[str]:
        """The cells that the evaluation and the search for suspects may look at when this cell has changed."""
        if cell_id not in self._reached:
            reached = edge = frozenset({cell_id})
            for _ in range(_STEPS):
                edge = frozenset().union(*(together for one in edge for together in self._groups[one])) - reached
                reached |= edge
            self._reached[cell_id] = reached
        return self._reached[cell_id]

    def _world(self, mutation: Mutation) -> frozenset[str]:
        return frozenset().union(*(self._reach(change.cell_id) for change in mutation.changes))

    def batches(self, mutations: Iterable[Mutation]) -> Iterator[list[Mutation]]:
        """Mutations in portions that the engine evaluates at once."""
        batch: list[Mutation] = []
        rows = 0
        for mutation in mutations:
            batch.append(mutation)
            rows += len(self._world(mutation))
            if rows >= _ROWS_AT_ONCE:
                yield batch
                batch, rows = [], 0
        if batch:
            yield batch

    def evaluate(self, mutations: Sequence[Mutation], whole: bool = False) -> None:
        """Evaluate the identities over the worlds of these mutations; a `whole` world holds every figure."""
        self._fill(mutations, whole)
        for table in ("audit.identity_term", "audit.identity_result"):
            create_declared_table(self._connection, table)
        evaluate(self._connection, self._identities)

    def _fill(self, mutations: Sequence[Mutation], whole: bool) -> None:
        worlds = {f"w{number}": mutation for number, mutation in enumerate(mutations)}
        everything = [one for (one,) in self._connection.execute("select observation_id from figures").fetchall()]
        if whole and not worlds:
            given = [{"world": "printed", "observation_id": one} for one in everything]
        else:
            given = [
                {"world": world, "observation_id": one}
                for world, mutation in worlds.items()
                for one in (everything if whole else self._world(mutation))
            ]
        changes = [
            {"world": world, "observation_id": one.cell_id, "text": one.raw_text, **self._figure(one)}
            for world, mutation in worlds.items()
            for one in mutation.changes
        ]
        schema = pa.schema([("world", pa.string()), ("observation_id", pa.string())])
        self._connection.register("worlds_given", pa.Table.from_pylist(given, schema=schema))
        self._connection.register("changes_given", pa.Table.from_pylist(changes, schema=_CHANGES))
        self._connection.execute(
            """
            create or replace temp table worlds as
            select
                worlds.world, worlds.observation_id, changes.text,
                cast(changes.figure_value as decimal(28, 8)) as figure_value,
                cast(changes.half_width as decimal(28, 9)) as half_width
            from worlds_given as worlds
            left join changes_given as changes
                on worlds.world = changes.world and worlds.observation_id = changes.observation_id;
            truncate intermediate.int_figures__versioned;
            insert into intermediate.int_figures__versioned
            select figures.* replace (
                figures.observation_id || '#' || worlds.world as observation_id,
                worlds.world as variant,
                ltrim(figures.breakdown || ' variant=' || worlds.world) as breakdown,
                coalesce(worlds.figure_value, figures.figure_value) as figure_value,
                coalesce(worlds.half_width, figures.half_width) as half_width
            )
            from worlds inner join figures using (observation_id);
            truncate raw.observations;
            insert into raw.observations by name
            select
                worlds.observation_id || '#' || worlds.world as observation_id,
                worlds.world || '/' || cells.file as file, cells.sheet, cells.cell,
                coalesce(worlds.text, cells.raw_text) as raw_text, figures.dataset, cells.edition,
                cells.row_label, cells.column_label
            from worlds
            inner join cells using (observation_id)
            inner join figures using (observation_id);
            """
        )
        self._connection.unregister("worlds_given")
        self._connection.unregister("changes_given")

    def _figure(self, change: Any) -> dict[str, str]:
        low, high = self.interval(change.cell_id, change.value, change.decimals)
        return {"figure_value": _exact((low + high) / 2), "half_width": _exact((high - low) / 2)}

    def suspects(self) -> dict[int, dict[Violation, frozenset[str]]]:
        """The suspects that the engine names for each broken instance, by the number of the mutation.

        An instance is known by its cells that print a number: a member printed by a symbol adds nothing.
        """
        numbers = {one for one, *_ in self._numbers()}
        found: dict[int, dict[Violation, frozenset[str]]] = defaultdict(dict)
        for finding in identity_findings(self._connection, self._identities):
            ids = [str(one.observation_id).split("#") for one in finding.cells]
            number = int(ids[0][1][1:])
            named = frozenset(str(one.observation_id).split("#")[0] for one in finding.suspects)
            found[number][finding.rule, frozenset(one for one, _ in ids if one in numbers)] = named
        return found


_CHANGES = pa.schema(
    [(name, pa.string()) for name in ("world", "observation_id", "text", "figure_value", "half_width")]
)


def _exact(value: Fraction) -> str:
    """A fraction of a power of ten as decimal text."""
    scaled = value * 10**9
    if scaled.denominator != 1:
        raise ValueError(f"{value} has more than nine decimals")
    digits = abs(scaled.numerator)
    return f"{'-' if value < 0 else ''}{digits // 10**9}.{digits % 10**9:09d}"
