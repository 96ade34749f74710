"""The declarations of identities: the models of `expectations/identities.yml`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from orchestration.errors import FrontierError
from orchestration.yaml_text import parse_yaml

Severity = Literal["error", "warning", "info"]
Key = Literal[
    "edition_id",
    "agency",
    "released_on",
    "indicator",
    "ref_area",
    "counterpart_area",
    "reporting_area",
    "time_period",
    "population_group",
    "group_definition",
]
Column = Literal[Key, "dataset", "obs_status", "unit", "breakdown", "sex", "age", "citizenship", "variant"]
Filter = dict[Column, str | list[str | None] | None]


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Each(_Rule):
    """One cell per member of a group, per territory inside the whole, or per part of the whole at a level.

    With a `rest`, the members that a table does not print are in the figure of the rest, if it prints that.
    """

    dimension: Literal["ref_area", "counterpart_area"]
    group: str | None = None
    definition: str | None = None
    except_: list[str] = Field(default=[], alias="except")
    rest: str | None = None
    inside_whole: bool = False
    level: str | list[str] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = [self.group is not None, self.inside_whole, self.level is not None]
        if sum(said) != 1 or (self.group is None) != (self.definition is None):
            raise ValueError("each takes a group with its definition, or inside_whole, or a level")
        return self

    @property
    def levels(self) -> list[str]:
        """The levels whose parts are meant; none for members of a group or inside a whole."""
        return [self.level] if isinstance(self.level, str) else self.level or []


class Term(_Rule):
    """The cells that take one place in an identity.

    Those of the `previous` edition are where the same dataset printed the first cell of the instance before, as
    `previous_edition_id` of the figures says: editions that do not print it are passed over.
    """

    coefficient: int = 1
    where: Filter = {}
    unless: Filter = {}
    time: Literal["same", "opens", "closes", "year_before"] = "same"
    edition: Literal["same", "previous"] = "same"
    each: Each | None = None
    alone: bool = Field(default=False, description="Each cell makes an instance of its own.")


class Break(_Rule):
    """A break in a series: instances in which the first cell is one of these are not judged, for a stated reason."""

    where: Annotated[Filter, Field(min_length=1)]
    reason: str


class _Identity(_Rule):
    id: str
    severity: Severity
    statement: str
    explanation: str | None = None
    same: list[Key]
    where: Filter = {}
    breaks: list[Break] = []

    @model_validator(mode="after")
    def _starts_from_an_edition(self) -> Self:
        terms = [term for _, term in roles(self)]  # ty: ignore[invalid-argument-type]
        if not any(term.edition == "previous" for term in terms):
            return self
        if "edition_id" not in self.same or "released_on" in self.same:
            raise ValueError("a rule that speaks of the previous edition has edition_id in same, and not released_on")
        if terms[0].edition == "previous":
            raise ValueError("the first cell is of the edition itself, and not of the previous one")
        if any(term.each and term.each.level for term in terms):
            raise ValueError("a sum over a level does not speak of the previous edition")
        return self


class Linear(_Identity):
    """The terms, each times its coefficient, add up to zero, or to something between `low` and `high`, in units."""

    kind: Literal["linear"]
    terms: list[Term]
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    @model_validator(mode="after")
    def _has_a_whole(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is above high")
        if any(term.each and term.each.level for term in self.terms) and (self.breaks or self.low or self.high):
            raise ValueError("a sum over a level has no breaks, and adds up to zero")
        if any(term.each and term.each.level for term in self.terms) and (
            [term.each is None for term in self.terms] != [True, False]
        ):
            raise ValueError("a sum over a level has two terms, first the whole and then the parts")
        return self


class Ratio(_Identity):
    """ratio + ratio_offset = 100 x numerator / denominator."""

    kind: Literal["ratio"]
    ratio: Term
    numerator: list[Term]
    denominator: Term
    ratio_offset: int = 0


class AtMost(_Identity):
    """The parts together are no larger than the whole."""

    kind: Literal["at_most"]
    whole: Term
    parts: Term


class Between(_Identity):
    """The middle lies between the two bounds."""

    kind: Literal["between"]
    middle: Term
    bounds: Annotated[list[Term], Field(min_length=2, max_length=2)]


class Band(_Identity):
    """numerator / denominator stays inside a recorded band."""

    kind: Literal["band"]
    low: Decimal
    high: Decimal
    numerator: list[Term]
    denominator: Term


Identity = Annotated[Linear | Ratio | AtMost | Between | Band, Field(discriminator="kind")]


def roles(identity: Identity) -> list[tuple[str, Term]]:
    """Every term of an identity with the role it plays, the anchor of an instance first."""
    if isinstance(identity, Linear):
        return [("term", term) for term in identity.terms]
    if isinstance(identity, Ratio):
        numerator = [("numerator", term) for term in identity.numerator]
        return [
            ("ratio", identity.ratio),
            *numerator,
            ("denominator", identity.denominator),
        ]
    if isinstance(identity, AtMost):
        return [("whole", identity.whole), ("part", identity.parts)]
    if isinstance(identity, Between):
        return [
            ("middle", identity.middle),
            *(("bound", term) for term in identity.bounds),
        ]
    return [
        *(("numerator", term) for term in identity.numerator),
        ("denominator", identity.denominator),
    ]


def speaks_of_previous(identity: Identity) -> bool:
    """Whether any cell of an identity is of the edition before."""
    return any(term.edition == "previous" for _, term in roles(identity))


def load_identities(path: Path) -> list[Identity]:
    """Read the declared identities; a `FrontierError` names the entry that does not fit."""
    try:
        rules = TypeAdapter(list[Identity]).validate_python(parse_yaml(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FrontierError(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"entry {'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()
        )
        raise FrontierError(f"{path} does not fit its form: {problems}. Correct these entries.") from error
    ids = [rule.id for rule in rules]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise FrontierError(f"{path} declares {', '.join(twice)} more than once: give each identity its own id.")
    return rules
