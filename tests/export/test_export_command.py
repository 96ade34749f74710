"""`frontier export`: what it takes, what it refuses, and that the target is always whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.cli import ExportFormat
from orchestration.errors import FrontierError, UsageError
from orchestration.export import exporting, folder
from orchestration.export.exporting import export_release
from orchestration.export.request import FORMATS, choose
from orchestration.workspace import Workspace
from tests.export.conftest import Export
from tests.published import Command

TABLES = ("dim_period", "fct_population", "mart_survey_respondent")


def tree(place: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_the_command_prints_one_document_of_what_it_wrote(exported: Export) -> None:
    printed = exported.printed
    assert printed["folder"] == str(exported.folder)
    listed = {one["path"]: one for one in printed["files"]}
    assert set(listed) == set(tree(exported.folder)) - {"datapackage.json"}
    assert listed["csv/fct_population.csv"]["rows"] == exported.query("select count(*) from main.fct_population")[0][0]
    assert listed["survey/frontier_2009_2009.sav"]["is_synthetic"]
    suffixes = {Path(path).suffix for path in listed}
    assert suffixes == {".csv", ".parquet", ".xml", ".sav", ".dta"}


def test_the_command_says_in_words_what_is_synthetic_and_writes_only_what_was_asked_for(
    published: Command, tmp_path: Path
) -> None:
    arguments = ["--format", "csv", "--table", "glm_model", "--table", "dim_period", "--to", str(tmp_path / "x")]
    outcome = published("export", *arguments)
    assert outcome.returncode == 0, outcome.stderr
    assert sorted(tree(tmp_path / "x")) == ["csv/dim_period.csv", "csv/glm_model.csv", "datapackage.json"]
    assert "SYNTHETIC DATA" in outcome.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--table", "fct_populaton"], "Did you mean fct_population"),
        (["--format", "sav", "--table", "dim_period"], "sav files hold only mart_survey_respondent"),
        (["--release", "2020"], "There is no release '2020'"),
        (["--to", "."], "is there already and is no earlier export"),
    ],
)
def test_wrong_use_is_refused_in_one_paragraph(
    published_workspace: Workspace, arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = dict(zip(arguments[::2], arguments[1::2], strict=True))
    with pytest.raises(UsageError, match=said) as refusal:
        export_release(
            published_workspace,
            Path(named.get("--to", "out")),
            [named["--format"]] if "--format" in named else [],
            [named["--table"]] if "--table" in named else [],
            named.get("--release"),
        )
    assert refusal.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_before_the_first_release_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run `frontier refresh`"):
        export_release(Workspace.of(warehouse=tmp_path / "none"), tmp_path / "out")


def test_a_release_can_be_named(published_workspace: Workspace, exported: Export, tmp_path: Path) -> None:
    release = exported.printed["release"]
    done = export_release(published_workspace, tmp_path / "out", ["csv"], ["dim_period"], release)
    assert done.release == release
    assert tree(tmp_path / "out")["csv/dim_period.csv"] == (exported.folder / "csv/dim_period.csv").read_bytes()


def test_an_earlier_export_is_replaced_whole(published_workspace: Workspace, tmp_path: Path) -> None:
    export_release(published_workspace, tmp_path / "out", ["csv", "parquet"], ["dim_period"])
    export_release(published_workspace, tmp_path / "out", ["csv"], ["dim_indicator"])
    assert sorted(tree(tmp_path / "out")) == ["csv/dim_indicator.csv", "datapackage.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_replacing_works_where_folders_cannot_be_exchanged(
    published_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_release(published_workspace, tmp_path / "out", ["csv"], ["dim_period"])
    monkeypatch.setattr(folder, "_exchange", lambda _one, _other: False)
    export_release(published_workspace, tmp_path / "out", ["csv"], ["dim_indicator"])
    assert sorted(tree(tmp_path / "out")) == ["csv/dim_indicator.csv", "datapackage.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_an_export_that_fails_leaves_what_was_there(
    published_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_release(published_workspace, tmp_path / "out", ["csv"], ["dim_period"])
    before = tree(tmp_path / "out")

    def fail(*_: object) -> None:
        raise FrontierError("The disk is full.")

    monkeypatch.setattr(exporting, "write_descriptor", fail)
    for target in ("out", "new"):
        with pytest.raises(FrontierError, match="disk is full"):
            export_release(published_workspace, tmp_path / target, ["csv"], ["dim_indicator"])
    assert tree(tmp_path / "out") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


@pytest.mark.parametrize("what", ["file", "empty folder", "foreign package", "broken descriptor", "foreign file"])
def test_what_no_export_made_is_never_replaced(published_workspace: Workspace, tmp_path: Path, what: str) -> None:
    target = tmp_path / "out"
    if what == "file":
        target.write_text("mine")
    elif what == "foreign file":
        export_release(published_workspace, target, ["csv"], ["dim_period"])
        (target / "csv" / "notes.txt").write_text("mine")
    else:
        target.mkdir()
        if what != "empty folder":
            text = json.dumps({"resources": []}) if what == "foreign package" else "{"
            (target / "datapackage.json").write_text(text)
    before = tree(tmp_path)
    with pytest.raises(UsageError, match=r"Name (a|another) folder|name another folder"):
        export_release(published_workspace, target, ["csv"], ["dim_period"])
    assert tree(tmp_path) == before


def test_all_leaves_out_formats_that_hold_none_of_the_tables() -> None:
    assert choose(["all"], [], TABLES).formats == FORMATS
    assert choose([], ["main.fct_population"], TABLES).formats == ("parquet", "csv", "sdmx-csv", "sdmx-ml")
    assert choose(["all"], ["mart_survey_respondent"], TABLES).formats == ("parquet", "csv", "sav", "dta", "ddi")


def test_the_command_takes_every_format_that_there_is() -> None:
    assert {str(one) for one in ExportFormat} == {"all", *FORMATS}


def test_the_published_database_is_not_touched(published: Command, exported: Export) -> None:
    current = json.loads((published.warehouse / "current.json").read_text(encoding="utf-8"))
    assert folder_is_unchanged(published.database, current["sha256"])
    assert exported.folder.stat().st_mode & 0o777 == 0o755


def folder_is_unchanged(database: Path, sha256: str) -> bool:
    """Whether the database has the bytes that were published, and no log beside it."""
    from orchestration.release.fingerprint import file_sha256

    return file_sha256(database) == sha256 and not database.with_name(database.name + ".wal").exists()
