"""What is wrong with a workbook that cannot be read, whatever its format: damaged, protected, or blank."""

from __future__ import annotations

import struct
from collections.abc import Generator
from contextlib import contextmanager

from orchestration.errors import FrontierError


@contextmanager
def damage_refused(file: str) -> Generator[None]:
    """Turn what fails on numbers, references or structures that make no sense into a `FrontierError`.

    A reader trusts what a file says of itself; where that is nonsense, the file is damaged.
    """
    try:
        yield
    except (ArithmeticError, AssertionError, LookupError, RecursionError, TypeError, ValueError, struct.error) as error:
        cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise FrontierError(f"{file} is cut off or damaged ({cause}). Fetch or copy the file again.") from error


def protected(file: str) -> FrontierError:
    """The error for a workbook that asks for a password."""
    return FrontierError(
        f"{file} is protected by a password and cannot be read: ask the publisher for an open file, or save it without "
        "one."
    )


def blank(file: str) -> FrontierError:
    """The error for a workbook without a cell that shows something."""
    return FrontierError(f"{file} holds no cell: every sheet is blank. Fetch or copy the file again.")
