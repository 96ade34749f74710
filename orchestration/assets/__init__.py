"""Dagster assets: each loads its inputs, calls one step of the pipeline, and says what it made."""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg

from orchestration.errors import FrontierError


@contextmanager
def failures_in_words() -> Generator[None]:
    """Turn an error that a person can act on into a failure that shows its paragraph, not a traceback."""
    try:
        yield
    except FrontierError as error:
        raise dg.Failure(
            description=str(error), metadata={"exit code": error.exit_code}, allow_retries=False
        ) from error
