"""Copies of the raw folder that a test of the command may break."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.published import CHECKOUT


@pytest.fixture
def raw_copy(tmp_path: Path) -> Path:
    """A copy of the raw folder that a test may change."""
    return Path(shutil.copytree(CHECKOUT / "raw", tmp_path / "raw"))


@pytest.fixture
def renew_origin(raw_copy: Path) -> Callable[[str, bytes], None]:
    """Replace a raw file and let its origin.yml describe the new bytes."""

    def renew(file: str, content: bytes) -> None:
        path = raw_copy / file
        path.write_bytes(content)
        origin = path.parent / "origin.yml"
        text = re.sub(r"sha256: \w+", f"sha256: {hashlib.sha256(content).hexdigest()}", origin.read_text("utf-8"))
        origin.write_text(re.sub(r"bytes: \d+", f"bytes: {len(content)}", text), "utf-8")

    return renew
