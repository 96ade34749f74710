"""A Dagster instance that lives as long as one run and records none of its events.

Storing the events of a run in a database, be it in memory, takes a tenth of a refresh, and nobody reads them: the
command has its results from the run itself. The storage is replaced by a private name of Dagster 1.13, which every
test of the command exercises.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from dagster import DagsterInstance, EventLogEntry
from dagster._core.storage.event_log import InMemoryEventLogStorage


class _UnrecordedEvents(InMemoryEventLogStorage):
    def store_event(self, event: EventLogEntry) -> None:
        """Let the event go."""


@contextmanager
def unrecorded_instance() -> Generator[DagsterInstance]:
    """An instance for one run in this process."""
    with DagsterInstance.ephemeral() as instance:
        events = _UnrecordedEvents()
        events.register_instance(instance)
        instance._event_storage = events
        yield instance
