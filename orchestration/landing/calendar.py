"""The release calendar of a dataset: when its last edition was due, and whether that edition has come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

from orchestration.landing.catalogue import Dataset

GRACE = dt.timedelta(days=14)
_TICKS_SEEN = 8


@dataclass(frozen=True)
class Overdue:
    """A dataset whose publisher should have issued an edition on `due_on`, and which has none retrieved since."""

    dataset: str
    due_on: dt.date
    newest_edition: str | None

    @property
    def message(self) -> str:
        """What a person needs to know and to do."""
        newest = f"the newest here is {self.newest_edition}" if self.newest_edition else "none has come yet"
        return (
            f"{self.dataset}: by its release calendar an edition was due on {self.due_on}, and {newest}. Look at the "
            "publisher's page; place the file with `frontier add`, or correct the calendar in dataset.yml."
        )


def release_gap(cron: str, now: dt.datetime) -> dt.timedelta:
    """The longest time between two releases that a calendar foresees."""
    from cronsim import CronSim

    ticks = CronSim(cron, now)
    days = [next(ticks) for _ in range(_TICKS_SEEN)]
    return max(later - earlier for earlier, later in pairwise(days))


def find_overdue(dataset: Dataset, now: dt.datetime) -> Overdue | None:
    """What is overdue of a dataset; None where it is complete, or has no source to come from, or no calendar.

    An edition counts as having come when it was retrieved on the due day or later. A publisher has `GRACE`
    before anything is overdue.
    """
    cron = dataset.declaration.release_calendar.cron
    if cron is None or dataset.declaration.source is None:
        return None
    from cronsim import CronSim

    due = next(CronSim(cron, now - GRACE, reverse=True)).date()
    newest = max(dataset.editions, key=lambda one: one.origin.retrieved_on, default=None)
    if newest and newest.origin.retrieved_on >= due:
        return None
    return Overdue(dataset.name, due, newest.name if newest else None)
