"""Codes and labels of a survey file as text: how a code is written, and in which language a label is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.errors import FrontierError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

LABEL_SEPARATOR = " / "
SYSTEM_MISSING = "system-missing"

Code = float | str
"""A number; a text; or, in a numeric variable, a special missing value of Stata or SAS such as '.a'."""


def code_text(code: Code) -> str:
    """A code as text: 1.0 is '1', 1.5 stays '1.5', text stays text."""
    if isinstance(code, str):
        return code
    return str(int(code)) if math.isfinite(code) and code == int(code) else repr(code)


@dataclass(frozen=True)
class LabelLanguages:
    """In which language the labels of a file are written, as its dataset.yml declares."""

    path: Path
    is_bilingual: bool
    language: Literal["en", "ru", "other"]

    def split(self, variable: str, label: str | None) -> tuple[str | None, str | None]:
        """English and Russian text of a label; null where the file has none in that language.

        Raises `FrontierError` when a label that should be 'English / Русский' does not split in two.
        """
        if not label:
            return None, None
        if not self.is_bilingual:
            return (label if self.language == "en" else None), (label if self.language == "ru" else None)
        parts = [part.strip() for part in label.split(LABEL_SEPARATOR)]
        if len(parts) > 2 or not all(parts):
            raise FrontierError(
                f"{self.path}: the label {label!r} of variable {variable} does not split into English and Russian "
                f"at one {LABEL_SEPARATOR!r}. Write it as 'English{LABEL_SEPARATOR}Русский', or take "
                "`bilingual_labels` out of the survey section of dataset.yml."
            )
        return parts[0], parts[1] if len(parts) == 2 else None
