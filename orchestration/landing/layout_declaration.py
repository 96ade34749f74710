"""The `layout:` section of a dataset.yml: where the figures of a printed table stand, and what they mean.

Everything is found by text, never by position. A text may be given as a list of variants; one that stands
between slashes is a regular expression for the whole text. Headers and labels are compared without regard
to letter case, blanks, hyphens and dashes, because the agencies break words and lines as it comes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from orchestration.landing.declaration_base import Declaration, as_list

DimensionName = Literal[
    "indicator",
    "ref_area",
    "counterpart_area",
    "reporting_area",
    "time_period",
    "population_group",
    "sex",
    "age",
    "citizenship",
    "variant",
]
StubDimension = DimensionName | Literal["obs_status", "unit_mult"]
ObservationStatus = Literal["A", "B", "D", "E", "F", "L", "M", "N", "O", "P", "Q"]
CodeScheme = Literal["m49", "iso2", "iso3", "okato", "oktmo", "kato", "emiss_okato", "wb"]

FileFormat = Literal["csv", "xls", "xlsx", "ods", "html", "json", "sdmx-ml"]

YEAR = r"/(?P<year>(?:1[89]|20)\d{2})(?: ?г(?:од|\.)?)?/"


def is_pattern(text: str) -> bool:
    """Whether a text stands for a regular expression."""
    return len(text) > 1 and text.startswith("/") and text.endswith("/")


def _is_power(value: str) -> bool:
    return re.fullmatch(r"-?\d{1,2}", value) is not None


# YAML reads 1 and 2005 as numbers; in a header they are texts.
TextRule = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
Text = TextRule | list[TextRule]


# How a period is put together of what a pattern captured; of several, the first whose parts are all there.
Template = str | list[str]


class Dimensions(Declaration):
    """Dimension members that a whole table, a sheet, a block or a column fixes."""

    indicator: str | None = None
    ref_area: str | None = None
    counterpart_area: str | None = None
    reporting_area: str | None = None
    time_period: str | None = None
    population_group: str | None = None
    sex: str | None = None
    age: str | None = None
    citizenship: str | None = None
    variant: str | None = None

    def members(self) -> dict[str, str]:
        """The members that are fixed, by dimension."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class NestedLabels(Declaration):
    """Labels under a row that has no figures of its own: they add a member to what that row says."""

    dimension: DimensionName
    members: dict[str, str]


class Stub(Declaration):
    """A column of row labels. Its text gives a member of a dimension (of several, where they are listed), the
    status of the row's figures, or the power of ten in which they are printed.

    `parse: year` reads a year; `parse: period` reads what `pattern` captures (year, year_end, quarter, month,
    month_name, day, …) into `template`, the first one whose parts are all there; `parse: territory` looks the
    text up among the names of territories and `parse: code` among the codes of `scheme`, one scheme after the
    other; for both, `members` goes first. `parse: member` maps it through `members`; `parse: label` only checks
    that it is one of `accepted`; `parse: footnotes` takes it for footnote marks. The member "" is the total of
    its dimension. With `fill_down` a blank label repeats the one above it; with `may_be_blank` it says nothing.
    Of several stubs of one dimension the first that says something counts. A territory of the type `context`
    is where the names in the rows below it are looked up first. `exclude` lists the labels whose rows are left out on
    purpose, each with its reason, and `only_with` the members that other stubs must give for this one to
    count. A member may ask in braces for what the stubs of its row capture: the `{year}` of a stub that
    reads a year, the named groups of a `pattern` or of a regular expression among the members.
    """

    header: list[Text]
    dimension: StubDimension | list[StubDimension] | None = None
    parse: Literal["year", "period", "territory", "code", "member", "label", "footnotes"]
    members: dict[str, str] = {}
    accepted: list[str] = []
    pattern: str | None = None
    template: Template | None = None
    scheme: Annotated[list[CodeScheme], BeforeValidator(as_list)] = []
    nested: NestedLabels | None = None
    context: str | None = None
    exclude: dict[str, str] = {}
    only_with: dict[str, str] = {}
    fill_down: bool = False
    may_be_blank: bool = False
    is_optional: bool = False

    @property
    def dimensions(self) -> tuple[StubDimension, ...]:
        """The dimensions to which the label gives its member."""
        if self.dimension is None:
            return ()
        return tuple(self.dimension) if isinstance(self.dimension, list) else (self.dimension,)

    @model_validator(mode="after")
    def _has_what_its_parser_needs(self) -> Stub:
        needs = {"period": self.pattern, "code": self.scheme, "member": self.members, "label": self.accepted}
        if self.parse in needs and not needs[self.parse]:
            key = {"period": "pattern", "code": "scheme", "member": "members", "label": "accepted"}[self.parse]
            raise ValueError(f"the stub {self.header} is read as {self.parse} and needs `{key}`")
        if self.pattern:
            re.compile(self.pattern)
        if self.dimension == "unit_mult" and not all(
            _is_power(text) for text in self.members.values() or self.accepted
        ):
            raise ValueError(
                f"the stub {self.header} gives a power of ten: its members, or what it accepts, are numbers"
            )
        return self


class Column(Declaration):
    """A column of figures, found by its header texts from the top level down.

    The header [""] is that of the first column that has none. Where the same words stand over several
    columns ("of which: men"), `follows` is the lowest header of the total to the left of which they are parts.
    """

    header: list[Text]
    follows: Text | None = None
    dims: Dimensions = Dimensions()
    time_template: str | None = None
    exclude: str | None = Field(default=None, description="Why the column is left out on purpose.")
    is_optional: bool = False


class PeriodColumns(Declaration):
    """Columns that repeat over periods: the header `period` says which, and `time_template` puts it together.

    `members` gives a year a period of its own, such as the day of its census.
    """

    header_above: list[Text] = []
    period: TextRule = YEAR
    header_below: list[Text] = []
    dims: Dimensions = Dimensions()
    time_template: Template = "{year}"
    members: dict[str, str] = {}
    exclude: str | None = Field(default=None, description="Why the columns are left out on purpose.")
    is_optional: bool = False

    @property
    def header(self) -> list[Text]:
        """The header texts from the top level down."""
        return [*self.header_above, self.period, *self.header_below]


class RowExclusion(Declaration):
    """Rows left out on purpose: separators, sources, notes.

    They hold no figures; where they do, `figures` is the text that each of them must show, such as "0", or a
    pattern for it.
    """

    label: Text
    match: Literal["exact", "prefix"] = "exact"
    figures: Text | None = None
    reason: str


class RepeatedRow(Declaration):
    """A row that a table prints twice on purpose; the second must say, figure for figure, what the first says.

    With `may_have_gaps` an empty cell in them says nothing: the other row may hold the figure.
    """

    label: Text
    reason: str
    may_have_gaps: bool = False


class Block(Declaration):
    """A part of a table that repeats row labels; it starts at a row label and ends where the next starts.

    The first block may do without `starts_at`: it is what stands before the others.
    """

    name: str
    starts_at: Text | None = None
    is_optional: bool = False
    dims: Dimensions = Dimensions()


class Numbers(Declaration):
    """How the table prints numbers in text; `either` reads a point or a comma as the decimal mark.

    A spreadsheet stores its numbers as numbers: a text with marks between thousands is an accident there, and
    refused, unless `are_text_in_spreadsheets` says that the agency writes them so.
    """

    decimal: Literal[".", ",", "either"] = "."
    thousands: list[str] = []
    are_text_in_spreadsheets: bool = False

    @model_validator(mode="after")
    def _marks_differ(self) -> Numbers:
        decimals = {".", ","} if self.decimal == "either" else {self.decimal}
        if decimals & set(self.thousands):
            raise ValueError("the decimal mark cannot separate thousands too")
        return self


class Symbol(Declaration):
    """A printed mark that stands for the absence of a number; the mark "" is the empty cell.

    Where the publication's legend gives the mark a number, such as 0 to a dash for "none", the mark has that
    `value` and the status A.
    """

    status: Literal["A", "M", "O", "N", "Q", "L"]
    value: Decimal | None = None
    meaning: str

    @model_validator(mode="after")
    def _has_a_value_or_a_reason(self) -> Symbol:
        if (self.status == "A") != (self.value is not None):
            raise ValueError("a symbol has the status A exactly when it has a value")
        return self


class NotRecorded(Declaration):
    """Figures that are printed although nothing was counted: they are missing, not the number that is shown.

    Every figure of one of the `members` in a `dimension` for a period before `before` that shows `printed`.
    """

    dimension: DimensionName
    members: list[str]
    before: str
    printed: list[TextRule] = ["0"]
    status: Literal["M", "O", "N", "Q", "L"] = "M"
    reason: str

    def concerns(self, members: Mapping[str, str], text: str) -> bool:
        """Whether it speaks of the figure with these members and this printed text."""
        period = members.get("time_period", "")
        is_early = period[: len(self.before)] < self.before
        return members.get(self.dimension) in self.members and is_early and text.strip() in self.printed


class SheetRule(Declaration):
    """A sheet that the layout reads, and the members that the sheet as a whole fixes."""

    name: Text
    dims: Dimensions = Dimensions()


class SheetExclusion(Declaration):
    """A sheet left out on purpose."""

    name: Text
    reason: str


class TitleMember(Declaration):
    """A member that a title or note of the table states.

    `parse: period` puts what `pattern` captures into `template`; `parse: territory` looks up what the group
    `territory` captures, in the nominative or as the sentence inflects it. `sheet` is the sheet that says it,
    where the table's own does not. With `is_optional` the title may be missing: the edition's origin.yml then
    says under `covers` what the publication states around the file.
    """

    dimension: DimensionName
    pattern: str
    parse: Literal["period", "territory"] = "period"
    template: Template = "{year}"
    sheet: Text | None = None
    is_optional: bool = False

    @model_validator(mode="after")
    def _captures_what_it_parses(self) -> TitleMember:
        if self.parse == "territory" and "territory" not in re.compile(self.pattern).groupindex:
            raise ValueError(f"the pattern {self.pattern!r} is read as a territory and needs the group `territory`")
        return self


class StatusNote(Declaration):
    """A note that gives figures a status: those whose period is the one that `pattern` captures."""

    pattern: str
    template: Template = "{year}"
    status: ObservationStatus
    is_optional: bool = True


class TableLayout(Declaration):
    """Where the figures of a printed table stand and what they mean, by text and never by position.

    A sheet that holds several tables has a layout for each, which begins at the text `starts_at`. Where the
    same table comes in files of different make, `formats` says which of them the layout reads. Several
    layouts of one sheet without `starts_at` are alternatives: the first that fits the sheet reads it. A table
    that some editions lack `is_optional`. Over how many columns a header stands is told by merged cells
    (`header_fill: merged`), by the blanks to its right (`right`, as in a file without merged cells), or by
    both. With `are_blocks_alike` every block must print the same rows, so that a lost row is noticed.
    """

    formats: list[FileFormat] = []
    sheets: list[SheetRule] = []
    is_optional: bool = False
    starts_at: Text | None = None
    ends_at: Text | None = None
    header_levels: int = 1
    header_fill: Literal["merged", "right", "merged_then_right"] = "merged"
    must_contain: list[TextRule] = []
    hidden: Literal["refuse", "read", "skip"] = "refuse"
    numbers: Numbers = Numbers()
    symbols: dict[str, Symbol] = {}
    not_recorded: list[NotRecorded] = []
    value_footnotes: str | None = None
    label_footnotes: str | None = None
    title_members: list[TitleMember] = []
    status_notes: list[StatusNote] = []
    constants: Dimensions = Dimensions()
    status: ObservationStatus = "A"
    group_definitions: dict[str, str] = Field(
        default={}, description="Definition of each country group that the table prints."
    )
    stubs: Annotated[list[Stub], Field(min_length=1)]
    columns: list[Column] = []
    period_columns: Annotated[list[PeriodColumns], BeforeValidator(as_list)] = []
    blocks: list[Block] = []
    are_blocks_alike: bool = False
    exclude_rows: list[RowExclusion] = []
    repeated_rows: list[RepeatedRow] = []

    @model_validator(mode="after")
    def _headers_fit_their_levels(self) -> TableLayout:
        for rule in [*self.stubs, *self.columns, *self.period_columns]:
            if len(rule.header) > self.header_levels:
                raise ValueError(f"header {rule.header} has more than the {self.header_levels} levels of the table")
        if not self.columns and not self.period_columns:
            raise ValueError("a layout needs `columns` or `period_columns`")
        if any(block.starts_at is None for block in self.blocks[1:]):
            raise ValueError("only the first block may do without `starts_at`")
        return self

    @model_validator(mode="after")
    def _patterns_compile(self) -> TableLayout:
        texts: list[Text | None] = [self.starts_at, self.ends_at, *self.must_contain]
        texts += [level for rule in [*self.stubs, *self.columns, *self.period_columns] for level in rule.header]
        texts += [column.follows for column in self.columns]
        texts += [rule.label for rule in [*self.exclude_rows, *self.repeated_rows]]
        texts += [rule.figures for rule in self.exclude_rows]
        texts += [text for stub in self.stubs for text in (*stub.members, *stub.accepted, *stub.exclude)]
        texts += [block.starts_at for block in self.blocks]
        for text in texts:
            for variant in text if isinstance(text, list) else [text]:
                if variant is not None and is_pattern(variant):
                    re.compile(variant[1:-1])
        for pattern in (self.value_footnotes, self.label_footnotes):
            if pattern:
                re.compile(pattern)
        for note in [*self.title_members, *self.status_notes]:
            re.compile(note.pattern)
        return self
