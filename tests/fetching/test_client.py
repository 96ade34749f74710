"""What every kind of source shares: who asks, how often, how much is accepted, and how a failure is told."""

from __future__ import annotations

import re
import time

import pytest

from orchestration.fetching.errors import FetchError
from tests.fetching.conftest import Agency, Desk, Reply, http_date, page

XLS = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(range(256)) * 40
EXCEL = {"Content-Type": "application/vnd.ms-excel"}
TABLE = Reply(XLS, headers=EXCEL)
BUSY = page("503 Service Unavailable", 503)


def refusal(desk: Desk, url: str, **entries: object) -> str:
    with pytest.raises(FetchError) as caught:
        desk.file(url, **entries)
    assert url in str(caught.value)
    assert desk.left_over() == []
    return str(caught.value)


def test_a_file_arrives_whole(agency: Agency, desk: Desk) -> None:
    fetched = desk.file(agency.answers("/storage/migr2.xls", TABLE))
    assert fetched.file.read_bytes() == XLS
    assert fetched.file.name == "migr2.xls"
    assert fetched.media_type == "application/vnd.ms-excel"
    assert fetched.fingerprint == fetched.sha256
    assert desk.left_over() == ["migr2.xls"]


def test_we_say_who_asks(agency: Agency, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    agency.turned_away = re.compile(r"python|curl|httpx|^-?$", re.IGNORECASE)
    monkeypatch.setenv("FRONTIER_CONTACT", "mailto:steward@agency.example")
    desk.file(agency.answers("/a.xls", TABLE))
    agent = agency.asked[0].headers["user-agent"]
    assert re.fullmatch(r"frontier-warehouse/[\d.]+ \(\+mailto:steward@agency.example\)", agent)


def test_a_service_that_turns_us_away_is_asked_once(agency: Agency, desk: Desk) -> None:
    agency.turned_away = re.compile("")
    said = refusal(desk, agency.answers("/a.xls", TABLE))
    assert "403 Forbidden (web page with the title '403 Forbidden')" in said
    assert "after 1 attempt:" in said
    assert "frontier add FILE" in said


def test_a_busy_service_is_asked_again(agency: Agency, desk: Desk) -> None:
    busy = page("503 Service Unavailable", 503)
    busy.headers["Retry-After"] = "0"
    desk.file(agency.answers("/a.xls", busy, busy, TABLE))
    assert len(agency.asked) == 3


def test_the_attempts_are_counted(
    agency: Agency, desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("INFO", logger="orchestration.fetching")
    said = refusal(desk, agency.answers("/a.xls", BUSY))
    assert "after 3 attempts: the service answered 503" in said
    assert len(agency.asked) == 3
    assert "attempt 2 of 3: the service answered 503" in caplog.text
    assert capfd.readouterr().out == ""


def slow_down(pause: str) -> Reply:
    return Reply(b"slow down", 429, {"Content-Type": "text/plain", "Retry-After": pause})


def test_the_pause_that_a_service_asks_for_is_kept(agency: Agency, desk: Desk) -> None:
    desk.file(agency.answers("/a.xls", slow_down("1"), TABLE))
    first, second = agency.asked
    assert 0.95 <= second.began - first.began < 3


@pytest.mark.parametrize("pause", ["", "soon", http_date(0)])
def test_a_pause_that_is_none_is_not_waited_for(agency: Agency, desk: Desk, pause: str) -> None:
    desk.file(agency.answers("/a.xls", slow_down(pause), TABLE))
    first, second = agency.asked
    assert second.began - first.began < 0.9


@pytest.mark.parametrize("is_date", [False, True], ids=["seconds", "date"])
def test_a_pause_too_long_to_wait_for_ends_the_download(agency: Agency, desk: Desk, is_date: bool) -> None:
    pause = http_date(time.time() + 3600) if is_date else "3600"
    said = refusal(desk, agency.answers("/a.xls", slow_down(pause), TABLE))
    assert "429" in said
    assert "'slow down'" in said
    seconds = re.search(r"asks to be left alone for (\d+) seconds", said)
    assert seconds
    assert 3590 <= int(seconds[1]) <= 3600
    said = refusal(desk, agency.answers("/b.xls", TABLE))
    assert re.search(r"127\.0\.0\.1:\d+ has asked to be left alone for another 3[56]\d\d seconds", said)
    assert len(agency.asked) == 1


def test_a_missing_file_is_asked_for_once(agency: Agency, desk: Desk) -> None:
    said = refusal(desk, f"{agency.url}/gone.xls")
    assert "404" in said
    assert "Correct the source section" in said
    assert len(agency.asked) == 1


def test_an_error_page_with_status_200_is_no_file(agency: Agency, desk: Desk) -> None:
    said = refusal(desk, agency.answers("/a.xls", page("Сервис временно недоступен")))
    assert "the service answered 200 with text/html" in said
    assert "'Сервис временно недоступен'" in said


def test_an_error_page_that_calls_itself_a_workbook_is_no_file(agency: Agency, desk: Desk) -> None:
    said = refusal(desk, agency.answers("/a.xls", page("Вход", content_type="application/vnd.ms-excel")))
    assert "web page that calls itself data (title: Вход)" in said


def test_the_title_is_read_in_the_declared_encoding(agency: Agency, desk: Desk) -> None:
    body = "<html><head><title>Ошибка</title></head></html>".encode("cp1251")
    url = agency.answers("/a.xls", Reply(body, 200, {"Content-Type": "text/html"}))
    assert "'Ошибка'" in refusal(desk, url, encoding="cp1251")


def test_a_web_page_is_a_file_where_one_is_expected(agency: Agency, desk: Desk) -> None:
    fetched = desk.file(agency.answers("/table.htm", page("Таблица")), expects=["text/html"])
    assert fetched.file.name == "table.htm"


def test_a_wrong_content_type_is_named(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", Reply(b"a;b\n1;2\n", headers={"Content-Type": "text/csv"}))
    said = refusal(desk, url, expects=["application/vnd.ms-excel"])
    assert "with text/csv ('a;b 1;2') where application/vnd.ms-excel was expected" in said
    assert len(agency.asked) == 1


def test_an_empty_file_is_asked_for_again(agency: Agency, desk: Desk) -> None:
    desk.file(agency.answers("/a.xls", Reply(b"", headers=EXCEL), TABLE))
    assert len(agency.asked) == 2


def test_a_truncated_body_is_asked_for_again(agency: Agency, desk: Desk) -> None:
    cut = Reply(XLS[:5000], headers=EXCEL, announced=len(XLS))
    assert desk.file(agency.answers("/a.xls", cut, TABLE)).file.read_bytes() == XLS


def test_a_body_that_is_always_truncated_never_lands(agency: Agency, desk: Desk) -> None:
    said = refusal(desk, agency.answers("/a.xls", Reply(XLS[:5000], headers=EXCEL, announced=len(XLS))))
    assert "after 3 attempts" in said
    assert "without sending complete message body" in said


def test_a_body_that_stalls_is_asked_for_again(agency: Agency, desk: Desk) -> None:
    stalled = Reply(XLS[:5000], headers=EXCEL, announced=len(XLS), stalls=True)
    fetched = desk.file(agency.answers("/a.xls", stalled, TABLE), timeouts={"read": 0.2}, attempts=5)
    assert fetched.file.read_bytes() == XLS
    assert len(agency.asked) >= 2


def test_a_body_that_always_stalls_is_given_up(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", Reply(XLS[:5000], headers=EXCEL, announced=len(XLS), stalls=True))
    said = refusal(desk, url, timeouts={"read": 0.1}, attempts=2)
    assert "after 2 attempts: the service fell silent for 0.1 seconds" in said


def test_a_body_that_drips_is_given_up_at_the_total(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", Reply(XLS * 3, headers=EXCEL, drips=0.1))
    said = refusal(desk, url, timeouts={"read": 5, "total": 0.7})
    assert "timeouts: total" in said
    assert "after 1 attempt:" in said


@pytest.mark.parametrize("is_unframed", [False, True], ids=["length announced", "no length"])
def test_too_large_a_body_is_refused(agency: Agency, desk: Desk, is_unframed: bool) -> None:
    said = refusal(desk, agency.answers("/a.xls", Reply(XLS, headers=EXCEL, is_unframed=is_unframed)), max_bytes=4000)
    assert "the limit is 4,000 bytes" in said
    assert "max_bytes" in said
    assert len(agency.asked) == 1


def test_a_service_that_is_not_there_is_told(agency: Agency, desk: Desk) -> None:
    agency.close()
    said = refusal(desk, f"{agency.url}/a.xls")
    assert "after 3 attempts: the connection failed" in said


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"Content-Disposition": 'attachment; filename="../../../evil.xls"'}, "evil.xls"),
        ({"Content-Disposition": "attachment; filename*=UTF-8''%D0%BC%D0%B8%D0%B3%D1%80.xls"}, "мигр.xls"),
        ({"Content-Disposition": 'attachment; filename=".."'}, "file.xls"),
        ({}, "download.xls"),
    ],
)
def test_the_name_is_a_plain_one(agency: Agency, desk: Desk, headers: dict[str, str], name: str) -> None:
    fetched = desk.file(agency.answers("/download", Reply(XLS, headers=EXCEL | headers)))
    assert fetched.file == desk.folder / name


def test_the_declared_name_comes_first(agency: Agency, desk: Desk) -> None:
    assert desk.file(agency.answers("/storage/migr2.xls", TABLE), file_name="flows.xls").file.name == "flows.xls"


def test_a_form_is_posted(agency: Agency, desk: Desk) -> None:
    desk.file(agency.answers("/export", TABLE), method="POST", form={"year": ["2019", "2020"], "имя": "значение"})
    assert agency.asked[0].form == [("year", "2019"), ("year", "2020"), ("имя", "значение")]


def test_a_missing_token_is_named(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", TABLE)
    with pytest.raises(FetchError, match="environment variable AGENCY_TOKEN is not set"):
        desk.file(url, token_env="AGENCY_TOKEN")
    assert agency.asked == []


def test_the_token_is_sent_and_never_told(agency: Agency, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENCY_TOKEN", "open-sesame")
    said = refusal(desk, agency.answers("/a.xls", page("Unauthorized", 401)), token_env="AGENCY_TOKEN")
    assert agency.asked[0].headers["authorization"] == "Bearer open-sesame"
    assert "open-sesame" not in said
    assert "valid token" in said
