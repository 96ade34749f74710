"""The catalogue of what stands in `raw/`: datasets, their editions, and whether each file is what it says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import FrontierError, UsageError
from orchestration.landing.declarations import DatasetDeclaration, Origin, load_dataset, load_origin


@dataclass(frozen=True)
class Edition:
    """One published version of a dataset: a folder with the file and its `origin.yml`."""

    dataset: str
    name: str
    folder: Path
    origin: Origin

    @property
    def edition_id(self) -> str:
        return f"{self.dataset}@{self.name}"

    @property
    def file(self) -> Path:
        return self.folder / self.origin.file

    @property
    def relative_file(self) -> str:
        """Path of the file below the raw folder, with forward slashes."""
        return f"{self.dataset}/{self.name}/{self.origin.file}"


@dataclass(frozen=True)
class Dataset:
    """A dataset folder: its declaration and its editions, oldest release first."""

    name: str
    folder: Path
    declaration: DatasetDeclaration
    editions: tuple[Edition, ...]

    @property
    def agency(self) -> str:
        return self.name.split("/", 1)[0]


def read_catalogue(raw: Path) -> list[Dataset]:
    """Every dataset below `raw`, sorted by name.

    Raises `UsageError` when the folder is missing and `FrontierError` when a declaration does not fit.
    """
    if not raw.is_dir():
        raise UsageError(f"There is no raw folder at {raw}. Name the right one with --raw.")
    folders = sorted(path for path in raw.glob("[!.]*/[!.]*") if path.is_dir())
    for folder in folders:
        if not (folder / "dataset.yml").is_file():
            raise FrontierError(f"{folder} has no dataset.yml: declare the dataset there, or remove the folder.")
    return [read_dataset(raw, folder.relative_to(raw).as_posix()) for folder in folders]


def dataset_names(raw: Path) -> list[str]:
    """The names `agency/folder` of the datasets that are declared below `raw`, sorted; nothing of them is read."""
    return sorted(path.parent.relative_to(raw).as_posix() for path in raw.glob("[!.]*/[!.]*/dataset.yml"))


def read_dataset(raw: Path, name: str) -> Dataset:
    """The dataset `agency/folder` with its editions; a `FrontierError` when a declaration does not fit."""
    folder = raw / name
    editions = [_read_edition(name, path.parent) for path in sorted(folder.glob("[!.]*/origin.yml"))]
    for stray in sorted(entry for entry in folder.glob("[!.]*") if entry.is_dir()):
        if not (stray / "origin.yml").is_file():
            raise FrontierError(f"{stray} has no origin.yml: describe the edition there, or remove the folder.")
    editions.sort(key=lambda edition: (edition.origin.released_day, edition.name))
    return Dataset(name, folder, load_dataset(folder / "dataset.yml"), tuple(editions))


def _read_edition(dataset: str, folder: Path) -> Edition:
    return Edition(dataset, folder.name, folder, load_origin(folder / "origin.yml"))


def verify_edition(edition: Edition) -> None:
    """Check that the edition's file is there and is the one that `origin.yml` describes.

    Raises `FrontierError` that names the file and both digests.
    """
    if not edition.file.is_file():
        raise FrontierError(
            f"{edition.relative_file} is missing though {edition.folder / 'origin.yml'} names it: "
            "put the file back, or remove the edition's folder."
        )
    with edition.file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != edition.origin.sha256:
        raise FrontierError(
            f"{edition.relative_file} is not the file that its origin.yml describes: sha256 is {digest}, "
            f"recorded is {edition.origin.sha256}. An edition never changes: restore the published file, "
            "or land the new one as an edition of its own."
        )
    size = edition.file.stat().st_size
    if size != edition.origin.bytes:
        raise FrontierError(
            f"{edition.relative_file} has {size} bytes, its origin.yml says {edition.origin.bytes}: correct origin.yml."
        )
