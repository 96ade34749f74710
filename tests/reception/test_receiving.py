"""Placing files by hand: what lands, what it changes, what is refused, and that nothing is half done."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.errors import FrontierError, UsageError
from orchestration.landing.arrivals import Arrival
from orchestration.landing.catalogue import Edition, read_dataset, verify_edition
from orchestration.reception.quarantine import list_quarantined
from orchestration.reception.receiving import Examined, HandPlaced, add_by_hand, receive, remove_edition
from orchestration.release.fingerprint import file_sha256, inputs_fingerprint
from orchestration.workspace import Workspace
from tests.long_series import DATASET, FIGURES, Row

WriteTable = Callable[..., Path]


def _add(workspace: Workspace, file: Path, edition: str, **more: object) -> Examined:
    added = add_by_hand(workspace, HandPlaced(file, DATASET, edition, **more))  # ty: ignore[invalid-argument-type]
    assert isinstance(added, Examined)
    return added


def _counts(examined: Examined) -> dict[str, int]:
    assert examined.changes is not None
    kinds = ("new", "confirmed", "revised", "definition", "withdrawn")
    return {kind: examined.changes.count(kind) for kind in kinds if examined.changes.count(kind)}


def test_a_first_edition_is_all_new(workspace: Workspace, write_table: WriteTable) -> None:
    examined = _add(workspace, write_table(), "2019", released_on="2019")
    assert _counts(examined) == {"new": 20}
    edition = read_dataset(workspace.raw, DATASET).editions[0]
    verify_edition(edition)
    assert (edition.origin.released_day, edition.origin.file) == (dt.date(2019, 12, 31), "demo11.xls")
    assert edition.origin.publisher == "Goskomstat (Rosstat)"


def test_the_stamp_in_the_file_gives_the_release_day(workspace: Workspace, write_table: WriteTable) -> None:
    examined = _add(workspace, write_table(stamp="Обновлено 19.04.2019"), "april")
    assert examined.edition.origin.released_on == "2019-04-19"


def test_a_later_edition_confirms_revises_and_withdraws(workspace: Workspace, write_table: WriteTable) -> None:
    _add(workspace, write_table(stamp="Обновлено 19.04.2019"), "2019-04-19")
    later = {1996: FIGURES[1996], 2001: (146.4, *FIGURES[2001][1:]), 2002: FIGURES[2002], 2004: FIGURES[2003]}
    added = add_by_hand(workspace, HandPlaced(write_table(later, name="b.xls"), DATASET, "b", "2020", is_excerpt=True))
    assert isinstance(added, Examined)
    assert _counts(added) == {"confirmed": 14, "revised": 1, "new": 5}
    (revised,) = added.changes.of("revised") if added.changes else ()
    assert (revised.printed_before, revised.printed, revised.cell) == ("146.3", "146.4", "B8")
    del later[2004]
    whole = _add(workspace, write_table(later, name="c.xls"), "c", released_on="2021")
    assert _counts(whole) == {"confirmed": 15, "withdrawn": 10}


def test_a_rehearsal_lands_nothing(workspace: Workspace, write_table: WriteTable) -> None:
    before = inputs_fingerprint(workspace)
    added = add_by_hand(workspace, HandPlaced(write_table(), DATASET, "e"), is_rehearsal=True)
    assert isinstance(added, Examined)
    assert _counts(added) == {"new": 20}
    assert inputs_fingerprint(workspace) == before
    assert [path.name for path in (workspace.raw / DATASET).iterdir()] == ["dataset.yml"]


def test_the_same_bytes_are_already_there(workspace: Workspace, write_table: WriteTable) -> None:
    _add(workspace, write_table(), "e")
    again = add_by_hand(workspace, HandPlaced(write_table(name="other.xls"), DATASET, "f"))
    assert isinstance(again, Edition)
    assert again.name == "e"
    assert len(read_dataset(workspace.raw, DATASET).editions) == 1


def test_an_edition_never_changes(workspace: Workspace, write_table: WriteTable) -> None:
    _add(workspace, write_table(), "e")
    other = write_table({**FIGURES, 2004: FIGURES[2003]}, name="other.xls")
    with pytest.raises(UsageError, match="An edition never changes"):
        _add(workspace, other, "e")


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a@b", "a b"])
def test_a_name_that_cannot_be_an_edition_is_refused(workspace: Workspace, write_table: WriteTable, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name an edition"):
        _add(workspace, write_table(), name)


@pytest.mark.parametrize("day", ["2020-4", "2020-13", "2020-02-30", "28.04.2020", "last"])
def test_a_date_that_is_none_is_an_error_of_use(workspace: Workspace, write_table: WriteTable, day: str) -> None:
    with pytest.raises(UsageError, match="is no release date"):
        _add(workspace, write_table(), "e", released_on=day)
    assert list_quarantined(workspace) == []


def test_an_unknown_dataset_names_the_nearest(workspace: Workspace, write_table: WriteTable) -> None:
    with pytest.raises(UsageError, match=f"the nearest are {DATASET}"):
        add_by_hand(workspace, HandPlaced(write_table(), "goskomstat/population_long", "e"))


def test_what_does_not_fit_is_put_aside_and_the_rest_stays(workspace: Workspace, write_table: WriteTable) -> None:
    _add(workspace, write_table(), "good")
    before = inputs_fingerprint(workspace)
    broken = write_table({**FIGURES, 20005: FIGURES[2003]}, name="broken.xls")
    with pytest.raises(FrontierError, match=r"cell A11: the row label '20005' is not a year.*kept in"):
        _add(workspace, broken, "bad", released_on="2020")
    assert inputs_fingerprint(workspace) == before
    assert [path for path in (workspace.raw / DATASET).iterdir() if path.name.startswith(".")] == []
    (entry,) = list_quarantined(workspace)
    assert (entry.dataset, entry.edition, entry.kind) == (DATASET, "bad", "refused")
    assert file_sha256(Path(entry.file)) == file_sha256(broken)
    assert "20005" in entry.reason


def test_a_lost_year_is_a_break_in_continuity(workspace: Workspace, write_table: WriteTable) -> None:
    _add(workspace, write_table(), "good")
    gap = {year: row for year, row in FIGURES.items() if year != 2002}
    with pytest.raises(FrontierError, match="skips 2002, which .*@good printed"):
        _add(workspace, write_table(gap, name="gap.xls"), "gap", released_on="2030")
    assert len(list_quarantined(workspace)) == 1


OKRUGS = "goskomstat/arrivals_departures_by_okrug"


def _okrugs_without_tula(workspace: Workspace, tmp_path: Path) -> Path:
    """Land the bundled edition, which is of 2006; a file that prints the same table without one row."""
    source = Path(shutil.copytree(Workspace.of().raw / OKRUGS, workspace.raw / OKRUGS))
    lines = (source / "demographic_yearbook_2006" / "table_4.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("Tulsk Oblast")]
    assert len(kept) == len(lines) - 1
    file = tmp_path / "without_tula.csv"
    file.write_text("".join(kept), encoding="utf-8")
    return file


def test_an_older_edition_may_lack_a_row_that_came_later(workspace: Workspace, tmp_path: Path) -> None:
    file = _okrugs_without_tula(workspace, tmp_path)
    added = add_by_hand(workspace, HandPlaced(file, OKRUGS, "older", "2005"))
    assert isinstance(added, Examined)
    assert set(_counts(added)) == {"new"}


def test_a_later_edition_that_lacks_a_row_was_cut(workspace: Workspace, tmp_path: Path) -> None:
    file = _okrugs_without_tula(workspace, tmp_path)
    with pytest.raises(FrontierError, match="prints nothing for 'Tulsk Oblast"):
        add_by_hand(workspace, HandPlaced(file, OKRUGS, "later", "2007"))


def test_an_older_edition_that_skips_a_year_was_cut(workspace: Workspace, write_table: WriteTable) -> None:
    _add(workspace, write_table(), "good", released_on="2030")
    gap = {year: row for year, row in FIGURES.items() if year != 2002}
    with pytest.raises(FrontierError, match="skips 2002, which .*@good printed"):
        _add(workspace, write_table(gap, name="gap.xls"), "gap", released_on="2029")


def test_landing_in_a_copy_of_a_warehouse_leaves_the_first_one_alone(
    workspace: Workspace, write_table: WriteTable, tmp_path: Path
) -> None:
    _add(workspace, write_table(), "good")
    file = write_table({year: row for year, row in FIGURES.items() if year != 2002}, name="gap.xls")
    with pytest.raises(FrontierError):
        _add(workspace, file, "gap", released_on="2030")
    shutil.copytree(workspace.warehouse, tmp_path / "copy")
    copy = Workspace.of(workspace.raw, tmp_path / "copy")
    (entry,) = list_quarantined(copy)
    assert Path(entry.file).is_relative_to(copy.quarantine)
    _add(copy, file, "gap", released_on="2030", accepts_losses=True)
    assert list_quarantined(copy) == []
    assert len(list_quarantined(workspace)) == 1


def test_a_file_leaves_quarantine_when_it_lands_after_all(workspace: Workspace, write_table: WriteTable) -> None:
    _add(workspace, write_table(), "good")
    gap = {year: row for year, row in FIGURES.items() if year != 2002}
    file = write_table(gap, name="gap.xls")
    with pytest.raises(FrontierError):
        _add(workspace, file, "gap", released_on="2030")
    _add(workspace, Path(list_quarantined(workspace)[0].file), "gap", released_on="2030", accepts_losses=True)
    assert list_quarantined(workspace) == []


def test_removing_undoes_adding(workspace: Workspace, write_table: WriteTable) -> None:
    before = inputs_fingerprint(workspace)
    file = write_table()
    _add(workspace, file, "e")
    assert inputs_fingerprint(workspace) != before
    folder = remove_edition(workspace, DATASET, "e")
    assert inputs_fingerprint(workspace) == before
    assert file_sha256(folder / "demo11.xls") == file_sha256(file)
    assert [entry.kind for entry in list_quarantined(workspace)] == ["removed"]
    with pytest.raises(UsageError, match="has no edition 'e'"):
        remove_edition(workspace, DATASET, "e")


def test_an_edition_whose_file_is_gone_is_not_removed(workspace: Workspace, write_table: WriteTable) -> None:
    edition = _add(workspace, write_table(), "e").edition
    edition.file.unlink()
    with pytest.raises(FrontierError, match=r"demo11\.xls is missing, so there is no file to keep"):
        remove_edition(workspace, DATASET, "e")
    assert edition.folder.is_dir()


def _arrival(file: Path, edition: str = "2026-01-02", **more: object) -> Arrival:
    known = {
        "file_name": "demo11.xls",
        "released_on": "2026-01-01",
        "retrieved_on": dt.date(2026, 1, 2),
        "url": "https://agency.example/demo11.xls",
        "etag": '"v1"',
        "last_modified": None,
        "received_sha256": file_sha256(file),
    }
    return Arrival(file=file, dataset=DATASET, edition=edition, **(known | more))  # ty: ignore[invalid-argument-type]


def test_an_arrival_lands_with_what_its_source_said(workspace: Workspace, write_table: WriteTable) -> None:
    reception = receive(workspace, _arrival(write_table()))
    assert (reception.status, reception.edition) == ("landed", "2026-01-02")
    origin = read_dataset(workspace.raw, DATASET).editions[0].origin
    assert (origin.etag, origin.url, origin.released_on) == (
        '"v1"',
        "https://agency.example/demo11.xls",
        "2026-01-01",
    )


def test_the_same_data_again_are_already_there(workspace: Workspace, write_table: WriteTable) -> None:
    receive(workspace, _arrival(write_table(), received_sha256="a" * 64))
    again = receive(workspace, _arrival(write_table(stamp="x"), edition="2026-01-03", received_sha256="a" * 64))
    assert (again.status, again.edition) == ("already_there", "2026-01-02")


def test_an_arrival_that_does_not_fit_is_quarantined_and_serving_goes_on(
    workspace: Workspace, write_table: WriteTable, tmp_path: Path
) -> None:
    receive(workspace, _arrival(write_table()))
    before = inputs_fingerprint(workspace)
    page = tmp_path / "page.xls"
    page.write_text("<!DOCTYPE html><html><head><title>Ведутся работы</title></head></html>", encoding="utf-8")
    reception = receive(workspace, _arrival(page, edition="2026-02-02"))
    assert (reception.status, reception.edition) == ("quarantined", None)
    assert "Ведутся работы" in reception.message
    assert inputs_fingerprint(workspace) == before
    assert list_quarantined(workspace)[0].url == "https://agency.example/demo11.xls"


figures = st.tuples(
    *(st.decimals(min_value=1, max_value=200, places=1).map(float) for _ in range(3)),
    *(st.integers(min_value=0, max_value=100).map(float) for _ in range(2)),
)
tables = st.dictionaries(st.integers(min_value=2003, max_value=2009), figures, min_size=1)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=tables, second=tables)
def test_every_figure_is_counted_once(
    workspace: Workspace, write_table: WriteTable, first: dict[int, Row], second: dict[int, Row]
) -> None:
    """New, confirmed, revised are the figures of the new edition; withdrawn those of the old one that it lacks."""
    for edition in read_dataset(workspace.raw, DATASET).editions:
        remove_edition(workspace, DATASET, edition.name)
    _add(workspace, write_table(dict(sorted(first.items())), name="first.xls"), "a", released_on="2010")
    later = HandPlaced(write_table(dict(sorted(second.items())), name="second.xls"), DATASET, "b", "2011")
    years = sorted(first)
    if any(
        year not in second and {last, following} <= set(second)
        for last, year, following in zip(years, years[1:], years[2:], strict=False)
    ):
        with pytest.raises(FrontierError, match="skips"):
            add_by_hand(workspace, later)
        return
    added = add_by_hand(workspace, later)
    if isinstance(added, Edition):
        assert first == second
        return
    counts = _counts(added)
    same = sum(a == b for year in first.keys() & second.keys() for a, b in zip(first[year], second[year], strict=True))
    assert counts.get("confirmed", 0) == same
    assert counts.get("revised", 0) == 5 * len(first.keys() & second.keys()) - same
    assert counts.get("new", 0) == 5 * len(second.keys() - first.keys())
    assert counts.get("withdrawn", 0) == 5 * len(first.keys() - second.keys())


SURVEY = "survey/frontier_2009"


@pytest.fixture
def survey_workspace(tmp_path: Path) -> tuple[Workspace, Path]:
    """A workspace that declares the survey and awaits its file; the bundled file, which is synthetic."""
    source = Workspace.of().raw / SURVEY
    (tmp_path / "raw" / SURVEY).mkdir(parents=True)
    shutil.copy(source / "dataset.yml", tmp_path / "raw" / SURVEY)
    return Workspace.of(tmp_path / "raw", tmp_path / "warehouse"), source / "2009" / "frontier_2009.sav"


def test_a_survey_file_lands(survey_workspace: tuple[Workspace, Path]) -> None:
    workspace, file = survey_workspace
    added = add_by_hand(workspace, HandPlaced(file, SURVEY, "again", "2010"))
    assert isinstance(added, Examined)
    assert added.cells > 30_000
    assert added.changes is None
    assert [one.name for one in read_dataset(workspace.raw, SURVEY).editions] == ["again"]


def test_a_survey_file_that_is_cut_is_put_aside(survey_workspace: tuple[Workspace, Path], tmp_path: Path) -> None:
    workspace, file = survey_workspace
    cut = tmp_path / "cut.sav"
    cut.write_bytes(file.read_bytes()[:20_000])
    with pytest.raises(FrontierError, match="Nothing was landed"):
        add_by_hand(workspace, HandPlaced(cut, SURVEY, "cut", "2010"))
    assert [entry.edition for entry in list_quarantined(workspace)] == ["cut"]
    assert read_dataset(workspace.raw, SURVEY).editions == ()
