"""What numbers show under their formats: cells as Excel prints them, and laws that hold for every number."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.extraction.readers.number_format import show_number, show_text

UN_GROUPS = "###\\ ###\\ ##0;\\-###\\ ###\\ ##0;\\—;"
ACCOUNTING = '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)'

SHOWN = [
    # General: at most eleven places, no noise of binary numbers.
    (1997.0, "General", "1997", "1997"),
    (0.0, "General", "0", "0"),
    (-6.199999999999999, "General", "-6.2", "-6.2"),
    (0.1 + 0.2, "General", "0.3", "0.3"),
    (1 / 3, "General", "0.333333333", "0.333333333"),
    (-1 / 3, "General", "-0.333333333", "-0.333333333"),
    (200000 / 3, "General", "66666.66667", "66666.66667"),
    (12345678901.0, "General", "12345678901", "12345678901"),
    (12345678901.6, "General", "12345678902", "12345678902"),
    (99999999999.6, "General", "1E+11", "1E+11"),
    (123456789012.0, "General", "1.23457E+11", "1.23457E+11"),
    (0.00001, "General", "0.00001", "0.00001"),
    (0.00001234567, "General", "1.23457E-05", "0.0000123457"),
    (1e-10, "General", "1E-10", "1E-10"),
    (2005.0, 'General" г."', "2005 г.", "2005"),
    (5.5, "@", "5.5", "5.5"),
    (3.0, "", "3", "3"),
    # Decimals and groups.
    (-0.39927, "0.00", "-0.40", "-0.40"),
    (2.5, "0", "3", "3"),
    (-2.5, "0", "-3", "-3"),
    (0.5, "0", "1", "1"),
    (1.005, "0.00", "1.01", "1.01"),
    (9.995, "0.00", "10.00", "10.00"),
    (0.045, "0.0", "0.0", "0.0"),
    (1234567.5, "#,##0", "1,234,568", "1234568"),
    (999.96, "#,##0.0", "1,000.0", "1000.0"),
    (12.0, "#,##0.0", "12.0", "12.0"),
    (5.0, "000", "005", "5"),
    (0.5, "#.##", ".5", "0.5"),
    (5.0, "#,##0.####", "5.", "5"),
    (5.25, "#,##0.####", "5.25", "5.25"),
    (0.0, "#", "", None),
    (1234567.0, "#\\ ##0", "1234 567", "1234567"),
    (1234567.0, "#\u00a0##0", "1234\u00a0567", "1234567"),
    (1234567.0, UN_GROUPS, "1 234 567", "1234567"),
    (12679.0, UN_GROUPS, "12 679", "12679"),
    (-5.0, UN_GROUPS, "-5", "-5"),
    (0.0, UN_GROUPS, "—", None),
    (12345678.0, "#,##0,", "12,346", "12346"),
    (1234567.0, '0.0,," млн"', "1.2 млн", "1.2"),
    # Percent, exponents and fractions.
    (0.125, "0.0%", "12.5%", "12.5"),
    (-0.0049, "0%", "-0%", "0"),
    (12345.0, "0.00E+00", "1.23E+04", "12300"),
    (9.999, "0.00E+00", "1.00E+01", "10.0"),
    (12345.0, "##0.0E+0", "12.3E+3", "12300"),
    (0.00012, "0.0E-0", "1.2E-4", "0.00012"),
    (1.5, "# ?/?", "1 1/2", "1.5"),
    (0.25, "0/100", "25/100", "0.25"),
    (2.0, "# ?/?", "2", "2"),
    # Sections, conditions, colours, padding, literals.
    (0.0, "[=0]\\-;General", "-", None),
    (-3.0, "[=0]\\-;General", "-3", "-3"),
    (0.0, '[=0]"...";General', "...", None),
    (24517.0, '[=0]"...";General', "24517", "24517"),
    (-1234.5, ACCOUNTING, "(1,234.50)", "-1234.50"),
    (0.0, ACCOUNTING, "-", None),
    (7.0, ACCOUNTING, "7.00", "7.00"),
    (-5.0, "0;[Red]0", "5", "-5"),
    (-5.0, "0;0", "5", "5"),
    (-5.0, "0;[Red]-0", "-5", "-5"),
    (-5.0, "0;-0;;@", "-5", "-5"),
    (0.0, "0;-0;;@", "", None),
    (0.0, "0.0;-0.0;@", "0.0", "0.0"),
    (150.0, '[>100]0" много";[<=100]0', "150 много", "150"),
    (99.0, '[>100]0" много";[<=100]0', "99", "99"),
    (-150.0, '[<-100]0" мало";0', "150 мало", "150"),
    (5.0, "[$-419]0.0", "5.0", "5.0"),
    (5.0, "[$₽-419]\\ #,##0.00", "₽ 5.00", "5.00"),
    (-3.14159, '"Rs."#,##0.00', "-Rs.3.14", "-3.14"),
    (8675309.0, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "867-5309", "8675309"),
    (7.0, '0"000"', "7000", None),
    (7.0, '"нет данных"', "нет данных", None),
    # Dates.
    (38353.0, "dd.mm.yyyy", "2005-01-01", None),
    (38353.0, "m/d/yy", "2005-01-01", None),
    (38353.5, "m/d/yy h:mm", "2005-01-01 12:00", None),
    (38353.0, '[$-419]d mmmm yyyy" г.";@', "2005-01-01", None),
    (38353.0, 'yyyy" г."', "2005 г.", None),
    (39000.0, "mmm yyyy", "2006-10", None),
    (0.75, "h:mm:ss", "18:00:00", None),
    (1.5, "[h]:mm", "36:00:00", None),
    (59.0, "yyyy-mm-dd", "1900-02-28", None),
    (61.0, "yyyy-mm-dd", "1900-03-01", None),
    (-1.0, "dd.mm.yyyy", "########", None),
    (1e7, "dd.mm.yyyy", "########", None),
]


@pytest.mark.parametrize(("value", "code", "text", "number"), SHOWN)
def test_a_number_shows_what_excel_prints(value: float, code: str, text: str, number: str | None) -> None:
    shown = show_number(value, code)
    assert shown.text == text
    assert shown.number == (None if number is None else Decimal(number))


@pytest.mark.parametrize(("value", "code", "decimals"), [(-0.39927, "0.00", 2), (12.0, "0.0", 1), (5.25, "0.####", 2)])
def test_the_number_keeps_the_decimals_that_are_printed(value: float, code: str, decimals: int) -> None:
    number = show_number(value, code).number
    assert number is not None
    assert number.as_tuple().exponent == -decimals


def test_dates_count_from_1904_where_the_workbook_says_so() -> None:
    assert show_number(36891.0, "yyyy-mm-dd", is_1904=True).text == "2005-01-01"


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        ("  из стран СНГ ", "General", "  из стран СНГ "),
        ("\u00a0\u00a0в границах", "0.00", "\u00a0\u00a0в границах"),
        ("..", UN_GROUPS, ""),
        ("..", ACCOUNTING, " .. "),
        ("Алматы", '"№ "@', "№ Алматы"),
        ("Алматы", '0;-0;0;"г. "@', "г. Алматы"),
        ("Алматы", "0;-0;0", "Алматы"),
        ("Алматы", "[Red]General;General", "Алматы"),
    ],
)
def test_text_shows_itself_unless_its_format_says_otherwise(text: str, code: str, shown: str) -> None:
    assert show_text(text, code) == shown


FINITE = st.floats(min_value=-1e14, max_value=1e14, allow_nan=False)


@given(FINITE, st.integers(0, 6))
def test_decimals_round_half_away_from_nought_on_fifteen_digits(value: float, decimals: int) -> None:
    shown = show_number(value, "0" + ("." + "0" * decimals if decimals else ""))
    expected = Decimal(f"{value:.15g}").quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    assert shown.number == expected
    assert Decimal(shown.text) == expected


@given(FINITE)
def test_groups_change_the_text_and_never_the_number(value: float) -> None:
    plain, grouped = show_number(value, "0.00"), show_number(value, "#,##0.00")
    assert grouped.text.replace(",", "") == plain.text
    assert grouped.number == plain.number
    whole = grouped.text.lstrip("-").partition(".")[0].split(",")
    assert 1 <= len(whole[0]) <= 3
    assert all(len(group) == 3 for group in whole[1:])


@given(st.floats(min_value=0, max_value=999_999_999))
def test_a_pattern_of_blanks_groups_as_commas_do(value: float) -> None:
    assert show_number(value, "###\\ ###\\ ##0").text.replace(" ", ",") == show_number(value, "#,##0").text


@given(FINITE)
def test_general_shows_a_number_next_to_the_stored_one_in_few_places(value: float) -> None:
    shown = show_number(value, "General")
    assert shown.number == Decimal(shown.text)
    assert len(shown.text.lstrip("-")) <= (12 if "E" in shown.text else 11)
    assert float(shown.text) == pytest.approx(value, rel=1e-5, abs=1e-300)


@given(st.integers(-(10**10), 10**10))
def test_general_shows_whole_numbers_without_decimals(value: int) -> None:
    assert show_number(float(value), "General").text == str(value)


@given(st.floats(min_value=0.0001, max_value=1e12), st.sampled_from(["0.0", "#,##0.00", "General", "0%", "0.0E+00"]))
def test_a_minus_is_all_that_tells_a_negative_number(value: float, code: str) -> None:
    positive, negative = show_number(value, code), show_number(-value, code)
    assert negative.text == f"-{positive.text}"
    assert positive.number is not None
    assert negative.number == -positive.number


@given(FINITE)
def test_percent_shows_a_hundred_times_the_number(value: float) -> None:
    hundredfold = Decimal(f"{value:.15g}") * 100
    assert show_number(value, "0.00%").number == hundredfold.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


@given(st.dates(dt.date(1900, 3, 1), dt.date(9999, 12, 31)))
def test_every_day_of_the_calendar_shows_as_itself(day: dt.date) -> None:
    serial = (day - dt.date(1899, 12, 30)).days
    assert show_number(float(serial), "dd/mm/yyyy").text == day.isoformat()


@given(st.text(alphabet='0#?.,%;_*\\"[]@eEymdhsG nralг-+/()', max_size=12), FINITE, st.text(max_size=5))
def test_every_format_shows_something_for_every_value(code: str, value: float, text: str) -> None:
    assert isinstance(show_number(value, code).text, str)
    assert isinstance(show_text(text, code), str)
