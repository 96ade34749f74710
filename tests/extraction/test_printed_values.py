"""What a printed cell says, and its address: the properties that every table rests on."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.extraction.grid import cell_address, tidy
from orchestration.extraction.printed_values import read_printed
from orchestration.landing.layout_declaration import Numbers, Symbol

MINUS_SIGNS = ["-", "−", "–"]
MARKS = st.sampled_from([(".", ","), (".", " "), (".", "\u00a0"), (".", "'"), (",", "."), (",", " "), (",", "\u2009")])
DASH = {"-": Symbol(status="M", meaning="did not exist"), "…": Symbol(status="O", meaning="not published")}


def print_number(number: Decimal, decimal: str, thousands: str, minus: str) -> str:
    """The number as a table prints it: every decimal it has, grouped by thousands."""
    text = f"{abs(number):,f}".translate(str.maketrans({",": thousands, ".": decimal}))
    return (minus if number.is_signed() else "") + text


@given(
    number=st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=None)
    | st.integers(min_value=-(10**12), max_value=10**12).map(Decimal),
    places=st.integers(min_value=0, max_value=6),
    marks=MARKS,
    minus=st.sampled_from(MINUS_SIGNS),
    padding=st.sampled_from(["", " ", "\u00a0"]),
)
def test_a_printed_number_is_read_back_with_its_decimals(
    number: Decimal, places: int, marks: tuple[str, str], minus: str, padding: str
) -> None:
    number = number.quantize(Decimal(1).scaleb(-places))
    decimal, thousands = marks
    numbers = Numbers(decimal=decimal, thousands=[thousands])
    printed = read_printed(padding + print_number(number, decimal, thousands, minus) + padding, numbers, DASH, None)
    assert printed.value == number
    assert printed.decimals == places
    assert (printed.status, printed.footnotes) == ("A", None)


@given(number=st.integers(min_value=-(10**12), max_value=10**12), mark=st.sampled_from([",", " ", "\u00a0"]))
def test_grouping_by_thousands_changes_no_number(number: int, mark: str) -> None:
    numbers = Numbers(decimal=".", thousands=[mark])
    plain, grouped = (read_printed(text, numbers, {}, None) for text in (str(number), f"{number:,}".replace(",", mark)))
    assert plain == grouped


@given(number=st.integers(min_value=1000, max_value=10**9))
def test_a_thousands_mark_that_is_not_declared_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="neither a number nor a declared symbol"):
        read_printed(f"{number:,}", Numbers(), {}, None)


@given(text=st.text(alphabet="0123456789.,- −", max_size=12))
def test_what_is_read_as_a_number_has_its_digits_and_no_others(text: str) -> None:
    try:
        printed = read_printed(text, Numbers(decimal=".", thousands=[","]), {}, None)
    except ValueError:
        return
    digits = "".join(character for character in text if character.isdigit())
    assert printed.value is not None
    assert printed.decimals == len(text.strip().partition(".")[2])
    assert abs(printed.value.scaleb(printed.decimals)) == Decimal(digits)


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [("60,111", "60111", 0), ("19.0", "19.0", 1), ("-0.9", "-0.9", 1), ("0,0", None, None), ("1,067.25", "1067.25", 2)],
)
def test_numbers_of_the_bundled_tables(text: str, value: str | None, decimals: int | None) -> None:
    numbers = Numbers(decimal=".", thousands=[","])
    if value is None:
        with pytest.raises(ValueError, match=text):
            read_printed(text, numbers, {}, None)
        return
    printed = read_printed(text, numbers, {}, None)
    assert (printed.value, printed.decimals) == (Decimal(value), decimals)


@pytest.mark.parametrize(
    "text",
    ["", "1,23", "12,34,567", "1,2345", "0,123", "1.2.3", "1e5", "nan", "12 345", "--5", "5-", "1.", ".5", "12a", "+5"],
)
def test_what_is_no_number_of_the_table_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a number nor a declared symbol"):
        read_printed(text, Numbers(decimal=".", thousands=[","]), {}, None)


def test_a_symbol_has_a_status_and_no_number() -> None:
    assert read_printed(" - ", Numbers(), DASH, None).status == "M"
    assert read_printed("…", Numbers(), DASH, None).status == "O"
    assert read_printed("…", Numbers(), DASH, None).value is None
    assert read_printed("-5", Numbers(), DASH, None).value == -5


def test_footnote_marks_are_kept_beside_the_number_and_the_symbol() -> None:
    pattern = r"\s*\d\)$"
    number = read_printed("1234 2)", Numbers(), DASH, pattern)
    assert (number.value, number.footnotes) == (1234, "2)")
    symbol = read_printed("… 1)", Numbers(), DASH, pattern)
    assert (symbol.value, symbol.status, symbol.footnotes) == (None, "O", "1)")
    assert read_printed("1234", Numbers(), DASH, pattern).footnotes is None


def column_number(letters: str) -> int:
    """Zero-based column of spreadsheet letters, by their value as digits from 1 to 26."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


@given(row=st.integers(min_value=0, max_value=2**20), column=st.integers(min_value=0, max_value=10**6))
def test_an_address_leads_back_to_its_row_and_column(row: int, column: int) -> None:
    address = cell_address(row, column)
    letters = address.rstrip("0123456789")
    assert letters.isalpha()
    assert letters.isupper()
    assert (column_number(letters), int(address[len(letters) :])) == (column, row + 1)


@given(letters=st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=4))
def test_every_spreadsheet_column_is_the_address_of_one_column(letters: str) -> None:
    assert cell_address(0, column_number(letters)) == f"{letters}1"


@pytest.mark.parametrize(
    ("row", "column", "address"),
    [(0, 0, "A1"), (5, 1, "B6"), (0, 25, "Z1"), (9, 26, "AA10"), (0, 51, "AZ1"), (0, 701, "ZZ1"), (0, 702, "AAA1")],
)
def test_addresses_at_the_turns_of_the_alphabet(row: int, column: int, address: str) -> None:
    assert cell_address(row, column) == address


@given(text=st.text(alphabet="aй\u0306 \t\n\u00a0", max_size=12))
def test_a_tidy_label_stays_as_it_is(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
