"""The declarations of identities: the models of `expectations/identities.yml`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

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
]
Column = Literal[Key, "dataset", "group_definition", "unit"]
Filter = dict[Column, str | list[str]]


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Each(_Rule):
    """One cell per member of a group, or per territory inside the whole."""

    dimension: Literal["ref_area", "counterpart_area"]
    group: str | None = None
    definition: str | None = None
    except_: list[str] = Field(default=[], alias="except")
    inside_whole: bool = False


class Term(_Rule):
    """The cells that take one place in an identity."""

    coefficient: int = 1
    where: Filter = {}
    time: Literal["same", "opens", "closes"] = "same"
    each: Each | None = None
    alone: bool = Field(default=False, description="Each cell makes an instance of its own.")


class _Identity(_Rule):
    id: str
    severity: Severity
    statement: str
    explanation: str | None = None
    same: list[Key]
    where: Filter = {}


class Linear(_Identity):
    """The terms, each times its coefficient, add up to zero."""

    kind: Literal["linear"]
    terms: list[Term]


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
