"""Fetching for a workspace: every live dataset asked, one that fails in nobody's way, nothing left behind."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.errors import FrontierError, UsageError
from orchestration.fetching.fetch import FetchOutcome, fetch_datasets
from orchestration.landing.arrivals import Arrival, Reception
from orchestration.workspace import Workspace
from tests.fetching.conftest import QUICK, Agency, Asked, Desk, PublishedFile, Reply, declare, page

CSV = b"id,name\n1,Kazakhstan\n"
TABLE = Reply(CSV, headers={"Content-Type": "text/csv"})
WEDNESDAY = "Wed, 01 Apr 2020 10:00:00 GMT"


@dataclass
class House:
    """A workspace of the test's own, and a receiver that lands what arrives as the product does."""

    workspace: Workspace
    arrivals: list[Arrival] = field(default_factory=list)

    def declare(self, name: str, **source: Any) -> None:
        """A dataset with, or without, a source."""
        declaration: dict[str, Any] = {
            "kind": "records",
            "title": {"en": name, "ru": name},
            "agency": {"name_en": "Agency", "name_ru": "Агентство"},
            "licence": "open",
            "release_calendar": {"description": "now and then"},
            "records": {"id_column": "id", "attributes": ["name"]},
        }
        if source:
            declaration["source"] = declare(**source).model_dump(mode="json", exclude_unset=True)
        folder = self.workspace.raw / name
        folder.mkdir(parents=True)
        (folder / "dataset.yml").write_text(yaml.safe_dump(declaration, allow_unicode=True), encoding="utf-8")

    def receive(self, arrival: Arrival) -> Reception:
        """Land every arrival as an edition."""
        self.arrivals.append(arrival)
        folder = self.workspace.raw / arrival.dataset / arrival.edition
        folder.mkdir()
        shutil.copy(arrival.file, folder / arrival.file_name)
        content = arrival.file.read_bytes()
        origin = {
            "publication": "Yearbook",
            "edition": arrival.edition,
            "publisher": "Agency",
            "released_on": arrival.released_on,
            "released_on_precision": "day",
            "retrieved_on": arrival.retrieved_on,
            "url": arrival.url,
            "etag": arrival.etag,
            "last_modified": arrival.last_modified,
            "received_sha256": arrival.received_sha256,
            "file": arrival.file_name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "licence": "open",
            "language": "en",
            "is_keyed_by_hand": False,
            "is_excerpt": False,
            "is_synthetic": False,
        }
        (folder / "origin.yml").write_text(yaml.safe_dump(origin), encoding="utf-8")
        return Reception("landed", arrival.edition, "landed")

    def fetch(self, names: list[str] | None = None, receive: Any = None) -> list[FetchOutcome]:
        return fetch_datasets(self.workspace, names, receive or self.receive, policy=QUICK)

    def statuses(self, names: list[str] | None = None) -> dict[str, str]:
        return {outcome.dataset: outcome.status for outcome in self.fetch(names)}

    @property
    def downloads(self) -> list[str]:
        """What stands in the downloads folder, apart from locks."""
        return sorted(path.name for path in (self.workspace.warehouse / "downloads").glob("*") if path.name != ".turns")


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "raw").mkdir()
    return House(Workspace.of(tmp_path / "raw", tmp_path / "warehouse"))


def today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()


def test_a_new_file_is_handed_over_and_taken_away(agency: Agency, house: House) -> None:
    url = agency.answers("/countries.csv", PublishedFile(CSV, last_modified=WEDNESDAY, content_type="text/csv"))
    house.declare("agency/countries", kind="file", url=url)
    [outcome] = house.fetch()
    day = today()
    assert outcome == FetchOutcome("agency/countries", "landed", day, "landed")
    [arrival] = house.arrivals
    assert (arrival.dataset, arrival.edition, arrival.file_name) == ("agency/countries", day, "countries.csv")
    assert (arrival.url, arrival.etag, arrival.last_modified) == (url, '"v1"', WEDNESDAY)
    assert (arrival.released_on, arrival.retrieved_on.isoformat()) == ("2020-04-01", day)
    assert arrival.received_sha256 == hashlib.sha256(CSV).hexdigest()
    assert not arrival.file.exists()
    assert house.downloads == []


def test_what_has_not_changed_is_not_fetched_again(agency: Agency, house: House) -> None:
    url = agency.answers("/a.csv", PublishedFile(CSV, content_type="text/csv"))
    house.declare("agency/a", kind="file", url=url)
    house.fetch()
    [outcome] = house.fetch()
    assert (outcome.status, outcome.edition) == ("unchanged", today())
    assert agency.asked[1].headers["if-none-match"] == '"v1"'
    assert len(house.arrivals) == 1


def test_the_same_bytes_from_a_service_without_validators_are_unchanged(agency: Agency, house: House) -> None:
    house.declare("agency/a", kind="file", url=agency.answers("/a.csv", TABLE))
    assert house.statuses() == {"agency/a": "landed"}
    assert house.statuses() == {"agency/a": "unchanged"}
    assert house.downloads == []


def test_a_second_new_file_of_a_day_gets_a_name_of_its_own(agency: Agency, house: House) -> None:
    versions = [Reply(CSV + bytes(str(number), "ascii"), headers=TABLE.headers) for number in range(3)]
    house.declare("agency/a", kind="file", url=agency.answers("/a.csv", *versions))
    editions = [house.fetch()[0].edition for _ in versions]
    assert editions == [today(), f"{today()}-2", f"{today()}-3"]
    assert house.statuses() == {"agency/a": "unchanged"}


def test_without_a_date_of_its_own_a_file_is_of_today(agency: Agency, house: House) -> None:
    house.declare("agency/a", kind="file", url=agency.answers("/a.csv", TABLE))
    house.fetch()
    assert house.arrivals[0].released_on == today()


def test_validators_of_another_address_are_not_sent(agency: Agency, house: House) -> None:
    published = PublishedFile(CSV, last_modified=WEDNESDAY, content_type="text/csv")
    house.declare("agency/a", kind="file", url=agency.answers("/old.csv", published))
    house.fetch()
    other = PublishedFile(CSV + b"2,Uzbekistan\n", last_modified=WEDNESDAY, content_type="text/csv")
    moved = agency.answers("/new.csv", other)
    declaration = house.workspace.raw / "agency" / "a" / "dataset.yml"
    declaration.write_text(declaration.read_text().replace(f"{agency.url}/old.csv", moved))
    assert house.statuses() == {"agency/a": "landed"}
    assert not {"if-none-match", "if-modified-since"} & agency.asked[1].headers.keys()


def test_a_failed_source_stops_no_other(agency: Agency, second_agency: Agency, house: House) -> None:
    house.declare("a/gone", kind="file", url=f"{agency.url}/gone.csv")
    house.declare("b/page", kind="file", url=agency.answers("/b.csv", page("Сервис недоступен")))
    house.declare("c/fine", kind="file", url=agency.answers("/c.csv", TABLE))
    house.declare("d/fine", kind="file", url=second_agency.answers("/d.csv", TABLE))
    house.declare("e/by_hand")
    outcomes = {outcome.dataset: outcome for outcome in house.fetch()}
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "a/gone": "failed",
        "b/page": "failed",
        "c/fine": "landed",
        "d/fine": "landed",
    }
    assert f"{agency.url}/gone.csv" in outcomes["a/gone"].message
    assert "Сервис недоступен" in outcomes["b/page"].message
    assert house.downloads == []


def test_a_declaration_that_does_not_fit_stops_no_other(agency: Agency, house: House) -> None:
    house.declare("a/fine", kind="file", url=agency.answers("/a.csv", TABLE))
    house.declare("b/broken")
    (house.workspace.raw / "b" / "broken" / "dataset.yml").write_text("kind: records\n")
    outcomes = house.fetch()
    assert [outcome.status for outcome in outcomes] == ["landed", "failed"]
    assert "dataset.yml does not fit its form" in outcomes[1].message


def test_a_failure_leaves_what_is_landed_alone(agency: Agency, house: House) -> None:
    house.declare("agency/a", kind="file", url=agency.answers("/a.csv", TABLE, page("busy", 503)))
    house.fetch()
    before = {path: path.read_bytes() for path in house.workspace.raw.rglob("*") if path.is_file()}
    assert house.statuses() == {"agency/a": "failed"}
    assert {path: path.read_bytes() for path in house.workspace.raw.rglob("*") if path.is_file()} == before


def test_datasets_of_one_host_are_never_asked_at_once(agency: Agency, house: House) -> None:
    slow = Reply(CSV, headers=TABLE.headers, takes=0.1)
    for number in range(4):
        house.declare(f"agency/{number}", kind="file", url=agency.answers(f"/{number}.csv", slow))
    assert set(house.statuses().values()) == {"landed"}
    assert agency.most_at_once == 1
    assert agency.paths() == [f"/{number}.csv" for number in range(4)]


def test_datasets_of_different_hosts_are_asked_side_by_side(
    agency: Agency, second_agency: Agency, house: House
) -> None:
    both_are_asked = threading.Barrier(2, timeout=3)

    def answer(_: Asked) -> Reply:
        both_are_asked.wait()
        return TABLE

    house.declare("a/a", kind="file", url=agency.answers("/a.csv", answer))
    house.declare("b/b", kind="file", url=second_agency.answers("/b.csv", answer))
    assert house.statuses() == {"a/a": "landed", "b/b": "landed"}


def test_only_what_is_named_is_asked(agency: Agency, house: House) -> None:
    for name in ("a", "b"):
        house.declare(f"agency/{name}", kind="file", url=agency.answers(f"/{name}.csv", TABLE))
    assert house.statuses(["agency/b"]) == {"agency/b": "landed"}
    assert agency.paths() == ["/b.csv"]


@pytest.mark.parametrize(
    ("name", "says"),
    [("agency/c", "has no dataset agency/c. It has: agency/a, agency/by_hand"), ("agency/by_hand", "no live source")],
)
def test_a_name_without_a_source_is_wrong_use(agency: Agency, house: House, name: str, says: str) -> None:
    house.declare("agency/a", kind="file", url=agency.answers("/a.csv", TABLE))
    house.declare("agency/by_hand")
    with pytest.raises(UsageError, match=says):
        house.fetch(["agency/a", name])
    assert agency.asked == []


def test_what_the_receiver_says_is_the_outcome(agency: Agency, house: House) -> None:
    house.declare("agency/a", kind="file", url=agency.answers("/a.csv", TABLE))
    answers = {
        "quarantined": Reception("quarantined", None, "row 3 is new"),
        "unchanged": Reception("already_there", "2020", "the same bytes"),
    }
    for status, reception in answers.items():
        [outcome] = house.fetch(receive=lambda _, answer=reception: answer)
        assert (outcome.status, outcome.edition, outcome.message) == (status, reception.edition, reception.message)
    assert house.downloads == []


@pytest.mark.parametrize("error", [FrontierError("no room"), OSError("no room"), KeyError("no room")])
def test_a_receiver_that_fails_stops_no_other(agency: Agency, house: House, error: Exception) -> None:
    for name in ("a", "b"):
        house.declare(f"agency/{name}", kind="file", url=agency.answers(f"/{name}.csv", TABLE))

    def receive(arrival: Arrival) -> Reception:
        if arrival.dataset == "agency/a":
            raise error
        return house.receive(arrival)

    outcomes = house.fetch(receive=receive)
    assert [outcome.status for outcome in outcomes] == ["failed", "landed"]
    assert "no room" in outcomes[0].message
    assert house.downloads == []


def test_the_part_of_a_cut_file_waits_for_the_next_time(agency: Agency, house: House) -> None:
    content = CSV * 2000
    published = PublishedFile(content, content_type="text/csv", cuts=[20_000, 5_000, 5_000])
    house.declare("agency/a", kind="file", url=agency.answers("/a.csv", published))
    assert house.statuses() == {"agency/a": "failed"}
    assert house.downloads == ["agency__a"]
    assert house.statuses() == {"agency/a": "landed"}
    assert agency.asked[-1].headers["range"] == "bytes=30000-"
    assert (house.workspace.raw / "agency" / "a" / today() / "a.csv").read_bytes() == content
    assert house.downloads == []


def test_an_edition_placed_by_hand_is_known_by_its_bytes(agency: Agency, house: House, desk: Desk) -> None:
    url = agency.answers("/a.csv", TABLE)
    house.declare("agency/a", kind="file", url=url)
    file = desk.file(url).file
    placed = Arrival(
        file, "a.csv", "agency/a", "2020", "2020-01-01", dt.date(2020, 1, 1), "by hand", None, None, "0" * 64
    )
    house.receive(placed)
    origin = house.workspace.raw / "agency" / "a" / "2020" / "origin.yml"
    origin.write_text(origin.read_text().replace(f"received_sha256: '{'0' * 64}'\n", ""))
    [outcome] = house.fetch()
    assert (outcome.status, outcome.edition) == ("unchanged", "2020")
