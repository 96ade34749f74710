"""EMISS: its page, its form, and answers that are none."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlwt

from orchestration.fetching.errors import FetchError
from orchestration.fetching.results import LastFetch, NotModified
from orchestration.fetching.script_literal import parse_literal
from orchestration.fetching.sdmx_message import read_message
from tests.fetching.conftest import Agency, Desk, Reply, page
from tests.shared_files import shared_file

SCRIPT = r"""<!DOCTYPE html><html><head><title>Число прибывших</title></head><body>
<script>var other = { filters: 1 };</script>
<script type="text/javascript">
  // the grid
  var grid = new FGrid({
    id: 43514,
    filters: {
      0: { title: 'Показатель', all: false, values: {
           43514: { title: 'Число &quot;прибывших&quot;', checked: true } } },
      3: { title: "Год", all: true, values: {
           2019: { title: '2019', order: 1, checked: false }, 2020: { title: '2020', order: 0, checked: true }, } },
      30611: { title: '\u0415диница', values: { 950351: { title: 'человек' } } },
      57831: { title: 'ОКАТО {все: [1]}', values: { 1688487: { title: 'Россия' }, 1688488: { title: 'it\'s' } } }
    },
    left_columns: [57831], top_columns: [3, 33560], groups: [], filterObjectIds: [0, 30611]
  });
  grid.init();
</script></body></html>"""


def message(value: str = "177230,5", prepared: str = "2025-07-11", truncated: str = "false") -> bytes:
    observation = f'<generic:Obs><generic:Time>2020</generic:Time><generic:ObsValue value="{value}"/></generic:Obs>'
    return f"""<?xml version="1.0" encoding="utf-8"?>
<GenericData xmlns="urn:sdmx:message" xmlns:generic="urn:sdmx:generic">
<Header><ID>{prepared}</ID><Truncated>{truncated}</Truncated><Prepared>{prepared}</Prepared></Header>
<Description><Indicator id="43514"><LastUpdate value="2025-04-15T11:15:03"/>
<Responsible><Name>{prepared}</Name></Responsible></Indicator></Description>
<DataSet><generic:Series>{observation if value else ""}</generic:Series></DataSet>
</GenericData>""".encode()


def workbook(columns: int) -> bytes:
    book, buffer = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("Данные")
    for column in range(columns):
        sheet.write(0, column, str(column))
    book.save(buffer)
    return buffer.getvalue()


def excel(body: bytes) -> Reply:
    return Reply(body, headers={"Content-Type": "application/vnd.ms-excel"})


def xml(body: bytes) -> Reply:
    return Reply(body, headers={"Content-Type": "text/xml;charset=UTF-8"})


PAGE = Reply(SCRIPT.encode(), headers={"Content-Type": "text/html;charset=UTF-8"})


def source(agency: Agency, *replies: Reply, **entries: Any) -> dict[str, Any]:
    agency.answers("/indicator/43514", PAGE)
    agency.answers("/indicator/data.do", *(replies or (xml(message()),)))
    urls = {"url": agency.url + "/indicator/data.do?format={format}", "page_url": agency.url + "/indicator/{indicator}"}
    return {"kind": "emiss", "indicator": 43514} | urls | entries


COMPLETE = {
    "title": "Число прибывших",
    "lines": [57831],
    "columns": [3],
    "filters": [0, 30611],
    "select": {57831: [1688487], 3: [2019, 2020], 30611: [950351]},
}


def test_everything_that_the_page_offers_is_asked_for(agency: Agency, desk: Desk) -> None:
    fetched = desk.fetch(**source(agency))
    shown, posted = agency.asked
    assert (shown.method, shown.path) == ("GET", "/indicator/43514")
    assert (posted.method, posted.path) == ("POST", "/indicator/data.do?format=sdmx")
    assert posted.form == [
        ("format", "sdmx"),
        ("id", "43514"),
        ("indicator_title", 'Число "прибывших"'),
        ("columnObjectIds", "3"),
        ("filterObjectIds", "0"),
        ("lineObjectIds", "30611"),
        ("lineObjectIds", "57831"),
        ("selectedFilterIds", "0_43514"),
        ("selectedFilterIds", "3_2019"),
        ("selectedFilterIds", "3_2020"),
        ("selectedFilterIds", "30611_950351"),
        ("selectedFilterIds", "57831_1688487"),
        ("selectedFilterIds", "57831_1688488"),
    ]
    assert fetched.file.name == "emiss_43514.xml"
    assert fetched.file.read_bytes() == message()
    assert fetched.url == f"{agency.url}/indicator/43514"
    assert fetched.released_on == "2025-04-15"
    assert desk.left_over() == ["emiss_43514.xml"]


def test_a_choice_is_kept(agency: Agency, desk: Desk) -> None:
    desk.fetch(**source(agency, select={3: [2020], 57831: "all"}, filters=[30611]))
    form = agency.asked[1].form
    assert [value for name, value in form if value.startswith("3_")] == ["3_2020"]
    assert ("filterObjectIds", "30611") in form
    assert ("selectedFilterIds", "57831_1688488") in form


def test_a_complete_declaration_needs_no_page(agency: Agency, desk: Desk) -> None:
    desk.fetch(**source(agency, **COMPLETE))
    assert agency.paths() == ["/indicator/data.do"]
    assert agency.asked[0].form == [
        ("format", "sdmx"),
        ("id", "43514"),
        ("indicator_title", "Число прибывших"),
        ("columnObjectIds", "3"),
        ("filterObjectIds", "0"),
        ("filterObjectIds", "30611"),
        ("lineObjectIds", "57831"),
        ("selectedFilterIds", "0_43514"),
        ("selectedFilterIds", "3_2019"),
        ("selectedFilterIds", "3_2020"),
        ("selectedFilterIds", "30611_950351"),
        ("selectedFilterIds", "57831_1688487"),
    ]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"lines": [99]}, r"has no field 99; it has 3 \(Год\), 30611 \(Единица\)"),
        ({"select": {3: [2020, 2031]}}, "field 3 of indicator 43514 has no value 2031"),
        ({"indicator": 43515}, "the page is that of another indicator: 43514"),
    ],
)
def test_what_the_indicator_does_not_have_is_named(
    agency: Agency, desk: Desk, entries: dict[str, Any], says: str
) -> None:
    agency.answers("/indicator/43515", PAGE)
    with pytest.raises(FetchError, match=says):
        desk.fetch(**source(agency) | entries)
    assert "/indicator/data.do" not in agency.paths()


def test_a_web_page_with_status_200_is_a_failure(agency: Agency, desk: Desk) -> None:
    busy = page("Данные не найдены")
    with pytest.raises(FetchError) as caught:
        desk.fetch(**source(agency, busy, **COMPLETE))
    said = str(caught.value)
    assert "after 3 attempts: the service answered 200 with text/html" in said
    assert "'Данные не найдены'" in said
    assert f"{agency.url}/indicator/43514" in said
    assert "frontier add FILE" in said
    assert desk.left_over() == []


def test_a_busy_service_is_asked_again(agency: Agency, desk: Desk) -> None:
    desk.fetch(**source(agency, page("ЕМИСС"), page("ЕМИСС"), xml(message()), **COMPLETE))
    assert len(agency.asked) == 3


def test_a_page_without_the_grid_is_a_failure(agency: Agency, desk: Desk) -> None:
    entries = source(agency)
    agency.answers("/indicator/43514", page("Проверка браузера"))
    with pytest.raises(FetchError, match=r"no data to choose from \(title: Проверка браузера\)"):
        desk.fetch(**entries)


def test_only_the_declared_content_types_count(agency: Agency, desk: Desk) -> None:
    reply = Reply(message(), headers={"Content-Type": "application/octet-stream"})
    with pytest.raises(FetchError, match="where text/xml or application/vnd.ms-excel was expected"):
        desk.fetch(**source(agency, reply, **COMPLETE))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (message(truncated="true"), "truncated.*Select fewer values"),
        (message(value=""), "holds no observation"),
        (b"<Other/>", "its root is Other, not GenericData"),
        (message()[:-20], "after 3 attempts: the answer is no whole XML document"),
        (b"a;b\n1;2\n", "by its bytes the answer is csv"),
    ],
)
def test_a_message_that_is_none_is_refused(agency: Agency, desk: Desk, body: bytes, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        desk.fetch(**source(agency, xml(body), **COMPLETE))
    assert desk.left_over() == []


def test_neither_the_hour_nor_the_person_in_charge_make_another_message(agency: Agency, desk: Desk) -> None:
    first = desk.fetch(**source(agency, **COMPLETE))
    again = source(agency, xml(message(prepared="2025-08-01")), **COMPLETE)
    assert isinstance(desk.get(LastFetch(sha256=first.fingerprint), **again), NotModified)
    revised = source(agency, xml(message(value="177231")), **COMPLETE)
    assert desk.fetch(LastFetch(sha256=first.fingerprint), **revised).fingerprint != first.fingerprint


def test_a_published_message_is_read_to_its_end() -> None:
    published = read_message(shared_file("fedstat/sdmx_33459_women_by_age.xml"))
    assert (published.root, published.observations, published.is_truncated) == ("GenericData", 3507, False)
    assert published.last_update == "2025-04-15T11:15:03"


def test_the_workbook(agency: Agency, desk: Desk) -> None:
    fetched = desk.fetch(**source(agency, excel(workbook(columns=40)), format="excel", **COMPLETE))
    assert fetched.file.name == "emiss_43514.xls"
    assert agency.asked[0].path == "/indicator/data.do?format=excel"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (message(), "by its bytes the answer is xml, where a workbook was expected"),
        (workbook(columns=40)[:3000], "after 3 attempts: the workbook that came is damaged"),
        (workbook(columns=256), "the workbook is full .*figures are missing.*format: sdmx"),
    ],
)
def test_a_workbook_that_is_none_is_refused(agency: Agency, desk: Desk, body: bytes, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        desk.fetch(**source(agency, excel(body), format="excel", **COMPLETE))


def test_literals_of_scripts() -> None:
    text = """x = { a: [1, -2.5, 'it\\'s', "\\u043c\\x21\\n",], 'b c': { /* note */ }, d: true, e: null } + 1"""
    assert parse_literal(text, 4) == {"a": ["1", "-2.5", "it's", "м!\n"], "b c": {}, "d": True, "e": None}


@pytest.mark.parametrize("text", ["{a: ", "{a 1}", "[1 2]", "]", "{a: }", "[" * 60, ""])
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="position"):
        parse_literal(text, 0)
