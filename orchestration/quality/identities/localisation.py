"""Naming the suspects of broken identities: the smallest sets of cells whose change restores them all.

Every cell outside a set keeps the interval of its print; the cells in the set are free. A set explains
the breaks when some values of its cells satisfy every identity in which they take part. Each identity
gives linear inequalities in the free cells, and the inequalities are solved exactly (Fourier-Motzkin
elimination over fractions).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

MAX_SUSPECT_SET = 3


@dataclass(frozen=True)
class Interval:
    """A closed interval; an open end is None."""

    low: Fraction | None
    high: Fraction | None

    @property
    def is_empty(self) -> bool:
        return self.low is not None and self.high is not None and self.low > self.high


@dataclass(frozen=True)
class Place:
    """A cell in an instance of an identity."""

    cell: str
    role: str
    coefficient: int


@dataclass(frozen=True)
class Instance:
    """One instance of an identity: its kind, its cells, and the constants of its rule."""

    rule_id: str
    key: str
    kind: str
    places: tuple[Place, ...]
    is_broken: bool
    ratio_offset: int = 0
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)


@dataclass(frozen=True)
class Explanation:
    """A set of cells that explains the breaks, each with the interval of values that restores them."""

    expected: Mapping[str, Interval]


@dataclass(frozen=True)
class _Constraint:
    """sum(coefficient x cell) <= bound."""

    coefficients: tuple[tuple[str, Fraction], ...]
    bound: Fraction


def explain(
    instances: Iterable[Instance], printed: Mapping[str, Interval]
) -> dict[str, list[Explanation]]:
    """The smallest explanations of each broken instance, by `rule_id key`.

    Breaks that share cells are explained together. A break that no set of up to three cells explains
    has no explanation.
    """
    by_cell: dict[str, list[Instance]] = defaultdict(list)
    broken = []
    for instance in instances:
        for cell in {place.cell for place in instance.places}:
            by_cell[cell].append(instance)
        if instance.is_broken:
            broken.append(instance)
    explained: dict[str, list[Explanation]] = {}
    for component in _components(broken):
        found = _smallest(component, by_cell, printed)
        for instance in component:
            cells = {place.cell for place in instance.places}
            explained[f"{instance.rule_id} {instance.key}"] = [
                one for one in found if cells & one.expected.keys()
            ]
    return explained


def _components(broken: list[Instance]) -> Iterator[list[Instance]]:
    remaining = list(broken)
    while remaining:
        component = [remaining.pop(0)]
        cells = {place.cell for place in component[0].places}
        grew = True
        while grew:
            grew = False
            for instance in list(remaining):
                own = {place.cell for place in instance.places}
                if own & cells:
                    component.append(instance)
                    remaining.remove(instance)
                    cells |= own
                    grew = True
        yield component


def _smallest(
    component: list[Instance],
    by_cell: Mapping[str, list[Instance]],
    printed: Mapping[str, Interval],
) -> list[Explanation]:
    for size in range(1, MAX_SUSPECT_SET + 1):
        found = []
        for cells in sorted(_hitting_sets(component, size), key=sorted):
            touched = {id(one): one for cell in cells for one in by_cell[cell]}.values()
            expected = _solve(cells, touched, printed)
            if expected is not None:
                found.append(Explanation(expected))
        if found:
            return found
    return []


def _hitting_sets(component: list[Instance], size: int) -> set[frozenset[str]]:
    """Sets of exactly `size` cells, every one needed, that touch every broken instance."""

    def grow(chosen: frozenset[str]) -> Iterator[frozenset[str]]:
        missed = next(
            (
                one
                for one in component
                if not chosen & {place.cell for place in one.places}
            ),
            None,
        )
        if missed is None:
            # A set that touches all breaks already may still need a companion: a cell of the same row.
            if len(chosen) == size:
                yield chosen
            elif len(chosen) < size:
                for cell in {
                    place.cell for one in component for place in one.places
                } - chosen:
                    yield from grow(chosen | {cell})
        elif len(chosen) < size:
            for cell in {place.cell for place in missed.places}:
                yield from grow(chosen | {cell})

    return set(grow(frozenset()))


def _solve(
    cells: frozenset[str],
    instances: Iterable[Instance],
    printed: Mapping[str, Interval],
) -> dict[str, Interval] | None:
    constraints: list[_Constraint] = []
    for instance in instances:
        constraints.extend(_constraints(instance, cells, printed))
    expected = {}
    for cell in sorted(cells):
        interval = _project(constraints, cell, cells - {cell})
        if interval is None or interval.is_empty:
            return None
        expected[cell] = interval
    return expected


def _constraints(
    instance: Instance, free: frozenset[str], printed: Mapping[str, Interval]
) -> list[_Constraint]:
    if instance.kind == "linear":
        return _within(
            _expression(instance, {"term": Fraction(1)}),
            free,
            printed,
            Fraction(0),
            Fraction(0),
        )
    if instance.kind == "at_most":
        roles = {"part": Fraction(1), "whole": Fraction(-1)}
        return _within(_expression(instance, roles), free, printed, None, Fraction(0))
    if instance.kind == "band":
        low = _expression(
            instance, {"numerator": Fraction(1), "denominator": -instance.low}
        )
        high = _expression(
            instance, {"numerator": Fraction(1), "denominator": -instance.high}
        )
        return _within(low, free, printed, Fraction(0), None) + _within(
            high, free, printed, None, Fraction(0)
        )
    if instance.kind == "ratio":
        return _ratio_constraints(instance, free, printed)
    return _between_constraints(instance, free, printed)


def _expression(
    instance: Instance, roles: Mapping[str, Fraction]
) -> list[tuple[str, Fraction]]:
    return [
        (place.cell, roles[place.role] * place.coefficient)
        for place in instance.places
        if place.role in roles
    ]


def _within(
    expression: list[tuple[str, Fraction]],
    free: frozenset[str],
    printed: Mapping[str, Interval],
    low: Fraction | None,
    high: Fraction | None,
) -> list[_Constraint]:
    """low <= expression <= high for some printed values of the cells that are not free."""
    fixed_low = fixed_high = Fraction(0)
    unknown: dict[str, Fraction] = defaultdict(Fraction)
    for cell, coefficient in expression:
        if cell in free:
            unknown[cell] += coefficient
            continue
        one, other = (coefficient * _end(printed[cell], end) for end in ("low", "high"))
        fixed_low += min(one, other)
        fixed_high += max(one, other)
    up = tuple((cell, value) for cell, value in unknown.items() if value)
    down = tuple((cell, -value) for cell, value in up)
    constraints = []
    if high is not None:
        constraints.append(_Constraint(up, high - fixed_low))
    if low is not None:
        constraints.append(_Constraint(down, fixed_high - low))
    return constraints


def _end(interval: Interval, end: str) -> Fraction:
    value = interval.low if end == "low" else interval.high
    if value is None:
        raise ValueError("a printed figure has both ends")
    return value


def _ratio_constraints(
    instance: Instance, free: frozenset[str], printed: Mapping[str, Interval]
) -> list[_Constraint]:
    ratio = next(place.cell for place in instance.places if place.role == "ratio")
    denominator = next(
        place.cell for place in instance.places if place.role == "denominator"
    )
    numerator = _expression(instance, {"numerator": Fraction(100)})
    offset = instance.ratio_offset
    if ratio in free and (
        denominator in free or any(cell in free for cell, _ in numerator)
    ):
        return []  # whatever the counts are, some ratio goes with them
    if ratio in free:
        return _free_ratio(ratio, numerator, printed[denominator], printed, offset)
    low, high = (_end(printed[ratio], end) + offset for end in ("low", "high"))
    # ratio x denominator - 100 x numerator = 0 for some ratio in its interval; denominators are positive.
    negative = [(cell, -coefficient) for cell, coefficient in numerator]
    return _within(
        [(denominator, low), *negative], free, printed, None, Fraction(0)
    ) + _within([(denominator, high), *negative], free, printed, Fraction(0), None)


def _free_ratio(
    ratio: str,
    numerator: list[tuple[str, Fraction]],
    denominator: Interval,
    printed: Mapping[str, Interval],
    offset: int,
) -> list[_Constraint]:
    low = sum(
        (
            min(c * _end(printed[cell], "low"), c * _end(printed[cell], "high"))
            for cell, c in numerator
        ),
        Fraction(0),
    )
    high = sum(
        (
            max(c * _end(printed[cell], "low"), c * _end(printed[cell], "high"))
            for cell, c in numerator
        ),
        Fraction(0),
    )
    ends = [_end(denominator, "low"), _end(denominator, "high")]
    if min(ends) <= 0:
        return []
    quotients = [value / end - offset for value in (low, high) for end in ends]
    one = Fraction(1)
    return [
        _Constraint(((ratio, one),), max(quotients)),
        _Constraint(((ratio, -one),), -min(quotients)),
    ]


def _between_constraints(
    instance: Instance, free: frozenset[str], printed: Mapping[str, Interval]
) -> list[_Constraint]:
    middle = next(place.cell for place in instance.places if place.role == "middle")
    bounds = [place.cell for place in instance.places if place.role == "bound"]
    one = Fraction(1)
    if not any(cell in free for cell in bounds):
        low = min(_end(printed[cell], "low") for cell in bounds)
        high = max(_end(printed[cell], "high") for cell in bounds)
        return _within([(middle, one)], free, printed, low, high)
    if middle in free or all(cell in free for cell in bounds):
        return []
    bound = next(cell for cell in bounds if cell in free)
    other = printed[next(cell for cell in bounds if cell not in free)]
    whole = printed[middle]
    if _end(other, "low") > _end(whole, "high"):
        return [_Constraint(((bound, one),), _end(whole, "high"))]
    if _end(other, "high") < _end(whole, "low"):
        return [_Constraint(((bound, -one),), -_end(whole, "low"))]
    return []


def _project(
    constraints: list[_Constraint], cell: str, others: frozenset[str]
) -> Interval | None:
    """Interval of a cell over all solutions, or None when there is no solution."""
    remaining = constraints
    for other in sorted(others):
        remaining = _eliminate(remaining, other)
    low: Fraction | None = None
    high: Fraction | None = None
    for constraint in remaining:
        coefficient = dict(constraint.coefficients).get(cell, Fraction(0))
        if coefficient == 0:
            if constraint.bound < 0:
                return None
        elif coefficient > 0:
            limit = constraint.bound / coefficient
            high = limit if high is None else min(high, limit)
        else:
            limit = constraint.bound / coefficient
            low = limit if low is None else max(low, limit)
    return Interval(low, high)


def _eliminate(constraints: list[_Constraint], cell: str) -> list[_Constraint]:
    upper, lower, kept = [], [], set()
    for constraint in constraints:
        coefficient = dict(constraint.coefficients).get(cell, Fraction(0))
        if coefficient > 0:
            upper.append(_scaled(constraint, 1 / coefficient))
        elif coefficient < 0:
            lower.append(_scaled(constraint, -1 / coefficient))
        else:
            kept.add(constraint)
    for above in upper:
        for below in lower:
            merged: dict[str, Fraction] = defaultdict(Fraction)
            for name, value in (*above.coefficients, *below.coefficients):
                merged[name] += value
            terms = tuple(
                sorted((name, value) for name, value in merged.items() if value)
            )
            kept.add(_Constraint(terms, above.bound + below.bound))
    return list(kept)


def _scaled(constraint: _Constraint, factor: Fraction) -> _Constraint:
    return _Constraint(
        tuple((name, value * factor) for name, value in constraint.coefficients),
        constraint.bound * factor,
    )
