"""Progress of a refresh: steps say what they do, and whoever listens shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A step that begins (`seconds` is None) or has ended, successful or not."""

    title: str
    seconds: float | None = None
    is_failed: bool = False


Listener = Callable[[Step], None]
_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Generator[None]:
    """Let the listener hear every step within the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def step(title: str) -> Generator[None]:
    """Announce a step, and its end with the seconds that it took."""
    _tell(Step(title))
    began = time.perf_counter()
    is_failed = True
    try:
        yield
        is_failed = False
    finally:
        _tell(Step(title, time.perf_counter() - began, is_failed))


def _tell(event: Step) -> None:
    for listener in list(_listeners):
        listener(event)
