"""A file on its way: the bytes so far, and what it takes to go on with them after a cut."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.fetching.errors import Refused

if TYPE_CHECKING:
    import httpx

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)$")


@dataclass(frozen=True)
class PartialFile:
    """`<key>.part`; beside it, where the service can resume, `<key>.json` with the validator and the length."""

    path: Path

    @property
    def note(self) -> Path:
        return self.path.with_suffix(".json")

    def resume_headers(self) -> dict[str, str]:
        """Headers that ask for the rest, if the file has not changed meanwhile; none to ask for the whole."""
        noted = self._noted()
        if noted is None:
            self.drop()
            return {}
        return {"Range": f"bytes={self.path.stat().st_size}-", "If-Range": noted["validator"]}

    def receive(self, response: httpx.Response, limit: int, deadline: float) -> None:
        """Write the body of the answer: appended to what is there for a 206, in its place for any other.

        `limit` is in bytes, `deadline` in seconds of the monotonic clock. Raises `Refused` for an answer that
        is too long, takes too long, is cut short or does not fit what is there.
        """
        is_encoded = response.headers.get("content-encoding", "identity").lower() != "identity"
        start = self._resume(response) if response.status_code == 206 else self._begin(response, is_encoded)
        length = response.headers.get("content-length", "")
        expected = start + int(length) if length.isdigit() else None
        if expected is not None and expected > limit:
            self._refuse_size(limit, f"{expected:,} bytes")
        written = self._write(response, is_encoded, start, limit, deadline)
        got = start + response.num_bytes_downloaded if is_encoded else written
        if expected is not None and got != expected:
            raise Refused(f"the answer was cut short: {got:,} of {expected:,} bytes came", is_passing=True)

    def finish(self, target: Path) -> None:
        """Give the whole file its name, in one step."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        self.path.replace(target)
        self.note.unlink(missing_ok=True)

    def drop(self) -> None:
        """Forget what is there."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def drop_unless_resumable(self) -> None:
        """Forget what is there if the service could only send it again from its start."""
        if self._noted() is None:
            self.drop()

    def _write(self, response: httpx.Response, is_encoded: bool, start: int, limit: int, deadline: float) -> int:
        written = start
        with self.path.open("ab" if start else "wb") as file:
            for piece in response.iter_bytes() if is_encoded else response.iter_raw():
                written += len(piece)
                if written > limit:
                    self._refuse_size(limit, "more")
                if time.monotonic() > deadline:
                    raise Refused("the answer took longer than the time that is allowed in all (timeouts: total)")
                file.write(piece)
        return written

    def _begin(self, response: httpx.Response, is_encoded: bool) -> int:
        self.drop()
        headers = response.headers
        etag = headers.get("etag", "")
        validator = headers.get("last-modified", "") if etag.startswith("W/") or not etag else etag
        if validator and not is_encoded and "bytes" in headers.get("accept-ranges", "").lower():
            noted = {"validator": validator, "length": headers.get("content-length", "")}
            self.note.write_text(json.dumps(noted), encoding="utf-8")
        return 0

    def _resume(self, response: httpx.Response) -> int:
        noted, found = self._noted(), _RANGE.match(response.headers.get("content-range", ""))
        start = self.path.stat().st_size if noted else -1
        if noted and found and int(found[1]) == start and noted["length"] in ("", found[3]):
            return start
        self.drop()
        raise Refused("the service went on with another part of the file than the one we asked for", is_passing=True)

    def _noted(self) -> dict[str, str] | None:
        """Validator and length of a file that can be resumed; nothing for one that cannot."""
        if not self.path.is_file() or not self.path.stat().st_size or not self.note.is_file():
            return None
        try:
            noted = json.loads(self.note.read_text(encoding="utf-8"))
        except ValueError:
            return None
        return noted if isinstance(noted, dict) and {"validator", "length"} <= noted.keys() else None

    def _refuse_size(self, limit: int, found: str) -> None:
        self.drop()
        raise Refused(
            f"the answer has {found}, the limit is {limit:,} bytes",
            advice="Raise max_bytes in the source section of the dataset.yml if the file is the right one.",
        )
