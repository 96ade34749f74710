"""Blocks of columns of a design: what one effect of the model contributes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from orchestration.glm.arrays import Floats, Integers


@dataclass(frozen=True)
class Block:
    """Columns of one effect: an indicator per level, or one column of values.

    `codes` (P) is the column in which a pattern has its entry, None for the only one; `values` (P) is the
    entry, None for 1. `ascending` lists the columns in the ascending order of the levels. A covariate's
    values are standardised: value = (x - center) / spread. `members` are the factors and covariates of a
    product, `member_levels` the column of each member's own block (None: a covariate) for each column. The
    values of a product are the product of its covariates' values; `is_centered` is false where they are
    only divided by their spread.
    """

    kind: str
    name: str
    levels: tuple[str, ...]
    labels: tuple[str | None, ...]
    codes: Integers | None
    values: Floats | None
    ascending: tuple[int, ...] = (0,)
    center: float = 0.0
    spread: float = 1.0
    members: tuple[str, ...] = ()
    member_levels: tuple[tuple[int | None, ...], ...] = ()
    is_centered: bool = True

    def filled(self, codes: Integers | None, values: Floats | None) -> "Block":
        """The block with the entries of other patterns."""
        return replace(self, codes=codes, values=values)

    def product(self, mains: Mapping[str, "Block"]) -> "Block":
        """A product's block with entries from the filled blocks of its members."""
        codes: Integers | None = None
        values: Floats | None = None
        for block in (mains[name] for name in self.members):
            if block.kind == "factor":
                assert block.codes is not None
                codes = block.codes if codes is None else codes * block.size + block.codes
                continue
            assert block.values is not None
            single = block.values if self.is_centered else block.values + block.center / block.spread
            values = single if values is None else values * single
        return self.filled(codes, values)

    def position(self) -> Integers:
        """Column of each level of a factor, the levels in ascending order."""
        return np.array(self.ascending, dtype=np.int64)

    @property
    def size(self) -> int:
        """Number of columns."""
        return max(len(self.levels), 1)

    @property
    def factors(self) -> tuple[str, ...]:
        """Factors of the effect, in alphabetic order."""
        if self.kind == "factor":
            return (self.name,)
        levels = self.member_levels[0] if self.member_levels else ()
        return tuple(sorted(name for name, level in zip(self.members, levels, strict=True) if level is not None))

    @property
    def covariates(self) -> tuple[str, ...]:
        """Covariates of the effect, in alphabetic order."""
        if self.kind == "covariate":
            return (self.name,)
        levels = self.member_levels[0] if self.member_levels else ()
        return tuple(sorted(name for name, level in zip(self.members, levels, strict=True) if level is None))
