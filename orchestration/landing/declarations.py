"""What a dataset folder declares: the models of `dataset.yml` and of an edition's `origin.yml`."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, field_validator, model_validator

from orchestration.errors import FrontierError
from orchestration.landing.declaration_base import Declaration, as_list
from orchestration.landing.layout_declaration import (
    Dimensions,
    FileFormat,
    Numbers,
    SheetExclusion,
    TableLayout,
)
from orchestration.landing.source_declaration import SourceDeclaration
from orchestration.landing.survey_declaration import SurveyDeclaration
from orchestration.yaml_text import parse_yaml

Precision = Literal["day", "month", "year"]


class Names(Declaration):
    """A title in the languages of the warehouse."""

    en: str
    ru: str
    kk: str = ""


class Agency(Declaration):
    """The publisher of a dataset."""

    name_en: str
    name_ru: str


class ReleaseCalendar(Declaration):
    """When the publisher issues a new edition: in words, and as a cron expression where it is regular."""

    description: str
    cron: str | None = None

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, value: str | None) -> str | None:
        from cronsim import CronSim, CronSimError

        if value is not None:
            try:
                CronSim(value, dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
            except CronSimError as error:
                raise ValueError(f"{value!r} is no cron expression ({error})") from error
        return value


Unit = Literal["persons", "percent", "per_1000_persons", "per_10000_persons", "documents", "roubles"]


class Measure(Declaration):
    """Unit in which a table prints an indicator; `unit_mult` is a power of ten (SDMX UNIT_MULT)."""

    unit: Unit
    unit_mult: int = 0


Model = TypeVar("Model", bound=BaseModel)


class FileReading(Declaration):
    """Which kinds of file a dataset comes in, and what their bytes do not tell by themselves.

    `csv` is any delimited text; its delimiter and encoding are found where they are not given. `records`
    is the JSON Pointer (RFC 6901) of the list of records in a JSON document; with `explode`, each element of
    the list under that key becomes a row of its own.
    """

    formats: Annotated[list[FileFormat], Field(min_length=1)] = ["csv"]
    encoding: str | None = None
    delimiter: str | None = None
    records: str = ""
    explode: str | None = None
    min_bytes: int = 1
    max_bytes: int = 50_000_000


class RecordLayout(Declaration):
    """A table that lists records: one row each, one column per attribute."""

    id_column: str
    attributes: list[str]
    numeric: list[str] = []
    numbers: Numbers = Numbers()


class DatasetDeclaration(Declaration):
    """`dataset.yml`: what a dataset is, what it measures and how its files are read.

    Raises a `FrontierError` from `load_dataset` that names the file and the entry when the file does
    not fit.
    """

    kind: Literal["table", "records", "survey"]
    title: Names
    agency: Agency
    licence: str
    language: Literal["en", "ru", "kk"] = "ru"
    release_calendar: ReleaseCalendar
    source: SourceDeclaration | None = None
    measures: dict[str, Measure] = {}
    file: FileReading = FileReading()
    release_stamp: str | None = Field(
        default=None, description="Pattern of the text in which a file states its own release day."
    )
    layout: Annotated[list[TableLayout], BeforeValidator(as_list)] = []
    exclude_sheets: list[SheetExclusion] = []
    records: RecordLayout | None = None
    survey: SurveyDeclaration | None = None

    @model_validator(mode="after")
    def _kind_has_its_part(self) -> DatasetDeclaration:
        part = {"table": self.layout, "records": self.records, "survey": self.survey}[self.kind]
        if not part:
            wanted = {"table": "layout", "records": "records", "survey": "survey"}[self.kind]
            raise ValueError(f"a dataset of kind {self.kind} needs the section `{wanted}`")
        return self


class Origin(Declaration):
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
    etag: str | None = None
    last_modified: str | None = None
    received_sha256: str | None = Field(
        default=None, description="Digest of the file as it came, where personal data was dropped from it."
    )
    covers: Dimensions = Field(
        default=Dimensions(),
        description="Members that the publication states around the file and not in it, such as the region of a page.",
    )
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
