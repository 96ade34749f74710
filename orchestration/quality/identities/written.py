"""What of the judged instances is written down: all of them, or of very many the broken ones and what is beside them.

Instances that share cells with a broken one are needed to name its suspects; the others hold, and are only counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestration.quality.identities.localisation import MAX_SUSPECT_SET
from orchestration.quality.identities.rules import Identity
from orchestration.quality.identities.sql import (
    ALL_OTHERS,
    CELLS,
    CONTEXTS,
    FIGURES,
    INSTANCES,
    JUDGED,
    MEMBERS,
    literal,
)

if TYPE_CHECKING:
    import duckdb

WRITTEN_IN_FULL = 100_000
"""Up to so many instances, each is written down."""

_WRITTEN = "audit_written"
_TOUCHED = "audit_touched"
_NAMED = "audit_named"

# The places and contexts of the cells that take part in what is written.
_PLACES_WRITTEN = f"""
    select distinct members.place, written.context
    from {_WRITTEN} as written
    inner join {MEMBERS} as members on written.instance = members.instance
"""


def write(connection: duckdb.DuckDBPyConnection, identities: Sequence[Identity]) -> None:
    """Fill `audit.identity_term` and `audit.identity_result` from what was judged."""
    _choose(connection, identities)
    rules = ", ".join(
        f"({number}, {literal(one.id)}, {literal(one.kind)}, {literal(one.severity)})"
        for number, one in enumerate(identities)
    )
    if not rules:
        return
    connection.execute(
        f"""
        create or replace temp table {_TOUCHED} as
        with touched as (
            {_PLACES_WRITTEN}
        ),
        found as (
            select cells.place, cells.context, cells.figure, cells.low is not null as has_value
            from {CELLS} as cells
            inner join touched on cells.place = touched.place and cells.context = touched.context
        )
        select found.* exclude (figure), figures.observation_id
        from found
        inner join {FIGURES} as figures on found.figure = figures.rowid;
        create or replace temp table {_NAMED} as
        with rules(rule, rule_id, kind, severity) as (values {rules})
        select
            written.*, rules.* exclude (rule),
            instances.head || contexts.name || instances.tail
            || case when instances.cell_place is null then '' else ' cell=' || cells.observation_id end as name
        from {_WRITTEN} as written
        inner join {INSTANCES} as instances on written.instance = instances.instance
        inner join rules on instances.rule = rules.rule
        inner join {CONTEXTS} as contexts on written.context = contexts.context
        left join {_TOUCHED} as cells
            on instances.cell_place = cells.place and written.context = cells.context;
        insert into audit.identity_term by name
        select named.rule_id, named.name as instance, members.role, members.coefficient, cells.observation_id
        from {_NAMED} as named
        inner join {MEMBERS} as members on named.instance = members.instance
        inner join {_TOUCHED} as cells on members.place = cells.place and named.context = cells.context
        where cells.has_value or members.is_member;
        insert into audit.identity_result by name
        select
            rule_id, name as instance, kind, severity, gap_low, gap_high,
            case when is_broken then 'broken' else 'holds' end as verdict, 1 as instances
        from {_NAMED}
        union all by name
        select
            rules.rule_id, {literal(ALL_OTHERS)} as instance, rules.kind, rules.severity, 'holds' as verdict,
            sum(counted.judged) as instances
        from (
            select instance, count(*) as judged from {JUDGED} group by instance
            union all
            select instance, -count(*) from {_WRITTEN} group by instance
        ) as counted
        inner join {INSTANCES} as instances on counted.instance = instances.instance
        inner join (values {rules}) as rules(rule, rule_id, kind, severity) on instances.rule = rules.rule
        group by all
        having sum(counted.judged) > 0;
        drop table {_TOUCHED};
        drop table {_NAMED};
        drop table {_WRITTEN};
        """
    )


def _choose(connection: duckdb.DuckDBPyConnection, identities: Sequence[Identity]) -> None:
    row = connection.execute(f"select count(*) from {JUDGED}").fetchone()
    if not row or row[0] <= WRITTEN_IN_FULL:
        connection.execute(f"create or replace temp table {_WRITTEN} as from {JUDGED}")
        return
    explained = ", ".join(str(number) for number, one in enumerate(identities) if one.severity == "info") or "null"
    connection.execute(
        f"""
        create or replace temp table {_WRITTEN} as
        select judged.* from {JUDGED} as judged
        inner join {INSTANCES} as instances on judged.instance = instances.instance
        where judged.is_broken and instances.rule not in ({explained})
        """
    )
    for _ in range(MAX_SUSPECT_SET):
        connection.execute(
            f"""
            create or replace temp table {_WRITTEN} as
            with cells as (
                {_PLACES_WRITTEN}
            ),
            beside as (
                select distinct members.instance, cells.context
                from cells
                inner join {MEMBERS} as members on cells.place = members.place
            )
            select judged.* from {JUDGED} as judged
            semi join beside on judged.instance = beside.instance and judged.context = beside.context
            """
        )
    connection.execute(
        f"""
        insert into {_WRITTEN}
        select judged.* from {JUDGED} as judged
        anti join {_WRITTEN} as written on judged.instance = written.instance and judged.context = written.context
        where judged.is_broken
        """
    )
