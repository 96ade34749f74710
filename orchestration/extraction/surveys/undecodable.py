"""Which name or label of a survey file it is that cannot be decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.extraction.surveys.codes import code_text
from orchestration.extraction.surveys.encodings import codec_name, told_encoding
from orchestration.extraction.surveys.readstat import ReadFailure, read_with_pyreadstat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestration.extraction.surveys.formats import SurveyFormat

# Every byte is a character in it, so that a label that fails in the right encoding can still be looked at.
_ANY_BYTES = "ISO-8859-1"


def undecodable_text(path: Path, file_format: SurveyFormat, encoding: str | None) -> str | None:
    """Which name or label of the file is no text in its encoding, in words; None where all are."""
    try:
        meta = read_with_pyreadstat(path, file_format, _ANY_BYTES, metadataonly=True)[1]
    except ReadFailure:
        return None
    supposed = encoding or told_encoding(path, file_format).name or "UTF-8"
    for what, text in _texts(meta):
        raw = text.encode(_ANY_BYTES)
        try:
            raw.decode(codec_name(supposed) or "utf-8")
        except UnicodeDecodeError:
            return f"{what} is not {supposed} text (bytes {raw[:40]!r})"
    return None


def _texts(meta: Any) -> Iterator[tuple[str, str]]:
    for position, name in enumerate(meta.column_names, start=1):
        yield f"the name of variable {position}", name
        # A name that is not ASCII stands here in the wrong letters and would help nobody to find the variable.
        shown = name if name.isascii() else str(position)
        yield f"the label of variable {shown}", meta.column_names_to_labels.get(name) or ""
        for code, label in meta.variable_value_labels.get(name, {}).items():
            if isinstance(code, str):
                yield f"a labelled code of variable {shown}", code
            yield f"the label of code {code_text(code)} of variable {shown}", label
