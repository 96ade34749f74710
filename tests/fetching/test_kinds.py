"""What is particular to stat.gov.kz, taldau, the UN Data Portal, the World Bank and SDMX services."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from orchestration.fetching.errors import FetchError
from orchestration.fetching.results import LastFetch, NotModified
from tests.fetching.conftest import Agency, Asked, Desk, PublishedFile, Reply, page

BOM = "\ufeff"


def answer(document: Any, *, bom: bool = False) -> Reply:
    text = json.dumps(document, ensure_ascii=False)
    return Reply(((BOM if bom else "") + text).encode(), headers={"Content-Type": "application/json; charset=utf-8"})


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, "<x/>" * 100)
    return buffer.getvalue()


class TestStatGovKz:
    XLSX = archive("[Content_Types].xml", "xl/workbook.xml")
    XLS = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
    TSV = f'{BOM}"NAM"\t"DAT"\t"VAL"\n"Население (Человек)"\t"2017 год"\t"18 157 337"\n'.encode()
    PATHS = {"workbook": "file", "csv": "csv/file", "json": "json/file"}

    def source(self, agency: Agency, body: bytes, form: str = "workbook") -> dict[str, Any]:
        reply = Reply(body, headers={"Content-Type": "application/octet-stream"})
        agency.answers(f"/api/iblock/element/6584/{self.PATHS[form]}/ru/", reply)
        url = agency.url + "/api/iblock/element/{id}/{path}/{language}/"
        return {"kind": "stat_gov_kz", "url": url, "id": 6584, "format": form}

    @pytest.mark.parametrize(
        ("body", "form", "name"),
        [
            (XLSX, "workbook", "stat_gov_kz_6584_ru.xlsx"),
            (XLS, "workbook", "stat_gov_kz_6584_ru.xls"),
            (TSV, "csv", "stat_gov_kz_6584_ru.tsv"),
            (b'\xef\xbb\xbf[{"terms": [741880]}]', "json", "stat_gov_kz_6584_ru.json"),
        ],
    )
    def test_the_bytes_name_the_file(self, agency: Agency, desk: Desk, body: bytes, form: str, name: str) -> None:
        assert desk.fetch(**self.source(agency, body, form)).file.name == name

    @pytest.mark.parametrize(
        ("body", "form", "says"),
        [
            (TSV, "workbook", "by its bytes the answer is tsv, where format: workbook means xlsx or xls"),
            (XLSX, "csv", "by its bytes the answer is xlsx"),
            (archive("a.txt"), "workbook", "by its bytes the answer is zip"),
            (XLSX[:-30], "workbook", "the workbook that came is damaged"),
            (b"<html><title>403</title></html>", "workbook", r"web page that calls itself data \(title: 403\)"),
            (b"%PDF-1.7", "workbook", "by its bytes the answer is other"),
        ],
    )
    def test_other_bytes_are_refused(self, agency: Agency, desk: Desk, body: bytes, form: str, says: str) -> None:
        with pytest.raises(FetchError, match=says):
            desk.fetch(**self.source(agency, body, form))

    def test_it_is_asked_for_changes_only(self, agency: Agency, desk: Desk) -> None:
        agency.answers("/6584/file/ru", PublishedFile(self.XLSX))
        entries = {"kind": "stat_gov_kz", "url": agency.url + "/{id}/{path}/{language}", "id": 6584}
        first = desk.fetch(**entries)
        assert isinstance(desk.get(LastFetch(etag=first.etag), **entries), NotModified)


class TestTaldau:
    SERIES = [
        {"terms ": [741881, 741885], "termNames": ["АКМОЛИНСКАЯ ОБЛАСТЬ", "Всего"], "periods": [{"value": "115.5"}]},
        {"terms ": [741880, 741885], "termNames": ["РЕСПУБЛИКА КАЗАХСТАН", "Всего"], "periods": [{"value": "7,25"}]},
    ]
    ATTRIBUTES = {"id": 703831, "name": "Численность населения", "measureName ": "Человек"}
    BRANCHES = {
        "": [{"id": "741880", "text": "РЕСПУБЛИКА КАЗАХСТАН", "leaf": False, "y122000 ": "-108307"}],
        "741880": [
            {"id": "741881", "text": "АКМОЛИНСКАЯ", "leaf": "true", "y122000": "-11514"},
            {"id": "741882", "text": "АКТЮБИНСКАЯ", "leaf": "false", "y122000": "-5190"},
        ],
        "741882": [{"id": "741890", "text": "Алгинский район", "leaf": True, "y122000": "-300"}],
    }

    def source(self, agency: Agency, **entries: Any) -> dict[str, Any]:
        url = agency.url + "/{language}/Api/{call}"
        return {"kind": "taldau", "url": url, "index": 703831, "dics": [67, 915]} | entries

    def tree(self, agency: Agency, **entries: Any) -> dict[str, Any]:
        agency.answers("/ru/Api/GetIndexAttributes", answer(self.ATTRIBUTES))
        agency.answers("/ru/Api/GetIndexPeriods", answer({"dateList": ["122000"], "periodNameList": ["2000 год"]}))
        agency.answers("/ru/Api/GetIndexTreeData", lambda asked: answer(self.BRANCHES[asked.query["p_parent_id"]]))
        return self.source(agency, call="tree", terms=[741880, 741885]) | entries

    def test_a_flat_list_despite_errors_in_between(self, agency: Agency, desk: Desk) -> None:
        broken = Reply(b"Internal Server Error", 500, {"Content-Type": "text/plain"})
        agency.answers("/ru/Api/GetIndexAttributes", broken, answer(self.ATTRIBUTES, bom=True))
        agency.answers("/ru/Api/GetIndexData/703831", broken, page("Ошибка", 500), answer(self.SERIES, bom=True))
        fetched = desk.fetch(**self.source(agency))
        document = json.loads(fetched.file.read_text(encoding="utf-8"))
        assert fetched.file.name == "taldau_703831.json"
        assert [row["terms"][0] for row in document["rows"]] == [741880, 741881]
        assert document["rows"][0]["periods"] == [{"value": "7,25"}]
        assert document["attributes"]["measureName"] == "Человек"
        assert agency.asked[-1].query == {"period": "7", "dics": "67,915"}

    def test_the_same_data_in_another_order_are_the_same_document(self, agency: Agency, desk: Desk) -> None:
        agency.answers("/ru/Api/GetIndexData/703831", answer(self.SERIES), answer(self.SERIES[::-1]))
        first = desk.fetch(**self.source(agency, describe=False))
        again = desk.get(LastFetch(sha256=first.sha256), **self.source(agency, describe=False))
        assert isinstance(again, NotModified)

    def test_a_tree_is_read_level_by_level(self, agency: Agency, desk: Desk) -> None:
        fetched = desk.fetch(**self.tree(agency, depth=2, idx=3))
        document = json.loads(fetched.file.read_text(encoding="utf-8"))
        assert [(row["id"], row["parent_id"], row["y122000"]) for row in document["rows"]] == [
            ("741880", "", "-108307"),
            ("741881", "741880", "-11514"),
            ("741882", "741880", "-5190"),
            ("741890", "741882", "-300"),
        ]
        assert document["periods"] == {"dateList": ["122000"], "periodNameList": ["2000 год"]}
        assert fetched.note == "Put together from 5 answers of the service."
        assert agency.asked[2].query == {
            "p_measure_id": "1",
            "p_index_id": "703831",
            "p_period_id": "7",
            "p_terms": "741880,741885",
            "p_term_id": "741880",
            "p_dicIds": "67,915",
            "idx": "3",
            "p_parent_id": "",
        }

    def test_no_level_more_than_declared(self, agency: Agency, desk: Desk) -> None:
        document = json.loads(desk.fetch(**self.tree(agency, depth=0)).file.read_text(encoding="utf-8"))
        assert [row["id"] for row in document["rows"]] == ["741880"]

    def test_a_tree_that_turns_back_comes_to_an_end(self, agency: Agency, desk: Desk) -> None:
        entries = self.tree(agency, depth=6)
        agency.answers("/ru/Api/GetIndexTreeData", answer(self.BRANCHES[""]))
        desk.fetch(**entries)
        assert agency.paths().count("/ru/Api/GetIndexTreeData") == 2

    def test_a_tree_without_end_is_left(self, agency: Agency, desk: Desk) -> None:
        with pytest.raises(FetchError, match="more than 3 requests.*max_requests"):
            desk.fetch(**self.tree(agency, depth=2, max_requests=3))

    def test_no_figures_is_an_error(self, agency: Agency, desk: Desk) -> None:
        agency.answers("/ru/Api/GetIndexData/703831", answer([]))
        with pytest.raises(FetchError, match="no figures of index 703831"):
            desk.fetch(**self.source(agency, describe=False))

    def test_a_text_of_another_encoding_is_never_guessed_at(self, agency: Agency, desk: Desk) -> None:
        body = json.dumps(self.SERIES, ensure_ascii=False).encode("cp1251")
        agency.answers("/ru/Api/GetIndexData/703831", Reply(body, headers={"Content-Type": "application/json"}))
        with pytest.raises(FetchError, match="no text in utf-8.*Declare the service's encoding"):
            desk.fetch(**self.source(agency, describe=False))
        fetched = desk.fetch(**self.source(agency, describe=False, encoding="cp1251"))
        assert "РЕСПУБЛИКА КАЗАХСТАН" in fetched.file.read_text(encoding="utf-8")

    def test_keys_that_differ_by_blanks_only_are_an_error(self, agency: Agency, desk: Desk) -> None:
        agency.answers("/ru/Api/GetIndexData/703831", answer([{"terms": [1], "terms ": [2]}]))
        with pytest.raises(FetchError, match="one key twice"):
            desk.fetch(**self.source(agency, describe=False))

    def test_an_answer_of_another_form_is_an_error(self, agency: Agency, desk: Desk) -> None:
        agency.answers("/ru/Api/GetIndexData/703831", answer({"success": False}))
        with pytest.raises(FetchError, match="after 3 attempts: the answer is no list of records"):
            desk.fetch(**self.source(agency, describe=False))


class TestUnDataPortal:
    ROWS = [
        {"indicatorId": 65, "locationId": place, "timeLabel": str(year), "value": -1.50, "iso3": "KAZ"}
        for place in (398, 643)
        for year in (1990, 1991, 1992)
    ]

    @pytest.fixture(autouse=True)
    def _token(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("UN_DATA_PORTAL_TOKEN", "open-sesame")

    def source(self, agency: Agency, **entries: Any) -> dict[str, Any]:
        url = agency.url + "/data/indicators/{indicators}/locations/{locations}/start/{start}/end/{end}"
        years = {"start": 1990, "end": 1992}
        return {"kind": "un_data_portal", "url": url, "indicators": [65], "locations": [398, 643], **years} | entries

    def pages(self, agency: Agency, size: int, rows: list[dict[str, Any]] | None = None, **changes: Any) -> None:
        rows = self.ROWS if rows is None else rows
        path = "/data/indicators/65/locations/398,643/start/1990/end/1992"

        def reply(asked: Asked) -> Reply:
            number = int(asked.query.get("pageNumber", 1))
            following = f"{agency.url}{path}?format=json&pageNumber={number + 1}"
            part = rows[(number - 1) * size : number * size]
            more = following if number * size < len(rows) else None
            return answer({"pageNumber": number, "total": len(rows), "nextPage": more, "data": part} | changes)

        agency.answers(path, reply)

    def test_all_pages_are_followed(self, agency: Agency, desk: Desk) -> None:
        self.pages(agency, size=2)
        fetched = desk.fetch(**self.source(agency, page_size=2))
        assert json.loads(fetched.file.read_text(encoding="utf-8"))["data"] == self.ROWS
        assert len(agency.asked) == 3
        assert {asked.headers["authorization"] for asked in agency.asked} == {"Bearer open-sesame"}
        assert agency.asked[0].query == {"format": "json", "pagingInHeader": "false", "pageSize": "2"}
        assert fetched.note == "Put together from 3 pages of the service."

    def test_neither_the_pages_nor_the_order_make_another_document(self, agency: Agency, desk: Desk) -> None:
        self.pages(agency, size=2)
        first = desk.fetch(**self.source(agency))
        self.pages(agency, size=4, rows=self.ROWS[::-1])
        assert isinstance(desk.get(LastFetch(sha256=first.sha256), **self.source(agency)), NotModified)

    def test_another_figure_does(self, agency: Agency, desk: Desk) -> None:
        self.pages(agency, size=2)
        first = desk.fetch(**self.source(agency))
        self.pages(agency, size=2, rows=[self.ROWS[0] | {"value": -1.51}, *self.ROWS[1:]])
        desk.fetch(LastFetch(sha256=first.sha256), **self.source(agency))

    def test_a_missing_token_is_named(self, agency: Agency, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("UN_DATA_PORTAL_TOKEN")
        with pytest.raises(FetchError, match="UN_DATA_PORTAL_TOKEN is not set"):
            desk.fetch(**self.source(agency))
        assert agency.asked == []

    def test_the_next_page_is_never_at_another_service(self, agency: Agency, second_agency: Agency, desk: Desk) -> None:
        self.pages(agency, size=2, nextPage=f"{second_agency.url}/steal")
        with pytest.raises(FetchError, match="said to be at another service"):
            desk.fetch(**self.source(agency))
        assert second_agency.asked == []

    def test_pages_that_lead_back_are_an_error(self, agency: Agency, desk: Desk) -> None:
        address = "/data/indicators/65/locations/398,643/start/1990/end/1992?format=json&pageNumber=2"
        self.pages(agency, size=2, nextPage=address)
        with pytest.raises(FetchError, match="do not come to an end"):
            desk.fetch(**self.source(agency))

    def test_rows_that_are_missing_are_an_error(self, agency: Agency, desk: Desk) -> None:
        self.pages(agency, size=4, nextPage=None)
        with pytest.raises(FetchError, match="announced 6 rows and its 1 pages held 4"):
            desk.fetch(**self.source(agency))

    def test_no_rows_is_an_error(self, agency: Agency, desk: Desk) -> None:
        self.pages(agency, size=4, rows=[])
        with pytest.raises(FetchError, match="has no figures"):
            desk.fetch(**self.source(agency))

    def csv(self, agency: Agency, text: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        path = "/data/indicators/65/locations/398,643/start/1990/end/1992"
        agency.answers(path, Reply(text.encode(), headers={"Content-Type": "text/csv"} | (headers or {})))
        return self.source(agency, format="csv")

    def test_a_delimited_file_stays_as_it_came(self, agency: Agency, desk: Desk) -> None:
        text = "sep=|\nIndicatorId|LocationId|Value\n65|398|-1.50\n"
        fetched = desk.fetch(**self.csv(agency, text))
        assert fetched.file.name == "un_data_portal_65.csv"
        assert fetched.file.read_text() == text
        assert agency.asked[0].query == {"format": "csv"}

    def test_a_delimited_file_begins_with_its_delimiter(self, agency: Agency, desk: Desk) -> None:
        with pytest.raises(FetchError, match="`sep=|` was expected"):
            desk.fetch(**self.csv(agency, "IndicatorId,LocationId\n65,398\n"))

    def test_the_first_page_of_a_delimited_file_is_not_taken_for_all(self, agency: Agency, desk: Desk) -> None:
        headers = {"X-Pagination": json.dumps({"TotalPages": 3, "nextPageLink": "https://un.example/2"})}
        with pytest.raises(FetchError, match="only the first of several pages"):
            desk.fetch(**self.csv(agency, "sep=|\nIndicatorId\n65\n", headers))
        assert desk.left_over() == []


class TestWorldBank:
    ROWS = [
        {"indicator": {"id": "SM.POP.NETM"}, "country": {"id": place}, "date": str(year), "value": value}
        for place, value in (("KZ", -12000), ("RU", None))
        for year in (2001, 2000)
    ]
    PATH = "/v2/country/KAZ;RUS/indicator/SM.POP.NETM"

    def source(self, agency: Agency, **entries: Any) -> dict[str, Any]:
        url = agency.url + "/v2/country/{countries}/indicator/{indicator}"
        return {"kind": "world_bank", "url": url, "indicator": "SM.POP.NETM", "countries": ["KAZ", "RUS"]} | entries

    def pages(self, agency: Agency, updated: str = "2025-07-01", **changes: Any) -> None:
        def reply(asked: Asked) -> Reply:
            size, number = int(asked.query["per_page"]), int(asked.query.get("page", 1))
            meta: dict[str, Any] = {
                "page": number,
                "pages": -(-len(self.ROWS) // size),
                "per_page": size,
                "total": len(self.ROWS),
            }
            meta |= {"sourceid": "2", "lastupdated": updated} | changes
            return answer([meta, self.ROWS[(number - 1) * size : number * size]])

        agency.answers(self.PATH, reply)

    def test_all_pages_make_one_document(self, agency: Agency, desk: Desk) -> None:
        self.pages(agency)
        fetched = desk.fetch(**self.source(agency, per_page=3, date="2000:2001"))
        meta, rows = json.loads(fetched.file.read_text(encoding="utf-8"))
        assert meta == {"sourceid": "2", "total": 4}
        assert [(row["country"]["id"], row["date"]) for row in rows] == [
            ("KZ", "2000"),
            ("KZ", "2001"),
            ("RU", "2000"),
            ("RU", "2001"),
        ]
        assert fetched.released_on == "2025-07-01"
        assert fetched.file.name == "SM.POP.NETM.json"
        assert [asked.query.get("page") for asked in agency.asked] == [None, "2"]
        assert agency.asked[1].query["date"] == "2000:2001"

    def test_neither_the_page_size_nor_an_update_of_other_series_make_another(self, agency: Agency, desk: Desk) -> None:
        self.pages(agency)
        first = desk.fetch(**self.source(agency, per_page=3))
        self.pages(agency, updated="2025-10-01")
        assert isinstance(desk.get(LastFetch(sha256=first.sha256), **self.source(agency)), NotModified)

    def test_digits_stay_as_they_were_sent(self, agency: Agency, desk: Desk) -> None:
        body = b'[{"page":1,"pages":1,"total":1},[{"date":"2000","value":0.10},{"date":"2001","value":1E+2}]]'
        agency.answers(
            self.PATH, Reply(body.replace(b'"total":1', b'"total":2'), headers={"Content-Type": "text/json"})
        )
        text = desk.fetch(**self.source(agency)).file.read_text()
        assert '"value": 0.10' in text
        assert '"value": 1E+2' in text

    def test_an_array_of_one_element_is_a_refusal(self, agency: Agency, desk: Desk) -> None:
        message = {"id": "120", "key": "Invalid value", "value": "The provided parameter value is not valid"}
        agency.answers(self.PATH, answer([{"message": [message]}]))
        with pytest.raises(FetchError, match="after 1 attempt: .*The provided parameter value is not valid"):
            desk.fetch(**self.source(agency))

    def test_no_rows_is_an_error(self, agency: Agency, desk: Desk) -> None:
        agency.answers(self.PATH, answer([{"page": 0, "pages": 0, "total": 0}, None]))
        with pytest.raises(FetchError, match="has no rows"):
            desk.fetch(**self.source(agency))

    def test_rows_that_are_missing_are_an_error(self, agency: Agency, desk: Desk) -> None:
        self.pages(agency, total=5)
        with pytest.raises(FetchError, match="announced 5 rows and its pages held 4"):
            desk.fetch(**self.source(agency))

    def test_a_page_cut_in_its_middle_is_asked_for_again(self, agency: Agency, desk: Desk) -> None:
        whole = answer([{"page": 1, "pages": 1, "total": 4}, self.ROWS])
        agency.answers(self.PATH, Reply(whole.body[:100], headers=whole.headers, is_unframed=True), whole)
        desk.fetch(**self.source(agency))
        assert len(agency.asked) == 2


class TestSdmx:
    CSV = b"DATAFLOW,REF_AREA,TIME_PERIOD,OBS_VALUE\nOECD:DF_MIG(1.0),DEU,2020,1\n"

    def source(self, agency: Agency, body: bytes, content_type: str, **entries: Any) -> dict[str, Any]:
        agency.answers("/rest/data/OECD,DF_MIG,1.0/all", Reply(body, headers={"Content-Type": content_type}))
        return {"kind": "sdmx", "url": agency.url + "/rest/data/{flow}/{key}", "flow": "OECD,DF_MIG,1.0"} | entries

    def message(self, prepared: str, value: str) -> bytes:
        return (
            '<?xml version="1.0"?><mes:GenericData xmlns:mes="urn:m" xmlns:g="urn:g"><mes:Header>'
            f"<mes:ID>{prepared}</mes:ID><mes:Prepared>{prepared}</mes:Prepared></mes:Header><mes:DataSet>"
            f'<g:Series><g:Obs><g:ObsValue value="{value}"/></g:Obs></g:Series></mes:DataSet></mes:GenericData>'
        ).encode()

    def test_csv_arrives(self, agency: Agency, desk: Desk) -> None:
        csv = "application/vnd.sdmx.data+csv; charset=utf-8"
        expects = ["application/vnd.sdmx.data+csv"]
        fetched = desk.fetch(**self.source(agency, self.CSV, csv, accept=csv, expects=expects, start_period="2000"))
        assert fetched.file.name == "OECD_DF_MIG_1.0_all.csv"
        assert fetched.file.read_bytes() == self.CSV
        assert agency.asked[0].headers["accept"] == csv
        assert agency.asked[0].query == {"startPeriod": "2000"}

    def test_csv_is_preferred(self, agency: Agency, desk: Desk) -> None:
        desk.fetch(**self.source(agency, self.CSV, "text/csv"))
        assert agency.asked[0].headers["accept"].startswith("application/vnd.sdmx.data+csv")

    def test_the_time_of_preparation_makes_no_other_message(self, agency: Agency, desk: Desk) -> None:
        xml = "application/vnd.sdmx.genericdata+xml"
        first = desk.fetch(**self.source(agency, self.message("2025-01-01", "5"), xml))
        assert first.fingerprint != first.sha256
        again = self.source(agency, self.message("2025-02-02", "5"), xml)
        assert isinstance(desk.get(LastFetch(sha256=first.fingerprint), **again), NotModified)
        changed = self.source(agency, self.message("2025-02-02", "6"), xml)
        desk.fetch(LastFetch(sha256=first.fingerprint), **changed)

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"DATAFLOW,REF_AREA\n", "holds no observation"),
            (b"<mes:GenericData xmlns:mes='urn:m'><mes:DataSet/></mes:GenericData>", "holds no observation"),
            (b"<mes:Error xmlns:mes='urn:m'/>", r"message \(Error\) holds no observation"),
            (b'{"errors": []}', "is json, where SDMX-CSV or SDMX-ML was expected"),
            (b"<mes:GenericData xmlns:mes='urn:m'><mes:DataSet>", "after 3 attempts: the answer is no whole XML"),
        ],
    )
    def test_what_is_no_data_is_refused(self, agency: Agency, desk: Desk, body: bytes, says: str) -> None:
        with pytest.raises(FetchError, match=says):
            desk.fetch(**self.source(agency, body, "application/vnd.sdmx.data"))
        assert desk.left_over() == []
