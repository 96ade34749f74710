"""Publishing: a release appears whole or not at all, and readers never notice the change of files."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import FrontierError, UsageError
from orchestration.release.candidate import (
    Candidate,
    candidate_of_run,
    latest_refused,
    new_release_id,
    start_candidate,
)
from orchestration.release.store import (
    KEPT_RELEASES,
    Release,
    current_release,
    find_release,
    is_current_whole,
    list_releases,
    make_current,
    publish,
)
from orchestration.workspace import Workspace


@pytest.fixture
def warehouse(tmp_path: Path) -> Workspace:
    return Workspace.of(warehouse=tmp_path / "warehouse")


def built(warehouse: Workspace, number: int) -> Candidate:
    """A candidate whose database holds a number."""
    candidate = start_candidate(warehouse, f"20260101T00000{number:04d}Z", "inputs", f"run-{number}")
    with duckdb.connect(str(candidate.database)) as connection:
        connection.execute("create table answer (number integer)")
        connection.execute("insert into answer values (?)", [number])
    return candidate


def published(warehouse: Workspace, number: int) -> Release:
    return publish(warehouse, built(warehouse, number), {"number": number})


def digest_of(database: Path) -> str:
    return hashlib.sha256(database.read_bytes()).hexdigest()


def read_elsewhere(database: Path) -> int:
    """What a reader in another process sees, who has had nothing open before."""
    code = (
        "import duckdb, sys\n"
        "with duckdb.connect(sys.argv[1], read_only=True) as connection:\n"
        "    print(connection.execute('select number from answer').fetchone()[0])"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code, str(database)], capture_output=True, text=True, check=True, timeout=60
    )
    return int(outcome.stdout)


def test_before_the_first_release_nothing_is_published(warehouse: Workspace) -> None:
    assert current_release(warehouse) is None
    assert list_releases(warehouse) == []
    assert not is_current_whole(warehouse)


def test_a_published_candidate_becomes_the_current_release(warehouse: Workspace) -> None:
    candidate = built(warehouse, 1)
    release = publish(warehouse, candidate, {"number": 1})
    assert release.id == candidate.release_id
    assert not candidate.folder.exists()
    assert current_release(warehouse) == release
    assert list_releases(warehouse) == [release]
    assert release.manifest == {"number": 1}
    assert (release.folder / "SUCCESS").is_file()
    assert not (release.folder / "candidate.json").exists()
    assert is_current_whole(warehouse)
    assert read_elsewhere(warehouse.database) == 1


def test_a_reader_keeps_the_old_file_and_a_new_one_gets_the_new(warehouse: Workspace) -> None:
    published(warehouse, 1)
    with duckdb.connect(str(warehouse.database), read_only=True) as reader:
        published(warehouse, 2)
        assert reader.execute("select number from answer").fetchone() == (1,)
        assert read_elsewhere(warehouse.database) == 2
        assert reader.execute("select number from answer").fetchone() == (1,)


def test_an_open_file_keeps_its_bytes(warehouse: Workspace) -> None:
    published(warehouse, 1)
    before = warehouse.database.read_bytes()
    with warehouse.database.open("rb") as reader:
        published(warehouse, 2)
        assert reader.read() == before
    assert warehouse.database.read_bytes() != before


def test_whoever_opens_the_file_at_any_moment_sees_a_whole_release(warehouse: Workspace) -> None:
    published(warehouse, 0)
    whole, seen = {digest_of(warehouse.database)}, set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(digest_of(warehouse.database))

    with ThreadPoolExecutor(max_workers=1) as reader:
        looking = reader.submit(look)
        for number in range(1, 6):
            published(warehouse, number)
            whole.add(digest_of(warehouse.database))
        done.set()
        looking.result(timeout=30)
    assert len(seen) > 1
    assert seen <= whole


def test_published_files_cannot_be_written_by_accident(warehouse: Workspace) -> None:
    release = published(warehouse, 1)
    assert warehouse.database.stat().st_mode & 0o222 == 0
    assert release.database.stat().st_mode & 0o222 == 0


def test_a_stale_log_beside_the_published_file_is_removed(warehouse: Workspace) -> None:
    published(warehouse, 1)
    log = warehouse.database.with_name("frontier.duckdb.wal")
    log.write_bytes(b"rows of an old file")
    published(warehouse, 2)
    assert not log.exists()
    assert read_elsewhere(warehouse.database) == 2


def test_a_candidate_that_left_its_log_behind_is_refused(warehouse: Workspace) -> None:
    published(warehouse, 1)
    before = warehouse.database.read_bytes()
    candidate = built(warehouse, 2)
    log = candidate.database.with_name("frontier.duckdb.wal")
    log.write_bytes(b"not yet in the file")
    with pytest.raises(FrontierError, match="was left behind") as caught:
        publish(warehouse, candidate, {})
    assert str(log) in str(caught.value)
    assert candidate.database.is_file()
    assert warehouse.database.read_bytes() == before
    assert len(list_releases(warehouse)) == 1


def test_half_a_release_is_not_listed_and_cannot_be_found(warehouse: Workspace) -> None:
    whole, half = published(warehouse, 1), published(warehouse, 2)
    (half.folder / "SUCCESS").unlink()
    assert list_releases(warehouse) == [whole]
    with pytest.raises(UsageError, match=whole.id):
        find_release(warehouse, half.id)


def test_a_failure_before_the_marker_leaves_the_old_release_current(warehouse: Workspace) -> None:
    first = published(warehouse, 1)
    candidate = built(warehouse, 2)
    (candidate.folder / "SUCCESS").mkdir()  # no file can take its place
    with pytest.raises(OSError, match="SUCCESS"):
        publish(warehouse, candidate, {"number": 2})
    assert (warehouse.releases / candidate.release_id).is_dir()
    assert current_release(warehouse) == first
    assert list_releases(warehouse) == [first]
    assert is_current_whole(warehouse)
    assert read_elsewhere(warehouse.database) == 1


def test_releases_are_listed_newest_first(warehouse: Workspace) -> None:
    releases = [published(warehouse, number) for number in (1, 2, 3)]
    assert list_releases(warehouse) == releases[::-1]


def test_old_releases_are_pruned_and_the_newest_are_kept(warehouse: Workspace) -> None:
    releases = [published(warehouse, number) for number in range(KEPT_RELEASES + 2)]
    assert list_releases(warehouse) == releases[:1:-1]
    assert not releases[0].folder.exists()
    assert current_release(warehouse) == releases[-1]


def test_an_older_release_can_be_made_current_again(warehouse: Workspace) -> None:
    first, second = published(warehouse, 1), published(warehouse, 2)
    make_current(warehouse, find_release(warehouse, first.id))
    assert current_release(warehouse) == first
    assert is_current_whole(warehouse)
    assert read_elsewhere(warehouse.database) == 1
    make_current(warehouse, second)
    assert read_elsewhere(warehouse.database) == 2


def test_a_damaged_published_file_is_noticed_and_restored(warehouse: Workspace) -> None:
    release = published(warehouse, 1)
    warehouse.database.chmod(0o644)
    with warehouse.database.open("ab") as stream:
        stream.write(b"x")
    assert not is_current_whole(warehouse)
    make_current(warehouse, release)
    assert is_current_whole(warehouse)
    warehouse.database.unlink()
    assert not is_current_whole(warehouse)


def test_an_unknown_release_is_answered_with_the_known_ones(warehouse: Workspace) -> None:
    with pytest.raises(UsageError, match="none yet"):
        find_release(warehouse, "yesterday")
    release = published(warehouse, 1)
    with pytest.raises(UsageError, match=release.id):
        find_release(warehouse, "yesterday")


def test_only_the_newest_candidates_stand(warehouse: Workspace) -> None:
    candidates = [built(warehouse, number) for number in range(5)]
    assert [one.folder.exists() for one in candidates] == [False, False, True, True, True]


def test_a_published_candidate_leaves_the_others_standing(warehouse: Workspace) -> None:
    refused = built(warehouse, 1)
    published(warehouse, 2)
    assert [path.name for path in warehouse.candidates.iterdir()] == [refused.release_id]


def test_the_newest_audited_candidate_is_the_one_that_was_refused(warehouse: Workspace) -> None:
    assert latest_refused(warehouse) is None
    audited = built(warehouse, 1)
    audited.write_note(is_audited=True)
    built(warehouse, 2)
    assert latest_refused(warehouse) == audited


def test_a_run_finds_its_own_candidate(warehouse: Workspace) -> None:
    mine = built(warehouse, 1)
    built(warehouse, 2)
    assert candidate_of_run(warehouse, "run-1") == mine
    with pytest.raises(FrontierError, match="Run the job `refresh`"):
        candidate_of_run(warehouse, "run-3")


def test_a_note_gathers_facts(warehouse: Workspace) -> None:
    candidate = built(warehouse, 1)
    candidate.write_note(failed_tests=[], inputs_fingerprint="other")
    note = json.loads(candidate.note.read_text(encoding="utf-8"))
    assert (note["run_id"], note["inputs_fingerprint"], note["failed_tests"]) == ("run-1", "other", [])


def test_release_ids_sort_by_time() -> None:
    moment = dt.datetime(2026, 11, 22, 9, 59, 59, 999_999, tzinfo=dt.UTC)
    moments = [moment, moment + dt.timedelta(milliseconds=1), moment + dt.timedelta(days=40)]
    ids = [new_release_id(one) for one in moments]
    assert ids == sorted(ids)
    assert ids[0] == "20261122T095959999Z"
    assert len(set(ids)) == 3
