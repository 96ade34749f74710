"""XML read without harm: in bounded memory, no entity expanded, nothing fetched from the network."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import IO, Protocol

from lxml import etree  # ty: ignore[missing-module-member]

from orchestration.errors import FrontierError

_HARMLESS = {"resolve_entities": False, "no_network": True, "load_dtd": False}


class XmlElement(Protocol):
    """What the readers use of an element of lxml, which has no type hints of its own."""

    tag: str
    text: str | None
    tail: str | None

    @property
    def attrib(self) -> Mapping[str, str]:
        """The attributes; names are qualified as tags are."""
        ...

    def __iter__(self) -> Iterator[XmlElement]:
        """The children."""
        ...

    def get(self, key: str, default: str = "") -> str:
        """An attribute."""
        ...

    def getparent(self) -> XmlElement | None:
        """The element that this one is in."""
        ...

    def iter(self, *tags: str) -> Iterator[XmlElement]:
        """The element and all inside it that have one of the tags."""
        ...

    def iterancestors(self, *tags: str) -> Iterator[XmlElement]:
        """The elements around this one, the nearest first."""
        ...


def read_elements(stream: IO[bytes], place: str, *names: str) -> Iterator[XmlElement]:
    """The elements of these local names in an XML stream, in document order of their ends.

    Each is emptied when the next is asked for, so that memory does not grow with the file. Raises
    `FrontierError`, in which `place` is the file, for damaged XML and for one that declares a document type.
    """
    is_first = True
    try:
        for _, element in etree.iterparse(
            stream, tag=[f"{{*}}{name}" for name in names], remove_comments=True, remove_pis=True, **_HARMLESS
        ):
            if is_first:
                _refuse_doctype(element, place)
                is_first = False
            yield element
            _forget(element)
    except etree.XMLSyntaxError as error:
        raise _damage(place, error) from error


def read_tags(content: bytes, place: str) -> Iterator[tuple[XmlElement, bool]]:
    """Every element when it starts, with its attributes but without content, and whether it is the root.

    Raises `FrontierError` as `read_elements` does.
    """
    try:
        for event, element in etree.iterparse(
            io.BytesIO(content), events=("start", "end"), remove_comments=True, remove_pis=True, **_HARMLESS
        ):
            if event == "end":
                _forget(element)
                continue
            is_root = element.getparent() is None
            if is_root:
                _refuse_doctype(element, place)
            yield element, is_root
    except etree.XMLSyntaxError as error:
        raise _damage(place, error) from error


def read_root(content: bytes, place: str) -> XmlElement:
    """The root element of a small document, complete. Raises `FrontierError` as `read_elements` does."""
    try:
        root = etree.fromstring(content, etree.XMLParser(remove_comments=True, remove_pis=True, **_HARMLESS))
    except etree.XMLSyntaxError as error:
        raise _damage(place, error) from error
    _refuse_doctype(root, place)
    return root


def local_name(element: XmlElement) -> str:
    """The name of an element without its namespace."""
    return _local(element.tag)


def namespace(element: XmlElement) -> str:
    """The namespace of an element, blank where it has none."""
    return element.tag[1:].partition("}")[0] if element.tag.startswith("{") else ""


@lru_cache(maxsize=4096)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _forget(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _damage(place: str, error: Exception) -> FrontierError:
    return FrontierError(
        f"{place} is cut off or damaged: it is no well-formed XML ({error}). Fetch or copy the file again."
    )


def _refuse_doctype(element: etree._Element, place: str) -> None:
    doctype = element.getroottree().docinfo.doctype
    if doctype:
        raise FrontierError(
            f"{place} declares an XML document type ({doctype[:80]}), which no statistical file needs and which can "
            "carry harmful entities. Check where the file comes from."
        )
