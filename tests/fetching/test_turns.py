"""One request at a time per host, across threads and processes, with the pause that is due."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

import orchestration
from orchestration.fetching.download import download
from orchestration.fetching.turns import turn_at
from tests.fetching.conftest import QUICK, Agency, Desk, Reply, declare

SLOW = Reply(b"year;arrivals\n2005;177230\n", headers={"Content-Type": "text/csv"}, takes=0.15)

ELSEWHERE = """
import sys
from pathlib import Path
from pydantic import TypeAdapter
from orchestration.fetching.download import download
from orchestration.fetching.policy import FetchPolicy
from orchestration.landing.source_declaration import SourceDeclaration
source = TypeAdapter(SourceDeclaration).validate_python({"kind": "file", "url": sys.argv[1], "min_interval": 0})
download(source, Path(sys.argv[2]) / "theirs", None, policy=FetchPolicy(turns=Path(sys.argv[2])))
"""


def test_threads_take_turns(agency: Agency, tmp_path: Path) -> None:
    urls = [agency.answers(f"/{number}.csv", SLOW) for number in range(3)]
    shared = replace(QUICK, turns=tmp_path)

    def fetch(url: str) -> None:
        download(declare(kind="file", url=url), tmp_path / url[-5:-4], None, policy=shared)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(fetch, urls))
    assert len(agency.asked) == 3
    assert agency.most_at_once == 1


def test_processes_take_turns(agency: Agency, tmp_path: Path) -> None:
    theirs, ours = agency.answers("/theirs.csv", SLOW), agency.answers("/ours.csv", SLOW)
    checkout = Path(orchestration.__file__).parents[1]
    other = Popen([sys.executable, "-c", ELSEWHERE, theirs, str(tmp_path)], cwd=checkout)
    policy = replace(QUICK, turns=tmp_path)
    while other.poll() is None:
        download(declare(kind="file", url=ours), tmp_path / "ours", None, policy=policy)
    assert other.wait() == 0
    assert (tmp_path / "theirs" / "theirs.csv").read_bytes() == SLOW.body
    assert agency.most_at_once == 1


def test_a_host_is_left_alone_between_requests(agency: Agency, desk: Desk) -> None:
    url = agency.answers("/a.csv", Reply(SLOW.body, headers=SLOW.headers))
    desk.file(url, min_interval=0.3)
    desk.file(url, min_interval=0.3)
    first, second = agency.asked
    assert second.began - first.began >= 0.3


def test_another_host_is_not_waited_for(agency: Agency, second_agency: Agency, desk: Desk) -> None:
    reply = Reply(SLOW.body, headers=SLOW.headers)
    desk.file(agency.answers("/a.csv", reply), min_interval=60)
    desk.file(second_agency.answers("/a.csv", reply), min_interval=60)
    assert second_agency.asked[0].began - agency.asked[0].began < 1


def test_a_lock_that_was_left_half_written_or_set_in_the_future_stops_nobody(tmp_path: Path) -> None:
    for left in ("17", f"{time.time() + 1e6:.3f}"):
        (tmp_path / "agency.example.turn").write_text(left)
        started = time.monotonic()
        with turn_at(tmp_path, "agency.example", 0, longest=60):
            assert time.monotonic() - started < 0.5
