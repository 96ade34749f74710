"""What is said of levels: `audit.level_sum`, one row per whole and level, or of very many one for those that add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestration.quality.identities.levels import CANDIDATES, CHOSEN, PARTS
from orchestration.quality.identities.rules import Identity, Linear
from orchestration.quality.identities.sql import ALL_OTHERS, BREAKDOWNS, CELLS, CONTEXTS, PLACES, literal
from orchestration.quality.identities.written import WRITTEN_IN_FULL

if TYPE_CHECKING:
    import duckdb

_SAID = "audit_level_said"


def write_sums(connection: duckdb.DuckDBPyConnection, identities: Sequence[Identity]) -> None:
    """Fill `audit.level_sum` from the extents chosen; of very many sums, those of which the same is said in one row."""
    connection.execute(
        f"""
        create or replace temp table {_SAID} as
        select
            found.*, candidates.* exclude (candidate, is_in_force, parts_expected, takes_complete, may_lack_whole),
            cast(1 as bigint) as instances
        from {CHOSEN} as found
        inner join {CANDIDATES} as candidates on found.candidate = candidates.candidate
        where candidates.rule in ({", ".join(str(n) for n, one in enumerate(identities) if isinstance(one, Linear))})
        """
    )
    row = connection.execute(f"select count(*) from {_SAID}").fetchone()
    if row and row[0] > WRITTEN_IN_FULL:
        connection.execute(_SAID_TOGETHER)
    rules = ", ".join(f"({number}, {literal(one.id)})" for number, one in enumerate(identities))
    connection.execute(f"insert into audit.level_sum by name {_sums_sql(rules)}; drop table {_SAID}")


# Nothing more is said of one than of another where every place is printed, and they add up or lack the same parts.
_SAID_TOGETHER = f"""
    create or replace temp table {_SAID} as
    with alike as (
        select candidate, min(context) as context, is_complete, instance is null as lacks_whole, count(*) as instances
        from {_SAID}
        where places_printed = places_expected and (adds_up or not is_complete)
        group by candidate, is_complete, lacks_whole
    )
    select * from {_SAID} where not (places_printed = places_expected and (adds_up or not is_complete))
    union all
    select said.* replace (
        null as context, null as part_low, null as part_high, null as whole_low, null as whole_high,
        null as gap_low, null as gap_high, alike.instances as instances
    )
    from {_SAID} as said
    inner join alike
        on said.candidate = alike.candidate and said.context = alike.context and said.is_complete = alike.is_complete
"""


def _sums_sql(rules: str) -> str:
    return f"""
        with rules(rule, rule_id) as (values {rules}),
        extents as (
            select candidates.candidate, levels.part_id
            from {CANDIDATES} as candidates
            inner join audit.territory_level as levels on candidates.extent_id = levels.extent_id
            where candidates.candidate in (select candidate from {_SAID} where not is_complete)
        ),
        never_printed as (
            select extents.candidate, string_agg(extents.part_id, ', ' order by extents.part_id) as parts
            from extents
            anti join {PARTS} as parts on extents.candidate = parts.candidate and extents.part_id = parts.part_id
            group by extents.candidate
        ),
        lacking as (
            select candidate, context from {_SAID} where not is_complete and places_printed < places_expected
        ),
        not_printed as (
            select
                lacking.candidate, lacking.context,
                string_agg(extents.part_id, ', ' order by extents.part_id) as parts
            from lacking
            inner join extents on lacking.candidate = extents.candidate
            anti join (
                select parts.candidate, parts.part_id, cells.context
                from {PARTS} as parts
                inner join {CELLS} as cells on parts.place = cells.place
                where cells.low is not null and parts.candidate in (select candidate from lacking)
            ) as printed
                on lacking.candidate = printed.candidate and lacking.context = printed.context
                    and extents.part_id = printed.part_id
            group by lacking.candidate, lacking.context
        )
        select
            rules.rule_id,
            chosen.head || coalesce(contexts.name, {literal(" " + ALL_OTHERS)}) || chosen.tail as instance,
            places.dataset,
            places.edition_id,
            places.indicator as indicator_id,
            places.counterpart_area as partner_id,
            places.time_period as period_id,
            places.population_group as population_group_id,
            case when chosen.context is null then {literal(ALL_OTHERS)} else breakdowns.breakdown end as breakdown,
            chosen.level,
            chosen.whole_id,
            chosen.extent_id,
            chosen.definition_id,
            chosen.is_in_force,
            chosen.parts_expected,
            chosen.parts_printed,
            case
                when chosen.is_complete then null
                when chosen.places_printed < chosen.places_expected then not_printed.parts
                else never_printed.parts
            end as missing_parts,
            cast((chosen.part_low + chosen.part_high) / 2 as double) as parts_value,
            cast((chosen.whole_low + chosen.whole_high) / 2 as double) as whole_value,
            cast(chosen.gap_low as double) as gap_low,
            cast(chosen.gap_high as double) as gap_high,
            chosen.instances,
            case
                when not chosen.is_complete then 'incomplete'
                when chosen.instance is null then 'no whole'
                when chosen.adds_up then 'adds up'
                else 'does not add up'
            end as result
        from {_SAID} as chosen
        inner join rules on chosen.rule = rules.rule
        inner join {PLACES} as places on chosen.example = places.place
        left join {CONTEXTS} as contexts on chosen.context = contexts.context
        left join {BREAKDOWNS} as breakdowns
            on chosen.context = breakdowns.context and places.parted_by = breakdowns.parted_by
        left join never_printed on chosen.candidate = never_printed.candidate
        left join not_printed on chosen.candidate = not_printed.candidate and chosen.context = not_printed.context
    """
