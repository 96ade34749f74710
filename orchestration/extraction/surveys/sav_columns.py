"""Columns from the cases of an SPSS system file: numbers and texts out of matrices of words."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from orchestration.extraction.surveys.cases import SYSTEM_MISSING_NUMBER, read_cases
from orchestration.extraction.surveys.chunks import Chunk, CutText, Numbers, Texts
from orchestration.extraction.surveys.encodings import DECLARE_ENCODING, codec_name
from orchestration.extraction.surveys.formats import unreadable
from orchestration.extraction.surveys.system_file import (
    WORD,
    CaseLayout,
    Cell,
    UnknownLayoutError,
    read_case_layout,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from orchestration.extraction.surveys.dictionary import Dictionary

# SPSS keeps the two lowest numbers and the highest for itself: missing, LOWEST and HIGHEST.
_LOWEST = np.nextafter(SYSTEM_MISSING_NUMBER, 0.0)
_HIGHEST = np.finfo(np.float64).max
_SEGMENT_TEXT_BYTES = 255


def fitting_layout(dictionary: Dictionary) -> CaseLayout | None:
    """The layout of the file's cases if they can be read directly, variable for variable of its dictionary."""
    if dictionary.file_format not in ("sav", "zsav") or codec_name(dictionary.encoding) is None:
        return None
    try:
        layout = read_case_layout(dictionary.path)
    except UnknownLayoutError:
        return None
    are_texts = [cell.text_bytes > 0 for cell in layout.cells]
    return layout if are_texts == [variable.is_text for variable in dictionary.variables] else None


def read_system_file(dictionary: Dictionary, layout: CaseLayout, rows: int) -> Iterator[Chunk]:
    """The cases in chunks of at most `rows`.

    Raises `FrontierError` for a damaged file and for text that is in another encoding.
    """
    first_row = 1
    for matrix in read_cases(dictionary.path, layout, rows):
        decoder = _Decoder(dictionary.path, codec_name(dictionary.encoding) or "utf-8", first_row)
        columns: dict[str, Numbers | Texts] = {}
        for variable, cell in zip(dictionary.variables, layout.cells, strict=True):
            if variable.is_text:
                columns[variable.name] = decoder.texts(variable.name, _text_bytes(matrix, cell))
            else:
                columns[variable.name] = _numbers(matrix[:, cell.segments[0][0]])
        yield Chunk(first_row, len(matrix), columns, cut=decoder.cut)
        first_row += len(matrix)


def _numbers(words: np.ndarray) -> Numbers:
    values = np.array(words, dtype=np.float64)
    is_missing = ~((values > _LOWEST) & (values < _HIGHEST))
    if is_missing.any():
        is_missing &= ~np.isinf(values)
        values[is_missing] = 0.0
    return Numbers(values, is_missing)


def _text_bytes(matrix: np.ndarray, cell: Cell) -> np.ndarray:
    """The bytes of a text variable, one row per case; of each segment of a long text, 255 bytes are text."""
    pieces = [
        np.ascontiguousarray(matrix[:, first : first + words]).view(np.uint8).reshape(len(matrix), words * WORD)
        for first, words in cell.segments
    ]
    if len(pieces) == 1:
        return pieces[0]
    joined = np.concatenate([piece[:, :_SEGMENT_TEXT_BYTES] for piece in pieces], axis=1)
    return np.ascontiguousarray(joined[:, : cell.text_bytes])


@dataclass
class _Decoder:
    """Turns the bytes of a chunk's texts into text, each distinct one once."""

    path: Path
    codec: str
    first_row: int
    cut: list[CutText] = field(default_factory=list)

    def texts(self, variable: str, raw: np.ndarray) -> Texts:
        """One column: `raw` has one row of bytes per case."""
        import pyarrow as pa

        rows, width = raw.shape
        stored = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), rows, [None, pa.py_buffer(raw)])
        distinct = stored.dictionary_encode()
        decoded = [
            self._decode(variable, content, distinct.indices, place)
            for place, content in enumerate(distinct.dictionary.to_pylist())
        ]
        values = pa.DictionaryArray.from_arrays(distinct.indices, pa.array(decoded, pa.string()))
        return Texts(values.cast(pa.string()))

    def _decode(self, variable: str, content: bytes, indices: pa.Array, place: int) -> str:
        content = content.replace(b"\0", b"").rstrip(b" ")
        try:
            return content.decode(self.codec)
        except UnicodeDecodeError as error:
            rows = self.first_row + np.flatnonzero(indices.to_numpy() == place)
            if error.end < len(content) or not _ends_early(content, self.codec):
                raise unreadable(
                    self.path,
                    f"variable {variable} in row {rows[0]} holds bytes that are not {self.codec} text "
                    f"({content[:40]!r})",
                    DECLARE_ENCODING,
                ) from error
            text = content[: error.start].decode(self.codec)
            self.cut.extend(CutText(int(row), variable, text) for row in rows)
            return text


def _ends_early(content: bytes, codec: str) -> bool:
    """Whether the bytes are text up to a last character whose remaining bytes are not there."""
    try:
        codecs.getincrementaldecoder(codec)().decode(content, final=False)
    except UnicodeDecodeError:
        return False
    return True
