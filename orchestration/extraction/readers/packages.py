"""The parts of zipped workbooks (xlsx, ods), unpacked within bounds."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import IO

from orchestration.errors import FrontierError
from orchestration.extraction.readers.xml_reading import XmlElement, read_elements, read_root

MOST_BYTES = 1 << 30
_SMALL_PART = 16 << 20
_MOST_RATIO = 300


class Package:
    """A zipped workbook; its parts are read as streams.

    Raises `FrontierError` for a part that is missing, damaged, or would unpack beyond all measure.
    """

    def __init__(self, content: bytes, file: str) -> None:
        self.file = file
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        self._parts = {info.filename.replace("\\", "/").lower(): info for info in self._archive.infolist()}

    def has(self, part: str) -> bool:
        """Whether the package holds the part."""
        return part.lower() in self._parts

    def contains(self, part: str, pattern: re.Pattern[bytes]) -> bool:
        """Whether the pattern, at most 64 bytes long, stands anywhere in the part."""
        with self._open(part) as stream:
            tail = b""
            while chunk := stream.read(1 << 16):
                if pattern.search(tail + chunk):
                    return True
                tail = chunk[-64:]
        return False

    def elements(self, part: str, *names: str) -> Iterator[XmlElement]:
        """The elements of these local names in a part, each forgotten when the next is asked for."""
        with self._open(part) as stream:
            yield from read_elements(stream, self._place(part), *names)

    def root(self, part: str) -> XmlElement:
        """The root element of a small part."""
        with self._open(part) as stream:
            return read_root(stream.read(), self._place(part))

    def _place(self, part: str) -> str:
        return f"{self.file}, in its part {part},"

    @contextmanager
    def _open(self, part: str) -> Generator[IO[bytes]]:
        info = self._parts.get(part.lower())
        if info is None:
            raise FrontierError(f"{self.file} lacks its part {part}: it is damaged. Fetch or copy the file again.")
        self._check_size(info)
        try:
            with self._archive.open(info) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise FrontierError(
                f"{self.file}: its part {part} is cut off or damaged ({error}). Fetch or copy the file again."
            ) from error

    def _check_size(self, info: zipfile.ZipInfo) -> None:
        is_dense = info.file_size > _SMALL_PART and info.file_size > _MOST_RATIO * max(info.compress_size, 1)
        if info.file_size > MOST_BYTES or is_dense:
            raise FrontierError(
                f"{self.file}: its part {info.filename} would unpack from {info.compress_size:,} to "
                f"{info.file_size:,} bytes, which no honest workbook does. Check where the file comes from."
            )
