"""Tables that do not fit their layout: each is refused with file and cell, and nothing of it is landed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.errors import FrontierError

if TYPE_CHECKING:
    from tests.conftest import RawCopy


@dataclass(frozen=True)
class Table:
    """A bundled table that the tests break."""

    dataset: str
    edition: str
    file: str

    @property
    def path(self) -> str:
        return f"{self.dataset}/{self.edition}/{self.file}"


CIS = Table("goskomstat/russia_cis_migration", "demographic_yearbook_2006", "table_1.csv")
CHANGE = Table("goskomstat/population_change", "demographic_yearbook_2006", "table_2.csv")
CENSUS = Table("goskomstat/population_census_1989_2002", "statistical_yearbook_2004", "table_3.csv")
OKRUGS = Table("goskomstat/arrivals_departures_by_okrug", "demographic_yearbook_2006", "table_4.csv")
LONG_SERIES = Table("goskomstat/international_migration", "2020-04-28", "migr2.csv")
KZ_POPULATION = Table("kazstat/population_by_region", "2023", "population_by_region.csv")
KZ_NET = Table("kazstat/net_migration", "2025", "net_migration.csv")
UN = Table("un_desa/migration_flows_kazakhstan", "2015", "kazakhstan.csv")
CLAIMS = Table("literature/kim_2008", "2008", "claims.csv")

OKRUG_HEADER = "Regions,Arrivals (A),Departures (D),A-D,D/A (%)"
CIS_HEADER = ",Arrivals (people),,,Departures (people),,"
BELGOROD = "5350,1067,4283,19.0"

# table, text in the file, what replaces it, cell that the message names (or None), words of the message
BREAKS = {
    "header shifted by a column": (
        OKRUGS, OKRUG_HEADER, ",Regions,Arrivals (A),Departures (D),A-D", None,
        ["row 3", "lacks the column 'D/A (%)'"],
    ),
    "years shifted by a column": (
        KZ_POPULATION, ",2000,2001,", ",,2000,2001,", "B2",
        ["'14901641' stands under no header"],
    ),
    "header row missing": (
        OKRUGS, OKRUG_HEADER + "\n", "", None, ["no row of the sheet looks like the header"],
    ),
    "column renamed": (
        OKRUGS, "Departures (D)", "Departures in all", "C3",
        ["lacks the column 'Departures (D)'", "nearest there is 'Departures in all'"],
    ),
    "column of the lower level renamed": (
        CENSUS, "Urban areas", "Urban settlements", "F4",
        ["lacks the column 'Changes (%) | Urban areas'", "'Changes (%) | Urban settlements'"],
    ),
    "upper header texts swapped": (
        CIS, CIS_HEADER, ",Departures (people),,,Arrivals (people),,", "F4",
        ["lacks the column 'Arrivals (people) | from CIS'"],
    ),
    "column twice": (
        OKRUGS, OKRUG_HEADER, OKRUG_HEADER + ",A-D", "D3", ["'A-D' stands twice"],
    ),
    "year twice": (
        LONG_SERIES, "1997,1998,1999", "1997,1997,1999", "B5", ["'1997' stands twice"],
    ),
    "unknown column": (
        OKRUGS, OKRUG_HEADER, OKRUG_HEADER + ",Net migration per 1000", "F3",
        ["'Net migration per 1000' is not mapped", "nearest known header is"],
    ),
    "first block row dropped": (
        LONG_SERIES, "Прибыло в Российскую Федерацию - всего", "Прибывшие", "A6",
        ["'Прибывшие' stands before the first block", "Прибыло в Российскую Федерацию - всего"],
    ),
    "second block row renamed": (
        LONG_SERIES, "Выбыло из Российской Федерации - всего", "в том числе :", "B21",
        ["excluded by the layout but holds '232987'"],
    ),
    "territory misspelt": (
        OKRUGS, "Kaluga Oblast", "Kalluga Oblst", "A7",
        ["'Kalluga Oblst' is not a known territory", "nearest known names are", "Kaluga Oblast"],
    ),
    "territory misspelt in Russian": (
        LONG_SERIES, "Казахстан,235903", "Казакстан,235903", "A12",
        ["'Казакстан'", "nearest known names are", "Казахстан"],
    ),
    "label misspelt": (
        UN, "Emigrants,Both,Total", "Emigrant,Both,Total", "A9",
        ["'Emigrant'", "nearest known names are 'Emigrants'"],
    ),
    "coverage that the layout does not accept": (
        UN, "Emigrants,Both,Total", "Emigrants,Citizens,Total", "B9",
        ["'Citizens' is not one of ['Both']"],
    ),
    "year that is none": (
        CIS, "2004,119157", "2004 a,119157", "A10", ["'2004 a' is not a year"],
    ),
    "row without a label": (
        KZ_NET, "2004,2789", ",2789", "A8", ["'' is not a year"],
    ),
    "text in a number": (
        OKRUGS, BELGOROD, "535O,1067,4283,19.0", "B6",
        ["'535O' is neither a number nor a declared symbol", "Belgograd Oblast", "Arrivals (A)"],
    ),
    "decimal comma in a table of decimal points": (
        CHANGE, "147665,333.6", '147665,"333,6"', "C5", ["'333,6' is neither a number"],
    ),
    "decimal comma that looks like thousands": (
        OKRUGS, BELGOROD, '5350,1067,4283,"0,199"', "E6", ["'0,199' is neither a number"],
    ),
    "unknown symbol": (
        KZ_POPULATION, "Абай,-,", "Абай,…,", "B3", ["'…' is neither", "declared: '-'"],
    ),
    "symbol in a table without symbols": (
        OKRUGS, BELGOROD, "5350,-,4283,19.0", "C6", ["'-' is neither", "declared: none"],
    ),
    "empty cell": (
        OKRUGS, BELGOROD, "5350,,4283,19.0", "C6", ["under 'Departures (D)' in the row 'Belgograd Oblast' is empty"],
    ),
    "row cut short": (
        OKRUGS, BELGOROD, "5350,1067,4283", "E6", ["is empty"],
    ),
    "row twice": (
        OKRUGS, "Kaluga Oblast,3792,428,3364,11.3\n",
        "Kaluga Oblast,3792,428,3364,11.3\nKaluga Oblast,3793,428,3365,11.3\n", "B8",
        ["B7 and B8 both claim to be arrivals of RU-KLU in 2005"],
    ),
    "row twice under two spellings": (
        OKRUGS, "Kaluga Oblast,3792,428,3364,11.3", "Belgorod Oblast,3792,428,3364,11.3", "B7",
        ["B6 and B7 both claim to be arrivals of RU-BEL in 2005"],
    ),
    "value under no header": (
        OKRUGS, "Far East,3765,3086,679,82.0", "Far East,3765,3086,679,82.0,17", "F21",
        ["'17' stands under no header"],
    ),
    "number in an excluded row": (
        OKRUGS, "loss (D/A),,,,", "loss (D/A),1234,,,", "B22", ["excluded by the layout but holds '1234'"],
    ),
    "other table": (
        OKRUGS, "Federal Okrugs (2005)", "Federal Okrugs (2006)", None,
        ["no cell holds the text", "Arrivals and departures in Russian Federal Okrugs (2006)"],
    ),
    "other unit": (
        KZ_NET, "человек", "тысяч", None, ["no cell holds the text 'человек'"],
    ),
    "other criterion": (
        UN, "Criterion: Residence", "Criterion: Citizenship", None, ["no cell holds the text 'Criterion: Residence'"],
    ),
    "quotation mark left open": (
        OKRUGS, '"60,111"', '"60,111', None, ["Check the file: it may be cut off"],
    ),
    "column of claims renamed": (
        CLAIMS, "claim_id,statement,place", "claim_id,sentence,place", "B1", ["the header must read"],
    ),
    "text in a number of a claim": (
        CLAIMS, "95%,95,95,0.5", "95%,95,ninety-five,0.5", "F14", ["'ninety-five' is neither", "high"],
    ),
    "claim without its id": (
        CLAIMS, "undocumented_service,", ",", "A65", ["the record has no claim_id"],
    ),
    "comma in a claim without quotation marks": (
        CLAIMS, "9%,9,9,0.5", "9,0%,9,9,0.5", "E50", ["'0%' is neither a number", "low"],
    ),
    "comma in the last text of a claim": (
        CLAIMS, "of rounding it", "of rounding, as it should", "L14", ["' as it should' stands under no header"],
    ),
}  # fmt: skip


def rows_landed(connection: duckdb.DuckDBPyConnection) -> int:
    tables = ("datasets", "editions", "observations", "survey_variables", "survey_value_labels", "survey_responses")
    total = " + ".join(f"(select count(*) from raw.{table})" for table in tables)
    return (connection.execute(f"select {total}").fetchone() or (-1,))[0]


@pytest.mark.parametrize(("table", "old", "new", "cell", "words"), BREAKS.values(), ids=BREAKS)
def test_a_table_with(
    raw_copy: RawCopy,
    landing_zone: duckdb.DuckDBPyConnection,
    table: Table,
    old: str,
    new: str,
    cell: str | None,
    words: list[str],
) -> None:
    """Is refused by file and cell, with what is near."""
    raw_copy.add(table.dataset)
    raw_copy.replace(table.dataset, table.edition, old, new)
    with pytest.raises(FrontierError) as caught:
        raw_copy.land(table.dataset, landing_zone)
    message = str(caught.value)
    assert table.path in message
    assert cell is None or f"cell {cell}" in message or f" {cell} " in message, message
    for word in words:
        assert word in message
    assert "\n" not in message
    assert caught.value.exit_code == 1
    assert rows_landed(landing_zone) == 0


@pytest.mark.parametrize("table", [OKRUGS, LONG_SERIES, CLAIMS], ids=lambda table: table.file)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty (0 bytes)"),
        (b"\n\n,,\n", "holds no cell: all of it is blank"),
        ("Регионы,Прибыло\n".encode("cp1251"), "the text is not UTF-8"),
        ("Regions".encode("utf-16"), "table"),
        (b"<!DOCTYPE html>\n<html><body>Sorry</body></html>\n", "is an HTML page"),
    ],
    ids=["empty", "blank", "cp1251", "utf-16", "a page instead"],
)
def test_a_file_that_is_no_such_table_is_refused_by_name(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection, table: Table, content: bytes, words: str
) -> None:
    raw_copy.add(table.dataset)
    raw_copy.write(table.dataset, table.edition, content)
    with pytest.raises(FrontierError) as caught:
        raw_copy.land(table.dataset, landing_zone)
    assert table.path in str(caught.value)
    if words != "table":
        assert words in str(caught.value)
    assert rows_landed(landing_zone) == 0


def test_a_block_that_is_gone_is_named(raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection) -> None:
    raw_copy.add(LONG_SERIES.dataset)
    text = raw_copy.table(LONG_SERIES.dataset, LONG_SERIES.edition).read_text(encoding="utf-8")
    arrivals_only = text[: text.index("Выбыло из")]
    raw_copy.write(LONG_SERIES.dataset, LONG_SERIES.edition, arrivals_only.encode())
    with pytest.raises(FrontierError, match="the block 'departures'") as caught:
        raw_copy.land(LONG_SERIES.dataset, landing_zone)
    assert LONG_SERIES.path in str(caught.value)
    assert rows_landed(landing_zone) == 0


def test_one_broken_edition_keeps_the_whole_dataset_out(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection
) -> None:
    raw_copy.add(CIS.dataset)
    raw_copy.replace(CIS.dataset, "statistical_yearbook_2005", "513551", "")
    with pytest.raises(FrontierError, match=r"statistical_yearbook_2005/table_1\.csv, cell B5"):
        raw_copy.land(CIS.dataset, landing_zone)
    assert rows_landed(landing_zone) == 0


def test_a_survey_that_cannot_be_read_leaves_nothing_landed(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection
) -> None:
    raw_copy.add("survey/frontier_2009")
    whole = raw_copy.table("survey/frontier_2009", "2009").read_bytes()
    raw_copy.write("survey/frontier_2009", "2009", whole[: len(whole) // 2])
    with pytest.raises(FrontierError, match=r"frontier_2009\.sav"):
        raw_copy.land("survey/frontier_2009", landing_zone)
    assert rows_landed(landing_zone) == 0


def test_a_file_altered_under_its_old_digest_is_not_landed(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection
) -> None:
    raw_copy.add(OKRUGS.dataset)
    table = raw_copy.table(OKRUGS.dataset, OKRUGS.edition)
    table.write_text(table.read_text(encoding="utf-8").replace("69798", "69788"), encoding="utf-8")
    with pytest.raises(FrontierError, match="sha256"):
        raw_copy.land(OKRUGS.dataset, landing_zone)
    assert rows_landed(landing_zone) == 0
