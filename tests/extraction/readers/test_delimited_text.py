"""Delimited text: delimiters, encodings, quotes, and addresses as a spreadsheet would give them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_files import at, open_bytes, read_bytes, texts

from orchestration.errors import FrontierError


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    lines = [["Территория", "2004", "2005"], ["Россия", "119", "177"], ["Казахстан", "1", "2"]]
    content = "\r\n".join(delimiter.join(line) for line in lines).encode()
    grid = read_bytes(tmp_path, content)
    assert texts(grid) == lines
    assert grid.merged is None
    assert grid.sheet is None


@pytest.mark.parametrize(
    ("content", "second_row"),
    [
        ("год;прирост\n2004;1,5\n2005;2,25\n", ["2004", "1,5"]),
        ("Численность населения, тыс. человек;\nТерритория;2004\nРоссия;1,5\n", ["Территория", "2004"]),
        ('"а;б;в"\t1\n"е;ж;з"\t2\n', ["е;ж;з", "2"]),
        ('a,"x;y;z"\nb,"p;q;r"\n', ["b", "p;q;r"]),
        ('"NAM"\t"VAL"\n"Все, население, (Человек)"\t"14 901"\n', ["Все, население, (Человек)", "14 901"]),
    ],
)
def test_the_delimiter_is_the_one_that_parts_the_lines_alike(
    tmp_path: Path, content: str, second_row: list[str]
) -> None:
    assert texts(read_bytes(tmp_path, content.encode()))[1] == second_row


def test_a_declared_delimiter_wins(tmp_path: Path) -> None:
    assert texts(read_bytes(tmp_path, b"a;b,c\nd;e,f\n", delimiter=",")) == [["a;b", "c"], ["d;e", "f"]]


@pytest.mark.parametrize("first", ["sep=|\n", '"sep=|"\r\n', "\ufeffsep=|\n"])
def test_a_line_that_names_the_delimiter_is_row_one(tmp_path: Path, first: str) -> None:
    grid = read_bytes(tmp_path, f"{first}a,b|c\n1,5|2\n".encode())
    assert texts(grid) == [["sep=|", ""], ["a,b", "c"], ["1,5", "2"]]
    assert at(grid, "A3").text == "1,5"


def test_addresses_are_those_of_a_spreadsheet(tmp_path: Path) -> None:
    grid = read_bytes(tmp_path, 'Таблица 1\n\n"два\nряда",x\n1,2,3\n'.encode())
    assert texts(grid) == [["Таблица 1", "", ""], ["", "", ""], ["два\nряда", "x", ""], ["1", "2", "3"]]
    assert at(grid, "C4").text == "3"
    assert at(grid, "B1").text == ""


def test_figures_are_text_as_printed(tmp_path: Path) -> None:
    cell = at(read_bytes(tmp_path, b"a,b\n007,1.50\n"), "B2")
    assert (cell.text, cell.number, cell.stored) == ("1.50", None, None)


def test_blanks_around_and_trailing_blank_lines(tmp_path: Path) -> None:
    assert texts(read_bytes(tmp_path, b"  a ,b,,\n\n1, 2 ,,\n\n,,\n")) == [["  a ", "b"], ["", ""], ["1", " 2 "]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_needs_no_declaration(tmp_path: Path, encoding: str) -> None:
    assert texts(read_bytes(tmp_path, "Қазақстан;1\n".encode(encoding))) == [["Қазақстан", "1"]]


def test_another_encoding_must_be_declared(tmp_path: Path) -> None:
    content = "год;человек\n2005;Россия\n".encode("cp1251")
    with pytest.raises(FrontierError, match=r"table\.bin, line 1: the text is not UTF-8 .* `encoding: cp1251`"):
        open_bytes(tmp_path, content)
    assert texts(read_bytes(tmp_path, content, encoding="cp1251")) == [["год", "человек"], ["2005", "Россия"]]


def test_utf8_stays_utf8_where_another_encoding_is_declared(tmp_path: Path) -> None:
    assert texts(read_bytes(tmp_path, "Россия;1\n".encode(), encoding="cp1251")) == [["Россия", "1"]]


@pytest.mark.parametrize(
    ("encoding", "told"), [("ascii", "not text in the encoding ascii"), ("x-1", "no encoding 'x-1'")]
)
def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path, encoding: str, told: str) -> None:
    with pytest.raises(FrontierError, match=told):
        open_bytes(tmp_path, "Россия;1\n".encode("cp1251"), encoding=encoding)


@pytest.mark.parametrize("content", ['a,b\n"x,1\n', 'a,b\n"x"y,1\n'])
def test_quotes_that_do_not_match_are_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(FrontierError, match=r"table\.bin, line 2: the quotes"):
        open_bytes(tmp_path, content.encode())


@pytest.mark.parametrize("content", [b"\n\n", b" , \n,,\n", b"\xef\xbb\xbf\n"])
def test_text_without_cells_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FrontierError, match="holds no cell"):
        open_bytes(tmp_path, content)


# A line feed alone ends a line: the other line ends of Unicode are ordinary characters in a cell.
FIELD = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=8)
LINES = st.lists(st.lists(FIELD, min_size=1, max_size=4), min_size=1, max_size=6)


def trimmed(lines: list[list[str]]) -> list[list[str]]:
    """The lines, all as wide as the widest, without the blank ones and columns at the end."""
    shown = [(row, column) for row, line in enumerate(lines) for column, field in enumerate(line) if field.strip()]
    height, width = max(row for row, _ in shown) + 1, max(column for _, column in shown) + 1
    return [(line + [""] * width)[:width] for line in lines[:height]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(LINES, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_a_writer_writes_is_read_back(
    tmp_path: Path, lines: list[list[str]], delimiter: str, encoding: str
) -> None:
    written = [["первый", "второй"], *lines]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(written)
    grid = read_bytes(tmp_path, buffer.getvalue().encode(encoding), formats=["csv"], delimiter=delimiter)
    assert texts(grid) == trimmed(written)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(st.integers(), st.integers(), st.integers()), min_size=1, max_size=8), st.sampled_from(",;\t|")
)
def test_the_delimiter_of_any_table_of_figures_is_found(
    tmp_path: Path, rows: list[tuple[int, ...]], delimiter: str
) -> None:
    lines = [["год", "прибыло", "выбыло"], *([str(figure) for figure in row] for row in rows)]
    content = "\n".join(delimiter.join(line) for line in lines)
    assert texts(read_bytes(tmp_path, content.encode())) == lines
