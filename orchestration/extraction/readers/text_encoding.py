"""From the bytes of a text file to its text."""

from __future__ import annotations

from orchestration.errors import FrontierError

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decode_text(content: bytes, name: str, encoding: str | None) -> str:
    """The text of these bytes: Unicode by its byte order mark, UTF-8, else the declared encoding.

    Raises `FrontierError` when none of them fits.
    """
    if content.startswith(UTF16_MARKS):
        return _decode_as(content, name, "utf-16")
    if b"\0" not in content:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if encoding is None:
                line = content.count(b"\n", 0, error.start) + 1
                raise FrontierError(
                    f"{name}, line {line}: the text is not UTF-8 (byte {error.start + 1:,}). Declare its encoding in "
                    "dataset.yml, such as `encoding: cp1251` for Windows Cyrillic."
                ) from error
    return _decode_as(content, name, encoding or "utf-8")


def _decode_as(content: bytes, name: str, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except LookupError as error:
        raise FrontierError(f"{name}: there is no encoding {encoding!r}; correct `encoding` in dataset.yml.") from error
    except UnicodeError as error:
        raise FrontierError(
            f"{name} is not text in the encoding {encoding} ({error}). Check the file and `encoding` in dataset.yml."
        ) from error
