"""The `survey:` section of a dataset.yml: variables, quotas and every printed margin of a survey.

Filters are data, not SQL: a mapping of variable to the codes that count (or to a range of a count),
joined by *and*. They are turned into SQL where they are evaluated.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field, StringConstraints, model_validator

from orchestration.landing.declaration_base import Declaration

if TYPE_CHECKING:
    from collections.abc import Iterator

VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
FileVariable = Annotated[str, StringConstraints(pattern=r"^[^\s'\"`;]+$")]
"""A variable as the file names it. Rules about answers need a `VariableName`: they become columns of a mart."""
RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Sentence = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

_PRINTED_NUMBER = re.compile(r"^\d+(\.\d+)?$")


class NumberRange(Declaration):
    """Values from `min` to `max`, both included."""

    min: int
    max: int

    @model_validator(mode="after")
    def _is_ordered(self) -> NumberRange:
        if self.min > self.max:
            raise ValueError(f"the range starts at {self.min}, above its end {self.max}")
        return self


Codes = Annotated[tuple[int, ...], Field(min_length=1)]
Filter = dict[VariableName, Codes | NumberRange]


class Interval(NamedTuple):
    """Shares in percent that agree with the print; each end is part of it or not."""

    low: Decimal
    high: Decimal
    has_low: bool
    has_high: bool


class Place(Declaration):
    """Where the work that reports the survey prints the figure, in our own words."""

    section: Sentence
    page: int
    location: Sentence


class Quota(Declaration):
    """A fixed number of interviews with the respondents that `where` selects (empty: everybody)."""

    id: RuleId
    where: Filter = Field(default_factory=dict)
    n: int = Field(gt=0)
    place: Place
    ambiguity: Sentence | None = None


class Ratio(Declaration):
    """A share of counted events, not of respondents: the sum of `part` over the sum of `whole`."""

    part: VariableName
    whole: VariableName


class Margin(Declaration):
    """One printed share.

    `counted` selects, inside the base, the respondents that make up the share (or `ratio` the events).
    `base_n` is the number of respondents in the base (events, for a ratio), user-missing answers included.
    `printed` is a number as printed, which gives the interval by its last digit, or words, for which the
    interval in percent is declared as `low` and `high`.
    """

    id: RuleId
    statement: Sentence
    base: Filter = Field(default_factory=dict)
    base_description: Sentence
    base_n: int = Field(gt=0)
    counted: Filter | None = None
    ratio: Ratio | None = None
    printed: Sentence
    low: Decimal | None = Field(default=None, ge=0, le=100)
    high: Decimal | None = Field(default=None, ge=0, le=100)
    is_low_excluded: bool = False
    place: Place
    ambiguity: Sentence | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Margin:
        if (self.counted is None) == (self.ratio is None):
            raise ValueError(f"margin {self.id}: declare either counted or ratio")
        is_number = bool(_PRINTED_NUMBER.match(self.printed))
        has_bounds = self.low is not None and self.high is not None
        if is_number and (self.low is not None or self.high is not None):
            raise ValueError(f"margin {self.id}: the printed number {self.printed} gives the interval itself")
        if not is_number and not has_bounds:
            raise ValueError(f"margin {self.id}: printed in words ({self.printed}), so declare low and high")
        return self

    @property
    def interval(self) -> Interval:
        """Shares in percent that agree with the print: 77.3 stands for [77.25, 77.35)."""
        if self.low is not None and self.high is not None:
            return Interval(self.low, self.high, not self.is_low_excluded, True)
        printed = Decimal(self.printed)
        half_digit = Decimal(1).scaleb(int(printed.as_tuple().exponent)) / 2
        return Interval(printed - half_digit, printed + half_digit, True, False)


class CountRange(Declaration):
    """The values of a count that each code of a coded variable allows."""

    id: RuleId
    count: VariableName
    by: VariableName
    ranges: dict[int, NumberRange]


class Skip(Declaration):
    """Questions that nobody is asked whom `when` selects: an answer to one of them is an error."""

    id: RuleId
    statement: Sentence
    when: Filter = Field(min_length=1)
    unanswered: tuple[VariableName, ...] = Field(min_length=1)


class Agreement(Declaration):
    """Answers that go together: whoever `when` selects, `then` selects too."""

    id: RuleId
    statement: Sentence
    when: Filter = Field(min_length=1)
    then: Filter = Field(min_length=1)


class Battery(Declaration):
    """Questions with one scale: at most `most_pct` percent may answer all of them with one code (straight-lining)."""

    id: RuleId
    variables: tuple[VariableName, ...] = Field(min_length=3)
    most_pct: Decimal = Field(default=Decimal(5), ge=0, le=100)


class Duplicates(Declaration):
    """At most `most_pct` percent may repeat the answers of another respondent, to these questions or to all."""

    variables: tuple[VariableName, ...] = ()
    most_pct: Decimal = Field(default=Decimal(0), ge=0, le=100)


class WeightTotal(Declaration):
    """What the weights add up to: a total, or without one the number of respondents."""

    total: int | None = Field(default=None, gt=0)
    tolerance_pct: Decimal = Field(default=Decimal(0), ge=0, le=100)


class Anonymity(Declaration):
    """By which answers somebody could be recognised, and how many must share them for a row to be published.

    `open_by` says what allows to publish rows that fewer share: the licence, or the consent of those asked.
    """

    quasi_identifiers: tuple[FileVariable, ...] = Field(min_length=1)
    k: int = Field(default=3, ge=2)
    open_by: Sentence | None = None


class Direction(Declaration):
    """A statement without a figure: who travels more, which answer leads. Kept for readers and models."""

    id: RuleId
    statement: Sentence
    variables: tuple[VariableName, ...] = Field(min_length=1)
    place: Place
    ambiguity: Sentence | None = None


class SurveyDeclaration(Declaration):
    """What a survey file must hold and what was printed about it.

    Nothing is obligatory. Without `respondent_id` the row in the file is the respondent. `coded_variables`
    hold codes with labels, `count_variables` numbers; both must be in the file, as must the respondent
    number and the weight. Once codes are declared, every code of them, and every missing code of any
    variable, needs its label. A survey with a `response` is modelled: its answers are landed in long form
    as well, and it needs a weight and predictors.

    `encoding` is for files that do not say, or say wrongly, how their text is encoded (windows-1251,
    CP866). With `bilingual_labels` each label is 'English / Русский'; else all are in `label_language`.
    """

    respondent_id: FileVariable | None = None
    weight: FileVariable | None = None
    response: FileVariable | None = None
    predictors: tuple[FileVariable, ...] = ()
    coded_variables: tuple[FileVariable, ...] = ()
    count_variables: tuple[FileVariable, ...] = ()
    encoding: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")] | None = None
    bilingual_labels: bool = False
    label_language: Literal["en", "ru", "other"] = "en"
    quotas: tuple[Quota, ...] = ()
    count_ranges: tuple[CountRange, ...] = ()
    margins: tuple[Margin, ...] = ()
    skips: tuple[Skip, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    batteries: tuple[Battery, ...] = ()
    duplicates: Duplicates | None = None
    weight_total: WeightTotal | None = None
    anonymity: Anonymity | None = None
    directions: tuple[Direction, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that the file must have."""
        named = tuple(name for name in (self.respondent_id, self.weight) if name is not None)
        return (*named, *self.coded_variables, *self.count_variables)

    @property
    def numeric_variables(self) -> tuple[str, ...]:
        """Every variable that the file must store as numbers."""
        return tuple(name for name in self.variables if name != self.respondent_id)

    @property
    def has_rules(self) -> bool:
        """Whether anything is declared about the answers."""
        lists = (self.quotas, self.count_ranges, self.margins, self.skips, self.agreements, self.batteries)
        return any(lists) or self.duplicates is not None or self.weight_total is not None

    @property
    def has_long_form(self) -> bool:
        """Whether the answers are landed one by one, for the models and marts, and not only case by case."""
        return self.response is not None

    @model_validator(mode="after")
    def _is_whole_where_modelled(self) -> SurveyDeclaration:
        if self.response is not None and (self.weight is None or not self.predictors):
            raise ValueError(f"a survey with a response ({self.response}) needs a weight and predictors")
        if self.response is None and (self.predictors or self.has_rules):
            raise ValueError(
                "predictors, quotas, count ranges, margins, skips, agreements, batteries, duplicates and a "
                "weight_total need a survey that is modelled: a response"
            )
        return self

    @model_validator(mode="after")
    def _refers_to_declared_variables(self) -> SurveyDeclaration:
        repeated = {name for name in self.variables if self.variables.count(name) > 1}
        if repeated:
            raise ValueError(f"declared more than once: {', '.join(sorted(repeated))}")
        coded, counts = set(self.coded_variables), set(self.count_variables)
        for rule, names, known in self._references():
            unknown = sorted(set(names) - {"coded": coded, "count": counts, "any": coded | counts}[known])
            if unknown:
                kind = "" if known == "any" else f"{known} "
                raise ValueError(f"{rule}: not a declared {kind}variable: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _has_unique_ids(self) -> SurveyDeclaration:
        rules = (*self.quotas, *self.count_ranges, *self.margins, *self.skips, *self.agreements, *self.batteries)
        ids = [rule.id for rule in (*rules, *self.directions)]
        repeated = {rule_id for rule_id in ids if ids.count(rule_id) > 1}
        if repeated:
            raise ValueError(f"ids used more than once: {', '.join(sorted(repeated))}")
        return self

    def _references(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Every mention of variables: the rule that mentions them, their names, the kind they must be."""
        if self.response is not None:
            yield "response and predictors", (self.response, *self.predictors), "coded"
        for quota in self.quotas:
            yield f"quota {quota.id}", tuple(quota.where), "any"
        for count_range in self.count_ranges:
            yield f"count range {count_range.id}", (count_range.count,), "count"
            yield f"count range {count_range.id}", (count_range.by,), "coded"
        for margin in self.margins:
            yield f"margin {margin.id}", (*margin.base, *(margin.counted or {})), "any"
            if margin.ratio:
                yield (f"margin {margin.id}", (margin.ratio.part, margin.ratio.whole), "count")
        for skip in self.skips:
            yield f"skip {skip.id}", (*skip.when, *skip.unanswered), "any"
        for agreement in self.agreements:
            yield f"agreement {agreement.id}", (*agreement.when, *agreement.then), "any"
        for battery in self.batteries:
            yield f"battery {battery.id}", battery.variables, "coded"
        if self.duplicates:
            yield "duplicates", self.duplicates.variables, "any"
        if self.anonymity and self.has_long_form:
            yield "anonymity", self.anonymity.quasi_identifiers, "any"
        for direction in self.directions:
            yield f"direction {direction.id}", direction.variables, "any"
