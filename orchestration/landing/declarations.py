"""What a dataset folder declares: the models of `dataset.yml` and of an edition's `origin.yml`."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from orchestration.errors import FrontierError
from orchestration.landing.survey_declaration import SurveyDeclaration
from orchestration.yaml_text import parse_yaml

Precision = Literal["day", "month", "year"]
DimensionName = Literal[
    "indicator",
    "ref_area",
    "counterpart_area",
    "reporting_area",
    "time_period",
    "population_group",
]


class _Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(_Declaration):
    """A title in the languages of the warehouse."""

    en: str
    ru: str
    kk: str = ""


class Agency(_Declaration):
    """The publisher of a dataset."""

    name_en: str
    name_ru: str


class ReleaseCalendar(_Declaration):
    """When the publisher issues a new edition: in words, and as a cron expression where it is regular."""

    description: str
    cron: str | None = None


class Measure(_Declaration):
    """Unit in which a table prints an indicator; `unit_mult` is a power of ten (SDMX UNIT_MULT)."""

    unit: Literal["persons", "percent"]
    unit_mult: int = 0


class Dimensions(_Declaration):
    """Dimension members that a whole table, a block or a column fixes."""

    indicator: str | None = None
    ref_area: str | None = None
    counterpart_area: str | None = None
    reporting_area: str | None = None
    time_period: str | None = None
    population_group: str | None = None

    def members(self) -> dict[str, str]:
        """The members that are fixed, by dimension."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


Model = TypeVar("Model", bound=BaseModel)
HeaderText = str | list[str]


class Stub(_Declaration):
    """A column of row labels. Its text gives a member of one dimension.

    `parse: year` reads a year; `parse: territory` looks the text up among the names of territories;
    `parse: member` maps it through `members`; `parse: label` only checks that it is one of `accepted`.
    """

    header: list[HeaderText]
    dimension: DimensionName | None = None
    parse: Literal["year", "territory", "member", "label"]
    members: dict[str, str] = {}
    accepted: list[str] = []


class Column(_Declaration):
    """A column of figures, found by its header texts (one per header level, each with variants)."""

    header: list[HeaderText]
    dims: Dimensions = Dimensions()
    time_template: str | None = None
    exclude: str | None = Field(default=None, description="Why the column is left out on purpose.")


class PeriodColumns(_Declaration):
    """Columns whose lowest header is a year."""

    header_above: list[HeaderText] = []
    dims: Dimensions = Dimensions()
    time_template: str = "{year}"


class RowExclusion(_Declaration):
    """Rows left out on purpose: separators, sources, notes."""

    label: str
    match: Literal["exact", "prefix"] = "exact"
    reason: str

    def covers(self, label: str) -> bool:
        """Whether a row with this label is excluded."""
        return label == self.label if self.match == "exact" else label.startswith(self.label)


class Block(_Declaration):
    """A part of a sheet that repeats row labels; it starts at a row label and ends where the next starts."""

    name: str
    starts_at: HeaderText
    dims: Dimensions = Dimensions()

    def starts(self, label: str) -> bool:
        """Whether a row with this label opens the block."""
        return label == self.starts_at if isinstance(self.starts_at, str) else label in self.starts_at


class Numbers(_Declaration):
    """How the table prints numbers."""

    decimal: Literal[".", ","] = "."
    thousands: list[str] = []


class Symbol(_Declaration):
    """A printed mark that stands for the absence of a number."""

    status: Literal["M", "O", "N", "Q", "L"]
    meaning: str


class TableLayout(_Declaration):
    """Where the figures of a printed table stand and what they mean, by text and never by position."""

    sheet: str | None = None
    header_levels: int = 1
    must_contain: list[str] = []
    numbers: Numbers = Numbers()
    symbols: dict[str, Symbol] = {}
    value_footnotes: str | None = None
    label_footnotes: str | None = None
    constants: Dimensions = Dimensions()
    group_definitions: dict[str, str] = Field(
        default={}, description="Definition of each country group that the table prints."
    )
    stubs: Annotated[list[Stub], Field(min_length=1)]
    columns: list[Column] = []
    period_columns: PeriodColumns | None = None
    blocks: list[Block] = []
    exclude_rows: list[RowExclusion] = []

    @model_validator(mode="after")
    def _headers_have_every_level(self) -> TableLayout:
        for rule in [*self.stubs, *self.columns]:
            if len(rule.header) != self.header_levels:
                raise ValueError(f"header {rule.header} needs {self.header_levels} levels")
        return self


class RecordLayout(_Declaration):
    """A table that lists records: one row each, one column per attribute."""

    id_column: str
    attributes: list[str]
    numeric: list[str] = []
    numbers: Numbers = Numbers()


class DatasetDeclaration(_Declaration):
    """`dataset.yml`: what a dataset is, what it measures and how its files are read.

    Raises a `FrontierError` from `load_dataset` that names the file and the entry when the file does
    not fit.
    """

    kind: Literal["table", "records", "survey"]
    title: Names
    agency: Agency
    licence: str
    release_calendar: ReleaseCalendar
    measures: dict[str, Measure] = {}
    layout: TableLayout | None = None
    records: RecordLayout | None = None
    survey: SurveyDeclaration | None = None

    @model_validator(mode="after")
    def _kind_has_its_part(self) -> DatasetDeclaration:
        part = {"table": self.layout, "records": self.records, "survey": self.survey}[self.kind]
        if part is None:
            wanted = {"table": "layout", "records": "records", "survey": "survey"}[self.kind]
            raise ValueError(f"a dataset of kind {self.kind} needs the section `{wanted}`")
        return self


class Origin(_Declaration):
    """`origin.yml`: where an edition comes from and how to recognise its file."""

    publication: str
    edition: str
    table_number: str | None = None
    pages: str | None = None
    publisher: str
    released_on: str
    released_on_precision: Precision
    retrieved_on: dt.date
    url: str | None = None
    file: str
    sha256: str
    bytes: int
    licence: str
    language: str
    quoted_in: str | None = None
    computed_by_quoting_work: list[str] = []
    is_keyed_by_hand: bool
    is_excerpt: bool
    is_synthetic: bool
    note: str | None = None

    @field_validator("sha256")
    @classmethod
    def _is_sha256(cls, value: str) -> str:
        if not re.fullmatch(r"[0-9a-f]{64}", value):
            raise ValueError("a SHA-256 has 64 hexadecimal digits")
        return value

    @model_validator(mode="after")
    def _release_date_has_its_precision(self) -> Origin:
        try:
            release_day(self.released_on, self.released_on_precision)
        except ValueError as error:
            raise ValueError(
                f"released_on {self.released_on!r} is no date to the {self.released_on_precision} ({error})"
            ) from error
        return self

    @property
    def released_day(self) -> dt.date:
        """The last day that the printed release date allows: a year alone counts as 31 December."""
        return release_day(self.released_on, self.released_on_precision)


def release_day(released_on: str, precision: Precision) -> dt.date:
    """Last day of the release date at the given precision; `ValueError` when they do not agree."""
    formats = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
    parsed = dt.datetime.strptime(released_on, formats[precision]).replace(tzinfo=dt.UTC).date()
    if precision == "day":
        return parsed
    month = parsed.month if precision == "month" else 12
    return parsed.replace(month=month, day=calendar.monthrange(parsed.year, month)[1])


def load_dataset(path: Path) -> DatasetDeclaration:
    """Read a `dataset.yml`; a `FrontierError` names the file and the entry that does not fit."""
    return _load(path, DatasetDeclaration)


def load_origin(path: Path) -> Origin:
    """Read an `origin.yml`; a `FrontierError` names the file and the entry that does not fit."""
    return _load(path, Origin)


def _load(path: Path, model: type[Model]) -> Model:
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FrontierError(f"{path} is not readable YAML: {error}. Correct the file.") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg']}" for item in error.errors()
        )
        raise FrontierError(f"{path} does not fit its form: {problems}. Correct these entries.") from error
