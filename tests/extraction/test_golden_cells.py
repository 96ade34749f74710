"""Cells keyed from the print beside what extraction makes of them, for every bundled table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pytest

CIS = "goskomstat/russia_cis_migration"
CHANGE = "goskomstat/population_change"
CENSUS = "goskomstat/population_census_1989_2002"
OKRUGS = "goskomstat/arrivals_departures_by_okrug"
LONG_SERIES = "goskomstat/international_migration"
KZ_POPULATION = "kazstat/population_by_region"
KZ_NET = "kazstat/net_migration"
UN = "un_desa/migration_flows_kazakhstan"
BETWEEN = "1989-01-12/2002-10-09"

# edition, then per line: cell, printed text, indicator, territory, partner, period, population group
PRINT: dict[str, list[tuple[str, str]]] = {
    CIS: [
        (
            "demographic_yearbook_2006",
            """
            B5   597651  arrivals             RU  WORLD  1997  total
            C5   571903  arrivals             RU  CIS    1997  total
            D5   95.7    share_of_arrivals    RU  CIS    1997  total
            E5   232987  departures           RU  WORLD  1997  total
            F5   146961  departures           RU  CIS    1997  total
            G5   63.1    share_of_departures  RU  CIS    1997  total
            C7   183650  arrivals             RU  CIS    2001  total
            G9   49.0    share_of_departures  RU  CIS    2003  total
            B10  119157  arrivals             RU  WORLD  2004  total
            D11  95.1    share_of_arrivals    RU  CIS    2005  total
            F11  36109   departures           RU  CIS    2005  total
            """,
        ),
        (
            "statistical_yearbook_2005",
            """
            B5  513551  arrivals             RU  WORLD  1998  total
            C5  488087  arrivals             RU  CIS    1998  total
            D5  95.0    share_of_arrivals    RU  CIS    1998  total
            E6  214963  departures           RU  WORLD  1999  total
            F6  127807  departures           RU  CIS    1999  total
            G6  59.5    share_of_departures  RU  CIS    1999  total
            """,
        ),
    ],
    CHANGE: [
        (
            "demographic_yearbook_2006",
            """
            B5   147665  population              RU  .  1990-01-01  total
            C5   333.6   natural_increase        RU  .  1990        total
            D5   275.0   net_migration           RU  .  1990        total
            E5   0.41    population_growth_rate  RU  .  1990        total
            B7   148515  population              RU  .  1992-01-01  total
            C8   -732.1  natural_increase        RU  .  1993        total
            D9   978.0   net_migration           RU  .  1994        total
            C14  -918.8  natural_increase        RU  .  1999        total
            E15  -0.40   population_growth_rate  RU  .  2000        total
            B20  143474  population              RU  .  2005-01-01  total
            D20  125.9   net_migration           RU  .  2005        total
            """,
        )
    ],
    CENSUS: [
        (
            "statistical_yearbook_2004",
            f"""
            B5   147022  population              RU              .  1989-01-12  total
            C5   145167  population              RU              .  2002-10-09  total
            D5   -1855   population_change       RU              .  {BETWEEN}   total
            E5   -1.3    population_change_rate  RU              .  {BETWEEN}   total
            F5   -1.4    population_change_rate  RU              .  {BETWEEN}   urban
            G5   -0.9    population_change_rate  RU              .  {BETWEEN}   rural
            B10  12526   population              RU-FD-URALS     .  1989-01-12  total
            D12  -1257   population_change       RU-FD-FAREAST   .  {BETWEEN}   total
            C14  2071    population              RU-PRI          .  2002-10-09  total
            B17  472     population              RU-KAM.oblast   .  1989-01-12  total
            B18  40      population              RU-KOR          .  1989-01-12  total
            F18  -53.3   population_change_rate  RU-KOR          .  {BETWEEN}   urban
            E19  -53.3   population_change_rate  RU-MAG          .  {BETWEEN}   total
            C21  191     population              RU-YEV          .  2002-10-09  total
            G22  -60.0   population_change_rate  RU-CHU          .  {BETWEEN}   rural
            """,
        )
    ],
    OKRUGS: [
        (
            "demographic_yearbook_2006",
            """
            B4   177230  arrivals                     RU               WORLD  2005  total
            C4   69798   departures                   RU               WORLD  2005  total
            B5   60,111  arrivals                     RU-FD-CENTRAL    WORLD  2005  total
            B6   5350    arrivals                     RU-BEL           WORLD  2005  total
            D6   4283    net_migration                RU-BEL           WORLD  2005  total
            E6   19.0    departures_per_100_arrivals  RU-BEL           WORLD  2005  total
            E8   9.0     departures_per_100_arrivals  RU-MOS           WORLD  2005  total
            B9   2174    arrivals                     RU-RYA           WORLD  2005  total
            B11  3259    arrivals                     RU-TUL           WORLD  2005  total
            C13  729     departures                   RU-LEN           WORLD  2005  total
            D15  1494    net_migration                RU-SE            WORLD  2005  total
            C17  304     departures                   RU-PER.oblast    WORLD  2005  total
            B19  18582   arrivals                     RU-FD-URALS      WORLD  2005  total
            E21  82.0    departures_per_100_arrivals  RU-FD-FAREAST    WORLD  2005  total
            """,
        )
    ],
    LONG_SERIES: [
        (
            "2020-04-28",
            """
            B6   597651  arrivals    RU  WORLD       1997  total
            X6   701234  arrivals    RU  WORLD       2019  total
            J8   163101  arrivals    RU  CIS         2005  total
            B12  235903  arrivals    RU  KZ          1997  total
            J12  51945   arrivals    RU  KZ          2005  total
            J13  15592   arrivals    RU  KG          2005  total
            B14  13750   arrivals    RU  MD          1997  total
            X18  161351  arrivals    RU  UA          2019  total
            B19  50265   arrivals    RU  FAR-ABROAD  1997  total
            J20  5497    arrivals    RU  GE          2005  total
            J21  69798   departures  RU  WORLD       2005  total
            B27  25364   departures  RU  KZ          1997  total
            X27  47145   departures  RU  KZ          2019  total
            X34  54134   departures  RU  FAR-ABROAD  2019  total
            J35  691     departures  RU  GE          2005  total
            """,
        )
    ],
    KZ_POPULATION: [
        (
            "2023",
            """
            B2   14901641  population  KZ     .  2000-01-01  total
            K2   15982370  population  KZ     .  2009-01-01  total
            B3   -         population  KZ-10  .  2000-01-01  total
            X3   611888    population  KZ-10  .  2022-01-01  total
            X6   1478496   population  KZ-19  .  2022-01-01  total
            K8   598342    population  KZ-27  .  2009-01-01  total
            B17  2005023   population  KZ-61  .  2000-01-01  total
            S17  1966336   population  KZ-61  .  2017-01-01  total
            W18  -         population  KZ-62  .  2021-01-01  total
            B20  380990    population  KZ-71  .  2000-01-01  total
            Y21  2161797   population  KZ-75  .  2023-01-01  total
            R22  -         population  KZ-79  .  2016-01-01  total
            S22  912300    population  KZ-79  .  2017-01-01  total
            """,
        )
    ],
    KZ_NET: [
        (
            "2025",
            """
            B4   -108307  net_migration  KZ  .  2000  total
            C4   -5561    net_migration  KZ  .  2000  urban
            D4   -102746  net_migration  KZ  .  2000  rural
            B8   2789     net_migration  KZ  .  2004  total
            C8   59794    net_migration  KZ  .  2004  urban
            B17  -279     net_migration  KZ  .  2013  total
            C21  24876    net_migration  KZ  .  2017  urban
            B22  -29121   net_migration  KZ  .  2018  total
            D27  -81899   net_migration  KZ  .  2023  rural
            B28  16550    net_migration  KZ  .  2024  total
            D28  -111640  net_migration  KZ  .  2024  rural
            """,
        )
    ],
    UN: [
        (
            "2015",
            """
            D8   108724  departures  KZ  RU     2000  total
            H8   44215   departures  KZ  RU     2004  total
            M8   30086   departures  KZ  RU     2009  total
            D9   155749  departures  KZ  WORLD  2000  total
            L9   45287   departures  KZ  WORLD  2008  total
            D10  23941   arrivals    KZ  RU     2000  total
            I10  15022   arrivals    KZ  RU     2005  total
            M10  8939    arrivals    KZ  RU     2009  total
            I11  75817   arrivals    KZ  WORLD  2005  total
            M11  42032   arrivals    KZ  WORLD  2009  total
            """,
        )
    ],
}
CELLS = [
    pytest.param(dataset, edition, *line.split(), id=f"{dataset.split('/')[1]}-{edition}-{line.split()[0]}")
    for dataset, editions in PRINT.items()
    for edition, lines in editions
    for line in lines.strip().splitlines()
]


def cell_of(landed: duckdb.DuckDBPyConnection, dataset: str, edition: str, cell: str) -> dict[str, Any]:
    """The one observation at an address."""
    cursor = landed.execute(
        "select * from raw.observations where dataset = ? and edition = ? and cell = ?", [dataset, edition, cell]
    )
    names = [column[0] for column in cursor.description]
    (row,) = cursor.fetchall()
    return dict(zip(names, row, strict=True))


@pytest.mark.parametrize(
    ("dataset", "edition", "cell", "text", "indicator", "territory", "partner", "period", "group"), CELLS
)
def test_a_printed_cell_becomes_this_figure(
    landed: duckdb.DuckDBPyConnection,
    dataset: str,
    edition: str,
    cell: str,
    text: str,
    indicator: str,
    territory: str,
    partner: str,
    period: str,
    group: str,
) -> None:
    found = cell_of(landed, dataset, edition, cell)
    assert found["raw_text"] == text
    assert found["value"] == (None if text == "-" else Decimal(text.replace(",", "")))
    assert found["decimals"] == (None if text == "-" else len(text.partition(".")[2]))
    assert found["obs_status"] == ("M" if text == "-" else "A")
    assert (found["indicator"], found["ref_area"], found["time_period"]) == (indicator, territory, period)
    assert (found["counterpart_area"] or ".", found["population_group"]) == (partner, group)
    assert found["sheet"] is None
    # The mark stands in the row's label: Туркестанская 1.
    assert found["footnotes"] == ("1" if found["row_label"].endswith(" 1") else None)


@pytest.mark.parametrize("dataset", PRINT)
def test_each_bundled_table_has_at_least_ten_golden_cells(dataset: str) -> None:
    assert sum(1 for one in CELLS if one.values[0] == dataset) >= 10


@pytest.mark.parametrize(
    ("dataset", "counts"),
    [
        (CIS, {"demographic_yearbook_2006": 42, "statistical_yearbook_2005": 12}),
        (CHANGE, {"demographic_yearbook_2006": 64}),
        (CENSUS, {"statistical_yearbook_2004": 108}),
        (OKRUGS, {"demographic_yearbook_2006": 72}),
        (LONG_SERIES, {"2020-04-28": 644}),
        (KZ_POPULATION, {"2023": 504}),
        (KZ_NET, {"2025": 75}),
        (UN, {"2015": 40}),
    ],
)
def test_every_printed_figure_of_a_table_is_landed(
    landed: duckdb.DuckDBPyConnection, dataset: str, counts: dict[str, int]
) -> None:
    found = landed.execute(
        "select edition, count(*) from raw.observations where dataset = ? group by edition", [dataset]
    ).fetchall()
    assert dict(found) == counts


@pytest.mark.parametrize(
    ("dataset", "edition", "cell", "row", "column", "block"),
    [
        (CIS, "demographic_yearbook_2006", "D5", "1997", "Arrivals (people) | from CIS (%)", None),
        (CIS, "demographic_yearbook_2006", "G5", "1997", "Departures (people) | To CIS (%)", None),
        (CHANGE, "demographic_yearbook_2006", "D5", "1990", "Population (1,000) | Net migration (b)", None),
        (CENSUS, "statistical_yearbook_2004", "B10", "the Urals", "Population (1,000) | 1989", None),
        (CENSUS, "statistical_yearbook_2004", "B14", "Primorskii", "Population (1,000) | 1989", None),
        (CENSUS, "statistical_yearbook_2004", "D18", "Koriak", "Changes (%) | Changes", None),
        (OKRUGS, "demographic_yearbook_2006", "B6", "Belgograd Oblast", "Arrivals (A)", None),
        (OKRUGS, "demographic_yearbook_2006", "D9", "Riazan Oblast", "A-D", None),
        (OKRUGS, "demographic_yearbook_2006", "E11", "Tulsk Oblast", "D/A (%)", None),
        (LONG_SERIES, "2020-04-28", "J8", "из стран СНГ", "2005", "arrivals"),
        (LONG_SERIES, "2020-04-28", "J23", "в страны СНГ", "2005", "departures"),
        (KZ_POPULATION, "2023", "B17", "Туркестанская 1", "2000", None),
        (KZ_POPULATION, "2023", "B3", "Абай", "2000", None),
        (KZ_NET, "2025", "C4", "2000", "Городское население", None),
        (UN, "2015", "D8", "Emigrants | Both | Russian Federation", "2000", None),
    ],
)
def test_labels_stay_as_printed(
    landed: duckdb.DuckDBPyConnection,
    dataset: str,
    edition: str,
    cell: str,
    row: str,
    column: str,
    block: str | None,
) -> None:
    found = cell_of(landed, dataset, edition, cell)
    assert found["row_label"] == row
    assert found["column_label"].endswith(column)
    assert found["block_label"] == block


@pytest.mark.parametrize(
    ("dataset", "columns"),
    [
        (CIS, {"D", "G"}),
        (CHANGE, set()),
        (CENSUS, {"D", "E", "F", "G"}),
        (OKRUGS, {"D", "E"}),
        (LONG_SERIES, set()),
        (KZ_POPULATION, set()),
        (KZ_NET, set()),
        (UN, set()),
    ],
)
def test_columns_that_the_quoting_author_may_have_computed_are_marked(
    landed: duckdb.DuckDBPyConnection, dataset: str, columns: set[str]
) -> None:
    marked = landed.execute(
        "select distinct regexp_extract(cell, '[A-Z]+') from raw.observations "
        "where dataset = ? and is_computed_by_quoting_work",
        [dataset],
    ).fetchall()
    assert {column for (column,) in marked} == columns


@pytest.mark.parametrize(
    ("dataset", "definitions"),
    [
        (CIS, {("CIS", "with_georgia"), ("WORLD", None)}),
        (OKRUGS, {("WORLD", None)}),
        (UN, {("WORLD", None), ("RU", None)}),
    ],
)
def test_a_country_group_has_the_definition_of_its_table(
    landed: duckdb.DuckDBPyConnection, dataset: str, definitions: set[tuple[str, str | None]]
) -> None:
    found = landed.execute(
        "select distinct counterpart_area, group_definition from raw.observations where dataset = ?", [dataset]
    ).fetchall()
    assert set(found) == definitions


def test_the_long_series_has_the_cis_without_georgia_and_georgia_abroad(landed: duckdb.DuckDBPyConnection) -> None:
    found = landed.execute(
        "select distinct counterpart_area, group_definition from raw.observations "
        "where dataset = ? and counterpart_area in ('CIS', 'FAR-ABROAD', 'GE', 'WORLD')",
        [LONG_SERIES],
    ).fetchall()
    assert dict(found) == {"CIS": "without_georgia", "FAR-ABROAD": "without_georgia", "GE": None, "WORLD": None}


@pytest.mark.parametrize(
    ("dataset", "scales"),
    [
        (CENSUS, {("persons", 3), ("percent", 0)}),
        (CHANGE, {("persons", 3), ("percent", 0)}),
        (OKRUGS, {("persons", 0), ("percent", 0)}),
        (KZ_POPULATION, {("persons", 0)}),
    ],
)
def test_values_stand_unscaled_beside_their_power_of_ten(
    landed: duckdb.DuckDBPyConnection, dataset: str, scales: set[tuple[str, int]]
) -> None:
    found = landed.execute(
        "select distinct unit, unit_mult from raw.observations where dataset = ?", [dataset]
    ).fetchall()
    assert set(found) == scales


def test_symbols_stand_where_kazakh_regions_did_not_exist(landed: duckdb.DuckDBPyConnection) -> None:
    found = landed.execute(
        "select row_label, min(time_period), max(time_period), count(*) from raw.observations "
        "where dataset = ? and obs_status = 'M' and value is null and raw_text = '-' group by row_label",
        [KZ_POPULATION],
    ).fetchall()
    assert {row[0]: row[1:] for row in found} == {
        "Абай": ("2000-01-01", "2021-01-01", 22),
        "Жетісу": ("2000-01-01", "2021-01-01", 22),
        "Ұлытау": ("2000-01-01", "2021-01-01", 22),
        "г. Шымкент": ("2000-01-01", "2016-01-01", 17),
    }


def test_mirror_flows_are_told_apart_by_the_country_that_counts(landed: duckdb.DuckDBPyConnection) -> None:
    assert cell_of(landed, UN, "2015", "I10")["reporting_area"] == "KZ"
    assert cell_of(landed, LONG_SERIES, "2020-04-28", "J12")["reporting_area"] == "RU"


def test_claims_are_landed_cell_by_cell_with_their_record(landed: duckdb.DuckDBPyConnection) -> None:
    printed = cell_of(landed, "literature/kim_2008", "2008", "D14")
    assert (printed["record_id"], printed["raw_text"], printed["value"]) == ("cis_share_of_arrivals_1997", "95%", None)
    assert (printed["column_label"], printed["indicator"], printed["unit"]) == ("printed", "claim.printed", "text")
    low = cell_of(landed, "literature/kim_2008", "2008", "E14")
    assert (low["value"], low["unit"], low["indicator"]) == (95, "number", "claim.low")
    respondents = cell_of(landed, "literature/west_kazakhstan_dissertation", "2012", "D23")
    assert (respondents["record_id"], respondents["raw_text"]) == ("survey_respondents", "1,200")


def test_every_observation_has_an_id_of_its_own(landed: duckdb.DuckDBPyConnection) -> None:
    total, ids, places = landed.execute(
        "select count(*), count(distinct observation_id), count(distinct file || cell) from raw.observations"
    ).fetchone() or (0, 1, 1)
    assert total == ids == places
