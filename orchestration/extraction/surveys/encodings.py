"""Encodings of text: by the names that survey files use, and whether a file says which one is its own."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, NamedTuple

from orchestration.extraction.surveys.system_file import UnknownLayoutError, read_case_layout

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.extraction.surveys.formats import SurveyFormat

DECLARE_ENCODING = "Declare the right `encoding:`, such as windows-1251, in the survey section of dataset.yml."


def codec_name(encoding: str | None) -> str | None:
    """Python's name of an encoding; UTF-8 where none is given, None where Python has no such codec."""
    try:
        return codecs.lookup(encoding or "utf-8").name
    except LookupError:
        return None


class ToldEncoding(NamedTuple):
    """The encoding that holds for a file by itself, where it is known, and whether the file says so."""

    name: str | None
    is_told: bool


def told_encoding(path: Path, file_format: SurveyFormat) -> ToldEncoding:
    """What a file says of the encoding of its text, and what readers suppose where it says nothing."""
    if file_format in ("sav", "zsav"):
        try:
            layout = read_case_layout(path)
        except UnknownLayoutError:
            return ToldEncoding(None, is_told=True)
        return ToldEncoding(layout.encoding, layout.is_encoding_told)
    if file_format == "dta":
        # Only since release 118 is the text of a Stata file UTF-8, and no release says what else it is.
        with path.open("rb") as stream:
            release = re.match(rb"<stata_dta><header><release>(\d+)", stream.read(64))
        is_unicode = release is not None and int(release[1]) >= 118
        return ToldEncoding("UTF-8" if is_unicode else "windows-1252", is_unicode)
    return ToldEncoding(None, is_told=True)
