"""The `source:` section of a dataset.yml: where a dataset is fetched from, one form for each kind of service.

When it is fetched is the release calendar's business. Secrets are named by the environment variable that
holds them and never stand here.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Annotated, ClassVar, Literal
from urllib.parse import quote, urlencode, urlsplit

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from orchestration.landing.declaration_base import Declaration

EnvironmentName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$"),
]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9]+$", strip_whitespace=True)]
Code = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Parameters = dict[str, str | list[str]]

EVERY_VALUE: Literal["all"] = "all"

_SECRET_HEADERS = {"authorization", "cookie", "proxy-authorization"}
_MEDIA_TYPE = re.compile(r"^[\w.+*-]+/[\w.+*-]+$")


class Timeouts(Declaration):
    """Seconds: to connect, between two pieces of an answer, and for all attempts at one request together.

    Pauses between attempts, and waiting until nobody else asks the host, do not count.
    """

    connect: float = Field(default=20, gt=0)
    read: float = Field(default=60, gt=0)
    total: float = Field(default=900, gt=0)


class _Source(Declaration):
    """What every kind of source may declare.

    `url` may hold the placeholders of its kind in braces. `expects` are the media types that count as an
    answer, with `*` for any text; where none is given, anything but a web page. `file_name` is the name under
    which the file lands; without it, the name that the service gives. `encoding` is that of the service's
    texts where their headers do not say. `min_interval` is in seconds, `max_bytes` bounds all answers of one
    download together.
    """

    model_config = ConfigDict(coerce_numbers_to_str=True)

    placeholders: ClassVar[frozenset[str]] = frozenset()

    url: str
    expects: tuple[str, ...] = ()
    file_name: str | None = None
    encoding: str = "utf-8"
    headers: dict[str, str] = {}
    timeouts: Timeouts = Timeouts()
    attempts: int = Field(default=5, ge=1, le=20)
    max_bytes: int = Field(default=200_000_000, gt=0)
    min_interval: float = Field(default=1.0, ge=0)
    token_env: EnvironmentName | None = None
    ca_bundle_env: EnvironmentName | None = None

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        return _check_address(value, cls.placeholders)

    @field_validator("expects")
    @classmethod
    def _are_media_types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for media_type in value:
            if not _MEDIA_TYPE.match(media_type):
                raise ValueError(f"{media_type!r} is no media type such as text/csv")
        return tuple(media_type.lower() for media_type in value)

    @field_validator("file_name")
    @classmethod
    def _is_plain_name(cls, value: str | None) -> str | None:
        if value is not None and (not value.strip() or value.startswith(".") or re.search(r"[/\\\x00-\x1f]", value)):
            raise ValueError(f"{value!r} is no plain file name: no folders, no leading dot")
        return value

    @field_validator("headers")
    @classmethod
    def _hold_no_secret(cls, value: dict[str, str]) -> dict[str, str]:
        secret = sorted(name for name in value if name.lower() in _SECRET_HEADERS)
        if secret:
            raise ValueError(f"{', '.join(secret)} holds a secret: name the variable that has it as token_env")
        return value

    @field_validator("encoding")
    @classmethod
    def _is_known_encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError(f"{value!r} is no known text encoding") from None
        return value

    @property
    def address(self) -> str:
        """The address that is asked first, with its query: what an edition records as its url."""
        return self.url

    @property
    def host(self) -> str:
        """Host, and port where one is named: only one request at a time goes there."""
        return urlsplit(self.address).netloc.lower()

    def _fill(self, **values: str) -> str:
        return self.url.format(**{name: quote(value, safe=":;,@.+~-_") for name, value in values.items()})


class FileSource(_Source):
    """One file at one address, by GET or by POST of a form."""

    kind: Literal["file"]
    method: Literal["GET", "POST"] = "GET"
    query: Parameters = {}
    form: Parameters = {}

    @model_validator(mode="after")
    def _form_is_posted(self) -> FileSource:
        if self.form and self.method == "GET":
            raise ValueError("a form needs method: POST")
        return self

    @property
    def address(self) -> str:
        return with_query(self.url, self.query)


class EmissSource(_Source):
    """An indicator of EMISS (fedstat.ru), as SDMX-ML 1.0 or as the Excel export.

    `select` lists for a field the ids of the values that are wanted, or `all`, which is also what holds for
    every field that is not mentioned. `lines`, `columns` and `filters` say where a field stands. What is left
    open is read from the indicator's own page, so that a new year needs no new declaration; a declaration
    with a title, with `select` for every field and without `all` is sent as it stands.
    """

    placeholders: ClassVar[frozenset[str]] = frozenset({"indicator", "format"})

    kind: Literal["emiss"]
    url: str = "https://www.fedstat.ru/indicator/data.do?format={format}"
    page_url: str = "https://www.fedstat.ru/indicator/{indicator}"
    indicator: Identifier
    title: str | None = None
    format: Literal["sdmx", "excel"] = "sdmx"
    lines: tuple[Identifier, ...] = ()
    columns: tuple[Identifier, ...] = ()
    filters: tuple[Identifier, ...] = ()
    select: dict[Identifier, Literal["all"] | Annotated[tuple[Identifier, ...], Field(min_length=1)]] = {}
    expects: tuple[str, ...] = ("text/xml", "application/vnd.ms-excel")
    timeouts: Timeouts = Timeouts(read=180)
    min_interval: float = Field(default=5.0, ge=0)

    @field_validator("page_url")
    @classmethod
    def _page_is_web_address(cls, value: str) -> str:
        return _check_address(value, cls.placeholders)

    @model_validator(mode="after")
    def _each_field_stands_once(self) -> EmissSource:
        placed = [*self.lines, *self.columns, *self.filters]
        repeated = sorted({field for field in placed if placed.count(field) > 1})
        if repeated:
            raise ValueError(f"field {', '.join(repeated)} stands in more than one of lines, columns and filters")
        return self

    @property
    def address(self) -> str:
        """The page that lists the indicator's fields and values: the form's address names no indicator."""
        return self.page_url.format(indicator=self.indicator, format=self.format)

    @property
    def data_address(self) -> str:
        """Where the form goes."""
        return self.url.format(indicator=self.indicator, format=self.format)

    @property
    def is_complete(self) -> bool:
        """Whether the declaration says everything that the form needs."""
        placed = {*self.lines, *self.columns, *self.filters}
        return bool(
            self.title
            and placed
            and placed - {"0"} == set(self.select) - {"0"}
            and EVERY_VALUE not in self.select.values()
        )


class StatGovKzSource(_Source):
    """An element of stat.gov.kz: its workbook, its "CSV" (tab-separated in truth) or its JSON."""

    placeholders: ClassVar[frozenset[str]] = frozenset({"id", "path", "language"})
    paths: ClassVar[dict[str, str]] = {"workbook": "file", "csv": "csv/file", "json": "json/file"}

    kind: Literal["stat_gov_kz"]
    url: str = "https://stat.gov.kz/api/iblock/element/{id}/{path}/{language}/"
    id: Identifier
    format: Literal["workbook", "csv", "json"] = "workbook"
    language: Literal["ru", "kk", "en"] = "ru"

    @property
    def address(self) -> str:
        return self.url.format(id=self.id, path=self.paths[self.format], language=self.language)


class TaldauSource(_Source):
    """An index of taldau.stat.gov.kz, either as the flat list of its series or as the tree of a dictionary.

    `call: data` asks once for every series of the dictionaries `dics`. `call: tree` holds one term of each
    dictionary, `terms`, and goes `depth` levels down from the term `root`, the first of them by default; `idx`
    is the number that the service's list of segments gives to this cut. `describe` asks for the index's
    attributes and periods as well.
    """

    placeholders: ClassVar[frozenset[str]] = frozenset({"language", "call"})

    kind: Literal["taldau"]
    url: str = "https://taldau.stat.gov.kz/{language}/Api/{call}"
    language: Literal["ru", "kk", "en"] = "ru"
    index: Identifier
    period: Identifier = "7"
    measure: Identifier = "1"
    dics: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    call: Literal["data", "tree"] = "data"
    terms: tuple[Identifier, ...] = ()
    root: Identifier | None = None
    idx: int = Field(default=0, ge=0)
    depth: int = Field(default=1, ge=0, le=6)
    describe: bool = True
    max_requests: int = Field(default=500, gt=0)

    @model_validator(mode="after")
    def _tree_has_its_terms(self) -> TaldauSource:
        if self.call == "data":
            if self.terms or self.root:
                raise ValueError("terms and root belong to call: tree")
            return self
        if len(self.terms) != len(self.dics):
            raise ValueError(f"call: tree needs one of terms for each of dics, not {len(self.terms)}")
        if self.root is not None and self.root not in self.terms:
            raise ValueError(f"root {self.root} is none of terms")
        return self

    @property
    def root_term(self) -> str:
        """The term from which the tree is read."""
        return self.root or self.terms[0]

    def call_address(self, call: str, query: dict[str, str]) -> str:
        """Address of one of the service's calls."""
        return with_query(self.url.format(language=self.language, call=call), query)

    @property
    def attributes_address(self) -> str:
        """Address of the index's names, unit and decimals."""
        query = {"periodId": self.period, "measureID": self.measure, "measureKFC": "1", "indexId": self.index}
        return self.call_address("GetIndexAttributes", query)

    @property
    def periods_address(self) -> str:
        """Address of the periods that the tree's figures are of."""
        return self.call_address("GetIndexPeriods", self.cut)

    @property
    def cut(self) -> dict[str, str]:
        """The parameters by which the tree and the list of periods know the index and its dictionaries."""
        return {
            "p_measure_id": self.measure,
            "p_index_id": self.index,
            "p_period_id": self.period,
            "p_terms": ",".join(self.terms),
            "p_term_id": self.root_term,
            "p_dicIds": ",".join(self.dics),
        }

    def branch_address(self, parent: str) -> str:
        """Address of the terms below `parent`; of the root where it is empty."""
        query = {**self.cut, "idx": str(self.idx), "p_parent_id": parent}
        return self.call_address("GetIndexTreeData", query)

    @property
    def address(self) -> str:
        if self.call == "tree":
            return self.branch_address("")
        return self.call_address(f"GetIndexData/{self.index}", {"period": self.period, "dics": ",".join(self.dics)})


class UnDataPortalSource(_Source):
    """Indicators of the Data Portal of UN DESA's Population Division; its token is in `token_env`."""

    placeholders: ClassVar[frozenset[str]] = frozenset({"indicators", "locations", "start", "end"})

    kind: Literal["un_data_portal"]
    url: str = (
        "https://population.un.org/dataportalapi/api/v1"
        "/data/indicators/{indicators}/locations/{locations}/start/{start}/end/{end}"
    )
    token_env: EnvironmentName | None = "UN_DATA_PORTAL_TOKEN"
    indicators: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    locations: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    start: int = Field(ge=1900, le=2200)
    end: int = Field(ge=1900, le=2200)
    format: Literal["json", "csv"] = "json"
    page_size: int = Field(default=100, ge=1, le=10_000)
    query: Parameters = {}
    max_requests: int = Field(default=2_000, gt=0)

    @model_validator(mode="after")
    def _years_are_ordered(self) -> UnDataPortalSource:
        if self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        return self

    @property
    def address(self) -> str:
        address = self._fill(
            indicators=",".join(self.indicators),
            locations=",".join(self.locations),
            start=str(self.start),
            end=str(self.end),
        )
        paging: Parameters = {"pagingInHeader": "false", "pageSize": str(self.page_size)}
        return with_query(address, {"format": self.format, **(paging if self.format == "json" else {}), **self.query})


class WorldBankSource(_Source):
    """One indicator of the World Bank's API, for the countries `countries` or for `all`."""

    placeholders: ClassVar[frozenset[str]] = frozenset({"countries", "indicator"})

    kind: Literal["world_bank"]
    url: str = "https://api.worldbank.org/v2/country/{countries}/indicator/{indicator}"
    indicator: Code
    countries: Annotated[tuple[Code, ...], Field(min_length=1)] = ("all",)
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}(:\d{4})?$")] | None = None
    per_page: int = Field(default=20_000, ge=1, le=32_500)
    query: Parameters = {}
    max_requests: int = Field(default=1_000, gt=0)

    @property
    def address(self) -> str:
        address = self._fill(countries=";".join(self.countries), indicator=self.indicator)
        query: Parameters = {"format": "json", "per_page": str(self.per_page), **self.query}
        return with_query(address, query | ({"date": self.date} if self.date else {}))


class SdmxSource(_Source):
    """A data query of any SDMX REST service, as SDMX-CSV or SDMX-ML: the `accept` header chooses."""

    placeholders: ClassVar[frozenset[str]] = frozenset({"flow", "key"})

    kind: Literal["sdmx"]
    flow: Code
    key: Code = "all"
    accept: str | None = None
    start_period: Code | None = None
    end_period: Code | None = None
    query: Parameters = {}

    @property
    def address(self) -> str:
        periods = {"startPeriod": self.start_period, "endPeriod": self.end_period}
        given = {name: value for name, value in periods.items() if value is not None}
        return with_query(self._fill(flow=self.flow, key=self.key), {**given, **self.query})


SourceDeclaration = Annotated[
    FileSource | EmissSource | StatGovKzSource | TaldauSource | UnDataPortalSource | WorldBankSource | SdmxSource,
    Field(discriminator="kind"),
]


def with_query(address: str, query: Parameters | dict[str, str]) -> str:
    """The address with these parameters added to those it has; a list gives one parameter for each element."""
    if not query:
        return address
    joint = "&" if urlsplit(address).query else "?"
    return f"{address}{joint}{urlencode(query, doseq=True, safe=':;,@')}"


def _check_address(value: str, placeholders: frozenset[str]) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no address that starts with https:// or http://")
    if parts.username or parts.password:
        raise ValueError("the address holds a password: secrets come from the environment, see token_env")
    try:
        found = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
    except ValueError as error:
        raise ValueError(f"the braces of {value!r} do not match ({error})") from None
    unknown = sorted(found - placeholders)
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in sorted(placeholders)) or "none"
        raise ValueError(f"{value!r} has the unknown placeholder {{{'}, {'.join(unknown)}}}; known here: {known}")
    return value
