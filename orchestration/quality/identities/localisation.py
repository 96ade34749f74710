"""Naming the suspects of broken identities: the smallest sets of cells whose change restores them all.

Every cell outside a set keeps the interval of its print; the cells in the set are free. A set explains
the breaks when some values of its cells satisfy every identity in which they take part. Each identity
gives linear inequalities in the free cells, and the inequalities are solved exactly (Fourier-Motzkin
elimination over fractions).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

MAX_SUSPECT_SET = 3
# A break whose cells have this many companions is one of the whole table: sums over all its regions tie them together.
MAX_SETS = 500


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
    instances: Iterable[Instance],
    printed: Mapping[str, Interval],
    neighbours: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, list[Explanation]]:
    """The smallest explanations of each broken instance, by `rule_id key`.

    An explanation restores every identity that any of its cells takes part in. Breaks that share cells are explained
    together; where no set of up to three cells explains them all, each by itself. A break that no such set explains
    has none. Two `neighbours` that may be printed in each other's place count as one change, like a single cell.
    """
    by_cell: dict[str, list[Instance]] = defaultdict(list)
    broken = []
    for instance in instances:
        for cell in {place.cell for place in instance.places}:
            by_cell[cell].append(instance)
        if instance.is_broken:
            broken.append(instance)
    search = _Search(by_cell, printed, neighbours or {})
    found = {}
    for together in _sharing_cells(broken):
        joint = search.smallest(together) if len(together) > 1 else []
        for one in together:
            found[f"{one.rule_id} {one.key}"] = joint or search.smallest([one])
    return found


def _sharing_cells(broken: list[Instance]) -> list[list[Instance]]:
    """The breaks in groups: those of a group share cells, directly or through others of the group."""
    groups: list[tuple[set[str], list[Instance]]] = []
    for one in broken:
        cells = {place.cell for place in one.places}
        members = [one]
        apart = []
        for group in groups:
            if group[0] & cells:
                cells |= group[0]
                members = group[1] + members
            else:
                apart.append(group)
        groups = [*apart, (cells, members)]
    return [members for _, members in groups]


class _Search:
    """The search for explanations; remembers what was solved, because breaks share cells."""

    def __init__(
        self,
        by_cell: Mapping[str, list[Instance]],
        printed: Mapping[str, Interval],
        neighbours: Mapping[str, Iterable[str]],
    ) -> None:
        self._by_cell = by_cell
        self._printed = printed
        self._neighbours = neighbours
        self._solved: dict[frozenset[str], dict[str, Interval] | None] = {}

    def smallest(self, broken: list[Instance]) -> list[Explanation]:
        """The smallest sets of cells that explain all these breaks: each of them needs one of its cells changed."""
        breaks = sorted(({place.cell for place in one.places} for one in broken), key=len)
        sets = {frozenset({cell}) for cell in breaks[0]}
        for size in range(1, MAX_SUSPECT_SET + 1):
            if len(sets) > MAX_SETS:
                break
            explaining = (cells for cells in sorted(sets, key=sorted) if all(cells & one for one in breaks))
            found = [expected for cells in explaining if (expected := self._expected(cells))]
            if size == 1:
                found += self._exchanges(breaks)
            if found:
                return [Explanation(expected) for expected in found]
            sets = {cells | {further} for cells in sets for further in self._further(cells, breaks)}
        return []

    def _exchanges(self, breaks: list[set[str]]) -> list[dict[str, Interval]]:
        """Pairs of neighbours that restore everything when each is read in the place of the other."""
        pairs = {frozenset({cell, other}) for cell in breaks[0] for other in self._neighbours.get(cell, ())}
        found = []
        for one, other in sorted(sorted(pair) for pair in pairs if all(pair & cells for cells in breaks)):
            exchanged = {one: self._printed[other], other: self._printed[one]}
            touched = {id(instance): instance for cell in (one, other) for instance in self._by_cell[cell]}.values()
            if all(_holds(instance, {**_of(instance, self._printed), **exchanged}) for instance in touched):
                found.append(exchanged)
        return found

    def _further(self, cells: frozenset[str], breaks: list[set[str]]) -> set[str]:
        """Cells that may help: those of a break that has none yet, else those that share an identity with the set."""
        untouched = next((one for one in breaks if not cells & one), None)
        return untouched or self._companions(cells)

    def _companions(self, cells: frozenset[str]) -> set[str]:
        """Cells that share an identity with the set: only they can undo what a change of it breaks."""
        return {place.cell for cell in cells for one in self._by_cell[cell] for place in one.places} - cells

    def _expected(self, cells: frozenset[str]) -> dict[str, Interval] | None:
        if cells not in self._solved:
            touched = {id(one): one for cell in cells for one in self._by_cell[cell]}.values()
            self._solved[cells] = _solve(cells, touched, self._printed)
        return self._solved[cells]


def _of(instance: Instance, printed: Mapping[str, Interval]) -> dict[str, Interval]:
    return {place.cell: printed[place.cell] for place in instance.places}


def _holds(instance: Instance, printed: Mapping[str, Interval]) -> bool:
    return all(one.bound >= 0 for one in _constraints(instance, frozenset(), printed))


def _solve(
    cells: frozenset[str],
    instances: Iterable[Instance],
    printed: Mapping[str, Interval],
) -> dict[str, Interval] | None:
    constraints: list[_Constraint] = []
    for instance in instances:
        constraints.extend(_constraints(instance, cells, printed))
    if _fails_alone(constraints):
        return None
    expected = {}
    for cell in sorted(cells):
        interval = _project(constraints, cell, cells - {cell})
        if interval is None or interval.is_empty:
            return None
        expected[cell] = interval
    return expected


def _fails_alone(constraints: list[_Constraint]) -> bool:
    """Whether the limits that hold for one cell by itself already contradict each other."""
    limits: dict[str, list[_Constraint]] = defaultdict(list)
    for constraint in constraints:
        if not constraint.coefficients and constraint.bound < 0:
            return True
        if len(constraint.coefficients) == 1:
            limits[constraint.coefficients[0][0]].append(constraint)
    intervals = [_project(own, cell, frozenset()) for cell, own in limits.items()]
    return any(interval is None or interval.is_empty for interval in intervals)


def _constraints(instance: Instance, free: frozenset[str], printed: Mapping[str, Interval]) -> list[_Constraint]:
    if instance.kind == "linear":
        return _within(
            _expression(instance, {"term": 1}),
            free,
            printed,
            instance.low,
            instance.high,
        )
    if instance.kind == "at_most":
        roles: dict[str, Fraction | int] = {"part": 1, "whole": -1}
        return _within(_expression(instance, roles), free, printed, None, Fraction(0))
    if instance.kind == "band":
        low = _expression(instance, {"numerator": 1, "denominator": -instance.low})
        high = _expression(instance, {"numerator": 1, "denominator": -instance.high})
        return _within(low, free, printed, Fraction(0), None) + _within(high, free, printed, None, Fraction(0))
    if instance.kind == "ratio":
        return _ratio_constraints(instance, free, printed)
    return _between_constraints(instance, free, printed)


def _expression(instance: Instance, roles: Mapping[str, Fraction | int]) -> list[tuple[str, Fraction | int]]:
    return [(place.cell, roles[place.role] * place.coefficient) for place in instance.places if place.role in roles]


def _within(
    expression: list[tuple[str, Fraction | int]],
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
        least, most = ("low", "high") if coefficient > 0 else ("high", "low")
        fixed_low += _times(coefficient, _end(printed[cell], least))
        fixed_high += _times(coefficient, _end(printed[cell], most))
    up = tuple((cell, value) for cell, value in unknown.items() if value)
    down = tuple((cell, -value) for cell, value in up)
    constraints = []
    if high is not None:
        constraints.append(_Constraint(up, high - fixed_low))
    if low is not None:
        constraints.append(_Constraint(down, fixed_high - low))
    return constraints


def _times(coefficient: Fraction | int, value: Fraction) -> Fraction:
    # Almost every coefficient is one, and products of fractions are slow.
    if coefficient == 1:
        return value
    return -value if coefficient == -1 else coefficient * value


def _end(interval: Interval, end: str) -> Fraction:
    value = interval.low if end == "low" else interval.high
    if value is None:
        raise ValueError("a printed figure has both ends")
    return value


def _ratio_constraints(instance: Instance, free: frozenset[str], printed: Mapping[str, Interval]) -> list[_Constraint]:
    ratio = next(place.cell for place in instance.places if place.role == "ratio")
    denominator = next(place.cell for place in instance.places if place.role == "denominator")
    numerator = _expression(instance, {"numerator": 100})
    offset = instance.ratio_offset
    if ratio in free and (denominator in free or any(cell in free for cell, _ in numerator)):
        return []  # whatever the counts are, some ratio goes with them
    if ratio in free:
        return _free_ratio(ratio, numerator, printed[denominator], printed, offset)
    low, high = (_end(printed[ratio], end) + offset for end in ("low", "high"))
    # ratio x denominator - 100 x numerator = 0 for some ratio in its interval; denominators are positive.
    negative = [(cell, -coefficient) for cell, coefficient in numerator]
    return _within([(denominator, low), *negative], free, printed, None, Fraction(0)) + _within(
        [(denominator, high), *negative], free, printed, Fraction(0), None
    )


def _free_ratio(
    ratio: str,
    numerator: list[tuple[str, Fraction | int]],
    denominator: Interval,
    printed: Mapping[str, Interval],
    offset: int,
) -> list[_Constraint]:
    low = sum(
        (min(c * _end(printed[cell], "low"), c * _end(printed[cell], "high")) for cell, c in numerator),
        Fraction(0),
    )
    high = sum(
        (max(c * _end(printed[cell], "low"), c * _end(printed[cell], "high")) for cell, c in numerator),
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


def _project(constraints: list[_Constraint], cell: str, others: frozenset[str]) -> Interval | None:
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
            terms = tuple(sorted((name, value) for name, value in merged.items() if value))
            kept.add(_Constraint(terms, above.bound + below.bound))
    return list(kept)


def _scaled(constraint: _Constraint, factor: Fraction) -> _Constraint:
    return _Constraint(
        tuple((name, value * factor) for name, value in constraint.coefficients),
        constraint.bound * factor,
    )
