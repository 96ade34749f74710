"""Asks the live sources of a workspace's datasets and hands what is new to a receiver."""

from __future__ import annotations

import fcntl
import itertools
import logging
import shutil
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

from orchestration.errors import FrontierError, UsageError
from orchestration.fetching.download import download
from orchestration.fetching.policy import FetchPolicy
from orchestration.fetching.results import Fetched, LastFetch, NotModified
from orchestration.landing.arrivals import Arrival, Reception
from orchestration.landing.catalogue import Dataset, Edition, dataset_names, read_dataset
from orchestration.landing.source_declaration import SourceDeclaration
from orchestration.workspace import Workspace

logger = logging.getLogger(__name__)

_HOSTS_AT_ONCE = 8
_STATUSES: dict[str, FetchStatus] = {"landed": "landed", "already_there": "unchanged", "quarantined": "quarantined"}

FetchStatus = Literal["unchanged", "landed", "quarantined", "failed"]


@dataclass(frozen=True)
class FetchOutcome:
    """What became of one dataset; `edition` is the one that landed, or the one that is confirmed."""

    dataset: str
    status: FetchStatus
    edition: str | None
    message: str


def fetch_datasets(
    workspace: Workspace,
    names: Sequence[str] | None,
    receive: Callable[[Arrival], Reception],
    *,
    policy: FetchPolicy | None = None,
) -> list[FetchOutcome]:
    """Ask the sources of these datasets, or of all that have one, and have what is new received.

    Datasets of one host are asked one after the other, in the order of their names, those of different hosts
    side by side; `receive` may therefore be called from several threads at once. A source that fails is an
    outcome and stops no other. Raises a `UsageError`, before anything is asked, for a name that is no dataset
    with a `source`.
    """
    downloads = workspace.warehouse / "downloads"
    patience = replace(policy or FetchPolicy(), turns=downloads / ".turns")
    datasets, unreadable = _live_datasets(workspace.raw, names)
    by_host: dict[str, list[Dataset]] = {}
    for dataset in datasets:
        by_host.setdefault(_source_of(dataset).host, []).append(dataset)

    def fetch_in_turn(group: list[Dataset]) -> list[FetchOutcome]:
        return [_fetch(workspace.raw, dataset.name, downloads, receive, patience) for dataset in group]

    with ThreadPoolExecutor(max_workers=_HOSTS_AT_ONCE, thread_name_prefix="fetch") as threads:
        outcomes = itertools.chain(unreadable, *threads.map(fetch_in_turn, by_host.values()))
        return sorted(outcomes, key=lambda outcome: outcome.dataset)


def _live_datasets(raw: Path, names: Sequence[str] | None) -> tuple[list[Dataset], list[FetchOutcome]]:
    """The datasets to ask for; and, where all are wanted, those whose declaration cannot be read."""
    if not raw.is_dir():
        raise UsageError(f"There is no raw folder at {raw}. Name the right one with --raw.")
    known = dataset_names(raw)
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise UsageError(f"{raw} has no dataset {', '.join(unknown)}. It has: {', '.join(known) or 'none'}.")
    datasets, unreadable = [], []
    for name in known if names is None else dict.fromkeys(names):
        try:
            dataset = read_dataset(raw, name)
        except FrontierError as error:
            unreadable.append(FetchOutcome(name, "failed", None, str(error)))
            continue
        if dataset.declaration.source is not None:
            datasets.append(dataset)
        elif names is not None:
            raise UsageError(
                f"{name} has no live source: its files are placed by hand with `frontier add`. To have it fetched, "
                f"declare a section `source` in {dataset.folder / 'dataset.yml'}."
            )
    return datasets, unreadable


def _fetch(
    raw: Path, name: str, downloads: Path, receive: Callable[[Arrival], Reception], policy: FetchPolicy
) -> FetchOutcome:
    """One dataset, from the question to the reception; whatever goes wrong is its outcome."""
    folder = downloads / name.replace("/", "__")
    try:
        with _alone_with(folder):
            # Whoever had this dataset before us may have landed an edition.
            return _fetch_and_receive(read_dataset(raw, name), folder, receive, policy)
    except FrontierError as error:
        return FetchOutcome(name, "failed", None, str(error))
    except Exception as error:
        logger.exception("%s was not fetched", name)
        return FetchOutcome(
            name, "failed", None, f"{name} was not fetched: {error or type(error).__name__}. Run it again with --debug."
        )


def _fetch_and_receive(
    dataset: Dataset, folder: Path, receive: Callable[[Arrival], Reception], policy: FetchPolicy
) -> FetchOutcome:
    source = _source_of(dataset)
    last_edition = _last_fetched(dataset, source)
    result = download(source, folder, _last_fetch(last_edition, source), policy=policy)
    if isinstance(result, NotModified):
        edition = last_edition.name if last_edition else None
        return FetchOutcome(dataset.name, "unchanged", edition, f"{result.url}: {result.reason}.")
    try:
        reception = receive(_arrival(dataset, result))
    finally:
        result.file.unlink(missing_ok=True)
    return FetchOutcome(dataset.name, _STATUSES[reception.status], reception.edition, reception.message)


def _arrival(dataset: Dataset, fetched: Fetched) -> Arrival:
    day = fetched.retrieved_at.date()
    return Arrival(
        file=fetched.file,
        file_name=fetched.file.name,
        dataset=dataset.name,
        edition=_free_name(dataset, day.isoformat()),
        released_on=fetched.released_on or _day_of(fetched.last_modified) or day.isoformat(),
        retrieved_on=day,
        url=fetched.url,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        received_sha256=fetched.fingerprint,
        note=fetched.note,
    )


def _last_fetched(dataset: Dataset, source: SourceDeclaration) -> Edition | None:
    """The edition that was fetched last from the source; the newest of all where none was."""
    fetched = [edition for edition in dataset.editions if edition.origin.url == source.address]
    if not fetched:
        return dataset.editions[-1] if dataset.editions else None
    return max(fetched, key=lambda edition: (edition.origin.retrieved_on, len(edition.name), edition.name))


def _last_fetch(edition: Edition | None, source: SourceDeclaration) -> LastFetch | None:
    """What we got last: the validators of another address would be lies."""
    if edition is None:
        return None
    origin = edition.origin
    is_same = origin.url == source.address
    return LastFetch(
        etag=origin.etag if is_same else None,
        last_modified=origin.last_modified if is_same else None,
        sha256=origin.received_sha256 or origin.sha256,
    )


def _free_name(dataset: Dataset, day: str) -> str:
    names = itertools.chain([day], (f"{day}-{number}" for number in itertools.count(2)))
    return next(name for name in names if not (dataset.folder / name).exists())


def _day_of(last_modified: str | None) -> str | None:
    try:
        return parsedate_to_datetime(last_modified or "").date().isoformat()
    except ValueError:
        return None


def _source_of(dataset: Dataset) -> SourceDeclaration:
    source = dataset.declaration.source
    if source is None:
        raise FrontierError(f"{dataset.name} has lost its section `source` while it was fetched: start again.")
    return source


@contextmanager
def _alone_with(folder: Path) -> Generator[None]:
    """The download folder of one dataset for us alone, taken away afterwards.

    After a failure it stays if a part of a file waits there to be gone on with.
    """
    locks = folder.parent / ".turns"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / f"{folder.name}.dataset").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        except BaseException:
            if not any(folder.glob(".*.part")):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
