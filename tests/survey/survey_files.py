"""Survey files that the tests write: one survey in every format, other encodings, and files that are damaged."""

from __future__ import annotations

import ctypes
import importlib.util
import struct
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

# The same three cases in every format. SPSS declares 9 as missing; Stata and SAS hold special missing values.
TOWNS = ["Oral", "Aqtobe", ""]
LABELS = {"sex": {1.0: "Male", 2.0: "Female"}, "visits": {9.0: "Does not remember"}}
COLUMN_LABELS = {"number": "Number", "sex": "Sex", "visits": "Visits / trips", "town": "Town"}


def cases(**changes: Any) -> pd.DataFrame:
    """Number, sex (the last one system-missing), visits (the second one user-missing) and town."""
    columns = {"number": [11.0, 12.0, 13.0], "sex": [1.0, 2.0, None], "visits": [2.5, 9.0, 0.0], "town": TOWNS}
    return pd.DataFrame({name: values for name, values in (columns | changes).items() if values is not None})


def write_spss(path: Path, data: pd.DataFrame | None = None, **options: Any) -> Path:
    """A .sav or .zsav file, by the suffix."""
    data = cases() if data is None else data
    shared: dict[str, dict[str, Any]] = {
        "column_labels": COLUMN_LABELS,
        "variable_value_labels": LABELS,
        "missing_ranges": {"visits": [9]},
    }
    known: dict[str, Any] = {
        name: {key: value for key, value in part.items() if key in data} for name, part in shared.items()
    }
    pyreadstat.write_sav(data, path, compress=path.suffix == ".zsav", **(known | options))
    return path


def write_stata(path: Path, visits: tuple[Any, ...] = (2.5, "d", "e"), **options: Any) -> Path:
    """The cases as .dta: visits holds .d, which has a label, where SPSS has 9, and .e, which has none."""
    data = cases(visits=list(visits))
    described: dict[str, Any] = {
        "column_labels": COLUMN_LABELS,
        "variable_value_labels": {"sex": LABELS["sex"], "visits": {"d": "Does not remember"}},
        "missing_user_values": {"visits": ["d", "e"]},
    }
    pyreadstat.write_dta(data, path, **(described | options))
    return path


def write_portable(path: Path, town: bytes = b"Oral") -> Path:
    """The cases as .por, names in capitals. pyreadstat writes no labels and no missing values into one."""
    writer = _ReadStatWriter("por")
    number, sex, visits = (writer.add(name, name.title()) for name in (b"NUMBER", b"SEX", b"VISITS"))
    towns = writer.add(b"TOWN", b"Town", width=12)
    writer.label_values(sex, LABELS["sex"])
    writer.label_values(visits, LABELS["visits"])
    writer.declare_missing(visits, 9.0)
    rows = [(11.0, 1.0, 2.5, town), (12.0, 2.0, 9.0, b"Aqtobe"), (13.0, None, 0.0, b"")]
    path.write_bytes(writer.write((number, sex, visits, towns), rows))
    return path


def write_sas(path: Path) -> Path:
    """Number, visits (the second one ._, the third one system-missing) and town as .sas7bdat.

    pyreadstat only reads this format.
    """
    writer = _ReadStatWriter("sas7bdat")
    variables = (writer.add(b"number"), writer.add(b"visits"), writer.add(b"town", width=12))
    rows = [(11.0, 2.5, b"Oral"), (12.0, b"_", b"Aqtobe"), (13.0, None, b"")]
    path.write_bytes(writer.write(variables, rows))
    return path


class _ReadStatWriter:
    """The C functions that write files, in the ReadStat library that pyreadstat brings along."""

    _STRING, _DOUBLE = 0, 5

    def __init__(self, file_format: str) -> None:
        spec = importlib.util.find_spec("pyreadstat._readstat_writer")
        assert spec is not None
        assert spec.origin is not None
        self._library = ctypes.CDLL(spec.origin)
        self._format = file_format
        self._written = bytearray()
        receive = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)

        @receive
        def keep(data: int, length: int, _: int) -> int:
            self._written.extend(ctypes.string_at(data, length))
            return length

        self._keep = keep
        self._writer = self._call("writer_init", result=ctypes.c_void_p)
        self._do("set_data_writer", keep)

    def add(self, name: bytes, label: bytes = b"", width: int = 0) -> ctypes.c_void_p:
        kind, size = (self._STRING, width) if width else (self._DOUBLE, 8)
        added = self._call("add_variable", self._pointer, name, kind, ctypes.c_size_t(size), result=ctypes.c_void_p)
        variable = ctypes.c_void_p(added)
        self._call("variable_set_label", variable, label, result=None)
        return variable

    def label_values(self, variable: ctypes.c_void_p, labels: dict[float, str]) -> None:
        name = b"set%d" % (variable.value or 0)
        added = self._call("add_label_set", self._pointer, self._DOUBLE, name, result=ctypes.c_void_p)
        for code, label in labels.items():
            self._call("label_double_value", ctypes.c_void_p(added), ctypes.c_double(code), label.encode(), result=None)
        self._call("variable_set_label_set", variable, ctypes.c_void_p(added), result=None)

    def declare_missing(self, variable: ctypes.c_void_p, code: float) -> None:
        self._call("variable_add_missing_double_value", variable, ctypes.c_double(code))

    def write(self, variables: tuple[ctypes.c_void_p, ...], rows: list[tuple[Any, ...]]) -> bytes:
        self._do(f"begin_writing_{self._format}", None, ctypes.c_long(len(rows)))
        for row in rows:
            self._do("begin_row")
            for variable, value in zip(variables, row, strict=True):
                self._insert(variable, value)
            self._do("end_row")
        self._do("end_writing")
        return bytes(self._written)

    def _insert(self, variable: ctypes.c_void_p, value: Any) -> None:
        if value is None:
            self._do("insert_missing_value", variable)
        elif value == b"_":
            self._do("insert_tagged_missing_value", variable, ctypes.c_char(value))
        elif isinstance(value, bytes):
            self._do("insert_string_value", variable, value)
        else:
            self._do("insert_double_value", variable, ctypes.c_double(value))

    @property
    def _pointer(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._writer)

    def _do(self, name: str, *arguments: Any) -> None:
        self._call(name, self._pointer, *arguments)

    def _call(self, name: str, *arguments: Any, result: Any = ctypes.c_int) -> Any:
        function = getattr(self._library, f"readstat_{name}")
        function.restype = result
        outcome = function(*arguments)
        assert result is not ctypes.c_int or outcome == 0, f"{name}: {outcome}"
        return outcome


def rename_encoding(content: bytes, encoding: str | None, code_page: int) -> bytes:
    """A .sav file that says it is in another encoding, or (None) leaves the word to its code page."""
    start = content.index(struct.pack("<3i", 7, 20, 1))
    length = struct.unpack_from("<i", content, start + 12)[0]
    name = b"" if encoding is None else encoding.encode()
    # A record with a number that nobody knows is skipped by every reader.
    record = struct.pack("<4i", 7, 20 if name else 9999, 1, len(name) or 1) + (name or b"-")
    content = content[:start] + record + content[start + 16 + length :]
    place = content.index(struct.pack("<4i", 7, 3, 4, 8)) + 16 + 7 * 4
    return content[:place] + struct.pack("<i", code_page) + content[place + 4 :]


def write_text(content: bytes, words: dict[str, str], encoding: str) -> bytes:
    """The file with ASCII words replaced by others of the same length in an 8-bit encoding."""
    for placeholder, word in words.items():
        assert len(placeholder) == len(word)
        assert placeholder.encode() in content, placeholder
        content = content.replace(placeholder.encode(), word.encode(encoding))
    return content


def add_response_set(content: bytes, label: bytes) -> bytes:
    """A .sav file with a multiple-response set of sex and visits."""
    text = b"$both=C %d %s sex visits\n" % (len(label), label)
    record = struct.pack("<4i", 7, 7, 1, len(text)) + text
    end = content.rindex(struct.pack("<2i", 999, 0))
    return content[:end] + record + content[end:]


def big_endian_file(rows: list[tuple[float, ...]], text: bytes) -> bytes:
    """A plain .sav file as a machine with the other byte order writes it: numbers a, b and, in each case, a text."""
    header = b"$FL2" + b"@(#) SPSS DATA FILE written by a test".ljust(60)
    header += struct.pack(">5i", 2, 4, 0, 0, len(rows)) + struct.pack(">d", 100.0)
    header += b"22 Nov 2612:00:00".ljust(17) + b" " * 64 + b"\0" * 3
    number, long_text, further = (0, 0x05_08_02), (len(text), 0x01_00_00 | len(text) << 8), (-1, 0)
    records = b""
    for (width, print_format), name in zip((number, number, long_text, further), (b"A", b"B", b"T", b""), strict=True):
        records += struct.pack(">6i", 2, width, 0, 0, print_format, print_format) + name.ljust(8)
    data = b"".join(struct.pack(">2d", *row) + text.ljust(16) for row in rows)
    return header + records + struct.pack(">2i", 999, 0) + data
