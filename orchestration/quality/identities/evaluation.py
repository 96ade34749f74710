"""Evaluating identities in the engine: declarations become SQL, one pass over the figures per identity.

Every figure is an interval [figure_value - half_width, figure_value + half_width] in units. Sums,
products and comparisons are done in exact decimals, so that an identity is broken only when no true
values inside the intervals satisfy it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestration.quality.identities.rules import (
    AtMost,
    Between,
    Each,
    Filter,
    Identity,
    Linear,
    Ratio,
    Term,
    roles,
)

if TYPE_CHECKING:
    import duckdb

_FIGURES = "audit_figures"
# What the cells of an instance have in common whatever the rule says, so that a figure by sex never mixes with a total:
# the usual value, and the words before another one in the name of an instance.
_ALWAYS_SAME = {"breakdown": ("", " "), "population_group": ("total", " population_group=")}
_SUMMED_ROLES = ("term", "ratio", "numerator", "denominator", "whole", "part", "middle")


def evaluate(connection: duckdb.DuckDBPyConnection, identities: Iterable[Identity]) -> None:
    """Fill `audit.identity_term` and `audit.identity_result` from the figures of the candidate.

    `audit.identity_term` has one row per cell that takes part in an instance of an identity;
    `audit.identity_result` one row per instance whose cells are all there.
    """
    connection.execute(
        f"""
        create or replace temp table {_FIGURES} as
        select figures.*, periods.opens_on, periods.closes_on
        from intermediate.int_figures__versioned as figures
        inner join main.dim_period as periods on figures.time_period = periods.period_id
        """
    )
    for identity in identities:
        connection.execute(f"insert into audit.identity_term {_terms_sql(identity)}")
        connection.execute(f"insert into audit.identity_result {_result_sql(identity)}")
    connection.execute(f"drop table {_FIGURES}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _condition(alias: str, where: Filter) -> str:
    parts = []
    for column, wanted in where.items():
        values = [wanted] if isinstance(wanted, str) else wanted
        parts.append(f'{alias}."{column}" in ({", ".join(_literal(value) for value in values)})')
    return " and ".join(parts) or "true"


def _merged(identity: Identity, term: Term) -> Filter:
    return {**identity.where, **term.where}


def _keys(identity: Identity) -> list[str]:
    return [*identity.same, *_unsaid_keys(identity)]


def _unsaid_keys(identity: Identity) -> list[str]:
    """A rule whose every term says which group it means sets groups against each other: they have none in common."""
    fixed = [key for key in _ALWAYS_SAME if all(_is_free(term, key) for _, term in roles(identity))]
    return [key for key in _ALWAYS_SAME if key not in identity.same and key not in fixed]


def _instance_key(identity: Identity) -> str:
    """The keys of the rule; those that it leaves unsaid only where they have an unusual value."""
    parts = [f"'{key}=' || coalesce(cast(anchor.\"{key}\" as varchar), '')" for key in identity.same]
    unsaid = []
    for key in _unsaid_keys(identity):
        usual, words = _ALWAYS_SAME[key]
        unsaid.append(f" || case when anchor.{key} = '{usual}' then '' else '{words}' || anchor.{key} end")
    return " || ' ' || ".join(parts) + "".join(unsaid)


def _terms_sql(identity: Identity) -> str:
    """Cells of every instance; an instance is kept only when each of its places is filled."""
    (_, anchor), *_ = roles(identity)
    scope = f"select * from {_FIGURES}" + ("" if "edition_id" in identity.same else " where is_latest_in_dataset")
    keys = ", ".join(f'"{key}"' for key in _keys(identity))
    period = ", opens_on, closes_on" if "time_period" in identity.same else ""
    own = ", observation_id, ref_area as whole_area" if _needs_whole(identity) else ""
    places = [_place_sql(identity, role, term, place) for place, (role, term) in enumerate(roles(identity))]
    filled = f"""
        with figures as ({scope}),
        anchor as (
            select distinct {keys}{period}{own}
            from figures
            where {_condition("figures", _merged(identity, anchor))} and figure_value is not null
        ),
        filled as ({" union all ".join(places)})"""
    if any(term.alone for _, term in roles(identity)):
        return filled + _one_part_each_sql(identity)
    return f"""{filled},
        checked as (
            select
                filled.*,
                held.places,
                held.members
            from filled
            inner join (
                select instance, count(distinct place) as places, count(*) filter (where is_member) as members
                from filled
                group by instance
            ) as held on filled.instance = held.instance
        )
        select {_literal(identity.id)} as rule_id, instance, role, coefficient, observation_id
        from checked
        where places = {len(places)} and members = {_group_sizes(identity)}"""


def _one_part_each_sql(identity: Identity) -> str:
    """Each part makes an instance of its own with the whole."""
    return f"""
        select
            {_literal(identity.id)} as rule_id,
            parts.instance || ' cell=' || parts.observation_id as instance,
            cells.role,
            cells.coefficient,
            cells.observation_id
        from filled as parts
        inner join filled as cells
            on
                parts.instance = cells.instance
                and (cells.role = 'whole' or cells.observation_id = parts.observation_id)
        where parts.role = 'part'
            and exists (
                select 1 from filled as wholes where wholes.instance = parts.instance and wholes.role = 'whole'
            )"""


def _needs_whole(identity: Identity) -> bool:
    return any(term.each and term.each.inside_whole for _, term in roles(identity))


def _group_sizes(identity: Identity) -> str:
    sizes = [_group_size(term.each) for _, term in roles(identity) if term.each and term.each.group]
    return " + ".join(sizes) or "0"


def _members(each: Each) -> str:
    excluded = f" and member_id not in ({', '.join(_literal(one) for one in each.except_)})" if each.except_ else ""
    return (
        "select distinct member_id from main.bridge_territory_group "
        f"where group_id = {_literal(each.group or '')} and definition_id = {_literal(each.definition or '')}{excluded}"
    )


def _group_size(each: Each) -> str:
    return f"(select count(*) from ({_members(each)}))"


def _place_sql(identity: Identity, role: str, term: Term, place: int) -> str:
    joins = []
    for key in _keys(identity):
        if key == "time_period" and term.time != "same":
            joins.append(f"figures.time_period = cast(anchor.{term.time}_on as varchar)")
        elif _is_free(term, key):
            continue
        else:
            joins.append(f'figures."{key}" is not distinct from anchor."{key}"')
    is_member = "false"
    if term.each and term.each.group:
        joins.append(f"figures.{term.each.dimension} in ({_members(term.each)})")
        is_member = "true"
    elif term.each:
        joins.append(
            f"figures.{term.each.dimension} in "
            "(select territory_id from main.dim_territory where parent_id = anchor.whole_area)"
        )
    elif _needs_whole(identity):
        joins.append("figures.observation_id = anchor.observation_id")
    instance = _instance_key(identity)
    if _needs_whole(identity):
        instance += " || ' ref_area=' || anchor.whole_area"
    return f"""
        select
            {instance} as instance,
            {place} as place,
            {is_member} as is_member,
            {_literal(role)} as role,
            {term.coefficient} as coefficient,
            figures.observation_id
        from anchor
        inner join figures on {" and ".join(joins) or "true"}
        where {_condition("figures", _merged(identity, term))}
            and (figures.figure_value is not null or {is_member})
        """


def _is_free(term: Term, key: str) -> bool:
    """A key that the term fixes by its own filter is not taken from the anchor."""
    return key in term.where and key != "edition_id"


def _result_sql(identity: Identity) -> str:
    low, high, holds = _verdict(identity)
    return f"""
        with intervals as (
            select
                terms.instance,
                terms.role,
                terms.coefficient * figures.figure_value as middle,
                abs(terms.coefficient) * figures.half_width as half_width
            from audit.identity_term as terms
            inner join {_FIGURES} as figures on terms.observation_id = figures.observation_id
            where terms.rule_id = {_literal(identity.id)}
        ),
        sums as (
            select
                instance,
                {", ".join(_role_sums(role) for role in _SUMMED_ROLES)},
                min(middle - half_width) filter (where role = 'bound') as bound_low,
                max(middle + half_width) filter (where role = 'bound') as bound_high
            from intervals
            group by instance
        ),
        judged as (select instance, {low} as gap_low, {high} as gap_high from sums)
        select
            {_literal(identity.id)} as rule_id,
            instance,
            {_literal(identity.kind)} as kind,
            {_literal(identity.severity)} as severity,
            cast(gap_low as double) as gap_low,
            cast(gap_high as double) as gap_high,
            case when {holds} then 'holds' else 'broken' end as verdict
        from judged
        """


def _role_sums(role: str) -> str:
    chosen = f"filter (where role = '{role}')"
    return (
        f"cast(sum(middle - half_width) {chosen} as decimal(38, 9)) as {role}_low, "
        f"cast(sum(middle + half_width) {chosen} as decimal(38, 9)) as {role}_high"
    )


def _verdict(identity: Identity) -> tuple[str, str, str]:
    """Interval of what is left over, as SQL, and the condition under which the identity holds."""
    contains_zero = "gap_low <= 0 and gap_high >= 0"
    if isinstance(identity, Linear):
        return "term_low", "term_high", contains_zero
    if isinstance(identity, Ratio):
        low, high = (f"(ratio_{end} + {identity.ratio_offset})" for end in ("low", "high"))
        products = ", ".join(
            f"{_short(one)} * {_short(other)}"
            for one in (low, high)
            for other in ("denominator_low", "denominator_high")
        )
        return (
            f"least({products}) - 100 * {_short('numerator_high')}",
            f"greatest({products}) - 100 * {_short('numerator_low')}",
            contains_zero,
        )
    if isinstance(identity, AtMost):
        return "part_low - whole_high", "part_high - whole_low", "gap_low <= 0"
    if isinstance(identity, Between):
        return "bound_low - middle_high", "bound_high - middle_low", contains_zero
    return (
        f"{_short('numerator_low')} - {identity.high} * {_short('denominator_high')}",
        f"{_short('numerator_high')} - {identity.low} * {_short('denominator_low')}",
        contains_zero,
    )


def _short(expression: str) -> str:
    """A product of two decimals needs room: six decimals each hold what is printed with five, and its half unit."""
    return f"cast({expression} as decimal(19, 6))"
