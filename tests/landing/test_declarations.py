"""Declarations: what `dataset.yml` and `origin.yml` may say, and how a wrong entry is named."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.errors import FrontierError
from orchestration.landing.declarations import load_dataset, load_origin, release_day
from orchestration.workspace import Workspace

OKRUGS = "goskomstat/arrivals_departures_by_okrug"


def declared() -> dict[str, Any]:
    """The content of a bundled `dataset.yml`, to be changed."""
    return yaml.safe_load((Workspace.of().raw / OKRUGS / "dataset.yml").read_text(encoding="utf-8"))


def described() -> dict[str, Any]:
    """The content of a bundled `origin.yml`, to be changed."""
    path = Workspace.of().raw / OKRUGS / "demographic_yearbook_2006" / "origin.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def written(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "name",
    [path.parent.relative_to(Workspace.of().raw).as_posix() for path in Workspace.of().raw.glob("*/*/dataset.yml")],
)
def test_every_bundled_dataset_and_origin_fits_its_form(name: str) -> None:
    folder = Workspace.of().raw / name
    assert load_dataset(folder / "dataset.yml").title.ru
    assert all(load_origin(path).licence for path in folder.glob("*/origin.yml"))


def test_an_unknown_key_of_a_dataset_is_refused_with_file_and_entry(tmp_path: Path) -> None:
    content = declared()
    content["layout"]["stubs"][0]["dimenson"] = "ref_area"
    path = written(tmp_path, "dataset.yml", content)
    with pytest.raises(FrontierError) as caught:
        load_dataset(path)
    assert str(path) in str(caught.value)
    assert "layout.0.stubs.0.dimenson: Extra inputs are not permitted" in str(caught.value)


def test_an_unknown_key_of_an_origin_is_refused_with_file_and_entry(tmp_path: Path) -> None:
    path = written(tmp_path, "origin.yml", described() | {"realeased_on": "2006"})
    with pytest.raises(FrontierError) as caught:
        load_origin(path)
    assert str(path) in str(caught.value)
    assert "realeased_on" in str(caught.value)


def test_every_entry_that_does_not_fit_is_named_at_once(tmp_path: Path) -> None:
    content = described() | {"bytes": "many", "sha256": "abc"}
    del content["publisher"]
    with pytest.raises(FrontierError) as caught:
        load_origin(written(tmp_path, "origin.yml", content))
    assert all(entry in str(caught.value) for entry in ("bytes:", "sha256:", "publisher:"))


def test_a_header_has_no_more_texts_than_levels(tmp_path: Path) -> None:
    content = declared()
    content["layout"]["stubs"][0]["header"] = ["Territory", "Regions"]
    with pytest.raises(FrontierError, match=r"header \['Territory', 'Regions'\] has more than the 1 levels"):
        load_dataset(written(tmp_path, "dataset.yml", content))


@pytest.mark.parametrize(("kind", "section"), [("table", "layout"), ("records", "records"), ("survey", "survey")])
def test_a_kind_of_dataset_needs_its_section(tmp_path: Path, kind: str, section: str) -> None:
    content = {key: value for key, value in declared().items() if key != "layout"} | {"kind": kind}
    with pytest.raises(FrontierError, match=f"a dataset of kind {kind} needs the section `{section}`"):
        load_dataset(written(tmp_path, "dataset.yml", content))


@pytest.mark.parametrize("content", [b"title: [unclosed", b"title: \xd0"])
def test_an_unreadable_declaration_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dataset.yml"
    path.write_bytes(content)
    with pytest.raises(FrontierError, match="is not readable YAML") as caught:
        load_dataset(path)
    assert str(path) in str(caught.value)


def test_an_empty_declaration_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "dataset.yml"
    path.write_bytes(b"")
    with pytest.raises(FrontierError, match="does not fit its form: file:"):
        load_dataset(path)


@pytest.mark.parametrize(
    ("printed", "precision", "day"),
    [
        ("2020-04-28", "day", dt.date(2020, 4, 28)),
        ("2015-12", "month", dt.date(2015, 12, 31)),
        ("2004-02", "month", dt.date(2004, 2, 29)),
        ("2006-02", "month", dt.date(2006, 2, 28)),
        ("2100-02", "month", dt.date(2100, 2, 28)),
        ("2006-04", "month", dt.date(2006, 4, 30)),
        ("2006", "year", dt.date(2006, 12, 31)),
    ],
)
def test_a_release_counts_from_the_last_day_that_its_date_allows(printed: str, precision: Any, day: dt.date) -> None:
    assert release_day(printed, precision) == day


@pytest.mark.parametrize(
    ("printed", "precision"), [("2006", "day"), ("2006-04-28", "month"), ("2006-04", "year"), ("2006-02-30", "day")]
)
def test_a_release_date_that_is_not_of_its_precision_is_refused(tmp_path: Path, printed: str, precision: str) -> None:
    content = described() | {"released_on": printed, "released_on_precision": precision}
    path = written(tmp_path, "origin.yml", content)
    with pytest.raises(FrontierError, match=printed) as caught:
        load_origin(path)
    assert str(path) in str(caught.value)
