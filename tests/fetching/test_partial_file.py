"""Bodies that claim one thing and hold another."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import httpx
import pytest

from orchestration.fetching.errors import FetchError, Refused
from orchestration.fetching.partial import PartialFile
from tests.fetching.conftest import Agency, Desk, Reply

TABLE = b"year;arrivals\n2005;177230\n" * 100


def test_fewer_bytes_than_announced_are_no_file(tmp_path: Path) -> None:
    response = httpx.Response(200, headers={"Content-Length": "10"}, content=iter([b"abc"]))
    with pytest.raises(Refused, match="cut short: 3 of 10 bytes came") as caught:
        PartialFile(tmp_path / "a.part").receive(response, 100, time.monotonic() + 5)
    assert caught.value.is_passing


def test_a_body_that_is_packed_for_the_way_is_unpacked(agency: Agency, desk: Desk) -> None:
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip", "ETag": '"v1"', "Accept-Ranges": "bytes"}
    fetched = desk.file(agency.answers("/a.csv", Reply(gzip.compress(TABLE), headers=headers)))
    assert agency.asked[0].headers["accept-encoding"] == "identity"
    assert fetched.file.read_bytes() == TABLE


def test_the_limit_holds_for_what_is_unpacked(agency: Agency, desk: Desk) -> None:
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    url = agency.answers("/a.csv", Reply(gzip.compress(TABLE), headers=headers))
    with pytest.raises(FetchError, match="the limit is 1,000 bytes"):
        desk.file(url, max_bytes=1000)
    assert desk.left_over() == []


def test_a_damaged_note_means_starting_again(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "a.part")
    part.path.write_bytes(b"half")
    part.note.write_text("{")
    assert part.resume_headers() == {}
    assert not part.path.exists()
