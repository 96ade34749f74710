"""Evaluating identities in the engine: rules are applied to the keys, and the cells are added up by number.

Every figure is an interval [figure_value - half_width, figure_value + half_width] in units. Sums,
products and comparisons are done in exact decimals, so that an identity is broken only when no true
values inside the intervals satisfy it. Each instance is judged by itself: that values exist for one and
values for another does not say that the same values serve both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestration.quality.identities.judgement import judge
from orchestration.quality.identities.level_judgement import judge_levels
from orchestration.quality.identities.levels import apply_levels, level_of, places_of_levels
from orchestration.quality.identities.places import Dictionary, apply, create_instances, is_printed
from orchestration.quality.identities.rules import Identity
from orchestration.quality.identities.sql import BREAKDOWNS, CELLS, CONTEXTS, INSTANCES, JUDGED, MEMBERS, PLACES
from orchestration.quality.identities.written import write

if TYPE_CHECKING:
    import duckdb


def evaluate(connection: duckdb.DuckDBPyConnection, identities: Iterable[Identity]) -> None:
    """Fill `audit.identity_term` and `audit.identity_result` from the figures of the candidate.

    `audit.identity_term` has one row per cell that takes part in an instance of an identity;
    `audit.identity_result` one row per instance whose cells are all there, or of very many the broken ones and
    what stands beside them, with the number of the others. `audit.level_sum` says of every
    level what is there and whether it adds up, `audit.territory_level` what its parts are.
    """
    identities = list(identities)
    dictionary = Dictionary(connection, identities)
    dictionary.create()
    create_instances(connection)
    apply_levels(connection, identities, dictionary.contexts)
    printed = [number for number, one in enumerate(identities) if not level_of(one) and is_printed(connection, one)]
    for number in printed:
        apply(connection, identities, number, dictionary.contexts)
    dictionary.fill_cells(places_of_levels(identities))
    connection.execute(
        f"create or replace temp table {JUDGED} "
        "(instance integer, context integer, gap_low double, gap_high double, is_broken boolean)"
    )
    judge(connection, identities, printed)
    judge_levels(connection, identities)
    write(connection, identities)
    for table in (PLACES, CONTEXTS, BREAKDOWNS, CELLS, INSTANCES, MEMBERS, JUDGED):
        connection.execute(f"drop table if exists {table}")
