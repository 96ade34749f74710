"""Where the rules apply: the keys of the figures once per combination, and what of them takes part in which rule.

A table of ten million figures prints few territories, periods and indicators, each for many ages or citizenships. So
a rule is applied to the combinations, which are few, and the cells are only added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, get_args

from orchestration.errors import FrontierError
from orchestration.quality.identities.rules import Column, Each, Identity, Term, roles, speaks_of_previous
from orchestration.quality.identities.sql import (
    BREAKDOWNS,
    CELLS,
    CHARACTERISTICS,
    CONTEXTS,
    FIGURES,
    INSTANCES,
    MEMBERS,
    PLACES,
    columns_spoken_of,
    condition,
    context_columns,
    instance_key,
    is_free,
    keys,
    literal,
    merged,
    unusual,
)

if TYPE_CHECKING:
    import duckdb

_SALTS = 8
_APPLIED = "audit_applied"
_CHARACTERISED = "audit_characterised"


class Dictionary:
    """The combinations of keys, numbered, and how a row of figures is looked up in them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, identities: Sequence[Identity]) -> None:
        self._connection = connection
        self.contexts = context_columns(identities)
        unspoken = {*self.contexts, "breakdown", "obs_status"} - columns_spoken_of(identities)
        self._columns = [*(one for one in get_args(Column) if one not in unspoken), "is_latest_in_dataset"]
        if any(map(speaks_of_previous, identities)):
            self._columns.append("previous_edition_id")

    def create(self) -> None:
        """Number the combinations of what rules speak of, and those of what none speaks of."""
        self._connection.execute(
            f"""
            create or replace temp table {_CHARACTERISED} as
            select {", ".join(CHARACTERISTICS)}, any_value(breakdown) as breakdown from {FIGURES} group by all
            """
        )
        self._salt = next((salt for salt in range(_SALTS) if self._create_with(salt)), None)
        if self._salt is None:
            raise FrontierError("The keys of the figures cannot be told apart by their hashes.")
        self._connection.execute(
            f"""
            create or replace temp table {BREAKDOWNS} as
            select contexts.context, {self._parted_by("found")} as parted_by, found.breakdown
            from {_CHARACTERISED} as found
            inner join {CONTEXTS} as contexts on {self.context_hash("found")} = contexts.context_hash;
            drop table {_CHARACTERISED}
            """
        )

    def _create_with(self, salt: int) -> bool:
        """Whether each combination has a hash of its own, so that rows may be looked up by it."""
        self._salt = salt
        columns = ", ".join(f'"{one}"' for one in self._columns)
        contexts = ", ".join(self.contexts) or "'' as plain"
        names = _unusual(self.contexts, "found")
        self._connection.execute(
            f"""
            create or replace temp table {PLACES} as
            select
                cast(row_number() over () as integer) as place, found.*, {self.place_hash("found")} as place_hash,
                {self._parted_by("found")} as parted_by, periods.opens_on, periods.closes_on
            from (
                select {columns}, count(figure_value) > 0 as has_value from {FIGURES} group by all
            ) as found
            inner join main.dim_period as periods on found.time_period = periods.period_id;
            create or replace temp table {CONTEXTS} as
            select
                cast(row_number() over () as integer) as context, found.*, {self.context_hash("found")} as context_hash,
                {names} as name
            from (select distinct {contexts} from {_CHARACTERISED}) as found
            """
        )
        row = self._connection.execute(
            f"select (select count(*) = count(distinct place_hash) from {PLACES}) "
            f"and (select count(*) = count(distinct context_hash) from {CONTEXTS})"
        ).fetchone()
        return bool(row and row[0])

    def _parted_by(self, alias: str) -> str:
        """The characteristics that places tell apart, as text."""
        return _unusual([one for one in CHARACTERISTICS if one not in self.contexts], alias)

    def place_hash(self, alias: str) -> str:
        """The hash by which a row finds its place."""
        columns = ", ".join(f'{alias}."{one}"' for one in self._columns)
        return f"hash({self._salt}, {columns})"

    def context_hash(self, alias: str) -> str:
        """The hash by which a row finds its context."""
        return f"hash({', '.join([str(self._salt), *(f'{alias}.{one}' for one in self.contexts)])})"

    def fill_cells(self, further: str) -> None:
        """The cells that take part in anything, by number; `further` selects places beside those of the members."""
        self._connection.execute(
            f"""
            create or replace temp table {CELLS} as
            select
                places.place, contexts.context, figures.rowid as figure,
                figures.figure_value - figures.half_width as low,
                figures.figure_value + figures.half_width as high
            from {FIGURES} as figures
            inner join (
                select place, place_hash from {PLACES}
                where place in (select place from {MEMBERS}) or place in ({further})
            ) as places on {self.place_hash("figures")} = places.place_hash
            inner join {CONTEXTS} as contexts on {self.context_hash("figures")} = contexts.context_hash
            """
        )


def _unusual(characteristics: Iterable[str], alias: str) -> str:
    return " || ".join(unusual(one, alias) for one in characteristics) or "''"


def create_instances(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables of what could be judged, empty."""
    connection.execute(
        f"""
        create or replace temp table {INSTANCES} (
            instance integer, rule integer, head varchar, tail varchar, cell_place integer
        );
        create or replace temp table {MEMBERS} (
            instance integer, rule integer, slot integer, role varchar, coefficient integer, place integer,
            is_member boolean, is_rest boolean
        );
        """
    )


def apply(
    connection: duckdb.DuckDBPyConnection, identities: Sequence[Identity], number: int, contexts: list[str]
) -> None:
    """Write down the instances of an identity that could be judged, and the places that take part in them."""
    identity = identities[number]
    connection.execute(f"create or replace temp table {_APPLIED} as {_applied_sql(identity, contexts)}")
    alone = any(term.alone for _, term in roles(identity))
    if alone:
        connection.execute(_ONE_PART_EACH)
    connection.execute(
        f"""
        insert into {INSTANCES}
        select distinct instance, {number}, head, tail, cell_place from {_APPLIED};
        insert into {MEMBERS}
        select instance, {number}, slot, role, coefficient, place, is_member, is_rest from {_APPLIED};
        drop table {_APPLIED}
        """
    )


_NEXT = f"(select coalesce(max(instance), 0) from {INSTANCES})"

# Each part makes an instance of its own with the whole.
_ONE_PART_EACH = f"""
    create or replace temp table {_APPLIED} as
    with parts as (
        select instance, place, cast({_NEXT} + row_number() over () as integer) as part_instance
        from {_APPLIED} where role = 'part'
    )
    select cells.* replace (parts.part_instance as instance, parts.place as cell_place)
    from parts
    inner join {_APPLIED} as cells
        on parts.instance = cells.instance and (cells.role = 'whole' or cells.place = parts.place)
"""


def is_printed(connection: duckdb.DuckDBPyConnection, identity: Identity) -> bool:
    """Whether any figure could take each of the places of an identity: most identities concern few tables."""
    places = [
        f"exists (select 1 from {PLACES} as figures where {condition('figures', merged(identity, term), term.unless)})"
        for _, term in roles(identity)
    ]
    row = connection.execute(f"select {' and '.join(places)}").fetchone()
    return bool(row and row[0])


def _applied_sql(identity: Identity, contexts: list[str]) -> str:
    """Places of every instance; an instance is kept only when each of its slots may be filled in some context."""
    (_, anchor), *_ = roles(identity)
    scope = f"select * from {PLACES}" + ("" if "edition_id" in identity.same else " where is_latest_in_dataset")
    columns = ", ".join(f'"{key}"' for key in keys(identity) if key not in contexts)
    period = ", opens_on, closes_on" if "time_period" in identity.same else ""
    own = ", ref_area as whole_area" if _needs_whole(identity) else ""
    before = ", dataset, previous_edition_id" if speaks_of_previous(identity) else ""
    slots = [_slot_sql(identity, role, term, slot, contexts) for slot, (role, term) in enumerate(roles(identity))]
    head, tail = instance_key(identity, "keys", contexts)
    if own:
        tail += " || ' ref_area=' || keys.whole_area"
    return f"""
        with figures as ({scope}),
        keys as (
            select distinct {columns}{period}{own}{before}
            from figures
            where {condition("figures", merged(identity, anchor), anchor.unless)} and has_value
                {"and previous_edition_id is not null" if before else ""}
                {_without_breaks(identity)}
        ),
        anchor as materialized (
            select *, {head} as head, {tail} as tail, cast({_NEXT} + row_number() over () as integer) as instance
            from keys
        ),
        filled as materialized ({" union all ".join(slots)}),
        held as (
            select instance
            from filled
            group by instance
            having count(distinct slot) = {len(slots)}
                and (count(*) filter (where is_member) >= {_group_sizes(identity)} or bool_or(is_rest))
        )
        select filled.*, anchor.head, anchor.tail, cast(null as integer) as cell_place
        from filled
        inner join held on filled.instance = held.instance
        inner join anchor on filled.instance = anchor.instance"""


def _without_breaks(identity: Identity) -> str:
    return "".join(f" and not coalesce({condition('figures', one.where)}, false)" for one in identity.breaks)


def _needs_whole(identity: Identity) -> bool:
    return any(term.each and term.each.inside_whole for _, term in roles(identity))


def _group_sizes(identity: Identity) -> str:
    sizes = [group_size(term.each) for _, term in roles(identity) if term.each and term.each.group]
    return " + ".join(sizes) or "0"


def _members(each: Each) -> str:
    excluded = f" and member_id not in ({', '.join(literal(one) for one in each.except_)})" if each.except_ else ""
    return (
        "select distinct member_id from main.bridge_territory_group "
        f"where group_id = {literal(each.group or '')} and definition_id = {literal(each.definition or '')}{excluded}"
    )


def group_size(each: Each) -> str:
    """How many members a group has, as SQL; nothing but a group has members."""
    return f"(select count(*) from ({_members(each)}))"


def _slot_sql(identity: Identity, role: str, term: Term, slot: int, contexts: list[str]) -> str:
    joins = []
    if slot == 0 and speaks_of_previous(identity):
        joins.append("figures.previous_edition_id = anchor.previous_edition_id")
    for key in keys(identity):
        if key == "edition_id" and term.edition == "previous":
            joins.append("figures.edition_id = anchor.previous_edition_id and figures.dataset = anchor.dataset")
        elif key == "time_period" and term.time == "year_before":
            joins += [f"figures.{end} = anchor.{end} - interval 1 year" for end in ("opens_on", "closes_on")]
        elif key == "time_period" and term.time != "same":
            joins.append(f"figures.time_period = cast(anchor.{term.time}_on as varchar)")
        elif not is_free(term, key) and key not in contexts:
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
        joins.append("figures.ref_area = anchor.whole_area")
    return f"""
        select
            anchor.instance,
            {slot} as slot,
            {is_member} as is_member,
            {is_rest} as is_rest,
            {literal(role)} as role,
            {term.coefficient} as coefficient,
            figures.place
        from anchor
        inner join figures on {" and ".join(joins) or "true"}
        where {condition("figures", merged(identity, term), term.unless)} and (has_value or {is_member})
        """
