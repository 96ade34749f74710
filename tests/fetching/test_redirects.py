"""Where a redirect may lead, and what goes along."""

from __future__ import annotations

import pytest

from orchestration.fetching.errors import FetchError, Refused
from orchestration.fetching.redirects import redirect_target
from tests.fetching.conftest import Agency, Desk, Reply

XLS = bytes.fromhex("d0cf11e0a1b11ae1") + b"table"
TABLE = Reply(XLS, headers={"Content-Type": "application/vnd.ms-excel"})


def to(location: str, status: int = 302) -> Reply:
    return Reply(b"", status, {"Location": location})


def test_a_redirect_is_followed(agency: Agency, desk: Desk) -> None:
    agency.answers("/storage/b.xls", TABLE)
    fetched = desk.file(agency.answers("/a", to("storage/b.xls")))
    assert fetched.file.read_bytes() == XLS
    assert fetched.url == f"{agency.url}/a"


def test_a_circle_is_left(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a", to("/b"))
    agency.answers("/b", to("/a"))
    with pytest.raises(FetchError, match="sends us round: 5 redirects"):
        desk.file(url)
    assert len(agency.asked) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://agency.example/a.xls"])
def test_another_scheme_is_refused(agency: Agency, desk: Desk, target: str) -> None:
    with pytest.raises(FetchError, match="which is no web address"):
        desk.file(agency.answers("/a", to(target)))
    assert len(agency.asked) == 1


@pytest.mark.parametrize("target", ["http://127.0.0.1:port/", "javascript:alert(1)"])
def test_a_redirect_to_no_address_is_refused(agency: Agency, desk: Desk, target: str) -> None:
    with pytest.raises(FetchError, match="Invalid URL in location header|an address that is none"):
        desk.file(agency.answers("/a", to(target)))
    assert set(agency.paths()) == {"/a"}


@pytest.mark.parametrize(("status", "method"), [(303, "GET"), (302, "GET"), (307, "POST")])
def test_a_form_goes_along_only_where_it_must(agency: Agency, desk: Desk, status: int, method: str) -> None:
    agency.answers("/b.xls", TABLE)
    desk.file(agency.answers("/a", to("/b.xls", status)), method="POST", form={"year": "2020"})
    assert [asked.method for asked in agency.asked] == ["POST", method]
    assert agency.asked[1].form == ([("year", "2020")] if method == "POST" else [])


def test_the_token_stays_with_its_service(
    agency: Agency, second_agency: Agency, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENCY_TOKEN", "open-sesame")
    elsewhere = second_agency.answers("/b.xls", TABLE)
    desk.file(agency.answers("/a", to(elsewhere)), token_env="AGENCY_TOKEN")
    assert "authorization" in agency.asked[0].headers
    assert "authorization" not in second_agency.asked[0].headers


PUBLIC, PRIVATE, LOCAL = "93.184.216.34", "10.1.2.3", "127.0.0.1"
NAMES = {"agency.example": [PUBLIC], "mirror.example": ["93.184.216.35"], "trap.example": [PUBLIC, PRIVATE]}


def resolve(host: str) -> list[str]:
    return NAMES.get(host, [])


@pytest.mark.parametrize(
    ("declared", "location"),
    [
        ("https://agency.example/a", "https://mirror.example/b"),
        ("http://agency.example/a", "https://mirror.example/b"),
        ("http://agency.example/a", "http://mirror.example/b"),
        ("https://agency.example/a", "//mirror.example/b"),
        (f"http://{LOCAL}:8000/a", f"http://{LOCAL}:8001/b"),
    ],
)
def test_ways_that_are_open(declared: str, location: str) -> None:
    assert redirect_target(declared, declared, location, resolve).endswith("/b")


@pytest.mark.parametrize(
    ("declared", "location", "says"),
    [
        ("https://agency.example/a", "http://agency.example/b", "not encrypted"),
        ("https://agency.example/a", f"https://{PRIVATE}/b", "private network"),
        ("https://agency.example/a", "https://trap.example/b", "private network"),
        ("http://agency.example/a", f"http://{LOCAL}/b", "private network"),
        ("http://agency.example/a", "http://169.254.169.254/latest/meta-data", "private network"),
        ("http://agency.example/a", "http://[::1]/b", "private network"),
        ("http://agency.example/a", "http://[fe80::1]/b", "private network"),
    ],
)
def test_ways_that_are_closed(declared: str, location: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        redirect_target(declared, declared, location, resolve)
