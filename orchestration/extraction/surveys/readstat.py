"""The one door to pyreadstat: values as stored and metadata, and one exception for all that can go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.extraction.surveys.portable import LostTextError, Reading, read_portable

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.extraction.surveys.formats import SurveyFormat


class ReadFailure(Exception):  # noqa: N818
    """The library could not read the file; `is_about_text` where bytes are no text in the file's encoding."""

    def __init__(self, reason: str, is_about_text: bool) -> None:
        super().__init__(reason)
        self.is_about_text = is_about_text


def read_with_pyreadstat(path: Path, file_format: SurveyFormat, encoding: str | None, **options: Any) -> Reading:
    """Values by variable (codes as stored, None where system-missing, dates as numbers) and metadata.

    `encoding` overrides what the file says of itself. Raises `ReadFailure`.
    """
    import pyreadstat

    options |= {"user_missing": True, "output_format": "dict", "disable_datetime_conversion": True}
    try:
        if file_format == "por":
            return read_portable(path, encoding, **options)
        readers = {"dta": pyreadstat.read_dta, "sas7bdat": pyreadstat.read_sas7bdat}
        return readers.get(file_format, pyreadstat.read_sav)(path, encoding=encoding, **options)
    except LostTextError as error:
        raise ReadFailure(str(error), is_about_text=True) from error
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OverflowError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise ReadFailure(reason, isinstance(error, UnicodeError) or "convert string" in reason) from error
