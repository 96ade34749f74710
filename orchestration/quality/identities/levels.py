"""Levels: the lists of parts that a territory divides into, and which figures they add up to.

A territory is divided at several levels, and at one level differently from era to era: Russia into the federal
districts of 2000, 2010, 2014 and 2018, into economic regions, and into the regions of each day. One such list
is an extent. No part of an extent is inside another, so that a nested okrug is never counted beside its region.
Tables print figures of earlier years by later lists, so a figure is judged by the extents of which a table
prints every part, and not by the one in force on its day alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestration.modelling.declared_tables import create_declared_table
from orchestration.quality.identities.rules import AtMost, Each, Identity, Linear, Term, roles
from orchestration.quality.identities.sql import FIGURES, condition, fixed_values, instance_key, literal, merged

if TYPE_CHECKING:
    import duckdb

_PRINTED = "audit_level_figures"
_CHOSEN = "audit_level_chosen"
_OTHER_END = {"ref_area": "counterpart_area", "counterpart_area": "ref_area"}


def level_of(identity: Identity) -> tuple[Term, Each] | None:
    """The term of an identity whose members are the parts at a level, and what it says of them."""
    return next(((term, term.each) for _, term in roles(identity) if term.each and term.each.level), None)


def evaluate_levels(connection: duckdb.DuckDBPyConnection, identities: Iterable[Identity]) -> None:
    """Fill `audit.identity_term` with the instances of identities over levels, and say what adds up.

    Creates `audit.territory_level` from the territories and groups as declared, and `audit.level_sum`. A sum
    takes the extents with every part printed; the parts of an `at_most` are those of incomplete extents.
    """
    create_declared_table(connection, "audit.level_sum")
    create_declared_table(connection, "audit.territory_level")
    by_keys: dict[str, list[Identity]] = defaultdict(list)
    for identity in identities:
        if level_of(identity):
            by_keys[instance_key(identity, "figures")].append(identity)
    if by_keys:
        connection.execute(f"insert into audit.territory_level by name {_LEVELS}")
    for instance, alike in by_keys.items():
        connection.execute(f"create or replace temp table {_PRINTED} as {_printed_sql(instance)}")
        for identity in alike:
            _evaluate(connection, identity)
        connection.execute(f"drop table {_PRINTED}")


def _evaluate(connection: duckdb.DuckDBPyConnection, identity: Identity) -> None:
    connection.execute(f"create or replace temp table {_CHOSEN} as {_chosen_sql(identity)}")
    connection.execute(f"insert into audit.identity_term {_terms_sql(identity)}")
    if isinstance(identity, Linear):
        connection.execute(f"insert into audit.level_sum by name {_sums_sql(identity)}")
    connection.execute(f"drop table {_CHOSEN}")


def _printed_sql(instance: str) -> str:
    """The numbers of the parts and wholes of any level, with a hash of what the cells of an instance have in common."""
    ends = " or ".join(f"figures.{end} in (select territory_id from placed)" for end in _OTHER_END)
    return f"""
        with placed as (
            select part_id as territory_id from audit.territory_level
            union
            select whole_id from audit.territory_level
        )
        select
            *,
            {instance} as instance,
            hash(instance) as context,
            figure_value - half_width as low,
            figure_value + half_width as high
        from {FIGURES} as figures
        where figure_value is not null and ({ends})
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


def _instance(identity: Identity, each: Each) -> str:
    """The keys of the rule, and the whole and the level where the rule does not say which one it means."""
    fixed = fixed_values(_whole(identity), each.dimension) or []
    whole = "" if len(fixed) == 1 else f" || ' {each.dimension}=' || whole_id"
    return f"instance{whole}" + ("" if len(each.levels) == 1 else " || ' level=' || level")


def _chosen_sql(identity: Identity) -> str:
    """Of every whole in every context the extent by which it is judged, with what is printed of it.

    That is the complete one that adds up, else the complete one in force, else that which lacks least. A whole
    without a figure counts where it is a country, or where the edition prints it elsewhere. Flows between two
    parts are no parts of a flow of the whole.
    """
    term, each = _parts(identity)
    other_end = _OTHER_END[each.dimension]
    return f"""
        with extents as (
            select *, count(*) over (partition by extent_id) as parts_expected
            from audit.territory_level
            where level in ({", ".join(map(literal, each.levels))})
        ),
        parts as (
            select
                extents.extent_id,
                extents.whole_id,
                figures.context,
                any_value(extents.level) as level,
                any_value(extents.definition_id) as definition_id,
                any_value(extents.valid_from) as valid_from,
                any_value(extents.parts_expected) as parts_expected,
                any_value(figures.instance) as instance,
                any_value(figures.edition_id) as edition_id,
                any_value(figures.observation_id) as example,
                bool_and(
                    (extents.valid_from is null or extents.valid_from <= figures.opens_on)
                    and (extents.valid_to is null or figures.opens_on < extents.valid_to)
                ) as is_in_force,
                count(distinct extents.part_id) as parts_printed,
                sum(figures.low) as part_low,
                sum(figures.high) as part_high
            from {_PRINTED} as figures
            inner join extents on figures.{each.dimension} = extents.part_id
            left join (select distinct level, whole_id, part_id from extents) as inside
                on
                    extents.level = inside.level
                    and extents.whole_id = inside.whole_id
                    and figures.{other_end} = inside.part_id
            where inside.part_id is null
                and {condition("figures", merged(identity, term), term.unless)}
                {_only_whole(identity, each)}
            group by extents.extent_id, extents.whole_id, figures.context
        ),
        candidates as (
            select
                parts.*,
                figures.observation_id as whole_observation_id,
                figures.low - parts.part_high as gap_low,
                figures.high - parts.part_low as gap_high,
                coalesce(gap_low <= 0 and gap_high >= 0, false) as adds_up,
                parts_printed = parts_expected as is_complete
            from parts
            left join {_PRINTED} as figures
                on
                    parts.context = figures.context
                    and parts.whole_id = figures.{each.dimension}
                    and {condition("figures", merged(identity, _whole(identity)), _whole(identity).unless)}
            where figures.observation_id is not null or (
                parts_printed > 1 and (
                    parts.whole_id in (select territory_id from raw.territory where territory_type = 'country')
                    or (parts.edition_id, parts.whole_id) in (
                        select (edition_id, {each.dimension}) from {_PRINTED}
                    )
                )
            )
        )
        select * replace ({_instance(identity, each)} as instance)
        from candidates
        qualify row_number() over (
            partition by context, whole_id, level
            order by
                is_complete desc, adds_up desc, is_in_force desc, parts_expected - parts_printed asc,
                parts_printed desc, valid_from desc nulls last, extent_id asc
        ) = 1
    """


def _only_whole(identity: Identity, each: Each) -> str:
    fixed = fixed_values(_whole(identity), each.dimension)
    return "" if fixed is None else f"and extents.whole_id in ({', '.join(map(literal, fixed))})"


def _terms_sql(identity: Identity) -> str:
    term, each = _parts(identity)
    (whole_role, whole), (part_role, _) = sorted(roles(identity), key=lambda one: one[1].each is not None)
    judged = "not chosen.is_complete" if isinstance(identity, AtMost) else "chosen.is_complete"
    return f"""
        select {literal(identity.id)} as rule_id, instance, {literal(whole_role)} as role,
            {whole.coefficient} as coefficient, whole_observation_id as observation_id
        from {_CHOSEN} as chosen
        where {judged} and whole_observation_id is not null
        union all
        select {literal(identity.id)}, chosen.instance, {literal(part_role)}, {term.coefficient},
            figures.observation_id
        from {_CHOSEN} as chosen
        inner join audit.territory_level as levels on chosen.extent_id = levels.extent_id
        inner join {_PRINTED} as figures
            on levels.part_id = figures.{each.dimension} and chosen.context = figures.context
        where {judged} and chosen.whole_observation_id is not null
            and {condition("figures", merged(identity, term), term.unless)}
    """


def _sums_sql(identity: Identity) -> str:
    term, each = _parts(identity)
    return f"""
        with missing as (
            select chosen.context, chosen.extent_id, string_agg(levels.part_id, ', ' order by levels.part_id) as parts
            from {_CHOSEN} as chosen
            inner join audit.territory_level as levels on chosen.extent_id = levels.extent_id
            left join (
                select figures.context, figures.{each.dimension} as part_id
                from {_PRINTED} as figures
                where {condition("figures", merged(identity, term), term.unless)}
            ) as printed on chosen.context = printed.context and levels.part_id = printed.part_id
            where not chosen.is_complete and printed.part_id is null
            group by chosen.context, chosen.extent_id
        )
        select
            {literal(identity.id)} as rule_id,
            chosen.instance,
            figures.dataset,
            figures.edition_id,
            figures.indicator as indicator_id,
            figures.counterpart_area as partner_id,
            figures.time_period as period_id,
            figures.population_group as population_group_id,
            figures.breakdown,
            chosen.level,
            chosen.whole_id,
            chosen.extent_id,
            chosen.definition_id,
            chosen.is_in_force,
            chosen.parts_expected,
            chosen.parts_printed,
            missing.parts as missing_parts,
            cast((chosen.part_low + chosen.part_high) / 2 as double) as parts_value,
            cast(wholes.figure_value as double) as whole_value,
            cast(chosen.gap_low as double) as gap_low,
            cast(chosen.gap_high as double) as gap_high,
            case
                when not chosen.is_complete then 'incomplete'
                when chosen.whole_observation_id is null then 'no whole'
                when chosen.adds_up then 'adds up'
                else 'does not add up'
            end as result
        from {_CHOSEN} as chosen
        inner join {_PRINTED} as figures on chosen.example = figures.observation_id
        left join {_PRINTED} as wholes on chosen.whole_observation_id = wholes.observation_id
        left join missing on chosen.context = missing.context and chosen.extent_id = missing.extent_id
    """
