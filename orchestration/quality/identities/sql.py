"""What every evaluation of an identity writes in SQL: its filters, and the keys that name an instance."""

from __future__ import annotations

from orchestration.quality.identities.rules import Filter, Identity, Term, roles

FIGURES = "audit_figures"
"""The figures of the candidate with the days on which their periods open and close, while identities are evaluated."""

# What the cells of an instance have in common whatever the rule says, so that a figure by sex never mixes with a total:
# the usual value, which is not named in an instance.
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


def _is_one_of(alias: str, column: str, wanted: str | list[str] | None) -> str:
    if wanted is None:
        return f'{alias}."{column}" is null'
    values = ", ".join(literal(value) for value in ([wanted] if isinstance(wanted, str) else wanted))
    return f'{alias}."{column}" in ({values})'


def merged(identity: Identity, term: Term) -> Filter:
    """The filter of a term within its identity."""
    return {**identity.where, **term.where}


def fixed_values(term: Term, column: str) -> list[str] | None:
    """The values that a term allows in a column, or None when it says nothing of it."""
    wanted = next((values for name, values in term.where.items() if name == column), None)
    return [wanted] if isinstance(wanted, str) else wanted


def is_free(term: Term, key: str) -> bool:
    """A key that the term fixes by its own filter is not taken from the anchor."""
    return key in term.where and key != "edition_id"


def keys(identity: Identity) -> list[str]:
    """What the cells of an instance have in common, said or unsaid."""
    return [*identity.same, *_unsaid_keys(identity)]


def _unsaid_keys(identity: Identity) -> list[str]:
    """A rule whose every term says which group it means sets groups against each other: they have none in common."""
    fixed = [key for key in _ALWAYS_SAME if all(is_free(term, key) for _, term in roles(identity))]
    return [key for key in _ALWAYS_SAME if key not in identity.same and key not in fixed]


def instance_key(identity: Identity, alias: str) -> str:
    """The keys of the rule as text; those that it leaves unsaid only where they have an unusual value."""
    parts = [f"'{key}=' || coalesce(cast({alias}.\"{key}\" as varchar), '')" for key in identity.same]
    unsaid = []
    for key in _unsaid_keys(identity):
        usual = _ALWAYS_SAME[key]
        is_usual = f"{alias}.{key} is null" if usual is None else f"{alias}.{key} = {literal(usual)}"
        unsaid.append(f" || case when {is_usual} then '' else ' {key}=' || {alias}.{key} end")
    return " || ' ' || ".join(parts) + "".join(unsaid)
