"""Evaluating identities in the engine: declarations become SQL, one pass over the figures per identity.

Every figure is an interval [figure_value - half_width, figure_value + half_width] in units. Sums,
products and comparisons are done in exact decimals, so that an identity is broken only when no true
values inside the intervals satisfy it. Each instance is judged by itself: that values exist for one and
values for another does not say that the same values serve both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestration.quality.identities.levels import evaluate_levels, level_of
from orchestration.quality.identities.rules import AtMost, Between, Each, Identity, Linear, Ratio, Term, roles
from orchestration.quality.identities.sql import FIGURES, condition, instance_key, is_free, keys, literal, merged

if TYPE_CHECKING:
    import duckdb

_TERMS = "audit_identity_terms"
"""The cells of the instances of one identity, an instance by its number, with what its figure stands for."""


def evaluate(connection: duckdb.DuckDBPyConnection, identities: Iterable[Identity]) -> None:
    """Fill `audit.identity_term` and `audit.identity_result` from the figures of the candidate.

    `audit.identity_term` has one row per cell that takes part in an instance of an identity;
    `audit.identity_result` one row per instance whose cells are all there. `audit.level_sum` says of every
    level what is there and whether it adds up, `audit.territory_level` what its parts are.
    """
    connection.execute(
        f"""
        create or replace temp table {FIGURES} as
        select figures.*, periods.opens_on, periods.closes_on
        from intermediate.int_figures__versioned as figures
        inner join main.dim_period as periods on figures.time_period = periods.period_id
        """
    )
    identities = list(identities)
    evaluate_levels(connection, identities)
    for identity in identities:
        if not _is_printed(connection, identity):
            continue
        if level_of(identity):
            connection.execute(f"create or replace temp table {_TERMS} as {_terms_over_levels_sql(identity)}")
        else:
            connection.execute(f"create or replace temp table {_TERMS} as {_terms_sql(identity)}")
            connection.execute(
                f"insert into audit.identity_term "
                f"select {literal(identity.id)}, instance, role, coefficient, observation_id from {_TERMS}"
            )
        connection.execute(f"insert into audit.identity_result {_result_sql(identity)}")
    connection.execute(f"drop table if exists {_TERMS}; drop table {FIGURES}")


def _is_printed(connection: duckdb.DuckDBPyConnection, identity: Identity) -> bool:
    """Whether any figure could take each of the places of an identity: most identities concern few tables."""
    places = [
        f"exists (select 1 from {FIGURES} as figures where {condition('figures', merged(identity, term), term.unless)})"
        for _, term in roles(identity)
    ]
    row = connection.execute(f"select {' and '.join(places)}").fetchone()
    return bool(row and row[0])


def _terms_over_levels_sql(identity: Identity) -> str:
    return f"""
        select
            hash(terms.instance) as number, terms.instance, terms.role, terms.coefficient, terms.observation_id,
            figures.figure_value, figures.half_width
        from audit.identity_term as terms
        inner join {FIGURES} as figures on terms.observation_id = figures.observation_id
        where terms.rule_id = {literal(identity.id)}"""


def _terms_sql(identity: Identity) -> str:
    """Cells of every instance; an instance is kept only when each of its places is filled."""
    (_, anchor), *_ = roles(identity)
    scope = f"select * from {FIGURES}" + ("" if "edition_id" in identity.same else " where is_latest_in_dataset")
    columns = ", ".join(f'"{key}"' for key in keys(identity))
    period = ", opens_on, closes_on" if "time_period" in identity.same else ""
    own = ", observation_id, ref_area as whole_area" if _needs_whole(identity) else ""
    places = [_place_sql(identity, role, term, place) for place, (role, term) in enumerate(roles(identity))]
    instance = instance_key(identity, "keys") + (" || ' ref_area=' || keys.whole_area" if own else "")
    number = "dense_rank() over (order by instance)" if own else "row_number() over ()"
    filled = f"""
        with figures as ({scope}),
        keys as (
            select distinct {columns}{period}{own}
            from figures
            where {condition("figures", merged(identity, anchor), anchor.unless)} and figure_value is not null
                {_without_breaks(identity)}
        ),
        anchor as materialized (select *, {instance} as instance, {number} as number from keys),
        filled as materialized ({" union all ".join(places)})"""
    if any(term.alone for _, term in roles(identity)):
        return filled + _ONE_PART_EACH
    return f"""{filled},
        held as (
            select number
            from filled
            group by number
            having count(distinct place) = {len(places)}
                and (count(*) filter (where is_member) = {_group_sizes(identity)} or bool_or(is_rest))
        )
        select
            filled.number, instances.instance, filled.role, filled.coefficient, filled.observation_id,
            filled.figure_value, filled.half_width
        from filled
        inner join held on filled.number = held.number
        inner join (select distinct number, instance from anchor) as instances on filled.number = instances.number"""


def _without_breaks(identity: Identity) -> str:
    return "".join(f" and not coalesce({condition('figures', one.where)}, false)" for one in identity.breaks)


# Each part makes an instance of its own with the whole.
_ONE_PART_EACH = """,
        parts as materialized (select *, row_number() over () as part_number from filled where role = 'part')
        select
            parts.part_number as number,
            anchor.instance || ' cell=' || parts.observation_id as instance,
            cells.role,
            cells.coefficient,
            cells.observation_id,
            cells.figure_value,
            cells.half_width
        from parts
        inner join anchor on parts.number = anchor.number
        inner join filled as cells
            on
                parts.number = cells.number
                and (cells.role = 'whole' or cells.observation_id = parts.observation_id)
        where parts.number in (select number from filled where role = 'whole')"""


def _needs_whole(identity: Identity) -> bool:
    return any(term.each and term.each.inside_whole for _, term in roles(identity))


def _group_sizes(identity: Identity) -> str:
    sizes = [_group_size(term.each) for _, term in roles(identity) if term.each and term.each.group]
    return " + ".join(sizes) or "0"


def _members(each: Each) -> str:
    excluded = f" and member_id not in ({', '.join(literal(one) for one in each.except_)})" if each.except_ else ""
    return (
        "select distinct member_id from main.bridge_territory_group "
        f"where group_id = {literal(each.group or '')} and definition_id = {literal(each.definition or '')}{excluded}"
    )


def _group_size(each: Each) -> str:
    return f"(select count(*) from ({_members(each)}))"


def _place_sql(identity: Identity, role: str, term: Term, place: int) -> str:
    joins = []
    for key in keys(identity):
        if key == "time_period" and term.time == "year_before":
            joins += [f"figures.{end} = anchor.{end} - interval 1 year" for end in ("opens_on", "closes_on")]
        elif key == "time_period" and term.time != "same":
            joins.append(f"figures.time_period = cast(anchor.{term.time}_on as varchar)")
        elif is_free(term, key):
            continue
        else:
            joins.append(f'figures."{key}" is not distinct from anchor."{key}"')
    is_member = is_rest = "false"
    if term.each and term.each.group:
        joins.append(f"figures.{term.each.dimension} in ({_members(term.each)})")
        is_member = "true"
        if term.each.rest:
            is_rest = f"figures.{term.each.dimension} = {literal(term.each.rest)}"
    elif term.each:
        joins.append(
            f"figures.{term.each.dimension} in "
            "(select territory_id from main.dim_territory where parent_id = anchor.whole_area)"
        )
    elif _needs_whole(identity):
        joins.append("figures.observation_id = anchor.observation_id")
    return f"""
        select
            anchor.number,
            {place} as place,
            {is_member} as is_member,
            {is_rest} as is_rest,
            {literal(role)} as role,
            {term.coefficient} as coefficient,
            figures.observation_id,
            figures.figure_value,
            figures.half_width
        from anchor
        inner join figures on {" and ".join(joins) or "true"}
        where {condition("figures", merged(identity, term), term.unless)}
            and (figures.figure_value is not null or {is_member})
        """


def _result_sql(identity: Identity) -> str:
    low, high, holds = _verdict(identity)
    summed = dict.fromkeys(role for role, _ in roles(identity))
    return f"""
        with intervals as (
            select
                number, instance, role,
                coefficient * figure_value as middle, abs(coefficient) * half_width as half_width
            from {_TERMS}
        ),
        sums as (
            select any_value(instance) as instance, {", ".join(_role_sums(role) for role in summed)}
            from intervals
            group by number
        ),
        judged as (select instance, {low} as gap_low, {high} as gap_high from sums)
        select
            {literal(identity.id)} as rule_id,
            instance,
            {literal(identity.kind)} as kind,
            {literal(identity.severity)} as severity,
            cast(gap_low as double) as gap_low,
            cast(gap_high as double) as gap_high,
            case when {holds} then 'holds' else 'broken' end as verdict
        from judged
        """


def _role_sums(role: str) -> str:
    if role == "bound":
        return (
            "min(middle - half_width) filter (where role = 'bound') as bound_low, "
            "max(middle + half_width) filter (where role = 'bound') as bound_high"
        )
    chosen = f"filter (where role = '{role}')"
    return (
        f"cast(sum(middle - half_width) {chosen} as decimal(38, 9)) as {role}_low, "
        f"cast(sum(middle + half_width) {chosen} as decimal(38, 9)) as {role}_high"
    )


def _verdict(identity: Identity) -> tuple[str, str, str]:
    """Interval of what is left over, as SQL, and the condition under which the identity holds."""
    contains_zero = "gap_low <= 0 and gap_high >= 0"
    if isinstance(identity, Linear):
        return f"term_low - {identity.high:f}", f"term_high - {identity.low:f}", contains_zero
    if isinstance(identity, Ratio):
        low, high = (f"(ratio_{end} + {identity.ratio_offset})" for end in ("low", "high"))
        products = ", ".join(
            f"{_with_nine_decimals(one)} * {_with_six_decimals(other)}"
            for one in (low, high)
            for other in ("denominator_low", "denominator_high")
        )
        return (
            f"least({products}) - 100 * {_factor('numerator_high')}",
            f"greatest({products}) - 100 * {_factor('numerator_low')}",
            contains_zero,
        )
    if isinstance(identity, AtMost):
        return "part_low - whole_high", "part_high - whole_low", "gap_low <= 0"
    if isinstance(identity, Between):
        return "bound_low - middle_high", "bound_high - middle_low", contains_zero
    return (
        f"{_factor('numerator_low')} - {identity.high:f} * {_factor('denominator_high')}",
        f"{_factor('numerator_high')} - {identity.low:f} * {_factor('denominator_low')}",
        contains_zero,
    )


# A product of decimals has the digits of both, and 38 are all there are: a ratio is given ten places before the point
# and the nine that a half unit may need, a count thirteen places and six.
def _with_nine_decimals(expression: str) -> str:
    return f"cast({expression} as decimal(19, 9))"


def _with_six_decimals(expression: str) -> str:
    return f"cast({expression} as decimal(19, 6))"


def _factor(expression: str) -> str:
    """A number that is multiplied by a constant of the rule."""
    return f"cast({expression} as decimal(28, 9))"
