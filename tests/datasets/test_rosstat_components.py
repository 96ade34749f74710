"""Rosstat's components of population change (komp_chisl): three blocks, two of them with one column more."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.observations import Observation
from orchestration.workspace import Workspace
from tests.datasets.papers import Rows, Shown, Span, write_csv, write_xls
from tests.datasets.reading import by_cell, read_as
from tests.shared_files import shared_file

DATASET = "goskomstat/population_components"
KIM = "goskomstat/population_change"
# Cell, text, value, stored value, status, footnotes, indicator, period, group.
PUBLISHED = [
    ("B8", "147665.1", "147665.1", None, "A", None, "population", "1990-01-01", "total"),
    ("C8", "608.6", "608.6", None, "A", None, "population_change", "1990", "total"),
    ("E21", "258.5", "258.5", None, "A", None, "net_migration", "2003", "total"),
    ("G21", "-0.43", "-0.43", -0.4345918561625126, "A", None, "population_growth_rate", "2003", "total"),
    ("G23", "-0.39", "-0.39", -0.3924868394517347, "A", None, "population_growth_rate", "2005", "total"),
    ("B23", "143801.0", "143801.0", None, "A", None, "population", "2005-01-01", "total"),
    ("G30", "0.20", "0.20", 0.2032065674796968, "A", None, "population_growth_rate", "2012", "total"),
    ("B32", "…", None, None, "O", None, "population", "2014-01-01", "total"),
    ("C32", "…", None, None, "O", None, "population_change", "2014", "total"),
    ("F32", "146267.3", "146267.3", None, "A", None, "population", "2014-12-31", "total"),
    ("G37", "-0.02", "-0.02", None, "A", None, "population_growth_rate", "2019", "total"),
    ("B47", "108736.2", "108736.2", None, "A", None, "population", "1990-01-01", "urban"),
    ("F58", "-15.7", "-15.7", None, "A", "2)", "settlement_reclassification", "2001", "urban"),
    ("H58", "-0.32", "-0.32", -0.32352152809752965, "A", None, "population_growth_rate", "2001", "urban"),
    ("F71", "…", None, None, "O", "2)", "settlement_reclassification", "2014", "urban"),
    ("B78", "38928.9", "38928.9", None, "A", None, "population", "1990-01-01", "rural"),
    ("G107", "37186.1", "37186.1", None, "A", None, "population", "2019-12-31", "rural"),
    ("H107", "-0.38", "-0.38", None, "A", None, "population_growth_rate", "2019", "rural"),
]


@pytest.fixture(scope="module")
def published() -> list[Observation]:
    return read_as(DATASET, shared_file("rosstat/komp_chisl_components_1990_2019.xls"))


def values(rows: list[Observation]) -> dict[tuple[str, str, str], Decimal]:
    """The figures that have a value, by indicator, period and population group."""
    return {
        (row["indicator"], row["time_period"], row["population_group"]): row["value"]
        for row in rows
        if row["value"] is not None
    }


@pytest.mark.parametrize("expected", PUBLISHED, ids=lambda expected: expected[0])
def test_a_cell_of_the_published_workbook(published: list[Observation], expected: tuple[object, ...]) -> None:
    row = by_cell(published)["Лист1", str(expected[0])]
    shown = None if row["value"] is None else str(row["value"])
    assert (row["raw_text"], shown, row["stored_value"], row["obs_status"], row["footnotes"]) == expected[1:6]
    assert (row["indicator"], row["time_period"], row["population_group"]) == expected[6:]
    assert (row["unit"], row["unit_mult"]) == (("percent", 0) if "rate" in row["indicator"] else ("persons", 3))


def test_the_published_workbook_gives_every_figure(published: list[Observation]) -> None:
    assert Counter(row["indicator"] for row in published) == {
        "population": 180,
        "population_change": 90,
        "natural_increase": 90,
        "net_migration": 90,
        "population_growth_rate": 90,
        "settlement_reclassification": 60,
    }
    assert Counter(row["obs_status"] for row in published) == {"A": 586, "O": 14}


@pytest.mark.parametrize("group", ["total", "urban", "rural"])
def test_opening_and_change_make_the_closing_population(published: list[Observation], group: str) -> None:
    figures = values(published)
    # One tenth of a thousand printed: each of up to five roundings is off by at most half of it.
    for year in [str(year) for year in range(1990, 2020) if year != 2014]:
        opening, closing = (figures["population", f"{year}-{day}", group] for day in ("01-01", "12-31"))
        parts = ["natural_increase", "net_migration"]
        parts += ["settlement_reclassification"] if group != "total" else []
        change = sum(figures[part, year, group] for part in parts)
        assert abs(opening + change - closing) <= Decimal("0.05") * (len(parts) + 2), year
        assert abs(opening + figures["population_change", year, group] - closing) <= Decimal("0.15"), year


def test_kims_populations_are_the_same_until_2003_and_revised_after_the_census(published: list[Observation]) -> None:
    figures, kim = values(published), values(kims_table())
    same = [year for year in range(1990, 2007) if agree(figures, kim, "population", f"{year}-01-01", coarse="0.5")]
    assert same == list(range(1990, 2004))
    assert (kim["population", "2005-01-01", "total"], figures["population", "2005-01-01", "total"]) == (
        Decimal(143474),
        Decimal("143801.0"),
    )


def test_kims_natural_increase_is_the_same_until_2003_and_within_a_tenth_later(published: list[Observation]) -> None:
    figures, kim = values(published), values(kims_table())
    years = [int(period) for indicator, period, _ in kim if indicator == "natural_increase"]
    same = [year for year in years if agree(figures, kim, "natural_increase", str(year), coarse="0")]
    assert [year for year in years if year <= 2003] == [year for year in same if year <= 2003]
    for year in years:
        assert agree(figures, kim, "natural_increase", str(year), coarse="0.1"), year


@pytest.mark.parametrize("indicator", ["net_migration", "population_growth_rate"])
def test_kims_migration_and_growth_are_revised_from_2003_on(published: list[Observation], indicator: str) -> None:
    figures, kim = values(published), values(kims_table())
    years = [int(period) for name, period, _ in kim if name == indicator]
    assert [year for year in years if agree(figures, kim, indicator, str(year), coarse="0")] == list(range(1990, 2003))
    assert (kim["net_migration", "2003", "total"], figures["net_migration", "2003", "total"]) == (
        Decimal("93.1"),
        Decimal("258.5"),
    )


def kims_table() -> list[Observation]:
    folder = Workspace.of().raw / KIM / "demographic_yearbook_2006"
    return read_as(KIM, folder / "table_2.csv", "demographic_yearbook_2006")


def agree(
    figures: dict[tuple[str, str, str], Decimal],
    kim: dict[tuple[str, str, str], Decimal],
    indicator: str,
    period: str,
    coarse: str,
) -> bool:
    """Whether the two tables say the same of a year, as far as the coarser of them is rounded."""
    key = (indicator, period, "total")
    return key in kim and abs(figures[key] - kim[key]) <= Decimal(coarse)


TWO_DIGITS = "0.00"


def total_table() -> Rows:
    """The whole population in two years of our own."""
    return [
        ["КОМПОНЕНТЫ ИЗМЕНЕНИЯ ОБЩЕЙ ЧИСЛЕННОСТИ НАСЕЛЕНИЯ1)"],
        ["(тысяч человек)"],
        [],
        ["Годы", "Численность населения\n на 1 января", "Изменения за год ", None, None,
         "Численность населения\n на 31 декабря", "Общий прирост за год, процентов"],
        [None, None, "общий\n прирост", "естествен-\nный прирост", "миграционный\n прирост"],
        ["ВСЕ НАСЕЛЕНИЕ"],
        [2020, 1000.5, -0.5, -1.5, 1, 1000, Shown(-0.0499750124937531, TWO_DIGITS)],
        [2021, "…", "…", "…", "…", 1002.25, Shown(0.225, TWO_DIGITS)],
    ]  # fmt: skip


def parts_table() -> Rows:
    """Its urban and rural parts, with a column more."""
    return [
        ["КОМПОНЕНТЫ ИЗМЕНЕНИЯ ЧИСЛЕННОСТИ ГОРОДСКОГО И СЕЛЬСКОГО НАСЕЛЕНИЯ 1)"],
        ["(тысяч человек)"],
        [],
        ["Годы", "Численность населения\n на 1 января", "Изменения за год", None, None, None,
         "Численность населения\n на 31 декабря", "Общий прирост за год, процентов"],
        [None, None, "общий\n прирост", "естественный\n прирост", "миграционный\n прирост",
         "из-за перемены категории населенных пунктов 2)"],
        ["ГОРОДСКОЕ НАСЕЛЕНИЕ"],
        [2020, 700, 1, -1, 1.5, 0.5, 701, 0.14],
        ["СЕЛЬСКОЕ НАСЕЛЕНИЕ"],
        [2020, 300.5, -1.5, -0.5, -0.5, -0.5, 299, -0.5],
        [],
        ["1) Данные пересчитаны."],
        ["2) Преобразование населенных пунктов."],
    ]  # fmt: skip


def spans(first_row: int, flows: int) -> list[Span]:
    """The merged cells of a header whose upper row is the given one."""
    whole = [0, 1, flows + 2, flows + 3]
    return [(first_row, 2, first_row, flows + 1), *((first_row, one, first_row + 1, one) for one in whole)]


def workbook(path: Path, top: Rows) -> Path:
    rows = [*top, [], *parts_table()]
    merged = {"Лист1": [*spans(3, 3), *spans(len(top) + 4, 4)]}
    return write_xls(path / "komp.xls", {"Лист1": rows}, merged)


def test_another_edition_loads(tmp_path: Path) -> None:
    rows = read_as(DATASET, workbook(tmp_path, total_table()))
    figures = values(rows)
    assert Counter(row["population_group"] for row in rows) == {"total": 12, "urban": 7, "rural": 7}
    assert figures["population", "2020-12-31", "total"] == 1000
    assert figures["settlement_reclassification", "2020", "rural"] == Decimal("-0.5")
    rate = next(row for row in rows if row["indicator"] == "population_growth_rate" and row["time_period"] == "2020")
    assert (rate["raw_text"], rate["value"], rate["decimals"]) == ("-0.05", Decimal("-0.05"), 2)
    assert rate["stored_value"] == -0.0499750124937531
    missing = [row for row in rows if row["time_period"].startswith("2021") and row["value"] is None]
    assert {(row["raw_text"], row["obs_status"]) for row in missing} == {("…", "O")}
    assert len(missing) == 4


def test_an_edition_keyed_by_hand_loads(tmp_path: Path) -> None:
    text = {"\n": " "}
    keyed = [
        [value.translate(str.maketrans(text)) if isinstance(value, str) else value for value in row]
        for row in [*total_table()[:-1], [2021, "…", "…", "…", "…", "1002,25", "0,23"], [], *parts_table()]
        if not any(isinstance(value, Shown) for value in row)
    ]
    figures = values(read_as(DATASET, write_csv(tmp_path / "komp.csv", keyed)))
    assert figures["population", "2021-12-31", "total"] == Decimal("1002.25")
    assert figures["population_growth_rate", "2021", "total"] == Decimal("0.23")
    assert figures["net_migration", "2020", "urban"] == Decimal("1.5")


def test_a_lost_block_is_named(tmp_path: Path) -> None:
    rows = [row for row in [*total_table(), [], *parts_table()] if row[:1] != ["СЕЛЬСКОЕ НАСЕЛЕНИЕ"]]
    path = write_xls(tmp_path / "komp.xls", {"Лист1": rows}, {"Лист1": [*spans(3, 3), *spans(12, 4)]})
    with pytest.raises(FrontierError, match="Сельское население"):
        read_as(DATASET, path)
