"""Levels: the lists of parts that a territory divides into, and which figures they add up to.

A territory is divided at several levels, and at one level differently from era to era: Russia into the federal
districts of 2000, 2010, 2014 and 2018, into economic regions, and into the regions of each day. One such list
is an extent. No part of an extent is inside another, so that a nested okrug is never counted beside its region.
Tables print figures of earlier years by later lists, so a figure is judged by the extents of which a table
prints every part, and not by the one in force on its day alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestration.modelling.declared_tables import create_declared_table
from orchestration.quality.identities.rules import AtMost, Each, Identity, Term, roles
from orchestration.quality.identities.sql import (
    INSTANCES,
    MEMBERS,
    PLACES,
    condition,
    fixed_values,
    instance_key,
    literal,
    merged,
)

if TYPE_CHECKING:
    import duckdb

CANDIDATES = "audit_level_candidates"
"""The extents by which wholes may be judged."""
PARTS = "audit_level_parts"
"""The places of the parts of a candidate."""
WHOLES = "audit_level_wholes"
"""The places of the whole of a candidate, with the instance that each makes."""
CHOSEN = "audit_level_chosen"
"""Of every whole in every context the candidate by which it is judged, with what is printed of its parts."""
_PRINTED = "audit_level_places"
_EXTENTS = "audit_level_extents"
_OTHER_END = {"ref_area": "counterpart_area", "counterpart_area": "ref_area"}


def level_of(identity: Identity) -> tuple[Term, Each] | None:
    """The term of an identity whose members are the parts at a level, and what it says of them."""
    return next(((term, term.each) for _, term in roles(identity) if term.each and term.each.level), None)


def apply_levels(connection: duckdb.DuckDBPyConnection, identities: Sequence[Identity], contexts: list[str]) -> None:
    """Write down the extents by which the wholes may be judged, and the places that take part.

    Creates `audit.territory_level` from the territories and groups as declared, and `audit.level_sum`, empty.
    """
    create_declared_table(connection, "audit.level_sum")
    create_declared_table(connection, "audit.territory_level")
    over_levels = [number for number, identity in enumerate(identities) if level_of(identity)]
    if not over_levels:
        return
    connection.execute(
        f"""
        insert into audit.territory_level by name {_LEVELS};
        create or replace temp table {CANDIDATES} (
            candidate integer, rule integer, extent_id varchar, whole_id varchar, level varchar,
            definition_id varchar, valid_from date, parts_expected bigint, places_expected bigint, alike varchar,
            head varchar, tail varchar, is_in_force boolean, example integer, may_lack_whole boolean,
            takes_complete boolean
        );
        create or replace temp table {PARTS} (candidate integer, part_id varchar, place integer);
        create or replace temp table {WHOLES} (candidate integer, place integer, instance integer);
        """
    )
    for number in over_levels:
        _apply(connection, identities[number], number, contexts)


def _apply(connection: duckdb.DuckDBPyConnection, identity: Identity, number: int, contexts: list[str]) -> None:
    term, each = _parts(identity)
    (whole_role, whole), (part_role, _) = sorted(roles(identity), key=lambda one: one[1].each is not None)
    connection.execute(
        f"""
        create or replace temp table {_PRINTED} as {_printed_sql(identity, contexts)};
        create or replace temp table {_EXTENTS} as {_extents_sql(identity)};
        insert into {CANDIDATES} by name {_candidates_sql(identity, each, number)};
        insert into {WHOLES}
        select
            candidates.candidate, figures.place,
            cast((select coalesce(max(instance), 0) from {INSTANCES}) + row_number() over () as integer)
        from {CANDIDATES} as candidates
        inner join {_PRINTED} as figures
            on candidates.alike = figures.alike and candidates.whole_id = figures.{each.dimension}
                and {condition("figures", merged(identity, whole), whole.unless)}
        where candidates.rule = {number};
        delete from {CANDIDATES}
        where rule = {number} and not may_lack_whole and candidate not in (select candidate from {WHOLES});
        insert into {PARTS}
        select candidates.candidate, parts.part_id, parts.place
        from {_EXTENTS} as parts
        inner join {CANDIDATES} as candidates
            on candidates.rule = {number} and parts.extent_id = candidates.extent_id and parts.alike = candidates.alike;
        insert into {INSTANCES}
        select wholes.instance, {number}, candidates.head, candidates.tail, null
        from {WHOLES} as wholes
        inner join {CANDIDATES} as candidates on wholes.candidate = candidates.candidate
        where candidates.rule = {number};
        insert into {MEMBERS}
        select wholes.instance, {number}, 0, {literal(whole_role)}, {whole.coefficient}, wholes.place, false, false
        from {WHOLES} as wholes
        inner join {CANDIDATES} as candidates on wholes.candidate = candidates.candidate
        where candidates.rule = {number}
        union all
        select wholes.instance, {number}, 1, {literal(part_role)}, {term.coefficient}, parts.place, false, false
        from {WHOLES} as wholes
        inner join {CANDIDATES} as candidates on wholes.candidate = candidates.candidate
        inner join {PARTS} as parts on wholes.candidate = parts.candidate
        where candidates.rule = {number};
        drop table {_PRINTED};
        drop table {_EXTENTS};
        """
    )


def places_of_levels(identities: Sequence[Identity]) -> str:
    """The places whose cells are needed to choose the extents."""
    if not any(map(level_of, identities)):
        return "select null"
    return f"select place from {PARTS} union select place from {WHOLES}"


def _printed_sql(identity: Identity, contexts: list[str]) -> str:
    """The places of the parts and wholes of any level, with the text of what their instances have in common."""
    ends = " or ".join(f"figures.{end} in (select territory_id from placed)" for end in _OTHER_END)
    head, tail = instance_key(identity, "figures", contexts)
    return f"""
        with placed as (
            select part_id as territory_id from audit.territory_level
            union
            select whole_id from audit.territory_level
        )
        select *, {head} as head, {tail} as tail, head || chr(0) || tail as alike
        from {PLACES} as figures
        where has_value and ({ends})
    """


# Lists with dates become one extent for each stretch of days without a change.
_LEVELS = """
    with placed as (
        select
            groups.level,
            groups.whole_id,
            groups.definition_id,
            members.member_id as part_id,
            coalesce(groups.valid_from, date '0001-01-01') as defined_from,
            coalesce(groups.valid_to, date '9999-12-31') as defined_to,
            greatest(coalesce(members.valid_from, date '0001-01-01'), defined_from) as part_from,
            least(coalesce(members.valid_to, date '9999-12-31'), defined_to) as part_to
        from raw.territory_group as groups
        inner join raw.territory_group_member as members
            on groups.group_id = members.group_id and groups.definition_id = members.definition_id
        where groups.whole_id is not null
        union all
        select
            nested.level,
            nested.whole_id,
            'by_law',
            nested.part_id,
            date '0001-01-01',
            date '9999-12-31',
            coalesce(nested.valid_from, date '0001-01-01'),
            coalesce(nested.valid_to, date '9999-12-31')
        from (
            select
                'regions' as level,
                case when parents.territory_type = 'country' then parents.territory_id else parents.parent_id end
                    as whole_id,
                parts.territory_id as part_id,
                parts.valid_from,
                parts.valid_to
            from raw.territory as parts
            inner join raw.territory as parents on parts.parent_id = parents.territory_id
            where parts.territory_type in ('region', 'autonomous_okrug') and parents.territory_type != 'region'
            union all
            select 'districts', parent_id, territory_id, valid_from, valid_to
            from raw.territory
            where territory_type = 'district'
            union all
            select 'okrugs', parts.parent_id, parts.territory_id, parts.valid_from, parts.valid_to
            from raw.territory as parts
            inner join raw.territory as parents on parts.parent_id = parents.territory_id
            where parts.territory_type = 'autonomous_okrug' and parents.territory_type = 'region'
            union all
            -- What is left of a region without its okrugs has no id of its own where no table prints it.
            select
                'okrugs',
                parents.territory_id,
                coalesce(max(rests.territory_id), parents.territory_id || '.without_okrugs'),
                min(parts.valid_from),
                case when bool_or(parts.valid_to is null) then null else max(parts.valid_to) end
            from raw.territory as parts
            inner join raw.territory as parents on parts.parent_id = parents.territory_id
            left join raw.territory as rests
                on
                    rests.parent_id = parents.territory_id
                    and starts_with(rests.territory_id, parents.territory_id || '.without_okrug')
            where parts.territory_type = 'autonomous_okrug' and parents.territory_type = 'region'
            group by parents.territory_id
        ) as nested
    ),
    changes as (
        select level, whole_id, definition_id, defined_to, part_from as changed_on from placed
        union
        select level, whole_id, definition_id, defined_to, part_to from placed where part_to < defined_to
    ),
    stretches as (
        select
            *,
            lead(changed_on, 1, defined_to) over (
                partition by level, whole_id, definition_id order by changed_on
            ) as next_change
        from changes
    )
    select
        concat_ws('/', level, whole_id, definition_id, nullif(stretches.changed_on, date '0001-01-01')) as extent_id,
        level,
        whole_id,
        definition_id,
        nullif(stretches.changed_on, date '0001-01-01') as valid_from,
        nullif(stretches.next_change, date '9999-12-31') as valid_to,
        placed.part_id
    from stretches
    inner join placed using (level, whole_id, definition_id)
    where placed.part_from <= stretches.changed_on and placed.part_to > stretches.changed_on
"""


def _whole(identity: Identity) -> Term:
    return next(term for _, term in roles(identity) if not term.each)


def _parts(identity: Identity) -> tuple[Term, Each]:
    found = level_of(identity)
    if found is None:
        raise ValueError(f"{identity.id} has no level")
    return found


def _extents_sql(identity: Identity) -> str:
    """The places of the parts of every extent. Flows between two parts are no parts of a flow of the whole."""
    term, each = _parts(identity)
    return f"""
        with extents as (
            select *, count(*) over (partition by extent_id) as parts_expected
            from audit.territory_level
            where level in ({", ".join(map(literal, each.levels))})
        )
        select extents.*, figures.place, figures.head, figures.tail, figures.alike, figures.edition_id, figures.opens_on
        from {_PRINTED} as figures
        inner join extents on figures.{each.dimension} = extents.part_id
        left join (select distinct level, whole_id, part_id from extents) as inside
            on
                extents.level = inside.level
                and extents.whole_id = inside.whole_id
                and figures.{_OTHER_END[each.dimension]} = inside.part_id
        where inside.part_id is null
            and {condition("figures", merged(identity, term), term.unless)}
            {_only_whole(identity, each)}
    """


def _candidates_sql(identity: Identity, each: Each, number: int) -> str:
    """The extents of which something is printed, with the text of the whole and the level that the rule leaves open.

    A whole without a figure counts where it is a country, or where the edition prints it elsewhere.
    """
    fixed = fixed_values(_whole(identity), each.dimension) or []
    whole = "''" if len(fixed) == 1 else f"' {each.dimension}=' || whole_id"
    level = "''" if len(each.levels) == 1 else "' level=' || level"
    return f"""
        select
            cast((select coalesce(max(candidate), 0) from {CANDIDATES}) + row_number() over () as integer)
                as candidate,
            {number} as rule, extent_id, whole_id, any_value(level) as level,
            any_value(definition_id) as definition_id, any_value(valid_from) as valid_from,
            any_value(parts_expected) as parts_expected, count(*) as places_expected, alike,
            any_value(head) as head, any_value(tail || {whole} || {level}) as tail,
            bool_and((valid_from is null or valid_from <= opens_on) and (valid_to is null or opens_on < valid_to))
                as is_in_force,
            any_value(place) as example,
            whole_id in (select territory_id from raw.territory where territory_type = 'country')
            or bool_or((edition_id, whole_id) in (select (edition_id, {each.dimension}) from {_PRINTED}))
                as may_lack_whole,
            {not isinstance(identity, AtMost)} as takes_complete
        from {_EXTENTS}
        group by extent_id, whole_id, alike
    """


def _only_whole(identity: Identity, each: Each) -> str:
    fixed = fixed_values(_whole(identity), each.dimension)
    return "" if fixed is None else f"and extents.whole_id in ({', '.join(map(literal, fixed))})"
