"""What every evaluation of an identity writes in SQL: its filters, and the keys that name an instance."""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.quality.identities.rules import Filter, Identity, Term, roles

FIGURES = "intermediate.int_figures__versioned"
PLACES = "audit_places"
"""What rules speak of, once per combination that is printed, with the days on which its period opens and closes."""
CONTEXTS = "audit_contexts"
"""Characteristics that no rule speaks of, once per combination: the cells of an instance always have them in common."""
BREAKDOWNS = "audit_breakdowns"
"""The text of the breakdown for each context and what the places tell apart."""
CELLS = "audit_cells"
"""The printed cells of the places that take part in a rule: the row of the figure, the ends of its interval."""
INSTANCES = "audit_instances"
"""What a rule could be judged by, in any context; the name of its instances before and after that of the context."""
MEMBERS = "audit_members"
"""The places that take part in an instance."""
ALL_OTHERS = "all others"
"""Stands for the instances of a rule that hold and are not written down one by one."""
JUDGED = "audit_judged"
"""Every instance in every context in which its cells are all there, with its verdict."""

# What the cells of an instance have in common whatever the rule says, so that a figure by sex never mixes with a total:
# the usual value, which is not named in an instance.
CHARACTERISTICS = ("sex", "age", "citizenship", "variant")
_ALWAYS_SAME = {"sex": None, "age": None, "citizenship": None, "variant": None, "population_group": "total"}


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def condition(alias: str, where: Filter, unless: Filter | None = None) -> str:
    """Which rows of a table of figures take part; a row without a value is never excluded by it."""
    parts = [_is_one_of(alias, column, wanted) for column, wanted in where.items()]
    parts += [
        f"not coalesce({_is_one_of(alias, column, unwanted)}, false)" for column, unwanted in (unless or {}).items()
    ]
    return " and ".join(parts) or "true"


def _is_one_of(alias: str, column: str, wanted: str | list[str | None] | None) -> str:
    values = wanted if isinstance(wanted, list) else [wanted]
    given = ", ".join(literal(value) for value in values if value is not None)
    parts = [f'{alias}."{column}" in ({given})'] if given else []
    if None in values:
        parts.append(f'{alias}."{column}" is null')
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts) or 'false'})"


def merged(identity: Identity, term: Term) -> Filter:
    """The filter of a term within its identity."""
    return {**identity.where, **term.where}


def fixed_values(term: Term, column: str) -> list[str] | None:
    """The values that a term allows in a column, or None when it says nothing of it."""
    wanted = next((values for name, values in term.where.items() if name == column), None)
    if isinstance(wanted, list):
        return [value for value in wanted if value is not None]
    return None if wanted is None else [wanted]


def is_free(term: Term, key: str) -> bool:
    """A key that the term fixes by its own filter is not taken from the anchor.

    Of what is the same unsaid, neither is that of which the term says what it does not mean.
    """
    return key != "edition_id" and (key in term.where or (key in _ALWAYS_SAME and key in term.unless))


def keys(identity: Identity) -> list[str]:
    """What the cells of an instance have in common, said or unsaid."""
    return [*identity.same, *_unsaid_keys(identity)]


def _unsaid_keys(identity: Identity) -> list[str]:
    """A rule whose every term says which group it means sets groups against each other: they have none in common."""
    fixed = [key for key in _ALWAYS_SAME if all(is_free(term, key) for _, term in roles(identity))]
    return [key for key in _ALWAYS_SAME if key not in identity.same and key not in fixed]


def columns_spoken_of(identities: Iterable[Identity]) -> set[str]:
    """The columns by which any rule chooses its cells."""
    filters = [
        one
        for identity in identities
        for _, term in roles(identity)
        for one in (identity.where, term.where, term.unless, *(each.where for each in identity.breaks))
    ]
    return {column for one in filters for column in one}


def context_columns(identities: Iterable[Identity]) -> list[str]:
    """The characteristics, but sex, of which no rule speaks: they need not be looked at to apply a rule."""
    spoken = columns_spoken_of(identities)
    return [one for one in CHARACTERISTICS if one != "sex" and one not in spoken]


def instance_key(identity: Identity, alias: str, contexts: list[str]) -> tuple[str, str]:
    """The keys of the rule as text; those that it leaves unsaid only where they have an unusual value.

    In two parts, the text of the context stands between them.
    """
    parts = [f"'{key}=' || coalesce(cast({alias}.\"{key}\" as varchar), '')" for key in identity.same]
    head, tail = " || ' ' || ".join(parts), "''"
    for key in _unsaid_keys(identity):
        if key == "population_group":
            tail = unusual(key, alias)
        elif key not in contexts:
            head += f" || {unusual(key, alias)}"
    return head, tail


def unusual(key: str, alias: str) -> str:
    """A key with its value, where that is not the usual one."""
    usual = _ALWAYS_SAME[key]
    is_usual = f"{alias}.{key} is null" if usual is None else f"{alias}.{key} = {literal(usual)}"
    return f"case when {is_usual} then '' else ' {key}=' || {alias}.{key} end"
