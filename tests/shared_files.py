"""The real published files that stand beside the checkout, for the tests that read them."""

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_file(name: str) -> Path:
    """Path of a published file; the test is skipped where the collection is not there."""
    path = SHARED_DATA / name
    if not path.is_file():
        pytest.skip(f"the published file {name} is not beside this checkout")
    return path
