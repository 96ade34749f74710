"""Evaluating identities in the engine: rules are applied to the keys, and the cells are added up by number.

Every figure is an interval [figure_value - half_width, figure_value + half_width] in units. Sums,
products and comparisons are done in exact decimals, so that an identity is broken only when no true
values inside the intervals satisfy it. Each instance is judged by itself: that values exist for one and
values for another does not say that the same values serve both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from orchestration.quality.identities.levels import apply_levels, judge_levels, level_of, places_of_levels
from orchestration.quality.identities.places import Dictionary, apply, create_instances, has_groups, is_printed
from orchestration.quality.identities.rules import AtMost, Band, Between, Identity, Linear, Ratio, roles
from orchestration.quality.identities.sql import BREAKDOWNS, CELLS, CONTEXTS, INSTANCES, JUDGED, MEMBERS, PLACES
from orchestration.quality.identities.written import write

if TYPE_CHECKING:
    import duckdb

_WEIGHTS = "audit_weights"


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
    for alike in _judged_alike(identities, printed):
        connection.execute(_judgement_sql(identities, alike))
    judge_levels(connection, identities)
    write(connection, identities, dictionary)
    for table in (PLACES, CONTEXTS, BREAKDOWNS, CELLS, INSTANCES, MEMBERS, JUDGED):
        connection.execute(f"drop table if exists {table}")


def _judged_alike(identities: Sequence[Identity], printed: Iterable[int]) -> list[list[int]]:
    """The rules by number, those together that one pass over the cells judges."""
    alike: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for number in printed:
        alike[_shape(identities[number]), has_groups(identities[number])].append(number)
    return list(alike.values())


def _shape(identity: Identity) -> str:
    """What is left over is for most rules one sum over all cells, that has to be able to be nothing."""
    if isinstance(identity, Linear):
        return "sum_within" if identity.low or identity.high else "sum"
    if isinstance(identity, Ratio):
        return f"ratio{identity.ratio_offset}"
    return "sum" if isinstance(identity, Band) else identity.kind


def _judgement_sql(identities: Sequence[Identity], alike: list[int]) -> str:
    """One pass over the cells that take part in rules of one shape: each instance that has all its cells is judged."""
    first = identities[alike[0]]
    low, high, broken = _verdict(first)
    if has_groups(first):
        # The first place is that by which an instance is found: a member without a value does not fill it.
        filled = "case when members.slot = 0 and cells.low is null then 0 else 1 << members.slot end"
        has_part = "(cells.low is not null or members.is_member)"
        counted = (
            "count(*) filter (where is_member) as members_printed, coalesce(bool_or(is_rest), false) as has_rest, "
            "max(group_size) as group_size,"
        )
        all_there = "and (members_printed = group_size or has_rest)"
    else:
        filled, has_part, counted, all_there = "1 << members.slot", "cells.low is not null", "", ""
    return f"""
        insert into {JUDGED}
        with rules(rule, role, coefficient, low_factor, high_factor, least, most) as (
            values {_constants_sql(identities, alike)}
        ),
        members as materialized (
            select members.*, instances.slots, instances.group_size, rules.* exclude (rule, role, coefficient)
            from {MEMBERS} as members
            inner join {INSTANCES} as instances on members.instance = instances.instance
            inner join rules
                on members.rule = rules.rule and members.role = rules.role and members.coefficient = rules.coefficient
        ),
        sums as (
            select
                members.instance, cells.context, {counted} {_sums(first)},
                bit_or({filled}) as filled, max(members.slots) as all_slots
            from {CELLS} as cells
            inner join members on cells.place = members.place
            where {has_part}
            group by members.instance, cells.context
            having filled = all_slots {all_there}
        ),
        judged as (select instance, context, {low} as gap_low, {high} as gap_high from sums)
        select instance, context, cast(gap_low as double), cast(gap_high as double), {broken}
        from judged
        """


def _constants_sql(identities: Sequence[Identity], alike: list[int]) -> str:
    """By rule, role and coefficient: how a cell enters the ends of what is left over, and what it may be."""
    rows: dict[tuple[int, str, int], tuple[Decimal, Decimal, Decimal, Decimal]] = {}
    for number in alike:
        identity = identities[number]
        bounds = (identity.low, identity.high) if isinstance(identity, Linear) else (Decimal(0), Decimal(0))
        for role, term in roles(identity):
            low, high = (factor * term.coefficient for factor in _factors(identity, role))
            rows[number, role, term.coefficient] = (low, high, *bounds)
    decimals = max(0, *(-int(one.as_tuple().exponent) for row in rows.values() for one in row))
    return ", ".join(
        f"({number}, '{role}', {coefficient}, "
        + ", ".join(f"cast({one:f} as decimal({9 + decimals}, {decimals}))" for one in row)
        + ")"
        for (number, role, coefficient), row in rows.items()
    )


def _factors(identity: Identity, role: str) -> tuple[Decimal, Decimal]:
    """By what the cells of a role are multiplied in the lower and in the upper end of what is left over."""
    if isinstance(identity, Band) and role == "denominator":
        return -identity.high, -identity.low
    return (Decimal(-1), Decimal(-1)) if isinstance(identity, AtMost) and role == "whole" else (Decimal(1), Decimal(1))


def _sums(identity: Identity) -> str:
    if isinstance(identity, Ratio):
        return ", ".join(_role_sums(role) for role in ("ratio", "numerator", "denominator"))
    if isinstance(identity, Between):
        return (
            f"min({_END['low']}) filter (where role = 'bound') as bound_low, "
            f"max({_END['high']}) filter (where role = 'bound') as bound_high, {_role_sums('middle')}"
        )
    bounds = "max(least) as least, max(most) as most," if _shape(identity) == "sum_within" else ""
    return f"{bounds} sum({_END['low']}) as sum_low, sum({_END['high']}) as sum_high"


def _times(factor: str, end: str, other: str) -> str:
    """An end of a cell times its factor; products of long decimals are slow, and almost every factor is one."""
    return (
        f"case when {factor} = 1 then cells.{end} when {factor} = -1 then -cells.{other} "
        f"when {factor} >= 0 then {factor} * cells.{end} else {factor} * cells.{other} end"
    )


# The lower end of what is left over takes the upper end of a cell that makes it smaller.
_END = {"low": _times("low_factor", "low", "high"), "high": _times("high_factor", "high", "low")}


def _role_sums(role: str) -> str:
    return ", ".join(
        f"cast(sum({value}) filter (where role = '{role}') as decimal(38, 9)) as {role}_{end}"
        for end, value in _END.items()
    )


def _verdict(identity: Identity) -> tuple[str, str, str]:
    """Interval of what is left over, as SQL, and the condition under which the identity is broken."""
    lacks_zero = "gap_low > 0 or gap_high < 0"
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
            lacks_zero,
        )
    if isinstance(identity, Between):
        return "bound_low - middle_high", "bound_high - middle_low", lacks_zero
    if isinstance(identity, AtMost):
        return "sum_low", "sum_high", "gap_low > 0"
    return ("sum_low - most", "sum_high - least", lacks_zero) if _shape(identity) == "sum_within" else (
        "sum_low", "sum_high", lacks_zero
    )  # fmt: skip


# A product of decimals has the digits of both, and 38 are all there are: a ratio is given ten places before the point
# and the nine that a half unit may need, a count thirteen places and six.
def _with_nine_decimals(expression: str) -> str:
    return f"cast({expression} as decimal(19, 9))"


def _with_six_decimals(expression: str) -> str:
    return f"cast({expression} as decimal(19, 6))"


def _factor(expression: str) -> str:
    """A number that is multiplied by a constant of the rule."""
    return f"cast({expression} as decimal(28, 9))"
