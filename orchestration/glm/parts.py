"""A design and its data in parts, one in memory or many from disk, and sums that visit each part in turn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, cast

import numpy as np

from orchestration.glm.arrays import Booleans, Floats, sum_by_code
from orchestration.glm.design import Design
from orchestration.glm.sample import Sample, SampleHead

MOVING = 1e-5
"""Change of a linear predictor from which it counts as still moving where an estimate is infinite."""


@dataclass(frozen=True)
class PatternData:
    """Sufficient statistics of the patterns: weight (of rows, or trials), response total, offset."""

    weight: Floats
    total: Floats
    offset: Floats

    @classmethod
    def of(cls, sample: Sample) -> "PatternData":
        """From the cells of a sample."""
        offset = np.zeros(sample.n_patterns) if sample.offset is None else sample.offset
        return cls(
            weight=sample.pattern_sums(sample.weight * sample.trials),
            total=sample.pattern_sums(sample.weight * sample.y),
            offset=offset,
        )


@dataclass(frozen=True)
class Part:
    """Some patterns with all their cells, and the design's rows for them."""

    design: Design
    sample: Sample
    data: PatternData

    def eta(self, location: Floats) -> Floats:
        """Linear predictor of each pattern."""
        return self.data.offset + self.design.predict(location)


class Parts:
    """The parts of a sample under a design; each iteration reads those of a large sample anew."""

    def __init__(self, design: Design, sample: SampleHead) -> None:
        self.design, self.sample = design, sample
        self._held = (Part(design, sample, PatternData.of(sample)),) if isinstance(sample, Sample) else None

    def __iter__(self) -> Iterator[Part]:
        if self._held is not None:
            yield from self._held
            return
        for piece in self.sample.pieces():
            yield Part(self.design.on(piece), piece, PatternData.of(piece))

    @property
    def is_held(self) -> bool:
        """Whether there is one part, which stays in memory."""
        return self._held is not None

    def under(self, design: Design) -> "Parts":
        """The same data under another design."""
        return Parts(design, self.sample)

    @cached_property
    def pooled(self) -> PatternData:
        """All patterns as one; its offset is 0, so that it only serves where there is none."""
        weight = total = 0.0
        for part in self:
            weight += float(part.data.weight.sum())
            total += float(part.data.total.sum())
        return PatternData(np.array([weight]), np.array([total]), np.zeros(1))

    def mean_offset(self) -> float:
        """Average of the offset by weight."""
        above = sum(float(part.data.weight @ part.data.offset) for part in self)
        return above / float(self.pooled.weight[0])

    def largest_change(self, step: Floats, *, relative_to: Floats | None = None) -> float:
        """Largest change of a linear predictor by a step (q), relative to the largest one at some coefficients."""
        change = largest = 0.0
        for part in self:
            change = max(change, float(np.abs(part.design.predict(step)).max(initial=0.0)))
            if relative_to is not None:
                largest = max(largest, float(np.abs(part.eta(relative_to)).max(initial=0.0)))
        return change if relative_to is None else change / max(largest, 1e-300)


class PooledParts(Parts):
    """All patterns as one, under the intercept alone; only right where there is no offset."""

    def __init__(self, parts: Parts) -> None:
        self.design, self.sample = parts.design.leading(1), parts.sample
        self.design.n_patterns = 1
        self._held = (Part(self.design, cast("Sample", parts.sample), parts.pooled),)


class Objective(Protocol):
    """What a model adds up over its parts at some parameters."""

    def terms(
        self, part: Part, parameters: Floats, *, with_derivatives: bool
    ) -> tuple[float, tuple[Floats, ...]] | None:
        """Log-likelihood of a part, and its derivatives where asked; None where the parameters are not valid."""
        ...


class Sweep:
    """Sums of an objective over the parts, each computed once for the same parameters.

    Parts that are read from disk give likelihood and derivatives in one reading.
    """

    def __init__(self, parts: Parts, objective: Objective) -> None:
        self.parts, self.objective = parts, objective
        self._last: tuple[Floats, float, tuple[Floats, ...] | None] | None = None

    def log_likelihood(self, parameters: Floats) -> float:
        """Sum over the parts; minus infinity where the parameters are not valid."""
        if self._last is None or self._last[0] is not parameters:
            self._last = self._add(parameters, with_derivatives=not self.parts.is_held)
        return self._last[1]

    def derivatives(self, parameters: Floats) -> tuple[Floats, ...]:
        """Sums of the derivatives over the parts."""
        if self._last is None or self._last[0] is not parameters or self._last[2] is None:
            self._last = self._add(parameters, with_derivatives=True)
        assert self._last[2] is not None
        return self._last[2]

    def _add(self, parameters: Floats, *, with_derivatives: bool) -> tuple[Floats, float, tuple[Floats, ...] | None]:
        value, sums = 0.0, None
        for part in self.parts:
            found = self.objective.terms(part, parameters, with_derivatives=with_derivatives)
            if found is None:
                return parameters, -np.inf, None
            value += found[0]
            sums = found[1] if sums is None else tuple(one + other for one, other in zip(sums, found[1], strict=True))
        return parameters, value, sums if with_derivatives else None


@dataclass(frozen=True)
class Movement:
    """Which linear predictors still move where an estimate is infinite.

    `is_everywhere`: those of all patterns; `columns` (q): those of all patterns that have an indicator.
    `parameters` (q) is the step itself.
    """

    is_everywhere: bool
    columns: Booleans
    parameters: Floats


def trace_movement(parts: Parts, step: Floats, cuts: Sequence[float] | Floats = (0.0,)) -> Movement:
    """Where a step (q) moves the linear predictors, or for an ordinal model any threshold less these."""
    still, width = False, parts.design.width
    moved, seen = np.zeros(width), np.zeros(width)
    for part in parts:
        change = part.design.predict(step)
        moving = np.max([np.abs(cut - change) for cut in cuts], axis=0) > MOVING
        still = still or not moving.all()
        for index, block in enumerate(part.design.blocks):
            if block.codes is None or block.values is not None:
                continue
            columns = part.design.slice_of(index)
            moved[columns] += sum_by_code(block.codes, moving.astype(np.float64), block.size)
            seen[columns] += np.bincount(block.codes, minlength=block.size)
    return Movement(not still, (seen > 0) & (moved == seen), step)
