"""The cases of a SPSS system file as matrices of eight-byte words, one row per case: plain, bytecode or zlib.

In a bytecode file a command word of eight bytes comes first; each byte is a small whole number, or says
that blanks, a missing value or a literal word follow. Which words are commands depends on how many
literals the commands before them announce; the positions are found by doubling jumps, not one by one.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from orchestration.extraction.surveys.formats import unreadable
from orchestration.extraction.surveys.system_file import WORD, CaseLayout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SYSTEM_MISSING_NUMBER = -np.finfo(np.float64).max

# Small enough for the processor's cache: the decoder passes over each block several times.
_BLOCK_BYTES = 512 * 1024
_IGNORED, _END, _LITERAL, _BLANKS, _MISSING = 0, 252, 253, 254, 255
_DOUBLINGS = 4
_LITERAL_EVERYWHERE = np.uint64(0xFDFDFDFDFDFDFDFD)
_LOW_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)


def read_cases(path: Path, layout: CaseLayout, rows: int) -> Iterator[np.ndarray]:
    """The cases in matrices of at most `rows` x `layout.words` words; each is valid until the next is asked for.

    Words are floats in the byte order of the file; texts are in there as bytes. Raises `FrontierError`
    when the file ends before its last case or is damaged.
    """
    matrix = np.empty((rows, layout.words), dtype=f"{layout.byte_order}f8")
    flat = matrix.reshape(-1)
    filled = total = 0
    wanted = None if layout.row_count is None else layout.row_count * layout.words
    for words in _words(path, layout):
        start = 0
        while start < len(words) and total != wanted:
            taken = min(len(words) - start, len(flat) - filled)
            if wanted is not None:
                taken = min(taken, wanted - total)
            flat[filled : filled + taken] = words[start : start + taken]
            start, filled, total = start + taken, filled + taken, total + taken
            if filled == len(flat):
                yield matrix
                filled = 0
    if total % layout.words or (wanted is not None and total < wanted):
        promised = "" if layout.row_count is None else f" of the {layout.row_count:,} that it announces"
        raise unreadable(path, f"it is cut off after {total // layout.words:,} cases{promised}")
    if filled:
        yield matrix[: filled // layout.words]


def _words(path: Path, layout: CaseLayout) -> Iterator[np.ndarray]:
    dtype = f"{layout.byte_order}f8"
    with path.open("rb") as stream:
        stream.seek(layout.offset)
        if layout.compression == "none":
            for block in _blocks(stream):
                yield np.frombuffer(block, dtype, count=len(block) // WORD)
        elif layout.compression == "bytecode":
            yield from _expand(_blocks(stream), layout)
        else:
            yield from _expand(_inflated(path, stream, layout), layout)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_BLOCK_BYTES):
        yield block


def _inflated(path: Path, stream: BinaryIO, layout: CaseLayout) -> Iterator[bytes]:
    """The bytecode inside a zlib file, by the directory of blocks at its end."""
    order = layout.byte_order
    try:
        _, directory, length = struct.unpack(f"{order}3q", stream.read(24))
        stream.seek(directory + 24)
        entries = list(struct.iter_unpack(f"{order}2q2i", stream.read(length - 24)))
        for _, offset, _, compressed in entries:
            stream.seek(offset)
            inflated = zlib.decompress(stream.read(compressed))
            for start in range(0, len(inflated), _BLOCK_BYTES):
                yield inflated[start : start + _BLOCK_BYTES]
    except (struct.error, zlib.error, OSError, ValueError) as error:
        raise unreadable(path, f"its compressed cases are damaged or cut off ({error})") from error


def _expand(blocks: Iterator[bytes], layout: CaseLayout) -> Iterator[np.ndarray]:
    """The words that a stream of bytecode stands for."""
    meanings = _meanings(layout)
    rest = b""
    for block in blocks:
        content = rest + block
        words = np.frombuffer(content, np.uint64, count=len(content) // WORD)
        following = np.arange(1, len(words) + 1, dtype=np.int32) + _literal_counts(words)
        commands = _command_positions(following)
        used = int(following[commands[-1]]) if len(commands) else 0
        expanded, is_end = _expand_block(words[:used], commands, meanings)
        yield expanded
        if is_end:
            return
        rest = content[used * WORD :]


def _meanings(layout: CaseLayout) -> np.ndarray:
    """The word that each command byte stands for; a literal's own word is put in later."""
    meanings = np.arange(256, dtype=f"{layout.byte_order}f8") - layout.bias
    meanings = meanings.astype(f"{layout.byte_order}f8")
    meanings[_BLANKS] = np.frombuffer(b" " * WORD, meanings.dtype)[0]
    meanings[_MISSING] = SYSTEM_MISSING_NUMBER
    return meanings


def _literal_counts(words: np.ndarray) -> np.ndarray:
    """How many bytes of each word say that a literal follows: bytes that are zero after the exclusive or."""
    difference = words ^ _LITERAL_EVERYWHERE
    carried = (difference & _LOW_BITS) + _LOW_BITS
    carried |= difference
    carried |= _LOW_BITS
    return np.bitwise_count(~carried)


def _command_positions(following: np.ndarray) -> np.ndarray:
    """Positions of the command words, given for each word the position after it and its literals if it is one.

    A last command whose literals are not all there is left out.
    """
    count = len(following)
    jump = np.minimum(np.append(following, count), count).astype(np.int32)
    jumps = [jump]
    for _ in range(_DOUBLINGS):
        jumps.append(jumps[-1][jumps[-1]])
    far, position, anchors = memoryview(jumps[-1]), 0, []
    while position < count:
        anchors.append(position)
        position = far[position]
    positions = np.array(anchors, dtype=np.int32)
    for jump in reversed(jumps[:-1]):
        positions = np.stack([positions, jump[positions]], axis=1).reshape(-1)
    positions = positions[positions < count]
    return positions[following[positions] <= count]


def _expand_block(words: np.ndarray, commands: np.ndarray, meanings: np.ndarray) -> tuple[np.ndarray, bool]:
    """The words of a block of whole commands and literals, and whether the end of the cases is in it."""
    is_command = np.zeros(len(words), bool)
    is_command[commands] = True
    codes = words[commands].view(np.uint8)
    if not codes.all():
        codes = codes[codes != _IGNORED]
    expanded = meanings[codes]
    expanded[codes == _LITERAL] = words[~is_command].view(meanings.dtype)
    ends = np.flatnonzero(codes == _END)
    return (expanded[: ends[0]], True) if len(ends) else (expanded, False)
