"""What can go wrong between a source and the downloads folder."""

from __future__ import annotations

from orchestration.errors import FrontierError

BY_HAND = (
    "Try again later, or download the file with a browser and place it by hand: "
    "`frontier add FILE --dataset DATASET --edition EDITION`."
)


class FetchError(FrontierError):
    """A source did not give a usable file. The message names address, event, attempts and remedy."""


class Refused(Exception):
    """An answer that is no use. Internal: the downloading turns it into a `FetchError`.

    `is_passing` tells whether another attempt may fare better, `wait` after how many seconds, where the
    service has said so.
    """

    def __init__(
        self, reason: str, *, is_passing: bool = False, wait: float | None = None, advice: str = BY_HAND
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_passing = is_passing
        self.wait = wait
        self.advice = advice
