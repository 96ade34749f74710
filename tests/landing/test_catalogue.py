"""The catalogue: what stands in a raw folder, and whether each file is the one that its origin describes."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestration.errors import FrontierError, UsageError
from orchestration.landing.catalogue import read_catalogue, read_dataset, verify_edition
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from tests.conftest import RawCopy

OKRUGS = "goskomstat/arrivals_departures_by_okrug"
CIS = "goskomstat/russia_cis_migration"
YEARBOOK = "demographic_yearbook_2006"


def test_the_bundled_folder_holds_editions_of_these_datasets() -> None:
    assert [dataset.name for dataset in read_catalogue(Workspace.of().raw) if dataset.editions] == [
        "goskomstat/arrivals_departures_by_okrug",
        "goskomstat/international_migration",
        "goskomstat/population_census_1989_2002",
        "goskomstat/population_change",
        "goskomstat/russia_cis_migration",
        "kazstat/net_migration",
        "kazstat/population_by_region",
        "literature/kim_2008",
        "literature/west_kazakhstan_dissertation",
        "survey/frontier_2009",
        "un_desa/migration_flows_kazakhstan",
    ]


def test_every_bundled_file_is_the_one_that_its_origin_describes() -> None:
    editions = [edition for dataset in read_catalogue(Workspace.of().raw) for edition in dataset.editions]
    for edition in editions:
        verify_edition(edition)
    assert len(editions) == 12


def test_editions_stand_in_the_order_of_their_release(raw_copy: RawCopy) -> None:
    folder = raw_copy.add(CIS)
    assert [edition.edition_id for edition in read_dataset(raw_copy.root, CIS).editions] == [
        f"{CIS}@statistical_yearbook_2005",
        f"{CIS}@demographic_yearbook_2006",
    ]
    origin = folder / YEARBOOK / "origin.yml"
    origin.write_text(origin.read_text(encoding="utf-8").replace("released_on: '2006'", "released_on: '2004'"))
    assert [edition.name for edition in read_dataset(raw_copy.root, CIS).editions] == [
        "demographic_yearbook_2006",
        "statistical_yearbook_2005",
    ]


def test_a_missing_raw_folder_is_an_error_of_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--raw") as caught:
        read_catalogue(tmp_path / "elsewhere")
    assert str(tmp_path / "elsewhere") in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_raw_folder_without_datasets_has_an_empty_catalogue(tmp_path: Path) -> None:
    assert read_catalogue(tmp_path) == []


def test_an_edition_folder_without_an_origin_is_refused(raw_copy: RawCopy) -> None:
    stray = raw_copy.add(OKRUGS) / "demographic_yearbook_2007"
    stray.mkdir()
    (stray / "table_4.csv").write_text("Regions\n")
    with pytest.raises(FrontierError, match=r"has no origin\.yml") as caught:
        read_catalogue(raw_copy.root)
    assert str(stray) in str(caught.value)


def test_a_missing_file_is_named_with_the_origin_that_names_it(raw_copy: RawCopy) -> None:
    folder = raw_copy.add(OKRUGS)
    raw_copy.table(OKRUGS, YEARBOOK).unlink()
    with pytest.raises(FrontierError, match="is missing") as caught:
        verify_edition(read_dataset(raw_copy.root, OKRUGS).editions[0])
    assert f"{OKRUGS}/{YEARBOOK}/table_4.csv" in str(caught.value)
    assert str(folder / YEARBOOK / "origin.yml") in str(caught.value)


def test_a_file_altered_under_its_old_sha256_is_refused_with_both_digests(raw_copy: RawCopy) -> None:
    raw_copy.add(OKRUGS)
    table = raw_copy.table(OKRUGS, YEARBOOK)
    before = hashlib.sha256(table.read_bytes()).hexdigest()
    table.write_text(table.read_text(encoding="utf-8").replace("69798", "69788"), encoding="utf-8")
    after = hashlib.sha256(table.read_bytes()).hexdigest()
    with pytest.raises(FrontierError) as caught:
        verify_edition(read_dataset(raw_copy.root, OKRUGS).editions[0])
    assert f"{OKRUGS}/{YEARBOOK}/table_4.csv" in str(caught.value)
    assert before in str(caught.value)
    assert after in str(caught.value)
    assert caught.value.exit_code == 1


def test_a_wrong_byte_count_is_refused_with_both_counts(raw_copy: RawCopy) -> None:
    folder = raw_copy.add(OKRUGS)
    origin = folder / YEARBOOK / "origin.yml"
    origin.write_text(origin.read_text(encoding="utf-8").replace("bytes: 821", "bytes: 822"), encoding="utf-8")
    with pytest.raises(FrontierError, match=r"821 bytes.*822") as caught:
        verify_edition(read_dataset(raw_copy.root, OKRUGS).editions[0])
    assert f"{OKRUGS}/{YEARBOOK}/table_4.csv" in str(caught.value)


def test_the_same_bytes_pass_wherever_the_raw_folder_stands(raw_copy: RawCopy, tmp_path: Path) -> None:
    raw_copy.add(OKRUGS)
    moved = tmp_path / "a folder with spaces"
    shutil.move(raw_copy.root, moved)
    edition = read_dataset(moved, OKRUGS).editions[0]
    verify_edition(edition)
    assert edition.relative_file == f"{OKRUGS}/{YEARBOOK}/table_4.csv"


def test_a_dataset_folder_without_its_declaration_is_refused(raw_copy: RawCopy) -> None:
    raw_copy.add(OKRUGS)
    (raw_copy.root / "goskomstat" / "undeclared").mkdir()
    with pytest.raises(FrontierError, match="undeclared has no dataset.yml"):
        read_catalogue(raw_copy.root)
