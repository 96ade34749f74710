"""One request at a time per host, across the threads and processes that share a downloads folder."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.fetching.errors import Refused

# A host that wants to be left alone for longer than a day has its clock wrong, or we have.
_LONGEST_PAUSE = 86_400.0


@dataclass
class Turn:
    """Our turn at a host. `pause` is how many seconds the host is left alone afterwards."""

    pause: float


@contextmanager
def turn_at(folder: Path, host: str, pause: float, longest: float) -> Generator[Turn]:
    """Wait until nobody else asks the host and its last pause is over, then hold it.

    The lock file keeps the time (seconds since 1970) before which the host is not asked again. `pause` is how
    long we leave it alone by ourselves; a pause that the host has asked for is kept up to `longest` seconds.
    Raises `Refused` when more of it is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{re.sub(r'[^a-z0-9.-]', '_', host.lower())}.turn").open("a+", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        left = _not_before(lock.read()) - time.time()
        if max(longest, pause) < left <= _LONGEST_PAUSE:
            raise Refused(f"{host} has asked to be left alone for another {left:.0f} seconds")
        time.sleep(left if 0 < left <= _LONGEST_PAUSE else 0)
        turn = Turn(pause)
        try:
            yield turn
        finally:
            lock.seek(0)
            lock.truncate()
            lock.write(f"{time.time() + turn.pause:.3f}")


def _not_before(text: str) -> float:
    # A process that was killed while writing leaves half a number, or none: then there is nothing to wait for.
    return float(text) if re.fullmatch(r"\d+\.\d{3}", text) else 0.0
