"""A sample whose rows do not fit memory: encoded once into a temporary file, read in pieces by every sweep."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from orchestration.glm.arrays import Floats, Integers
from orchestration.glm.merging import Merging, dense_codes
from orchestration.glm.sample import Moments, Sample, SampleHead
from orchestration.glm.spill import Columns, Spill
from orchestration.glm.totals import ResponseTotals

OffsetOf = Callable[[Sample], Floats]


@dataclass(frozen=True, kw_only=True)
class Stream(SampleHead):
    """The rows of one fit on disk. Their columns are those of `Sample`, under its names, as the spill has them.

    `columns` places the factors and covariates that are in the model among those in the spill; `added` are
    functions of a piece whose values its offset gains.
    """

    spill: Spill
    columns: tuple[tuple[int, ...], tuple[int, ...]]
    found: "StreamTotals"
    n_rows: float
    sums: tuple[float, float]
    numbers: tuple[Moments, ...]
    response: Moments
    offset: Moments | None
    is_plain: bool
    added: tuple[OffsetOf, ...] = ()

    def pieces(self) -> Iterator[Sample]:
        """The rows, a chunk of whole covariate patterns at a time."""
        for chunk in self.spill.chunks():
            yield self._piece(chunk)

    def _piece(self, chunk: Columns) -> Sample:
        y = chunk["y"].astype(np.float64)
        ones = np.ones(len(y))
        n = chunk["n"].astype(np.float64) if "n" in chunk else ones
        weight = cast("Floats", chunk.get("weight", n))
        pattern = np.arange(len(y)) if self.is_plain else chunk["pattern"].astype(np.int64)
        first = pattern if self.is_plain else np.flatnonzero(np.diff(pattern, prepend=-1))
        factors, covariates = self.columns
        numbers = [cast("Floats", chunk[f"x{place}"])[first] for place in covariates]
        piece = Sample(
            factors=tuple(
                replace(factor, codes=chunk[f"f{place}"].astype(np.int64)[first])
                for factor, place in zip(self.factors, factors, strict=True)
            ),
            dropped=self.dropped,
            unused_levels=self.unused_levels,
            covariate_names=self.covariate_names,
            interactions=self.interactions,
            categories=self.categories,
            cases=self.cases,
            n_clusters=self.n_clusters,
            n_patterns=len(first),
            fingerprint=self.fingerprint,
            is_synthetic=self.is_synthetic,
            covariates=np.column_stack(numbers) if numbers else np.empty((len(first), 0)),
            offset=cast("Floats", chunk["offset"])[first] if "offset" in chunk else None,
            pattern=pattern,
            y=y,
            trials=cast("Floats", chunk.get("trials", ones)),
            n=n,
            weight=weight,
            weight_squares=cast("Floats", chunk.get("weight_squares", weight)),
            cluster=chunk["cluster"].astype(np.int64) if "cluster" in chunk else None,
            within=None,
            is_plain=self.is_plain,
        )
        for add in self.added:
            piece = piece.shifted(add)
        return piece

    def shifted(self, offset_of: OffsetOf) -> "Stream":
        """The same rows with something added to the offset of each pattern."""
        zero = Moments(0.0, 0.0, 0.0, 0.0)
        return replace(self, added=(*self.added, offset_of), offset=self.offset or zero)

    @property
    def totals(self) -> ResponseTotals:
        """Sums over all rows of functions of the response."""
        return self.found

    @property
    def size(self) -> float:
        """Number of cases."""
        return self.n_rows

    @property
    def events(self) -> tuple[float, float]:
        """Sums over the cases of response and trials."""
        return self.sums

    @property
    def covariate_moments(self) -> tuple[Moments, ...]:
        """Moments of each covariate."""
        return self.numbers

    @property
    def response_moments(self) -> Moments:
        """Moments of the response."""
        return self.response

    @property
    def offset_moments(self) -> Moments | None:
        """Moments of the offset; None without one."""
        return self.offset


@dataclass(frozen=True)
class StreamTotals(ResponseTotals):
    """Totals of a response with too many different values to be listed, which are read from the spill again."""

    spill: Spill | None = None

    def total(self, function: Callable[[Floats, Floats], Floats]) -> float:
        """Weighted sum of a function of response and trials."""
        if self.spill is None:
            return super().total(function)
        value = 0.0
        for chunk in self.spill.chunks():
            y = chunk["y"].astype(np.float64)
            ones = np.ones(len(y))
            weight = cast("Floats", chunk.get("weight", chunk.get("n", ones)))
            value += float(weight @ function(y, cast("Floats", chunk.get("trials", ones))))
        return value


@dataclass
class RunningMoments:
    """Range, mean and squared deviations of a number, brought up to date chunk by chunk."""

    minimum: float = np.inf
    maximum: float = -np.inf
    count: float = 0.0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, values: Floats, n: Floats) -> None:
        """Take up a chunk (Chan, Golub and LeVeque 1983)."""
        count = float(n.sum())
        mean = float(n @ values) / count
        squares = float(n @ (values - mean) ** 2)
        total, shift = self.count + count, mean - self.mean
        self.squares += squares + shift * shift * self.count * count / total
        self.mean += shift * count / total
        self.count = total
        self.minimum = min(self.minimum, float(values.min()))
        self.maximum = max(self.maximum, float(values.max()))

    def moments(self) -> Moments:
        """As they are now."""
        return Moments(self.minimum, self.maximum, self.mean, float(np.sqrt(self.squares / self.count)))


@dataclass
class RunningHistogram:
    """Distinct responses (with trials) and their weights, as long as they are few."""

    limit: int
    weights: dict[tuple[float, float], float] | None = field(default_factory=dict)

    def add(self, y: Floats, trials: Floats, weight: Floats) -> None:
        """Take up a chunk."""
        if self.weights is None:
            return
        merging = Merging.of([dense_codes(y), dense_codes(trials)])
        pairs = zip(merging.take(y).tolist(), merging.take(trials).tolist(), strict=True)
        for pair, added in zip(pairs, merging.add(weight).tolist(), strict=True):
            self.weights[pair] = self.weights.get(pair, 0.0) + added
        if len(self.weights) > self.limit:
            self.weights = None


def row_hash(columns: Columns) -> int:
    """A sum over the rows of 64-bit hashes of their values, which does not depend on the order of the rows."""
    length = len(next(iter(columns.values())))
    mixed = np.full(length, 0x9E3779B97F4A7C15, dtype=np.uint64)
    for values in columns.values():
        mixed ^= np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(32)
    return int(mixed.sum(dtype=np.uint64))


def start_of_patterns(keys: list[NDArray[np.generic]], length: int) -> Integers:
    """0 and the rows that differ from the one before them in some key."""
    changed = np.zeros(length, dtype=bool)
    changed[:1] = True
    for values in keys:
        changed[1:] |= values[1:] != values[:-1]
    return np.flatnonzero(changed)
