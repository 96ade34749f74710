"""The `source:` section: each kind takes its own keys and says clearly what is wrong with others."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestration.landing.source_declaration import SourceDeclaration
from orchestration.yaml_text import parse_yaml

FORM = TypeAdapter(SourceDeclaration)

EXAMPLES = {
    "{kind: file, url: 'https://rosstat.gov.ru/storage/mediabank/migr2.xls', ca_bundle_env: ROSSTAT_CA_BUNDLE}": (
        "https://rosstat.gov.ru/storage/mediabank/migr2.xls"
    ),
    "{kind: file, url: 'https://agency.example/export?a=1', query: {year: 2020, sex: [1, 2]}}": (
        "https://agency.example/export?a=1&year=2020&sex=1&sex=2"
    ),
    "{kind: emiss, indicator: 43514, select: {3: [2019, 2020]}}": "https://www.fedstat.ru/indicator/43514",
    "{kind: stat_gov_kz, id: 6584}": "https://stat.gov.kz/api/iblock/element/6584/file/ru/",
    "{kind: stat_gov_kz, id: 6645, format: csv, language: kk}": (
        "https://stat.gov.kz/api/iblock/element/6645/csv/file/kk/"
    ),
    "{kind: taldau, index: 703831, dics: [67, 915]}": (
        "https://taldau.stat.gov.kz/ru/Api/GetIndexData/703831?period=7&dics=67,915"
    ),
    "{kind: un_data_portal, indicators: [65], locations: [398, 643], start: 1990, end: 2023}": (
        "https://population.un.org/dataportalapi/api/v1/data/indicators/65/locations/398,643/start/1990/end/2023"
        "?format=json&pagingInHeader=false&pageSize=100"
    ),
    "{kind: world_bank, indicator: SM.POP.NETM, countries: [KAZ, RUS], date: '1990:2020'}": (
        "https://api.worldbank.org/v2/country/KAZ;RUS/indicator/SM.POP.NETM?format=json&per_page=20000&date=1990:2020"
    ),
    "{kind: sdmx, url: 'https://sdmx.example/rest/data/{flow}/{key}', flow: 'A,B@C,1.0', start_period: 2000}": (
        "https://sdmx.example/rest/data/A,B@C,1.0/all?startPeriod=2000"
    ),
}


@pytest.mark.parametrize(("text", "address"), EXAMPLES.items(), ids=lambda value: value[:40])
def test_each_kind_gives_its_address(text: str, address: str) -> None:
    source = FORM.validate_python(parse_yaml(text))
    assert source.address == address
    assert source.host == address.split("/")[2]


def test_the_token_of_the_data_portal_is_named_and_not_written() -> None:
    source = FORM.validate_python(
        {"kind": "un_data_portal", "indicators": [65], "locations": [398], "start": 1990, "end": 1990}
    )
    assert source.token_env == "UN_DATA_PORTAL_TOKEN"


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"kind": "ftp", "url": "ftp://a.example/"}, "does not match any of the expected tags"),
        ({"kind": "file", "url": "file:///etc/passwd"}, "is no address that starts with https://"),
        ({"kind": "file", "url": "https://me:secret@a.example/"}, "secrets come from the environment"),
        ({"kind": "file", "url": "https://a.example/{id}"}, "unknown placeholder {id}"),
        ({"kind": "file", "url": "https://a.example/{"}, "braces"),
        ({"kind": "file", "url": "https://a.example/", "indicator": 5}, "Extra inputs are not permitted"),
        ({"kind": "file", "url": "https://a.example/", "form": {"a": "b"}}, "a form needs method: POST"),
        ({"kind": "file", "url": "https://a.example/", "file_name": "../x.xls"}, "no plain file name"),
        ({"kind": "file", "url": "https://a.example/", "headers": {"Authorization": "x"}}, "token_env"),
        ({"kind": "file", "url": "https://a.example/", "expects": ["xls"]}, "no media type"),
        ({"kind": "file", "url": "https://a.example/", "encoding": "klingon"}, "no known text encoding"),
        ({"kind": "file", "url": "https://a.example/", "token_env": "my token"}, "should match pattern"),
        ({"kind": "emiss", "indicator": "abc"}, "should match pattern"),
        ({"kind": "emiss", "indicator": 1, "lines": [3], "columns": [3]}, "field 3 stands in more than one"),
        ({"kind": "taldau", "index": 1, "dics": [67], "terms": [741880]}, "belong to call: tree"),
        ({"kind": "taldau", "index": 1, "dics": [67, 915], "call": "tree", "terms": [1]}, "one of terms for each"),
        (
            {"kind": "un_data_portal", "indicators": [65], "locations": [1], "start": 2001, "end": 2000},
            "start 2001 is after end 2000",
        ),
        (
            {"kind": "taldau", "index": 1, "dics": [67], "call": "tree", "terms": [1], "root": 2},
            "root 2 is none of terms",
        ),
        ({"kind": "world_bank", "indicator": "A", "date": "1990-2000"}, "should match pattern"),
        ({"kind": "sdmx", "url": "https://a.example/{flow}"}, "Field required"),
    ],
)
def test_what_does_not_fit_is_said(entries: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FORM.validate_python(entries)
    assert says in "; ".join(error["msg"] for error in caught.value.errors())
