"""The arithmetic of identities by trying every value of small grids, for the tests to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product

Printed = tuple[Fraction, Fraction]
HALF = Fraction(1, 2)


def grid(printed: Printed) -> list[Fraction]:
    """Values from one end of a printed interval to the other, half a unit apart."""
    low, high = printed
    return [low + step * HALF for step in range(int((high - low) / HALF) + 1)]


def choices(cells: Iterable[Printed]) -> Iterator[tuple[Fraction, ...]]:
    """Every way of choosing a value for each cell."""
    return product(*(grid(cell) for cell in cells))


def linear_holds(coefficients: Sequence[int], cells: Sequence[Printed]) -> bool:
    """Whether some values add up to zero; exact for coefficients of one, because sums lie on the grid too."""
    return any(
        sum(coefficient * value for coefficient, value in zip(coefficients, values, strict=True)) == 0
        for values in choices(cells)
    )


def ratio_holds(ratio: Printed, numerators: Sequence[Printed], denominator: Printed, offset: int) -> bool:
    """Whether some values have (ratio + offset) x denominator = 100 x numerator.

    The difference is continuous and takes its extremes at ends of the intervals: it is zero somewhere
    exactly when it is not of one sign on the grid.
    """
    gaps = [
        (one + offset) * whole - 100 * sum(parts) for one, whole, *parts in choices([ratio, denominator, *numerators])
    ]
    return min(gaps) <= 0 <= max(gaps)


def between_holds(middle: Printed, bounds: Sequence[Printed]) -> bool:
    """Whether some values have the middle between the bounds, whichever bound is the larger."""
    return any(min(ends) <= value <= max(ends) for value, *ends in choices([middle, *bounds]))


def at_most_holds(whole: Printed, parts: Sequence[Printed]) -> bool:
    """Whether some values have parts that together are no larger than the whole."""
    return any(sum(values) <= one for one, *values in choices([whole, *parts]))


def band_holds(low: Fraction, high: Fraction, numerator: Printed, denominator: Printed) -> bool:
    """Whether some values have numerator / denominator inside the band; denominators are positive."""
    pairs = list(choices([numerator, denominator]))
    return any(one >= low * other for one, other in pairs) and any(one <= high * other for one, other in pairs)
