"""The personal data that SDMX-ML messages carry, and their removal."""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from orchestration.errors import FrontierError
from orchestration.extraction.readers.text_encoding import UTF16_MARKS

_PERSONAL = "Responsible"


def drop_personal_data(content: bytes, name: str) -> bytes:
    """The message with every `Responsible` element emptied, attributes included, and every other byte as it was.

    EMISS names there a civil servant with a telephone number. Raises `FrontierError` when the message is
    not well-formed, because personal data could then stay unseen.
    """
    kept: list[bytes] = []
    position = 0
    for start, end, emptied in _personal_elements(content, name):
        kept += [content[position:start], emptied]
        position = end
    return b"".join([*kept, content[position:]])


def _personal_elements(content: bytes, file: str) -> list[tuple[int, int, bytes]]:
    """First byte, byte after the last, and the emptied element, for each of the outermost such elements."""
    encoding = _unit_encoding(content)
    found: list[tuple[int, int, bytes]] = []
    starts: list[int] = []
    parser = expat.ParserCreate()

    def open_element(name: str, _: dict[str, str]) -> None:
        if name.rpartition(":")[2] == _PERSONAL:
            starts.append(parser.CurrentByteIndex)

    def close_element(name: str) -> None:
        if name.rpartition(":")[2] == _PERSONAL:
            start, end = starts.pop(), parser.CurrentByteIndex
            if content.startswith("</".encode(encoding), end):
                end = content.index(">".encode(encoding), end) + len(">".encode(encoding))
            if not starts:
                found.append((start, end, f"<{name}></{name}>".encode(encoding)))

    def refuse_doctype(*_: object) -> NoReturn:
        raise FrontierError(
            f"{file} declares an XML document type, which no statistical file needs and which can carry harmful "
            "entities. Check where the file comes from."
        )

    parser.StartElementHandler = open_element
    parser.EndElementHandler = close_element
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise FrontierError(
            f"{file} is cut off or damaged: it is no well-formed XML ({error}), so personal data in it cannot be told "
            "and dropped. Fetch or copy the file again."
        ) from error
    return found


def _unit_encoding(content: bytes) -> str:
    """How the characters of tags are written: two bytes each after a mark of UTF-16, else one."""
    if not content.startswith(UTF16_MARKS):
        return "utf-8"
    return "utf-16-le" if content.startswith(UTF16_MARKS[0]) else "utf-16-be"
