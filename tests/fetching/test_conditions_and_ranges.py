"""Asking only for what is new, and only for the rest of what was cut."""

from __future__ import annotations

import pytest

from orchestration.fetching.errors import FetchError
from orchestration.fetching.results import LastFetch, NotModified
from tests.fetching.conftest import Agency, Desk, PublishedFile, Reply

XLS = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(range(256)) * 400
OTHER = XLS[::-1]
WEDNESDAY = "Wed, 01 Apr 2020 10:00:00 GMT"


def test_an_etag_that_still_holds(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", PublishedFile(XLS, etag='"v1"'))
    first = desk.file(url)
    assert first.etag == '"v1"'
    again = desk.get(LastFetch(etag=first.etag), kind="file", url=url)
    assert isinstance(again, NotModified)
    assert "unchanged" in again.reason
    assert agency.asked[1].headers["if-none-match"] == '"v1"'


def test_a_date_that_still_holds(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", PublishedFile(XLS, etag=None, last_modified=WEDNESDAY))
    first = desk.file(url)
    again = desk.get(LastFetch(last_modified=first.last_modified), kind="file", url=url)
    assert isinstance(again, NotModified)
    assert agency.asked[1].headers["if-modified-since"] == WEDNESDAY


def test_a_new_version_arrives(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", PublishedFile(OTHER, etag='"v2"'))
    assert desk.fetch(LastFetch(etag='"v1"', sha256="0" * 64), kind="file", url=url).file.read_bytes() == OTHER


def test_the_same_bytes_without_any_validator_are_unchanged(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", PublishedFile(XLS, etag=None))
    again = desk.get(LastFetch(sha256=desk.file(url).sha256), kind="file", url=url)
    assert isinstance(again, NotModified)
    assert desk.left_over() == []


@pytest.mark.parametrize("last", [None, LastFetch(sha256="0" * 64)])
def test_unchanged_without_having_been_asked_is_an_error(agency: Agency, desk: Desk, last: LastFetch | None) -> None:
    url = agency.answers("/a.xls", Reply(b"", 304))
    with pytest.raises(FetchError, match="304 Not Modified to a question without a condition"):
        desk.fetch(last, kind="file", url=url)


def test_after_a_cut_only_the_rest_is_asked_for(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", PublishedFile(XLS, cuts=[60_000, 20_000]))
    assert desk.file(url).file.read_bytes() == XLS
    second, third = agency.asked[1:]
    assert second.headers["if-range"] == '"v1"'
    assert second.headers["range"] == "bytes=60000-"
    assert third.headers["range"] == "bytes=80000-"
    assert desk.left_over() == ["a.xls"]


def test_a_download_goes_on_where_an_earlier_one_ended(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", PublishedFile(XLS, etag=None, last_modified=WEDNESDAY, cuts=[50_000, 1_000, 1_000]))
    with pytest.raises(FetchError):
        desk.file(url)
    assert "a.xls" not in desk.left_over()
    assert desk.file(url).file.read_bytes() == XLS
    assert agency.asked[-1].headers["range"] == "bytes=52000-"
    assert agency.asked[-1].headers["if-range"] == WEDNESDAY
    assert desk.left_over() == ["a.xls"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", PublishedFile(XLS, cuts=[60_000]), PublishedFile(OTHER, etag='"v2"'))
    assert desk.file(url).file.read_bytes() == OTHER


def test_a_service_that_resumes_elsewhere_is_not_believed(agency: Agency, desk: Desk) -> None:
    def astray(_: object) -> Reply:
        return Reply(XLS[100:], 206, {"Content-Range": f"bytes 100-{len(XLS) - 1}/{len(XLS)}"})

    url = agency.answers("/a.xls", PublishedFile(XLS, cuts=[60_000]), astray, PublishedFile(XLS))
    assert desk.file(url).file.read_bytes() == XLS
    assert "range" not in agency.asked[2].headers


def test_a_part_that_is_no_longer_there_is_fetched_anew(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.xls", PublishedFile(XLS, cuts=[60_000]), Reply(b"", 416), PublishedFile(XLS))
    assert desk.file(url).file.read_bytes() == XLS


@pytest.mark.parametrize(
    "published",
    [PublishedFile(XLS, has_ranges=False, cuts=[60_000]), PublishedFile(XLS, etag='W/"v1"', cuts=[60_000])],
    ids=["no ranges", "weak validator"],
)
def test_what_cannot_be_resumed_starts_again(agency: Agency, desk: Desk, published: PublishedFile) -> None:
    assert desk.file(agency.answers("/a.xls", published)).file.read_bytes() == XLS
    assert "range" not in agency.asked[1].headers
    assert desk.left_over() == ["a.xls"]
