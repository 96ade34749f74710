"""Judging sums over levels: of every whole the extent by which it is judged, and whether its parts add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestration.quality.identities.level_sums import write_sums
from orchestration.quality.identities.levels import CANDIDATES, CHOSEN, PARTS, WHOLES, level_of
from orchestration.quality.identities.rules import Identity
from orchestration.quality.identities.sql import CELLS, JUDGED

if TYPE_CHECKING:
    import duckdb

_RANKS = "audit_level_ranks"


def judge_levels(connection: duckdb.DuckDBPyConnection, identities: Sequence[Identity]) -> None:
    """Judge the identities over levels, and say in `audit.level_sum` what adds up.

    A sum takes the extents with every part printed; the parts of an `at_most` are those of incomplete extents.
    """
    if not any(map(level_of, identities)):
        return
    twice = connection.execute(
        f"select exists (select 1 from {PARTS} group by candidate, part_id having count(*) > 1)"
    ).fetchone()
    counted = "count(distinct parts.part_id)" if twice and twice[0] else "count(*)"
    connection.execute(_RANKED)
    connection.execute(
        f"""
        create or replace temp table {CHOSEN} as {_chosen_sql(counted)};
        insert into {JUDGED}
        select
            instance, context,
            cast(case when takes_complete then gap_low else -gap_high end as double),
            cast(case when takes_complete then gap_high else -gap_low end as double),
            case when takes_complete then not adds_up else gap_high < 0 end
        from {CHOSEN}
        where takes_complete = is_complete and instance is not null;
        """
    )
    write_sums(connection, identities)
    for table in (CHOSEN, CANDIDATES, _RANKS, PARTS, WHOLES):
        connection.execute(f"drop table {table}")


def _chosen_sql(counted: str) -> str:
    """Of every whole in every context the extent by which it is judged, with what is printed of it.

    That is the complete one that adds up, else the complete one in force, else that which lacks least.
    """
    return f"""
        with printed as (
            select
                parts.part_set, cells.context, {counted} as parts_printed, count(*) as places_printed,
                sum(cells.low) as part_low, sum(cells.high) as part_high
            from (
                select ranked.part_set, parts.part_id, parts.place
                from {PARTS} as parts
                inner join (
                    select part_set, min(candidate) as candidate from {_RANKS} group by part_set
                ) as ranked on parts.candidate = ranked.candidate
            ) as parts
            inner join {CELLS} as cells on parts.place = cells.place
            where cells.low is not null
            group by parts.part_set, cells.context
        ),
        wholes as (
            select wholes.candidate, wholes.instance, cells.context, cells.low, cells.high
            from {WHOLES} as wholes
            semi join {_RANKS} as ranked on wholes.candidate = ranked.candidate
            inner join {CELLS} as cells on wholes.place = cells.place
            where cells.low is not null
        ),
        candidates as (
            select
                ranked.* exclude (part_set), printed.* exclude (part_set), wholes.instance, wholes.low as whole_low,
                wholes.high as whole_high,
                coalesce(wholes.low <= printed.part_high and wholes.high >= printed.part_low, false) as adds_up,
                printed.parts_printed = ranked.parts_expected as is_complete
            from printed
            inner join {_RANKS} as ranked on printed.part_set = ranked.part_set
            left join wholes on ranked.candidate = wholes.candidate and printed.context = wholes.context
            where wholes.instance is not null or (printed.parts_printed > 1 and ranked.may_lack_whole)
        )
        select *, whole_low - part_high as gap_low, whole_high - part_low as gap_high
        from candidates
        qualify row_number() over (
            partition by judged_together, context
            order by
                is_complete desc, adds_up desc, is_in_force desc, parts_expected - parts_printed asc,
                parts_printed desc, preference asc
        ) = 1
    """


# Extents of which the same places are printed differ in nothing that the cells say: only the first need be added up.
_RANKED = f"""
    create or replace temp table {_RANKS} as
    with sets as (
        select
            candidate, cast(dense_rank() over (order by places) as integer) as part_set, parts_found
        from (
            select candidate, list({{'part': part_id, 'place': place}} order by part_id, place) as places,
                count(distinct part_id) as parts_found
            from {PARTS}
            group by candidate
        )
    ),
    ranked as (
        select
            candidates.candidate,
            cast(dense_rank() over (order by rule, alike, whole_id, level) as integer) as judged_together,
            cast(row_number() over (
                order by is_in_force desc, valid_from desc nulls last, extent_id
            ) as integer) as preference,
            parts_expected, takes_complete, may_lack_whole, is_in_force, sets.part_set, sets.parts_found
        from {CANDIDATES} as candidates
        inner join sets on candidates.candidate = sets.candidate
    )
    select * exclude (parts_found)
    from ranked
    qualify row_number() over (
        partition by judged_together, part_set, parts_expected > parts_found
        order by is_in_force desc, parts_expected, preference
    ) = 1
"""
