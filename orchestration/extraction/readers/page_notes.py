"""What a page says around its tables: the headings and paragraphs that belong to a table but stand in no cell."""

from __future__ import annotations

from lxml import etree  # ty: ignore[missing-module-member]

from orchestration.extraction.readers.xml_reading import XmlElement

_UNSEEN = {"script", "style", "template", "noscript"}
_INLINE = {"a", "abbr", "b", "bdi", "bdo", "big", "br", "cite", "code", "em", "font", "i", "ins", "mark", "nobr", "q"}
_INLINE |= {"s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "wbr"}


def notes_by_table(page: XmlElement) -> list[tuple[str, ...]]:
    """The texts of each table, in the order of the page, paragraph by paragraph.

    A text belongs to the table that it stands before, and after the last table to that one. What stands in a
    cell beside a table inside that cell belongs to the inner table.
    """
    collector = _Collector()
    collector.walk(page)
    return collector.finish()


class _Collector:
    def __init__(self) -> None:
        self.tables: list[list[str]] = []
        self.open_tables: list[int] = []
        self.pending: list[str] = []
        self.line: list[str] = []

    def walk(self, page: XmlElement) -> None:
        skipped = 0
        for event, element in etree.iterwalk(page, events=("start", "end")):
            tag = element.tag if isinstance(element.tag, str) else ""
            is_start = event == "start"
            if tag in _UNSEEN:
                skipped += 1 if is_start else -1
            if tag not in _INLINE:
                self._end_line()
            if tag == "br" and is_start:
                self.line.append(" ")
            if tag == "table":
                self._at_table(is_start)
            text = element.text if is_start else element.tail
            if text and not skipped:
                self.line.append(text)

    def finish(self) -> list[tuple[str, ...]]:
        self._end_line()
        if self.tables:
            self.tables[-1].extend(self.pending)
        return [tuple(texts) for texts in self.tables]

    def _at_table(self, is_start: bool) -> None:
        if is_start:
            self.open_tables.append(len(self.tables))
            self.tables.append(self.pending)
        elif self.open_tables.pop() < len(self.tables) - 1:
            self.tables[-1].extend(self.pending)
        self.pending = []

    def _end_line(self) -> None:
        text = " ".join("".join(self.line).split())
        if text:
            self.pending.append(text)
        self.line = []
