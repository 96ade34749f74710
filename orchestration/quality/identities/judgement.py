"""Judging instances: a cell for each place of a rule, and the rule's arithmetic over the ends of their intervals.

A place that several cells fill, such as the members of a group, is first given one cell, their sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from orchestration.quality.identities.places import group_size
from orchestration.quality.identities.rules import AtMost, Band, Between, Identity, Ratio, Term, roles
from orchestration.quality.identities.sql import CELLS, JUDGED, MEMBERS

if TYPE_CHECKING:
    import duckdb

_SLOTS = "audit_slots"
"""The one place that fills each slot of an instance; below zero where it is a sum of several."""

End = Literal["low", "high"]
_ENDS: tuple[End, End] = ("low", "high")
_OTHER: dict[End, End] = {"low": "high", "high": "low"}


class _Arithmetic(NamedTuple):
    """What is left over by a rule, as an interval in SQL, and when it is too much: the same for many rules."""

    slots: int
    gap_low: str
    gap_high: str
    is_broken: str


def judge(connection: duckdb.DuckDBPyConnection, identities: Sequence[Identity], printed: Iterable[int]) -> None:
    """Judge every instance of the identities, by their numbers, in each context in which its cells are all there."""
    alike: dict[_Arithmetic, list[int]] = defaultdict(list)
    for number in printed:
        alike[_arithmetic(identities[number])].append(number)
    if not alike:
        return
    connection.execute(_slots_sql([(number, identities[number]) for numbers in alike.values() for number in numbers]))
    for arithmetic, numbers in alike.items():
        connection.execute(_judgement_sql(arithmetic, numbers))
    connection.execute(f"drop table {_SLOTS}")


def _slots_sql(rules: Iterable[tuple[int, Identity]]) -> str:
    """Give each slot its place.

    A group counts where each member is printed, if only as missing, or a rest that holds the others; what is missing
    adds nothing, but the first slot, by which an instance is found, needs a number.
    """
    sizes = ", ".join(
        f"({number}, {slot}, {group_size(term.each) if term.each and term.each.group else 0})"
        for number, identity in rules
        for slot, (_, term) in enumerate(roles(identity))
    )
    return f"""
        create or replace temp table {_SLOTS} as
        with sizes(rule, slot, group_size) as (values {sizes})
        select
            members.rule, members.instance, members.slot, any_value(sizes.group_size) as group_size,
            cast(case
                when count(*) = 1 and not bool_or(members.is_member) then any_value(members.place)
                else -row_number() over ()
            end as integer) as place
        from {MEMBERS} as members
        inner join sizes on members.rule = sizes.rule and members.slot = sizes.slot
        group by members.rule, members.instance, members.slot;
        insert into {CELLS} by name
        select
            slots.place, cells.context, coalesce(sum(cells.low), 0) as low, coalesce(sum(cells.high), 0) as high
        from {_SLOTS} as slots
        inner join {MEMBERS} as members on slots.instance = members.instance and slots.slot = members.slot
        inner join {CELLS} as cells on members.place = cells.place
        where slots.place < 0 and (cells.low is not null or members.is_member)
        group by slots.place, slots.slot, slots.group_size, cells.context
        having (count(*) filter (where members.is_member) = slots.group_size or bool_or(members.is_rest))
            and (slots.slot > 0 or count(cells.low) > 0)
        """


def _judgement_sql(arithmetic: _Arithmetic, rules: Sequence[int]) -> str:
    """The instances of rules of the same arithmetic, in every context in which all their slots are filled."""
    slots = [
        f"""(
            select slots.instance, cells.context, cells.low, cells.high
            from {_SLOTS} as slots
            inner join {CELLS} as cells on slots.place = cells.place
            where slots.rule in ({", ".join(map(str, rules))}) and slots.slot = {slot} and cells.low is not null
        ) as slot_{slot}"""
        for slot in range(arithmetic.slots)
    ]
    joined = " ".join(
        f"inner join {one} on slot_0.instance = slot_{slot}.instance and slot_0.context = slot_{slot}.context"
        for slot, one in enumerate(slots[1:], 1)
    )
    # The double nearest to an exact decimal has its sign, and is zero where that is.
    return f"""
        insert into {JUDGED}
        with judged as (
            select
                slot_0.instance, slot_0.context,
                cast({arithmetic.gap_low} as double) as gap_low, cast({arithmetic.gap_high} as double) as gap_high
            from {slots[0]} {joined}
        )
        select *, {arithmetic.is_broken} from judged
        """


def _arithmetic(identity: Identity) -> _Arithmetic:
    is_broken = "gap_low > 0" if isinstance(identity, AtMost) else "gap_low > 0 or gap_high < 0"
    return _Arithmetic(len(roles(identity)), *_gaps(identity), is_broken)


def _gaps(identity: Identity) -> tuple[str, str]:
    if isinstance(identity, Ratio):
        return _gaps_of_ratio(identity)
    if isinstance(identity, Between):
        low, high = (", ".join(_added([bound], end) for bound in _terms(identity, "bound")) for end in _ENDS)
        return (
            f"least({low}) - {_sum_of(identity, 'middle', 'high')}",
            f"greatest({high}) - {_sum_of(identity, 'middle', 'low')}",
        )
    if isinstance(identity, AtMost):
        low, high = (f"{_sum_of(identity, 'part', end)} - {_sum_of(identity, 'whole', _OTHER[end])}" for end in _ENDS)
        return low, high
    if isinstance(identity, Band):
        return (
            f"{_sum_of(identity, 'numerator', 'low')} - {_times(identity.high, identity, 'high')}",
            f"{_sum_of(identity, 'numerator', 'high')} - {_times(identity.low, identity, 'low')}",
        )
    return (
        f"{_sum_of(identity, 'term', 'low')} - {identity.high:f}",
        f"{_sum_of(identity, 'term', 'high')} - {identity.low:f}",
    )


def _gaps_of_ratio(identity: Ratio) -> tuple[str, str]:
    ratios = [_decimal(f"{_sum_of(identity, 'ratio', end)} + {identity.ratio_offset}", _RATIO) for end in _ENDS]
    denominators = [_decimal(_sum_of(identity, "denominator", end), _COUNT) for end in _ENDS]
    products = ", ".join(f"{one} * {other}" for one in ratios for other in denominators)
    low, high = (f"100 * {_decimal(_sum_of(identity, 'numerator', end), _TIMES_100)}" for end in _ENDS)
    return (f"least({products}) - {high}", f"greatest({products}) - {low}")


# A product of decimals has the digits of both, and 38 are all there are: a ratio is given seven places before the
# point, a count thirteen. Both keep the nine behind it, since taking digits away is slower than all the rest.
_RATIO = "decimal(16, 9)"
_COUNT = "decimal(22, 9)"
_TIMES_100 = "decimal(28, 9)"


def _decimal(expression: str, form: str) -> str:
    return f"cast({expression} as {form})"


def _times(factor: Decimal, identity: Band, end: End) -> str:
    """The denominator, whose ends change places under a factor below zero, times a bound of the band."""
    return f"{factor:f} * {_sum_of(identity, 'denominator', end if factor >= 0 else _OTHER[end])}"


def _sum_of(identity: Identity, role: str, end: End) -> str:
    """An end of what the cells of a role add up to, each times its coefficient."""
    return _added(_terms(identity, role), end)


def _terms(identity: Identity, role: str) -> list[tuple[int, Term]]:
    return [(slot, term) for slot, (played, term) in enumerate(roles(identity)) if played == role]


def _added(terms: Sequence[tuple[int, Term]], end: End) -> str:
    parts = []
    for slot, term in terms:
        # The lower end of a difference takes the upper end of what is taken away.
        cell = f"slot_{slot}.{end if term.coefficient >= 0 else _OTHER[end]}"
        parts.append(cell if term.coefficient == 1 else f"{term.coefficient} * {cell}")
    return f"({' + '.join(parts)})"
