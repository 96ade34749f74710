"""Receiving a file: verify it, read it, compare it, and land it as an edition of its dataset, or put it aside."""

from __future__ import annotations

import datetime as dt
import difflib
import io
import os
import shutil
import unicodedata
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from orchestration.errors import FrontierError, UsageError
from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.observations import Observation, read_edition
from orchestration.landing.arrivals import Arrival, Reception
from orchestration.landing.catalogue import Dataset, Edition, dataset_names, read_dataset
from orchestration.landing.declarations import Origin, Precision, load_origin, release_day
from orchestration.reception.changes import CHANGE_TYPES, Changes, compare_edition, members_missing, periods_missing
from orchestration.reception.quarantine import discharge, put_aside
from orchestration.reception.stamps import stamped_release_day
from orchestration.release.fingerprint import file_sha256
from orchestration.workspace import Workspace

# How long a release date is as people write it: 2020, 2020-04, 2020-04-28.
_PRECISIONS: dict[int, Precision] = {4: "year", 7: "month", 10: "day"}


@dataclass(frozen=True)
class HandPlaced:
    """What the person who places a file by hand says of it; what is left out comes from the declaration."""

    file: Path
    dataset: str
    edition: str
    released_on: str | None = None
    publication: str | None = None
    url: str | None = None
    note: str | None = None
    is_excerpt: bool = False
    accepts_losses: bool = False
    covers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Examined:
    """A file that fits its dataset: the edition that it would be, and what it would change."""

    edition: Edition
    cells: int
    changes: Changes | None


def receive(workspace: Workspace, arrival: Arrival) -> Reception:
    """Land a file that a live source sent; what does not fit goes to quarantine and nothing else changes."""
    dataset = read_dataset(workspace.raw, arrival.dataset)
    known = _already_there(dataset, {file_sha256(arrival.file), arrival.received_sha256})
    if known:
        return Reception("already_there", known.name, f"{known.edition_id} holds just these data.")
    described = _describe(dataset, arrival.edition, arrival.file_name, arrival.retrieved_on)
    described |= {
        # The file's own stamp goes before the time at which a server last touched the file.
        "released_on": _stamp_or(dataset, arrival),
        "url": arrival.url,
        "etag": arrival.etag,
        "last_modified": arrival.last_modified,
        "received_sha256": arrival.received_sha256,
        "note": arrival.note,
    }
    try:
        examined = _land(workspace, dataset, arrival.file, described)
    except FrontierError as error:
        folder = put_aside(
            workspace,
            arrival.file,
            arrival.file_name,
            dataset.name,
            arrival.edition,
            "refused",
            str(error),
            arrival.url,
        )
        return Reception(
            "quarantined", None, f"{error} The file is kept in {folder}; the last edition goes on serving."
        )
    return Reception("landed", examined.edition.name, _in_words(examined))


def add_by_hand(workspace: Workspace, placed: HandPlaced, is_rehearsal: bool = False) -> Examined | Edition:
    """Land a file that a person brings; an `Edition` alone when the same bytes are already there.

    A rehearsal examines the file and lands nothing. Raises `UsageError` when the dataset is unknown or the
    edition's name is taken, and `FrontierError` when the file does not fit: it is then kept in quarantine.
    """
    if not placed.file.is_file():
        raise UsageError(f"There is no file {placed.file}.")
    dataset = _known_dataset(workspace, placed.dataset)
    digest = file_sha256(placed.file)
    known = _already_there(dataset, {digest})
    if known:
        return known
    file_name = _safe_name(placed.file.name)
    described = _describe(dataset, placed.edition, file_name, dt.datetime.now(dt.UTC).date())
    described |= {"url": placed.url, "note": placed.note, "is_excerpt": placed.is_excerpt, "received_sha256": digest}
    described["covers"] = dict(placed.covers) or None
    # What the person says goes before what the file says, and both before the day of retrieval.
    described |= {"released_on": placed.released_on, "released_on_precision": _precision(placed.released_on)}
    described["publication"] = placed.publication or described["publication"]
    try:
        if is_rehearsal:
            return _rehearse(workspace, dataset, placed.file, described, placed.accepts_losses)
        return _land(workspace, dataset, placed.file, described, placed.accepts_losses)
    except UsageError:
        raise
    except FrontierError as error:
        if is_rehearsal:
            raise FrontierError(f"{error} Nothing was landed.") from error
        folder = put_aside(workspace, placed.file, file_name, dataset.name, placed.edition, "refused", str(error))
        raise FrontierError(
            f"{error} Nothing was landed; the file and this reason are kept in {folder}. The last edition goes on "
            "serving."
        ) from error


def remove_edition(workspace: Workspace, dataset_name: str, edition_name: str) -> Path:
    """Take an edition out of `raw/`; its file is kept in quarantine, whose folder is returned."""
    dataset = _known_dataset(workspace, dataset_name)
    edition = next((one for one in dataset.editions if one.name == edition_name), None)
    if edition is None:
        known = [one.name for one in dataset.editions]
        raise UsageError(f"{dataset_name} has no edition {edition_name!r}; it has {known}.")
    if not edition.file.is_file():
        raise FrontierError(
            f"{edition.relative_file} is missing, so there is no file to keep: put it back, or delete the folder "
            f"{edition.folder}."
        )
    folder = put_aside(
        workspace, edition.file, edition.origin.file, dataset.name, edition.name, "removed", "Removed by hand.",
        edition.origin.url,
    )  # fmt: skip
    shutil.copyfile(edition.folder / "origin.yml", folder / "origin.yml")
    gone = edition.folder.with_name(f".{edition.name}.{uuid.uuid4().hex[:8]}")
    edition.folder.rename(gone)
    shutil.rmtree(gone)
    return folder


def _known_dataset(workspace: Workspace, name: str) -> Dataset:
    if (workspace.raw / name / "dataset.yml").is_file():
        return read_dataset(workspace.raw, name)
    known = dataset_names(workspace.raw)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.3) or known
    raise UsageError(f"There is no dataset {name!r} in {workspace.raw}; the nearest are {', '.join(near)}.")


def _safe_name(name: str) -> str:
    return unicodedata.normalize("NFC", name).lstrip(".").replace("\\", "_") or "file"


def _already_there(dataset: Dataset, digests: set[str]) -> Edition | None:
    return next((one for one in dataset.editions if {one.origin.sha256, one.origin.received_sha256} & digests), None)


def _describe(dataset: Dataset, edition: str, file_name: str, retrieved_on: dt.date) -> dict[str, Any]:
    """The entries of an `origin.yml` that are known before the file is read."""
    declaration = dataset.declaration
    if not edition or edition.startswith(".") or set(edition) & set("/\\@ "):
        raise UsageError(f"{edition!r} cannot name an edition: no blanks, no slashes, no @ and no leading point.")
    if any(one.name == edition for one in dataset.editions):
        raise UsageError(
            f"{dataset.name} has an edition {edition!r} already, with other bytes. An edition never changes: give the "
            "new file a name of its own."
        )
    return {
        "publication": declaration.title.ru if declaration.language == "ru" else declaration.title.en,
        "edition": edition,
        "publisher": declaration.agency.name_en,
        "released_on_precision": "day",
        "retrieved_on": retrieved_on,
        "file": file_name,
        "licence": declaration.licence,
        "language": declaration.language,
        "is_keyed_by_hand": False,
        "is_excerpt": False,
        "is_synthetic": False,
    }


def _precision(released_on: str | None) -> Precision:
    """The precision of a release date as a person writes it; a day where the date is left to the file."""
    if not released_on:
        return "day"
    try:
        precision = _PRECISIONS[len(released_on)]
        release_day(released_on, precision)
    except (KeyError, ValueError):
        raise UsageError(f"{released_on!r} is no release date: write 2020, 2020-04 or 2020-04-28.") from None
    return precision


def _land(
    workspace: Workspace, dataset: Dataset, file: Path, described: dict[str, Any], accepts_losses: bool = False
) -> Examined:
    """Examine a file, and give its folder the edition's name in one step when it fits."""
    with _draft(dataset, file, described) as draft:
        examined = _examine(workspace, dataset, draft, accepts_losses)
        target = dataset.folder / draft.name
        draft.folder.rename(target)
        discharge(workspace, dataset.name, draft.origin.sha256)
        return replace(examined, edition=replace(draft, folder=target))


def _rehearse(
    workspace: Workspace, dataset: Dataset, file: Path, described: dict[str, Any], accepts_losses: bool
) -> Examined:
    with _draft(dataset, file, described) as draft:
        return _examine(workspace, dataset, draft, accepts_losses)


@contextmanager
def _draft(dataset: Dataset, file: Path, described: dict[str, Any]) -> Generator[Edition]:
    """The edition as it would be, in a hidden folder beside its place; gone afterwards unless it was renamed."""
    folder = dataset.folder / f".{described['edition']}.{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    try:
        kept = folder / described["file"]
        _copy_without_personal_data(dataset, file, kept)
        digest, received = file_sha256(kept), described["received_sha256"]
        entries = described | {
            "released_on": _release_day(dataset, file, described),
            "sha256": digest,
            "bytes": kept.stat().st_size,
            "received_sha256": received if received != digest else None,
        }
        _write_origin(folder / "origin.yml", entries)
        origin = load_origin(folder / "origin.yml")
        yield Edition(dataset.name, described["edition"], folder, origin)
    finally:
        if folder.exists():
            shutil.rmtree(folder)


def _stamp_or(dataset: Dataset, arrival: Arrival) -> str | None:
    try:
        return stamped_release_day(dataset, arrival.file) or arrival.released_on
    except FrontierError:
        # What cannot be opened is refused, with its reason, where it is read.
        return arrival.released_on


def _release_day(dataset: Dataset, file: Path, described: dict[str, Any]) -> str:
    """The day that was given, else the one that the file states, else the day of retrieval."""
    stated = described["released_on"] or stamped_release_day(dataset, file)
    return stated or described["retrieved_on"].isoformat()


def _copy_without_personal_data(dataset: Dataset, file: Path, target: Path) -> None:
    """Copy a file durably; an SDMX-ML message without the names and telephones of officials that EMISS sends along."""
    if "sdmx-ml" in dataset.declaration.file.formats:
        from orchestration.extraction.readers.sdmx_ml import drop_personal_data
        from orchestration.extraction.readers.sniffing import sniff

        content = file.read_bytes()
        if sniff(content, file.name).kind == "sdmx-ml":
            _write_durably(target, io.BytesIO(drop_personal_data(content, file.name)))
            return
    with file.open("rb") as stream:
        _write_durably(target, stream)


def _write_origin(path: Path, entries: dict[str, Any]) -> None:
    fields = [name for name in Origin.model_fields if entries.get(name) is not None]
    written = {name: entries[name] for name in fields}
    text = yaml.safe_dump(written, allow_unicode=True, sort_keys=False, width=110)
    _write_durably(path, io.BytesIO(text.encode()))


def _write_durably(path: Path, content: BinaryIO) -> None:
    """Write a file that is on the disk before its folder gets the edition's name."""
    with path.open("wb") as stream:
        shutil.copyfileobj(content, stream)
        stream.flush()
        os.fsync(stream.fileno())


def _examine(workspace: Workspace, dataset: Dataset, draft: Edition, accepts_losses: bool) -> Examined:
    """Read a draft and compare it; `FrontierError` when it does not fit its dataset."""
    survey = dataset.declaration.survey
    if dataset.declaration.kind == "survey" and survey is not None:
        from orchestration.extraction.surveys.reading import examine_survey

        cells, _ = examine_survey(draft.file, draft.edition_id, survey)
        return Examined(draft, cells, None)
    names = TerritoryNames.from_seed(workspace.territory_names)
    observations = read_edition(dataset, draft, names)
    if not observations:
        raise FrontierError(f"{draft.relative_file} holds no figures: check the file.")
    if dataset.declaration.kind != "table":
        return Examined(draft, len(observations), None)
    already_read: dict[str, list[Observation]] = {}
    if dataset.editions and not accepts_losses and not draft.origin.is_excerpt:
        last = _last_before(dataset, draft)
        already_read[last.edition_id] = read_edition(dataset, last, names)
        _check_continuity(draft, observations, last, already_read[last.edition_id])
    changes = compare_edition(workspace, dataset, draft, observations, names, already_read)
    return Examined(draft, len(observations), changes)


def _last_before(dataset: Dataset, draft: Edition) -> Edition:
    """The last edition that was released up to the draft's day; the first of all for a draft older than any."""
    earlier = [one for one in dataset.editions if one.origin.released_day <= draft.origin.released_day]
    return earlier[-1] if earlier else dataset.editions[0]


def _check_continuity(
    draft: Edition, observations: list[Observation], last: Edition, before: list[Observation]
) -> None:
    """A whole table that has lost a year, a row or a column since the last edition was probably cut.

    Of an edition that came out after the draft, only the years are looked at: rows and columns may have been added.
    """
    years = periods_missing(observations, before)
    if years:
        raise FrontierError(
            f"{draft.relative_file} skips {', '.join(years)}, which {last.edition_id} printed and which lie inside "
            "the years of the new file: a column or a row was lost. Check the file; if the agency dropped the years, "
            "add it with --accept-losses."
        )
    is_later = last.origin.released_day > draft.origin.released_day
    members = [] if is_later else members_missing(observations, before)
    if members:
        raise FrontierError(
            f"{draft.relative_file} prints nothing for {members[0]!r}, which {last.edition_id} has"
            f"{f' (and {len(members) - 1} more)' if len(members) > 1 else ''}: a row or a column was lost. Check the "
            "file; if the agency dropped it, add the file with --accept-losses."
        )


def _in_words(examined: Examined) -> str:
    changes = examined.changes
    if changes is None:
        return f"{examined.edition.edition_id}: {examined.cells:,} cells."
    counts = ", ".join(
        f"{count:,} {kind}" for kind, count in ((kind, changes.count(kind)) for kind in CHANGE_TYPES) if count
    )
    return f"{examined.edition.edition_id}: {examined.cells:,} figures ({counts})."
