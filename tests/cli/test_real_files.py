"""The agencies' own files through the whole product: added, refreshed, published, and asked about."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.reception.receiving import Examined, HandPlaced, add_by_hand
from orchestration.workspace import Workspace
from tests.published import CHECKOUT, Command
from tests.shared_files import shared_file

FILES = [
    ("rosstat/migr2_international_1997_2019.xls", "goskomstat/international_migration", "2020-05"),
    ("rosstat/komp_chisl_components_1990_2019.xls", "goskomstat/population_components", "2020"),
    ("rosstat/demo11_v_other.xls", "goskomstat/population_long_series", "2019-04-19"),
    ("rosstat/demo11_v2020.xls", "goskomstat/population_long_series", "2020"),
    ("rosstat/demo14_age_groups.xls", "goskomstat/population_by_age", "2021"),
    ("rosstat/demo21_vital_v2020.xls", "goskomstat/vital_statistics", "2020-06-15"),
    ("rosstat/progn1_projection_variants.xls", "goskomstat/population_projection", "2020"),
    ("rosstat/census1989_resident_by_region_extract.csv", "goskomstat/census_1989_by_region", "1990"),
    ("rosstat/mvd_stst_2016.xls", "mvd/migration_registration", "2017"),
    ("pages/gks_b09_13_04-03_population_1jan_thousand.csv", "goskomstat/population_by_region", "2009"),
    ("pages/gks_b11_14p_03-12_net_migration_per_10000.csv", "goskomstat/net_migration_rate_by_region", "2011"),
    ("pages/demoscope_census2002_by_region_partial.csv", "goskomstat/census_2002_by_sex", "2003"),
    ("pages/regional_offices_migration_tables.csv", "goskomstat/migration_by_flow", "2023"),
    ("fedstat/sdmx_33459_women_by_age.xml", "emiss/women_by_age", "2025-07-11"),
    ("fedstat/data_fixed_basket.xls", "emiss/fixed_basket_cost", "2026-01-20"),
    ("kz/bns_population_series_by_region.xlsx", "kazstat/population_by_region", "2024"),
    ("kz/bns_population_by_region_2023-01-01.xlsx", "kazstat/population_bulletin", "2023"),
    ("kz/stat_gov_kz_iblock_csv_shape_RECONSTRUCTED.tsv", "kazstat/net_migration_iblock", "2026"),
    ("kz/internal_migration_od_2010_2025.csv", "kazstat/internal_migration", "2026"),
    ("un_wb/UN_MigFlow_Kazakhstan.xlsx", "un_desa/migration_flows_kazakhstan", "2016"),
    ("un_wb/undesa_2020_ims_stock_sex_destination.xlsx", "un_desa/migrant_stock", "2020"),
    ("un_wb/wdi_SM.POP.NETM.xls", "world_bank/net_migration", "2024-02-21"),
]

# The total of 2004 is misprinted; its town and country, its ages and the components of change all say so.
CORRECTION = """
- dataset: goskomstat/population_by_age
  edition: "2021"
  sheet: возр.гр
  cell: I7
  expect: "144134"
  value: "144334"
  reason: A slip of a digit in the total of 2004.
  evidence: Urban and rural population, the ages, and the table of the components of change.
  decided_by: Steward
  decided_on: 2026-11-22
"""


@pytest.fixture(scope="module")
def frontier(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """A warehouse that holds every published file beside the bundled editions."""
    folder = tmp_path_factory.mktemp("real")
    command = Command(Path(shutil.copytree(CHECKOUT / "raw", folder / "raw")), folder / "warehouse")
    workspace = Workspace.of(command.raw, command.warehouse)
    for file, dataset, edition in FILES:
        placed = HandPlaced(shared_file(file), dataset, edition, released_on=edition)
        assert isinstance(add_by_hand(workspace, placed), Examined), file
    expectations = Path(shutil.copytree(CHECKOUT / "expectations", folder / "expectations"))
    with (expectations / "corrections.yml").open("a", encoding="utf-8") as corrections:
        corrections.write(CORRECTION)
    refreshed = command("refresh", "--expectations", str(expectations))
    assert refreshed.returncode == 0, refreshed.stderr
    return command


@pytest.fixture(scope="module")
def ask(frontier: Command):  # noqa: ANN201 - a function that asks the published file
    connection = duckdb.connect(str(frontier.database), read_only=True)

    def ask(sql: str) -> list[tuple[object, ...]]:
        return connection.execute(sql).fetchall()

    yield ask
    connection.close()


def test_kims_first_table_differs_from_the_later_series_by_definition_alone(ask) -> None:  # noqa: ANN001
    rows = ask(
        """
        select revision_type, count(*) from fct_revision
        join dim_edition using (edition_key)
        where dim_edition.dataset = 'goskomstat/international_migration' and partner_id in ('CIS', 'FAR-ABROAD')
            and period_id <= '2005' and revision_type not in ('new', 'confirmed')
        group by all
        """
    )
    assert rows == [("definition", 18)]


def test_kims_second_table_was_revised_after_the_census(ask) -> None:  # noqa: ANN001
    """What both tables print, and the last period until which they agree within their rounding."""
    rows = ask(
        """
        with printed as (
            select dim_edition.dataset, indicator_id, period_id, figure_value, rounding_half_width
            from fct_observation join dim_edition using (edition_key)
            where territory_id = 'RU' and population_group_id = 'total'
        ),
        compared as (
            select indicator_id, period_id, kim.figure_value as kim_value, later.figure_value as later_value,
                abs(kim_value - later_value)
                    > abs(kim.rounding_half_width - later.rounding_half_width) + 1e-9 as is_revised
            from printed as kim join printed as later using (indicator_id, period_id)
            where kim.dataset = 'goskomstat/population_change' and later.dataset = 'goskomstat/population_components'
        )
        select indicator_id, max(period_id) filter (not is_revised), min(period_id) filter (is_revised)
        from compared group by all order by all
        """
    )
    assert rows == [
        ("natural_increase", "2003", "2004"),
        ("net_migration", "2002", "2003"),
        ("population", "2003-01-01", "2004-01-01"),
        ("population_growth_rate", "2002", "2003"),
    ]
    assert ask(
        """
        select previous_value, figure_value, revision_type from fct_revision join dim_edition using (edition_key)
        where dim_edition.dataset = 'goskomstat/population_components' and indicator_id = 'net_migration'
            and period_id = '2003' and population_group_id = 'total'
        """
    ) == [(93100.0, 258500.0, "revised")]


def test_the_second_edition_of_the_long_series_revises_nothing(ask) -> None:  # noqa: ANN001
    rows = ask(
        """
        select revision_type, count(*), min(period_id) from fct_revision join dim_edition using (edition_key)
        where dim_edition.dataset = 'goskomstat/population_long_series' and dim_edition.edition = '2020'
        group by all order by all
        """
    )
    assert rows == [("confirmed", 250, "1897-02-09"), ("new", 5, "2020-01-01")]


def test_no_projection_is_an_observation(ask) -> None:  # noqa: ANN001
    assert ask("select count(*), count(distinct variant) from fct_population_projection") == [(48, 3)]
    assert ask("select count(*) from fct_population where period_id > '2026'") == [(0,)]


def test_a_correction_lets_a_real_misprint_in(ask) -> None:  # noqa: ANN001
    """The table prints 144134 thousand; each identity that rests on the cell holds with the corrected value."""
    cell = "dim_edition.dataset = 'goskomstat/population_by_age' and raw_text = '144134'"
    assert ask(
        "select figure_value, period_id, population_group_id, is_corrected from fct_observation "
        f"join dim_edition using (edition_key) where {cell}"
    ) == [(144334000.0, "2004-01-01", "total", True)]
    verdicts = ask(
        "select distinct verdict from audit.identity_result join audit.identity_term using (rule_id, instance) "
        f"join fct_observation using (observation_id) join dim_edition using (edition_key) where {cell}"
    )
    assert verdicts == [("holds",)]


def test_a_number_leads_back_to_its_cell_in_the_workbook(frontier: Command) -> None:
    outcome = frontier(
        "source", "fct_population_change.growth_rate_published_pct", "territory=RU", "period=2000",
        "population_group=total", "--format", "json",
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stderr
    text = outcome.stdout
    assert '"G18"' in text
    assert '"-0.40"' in text


def test_findings_stay_explained(frontier: Command) -> None:
    """The published files hold no error that the arithmetic sees, beside the two that Kim prints."""
    found = json.loads(frontier("findings", "--format", "json").stdout)
    assert [one for one in found if one["severity"] == "error"] == []


def test_every_published_sum_over_a_level_is_judged(ask) -> None:  # noqa: ANN001
    """What does not add up is one of Kim's errors, or explained; the tables that print whole and parts add up."""
    undecided = ask(
        """
        select sums.rule_id, sums.instance, results.verdict
        from audit.level_sum as sums
        left join audit.identity_result as results using (rule_id, instance)
        where sums.result = 'does not add up' and coalesce(results.verdict not in ('waived', 'explained'), true)
        """
    )
    assert undecided == []
    rows = ask("select distinct dataset from audit.level_sum where result = 'adds up' order by all")
    assert [dataset for (dataset,) in rows] == [
        "emiss/women_by_age",
        "goskomstat/arrivals_departures_by_okrug",
        "goskomstat/census_2002_by_sex",
        "goskomstat/population_census_1989_2002",
        "kazstat/population_bulletin",
        "kazstat/population_by_region",
        "mvd/migration_registration",
        "un_desa/migrant_stock",
    ]


def test_removing_an_edition_gives_the_raw_folder_back(frontier: Command) -> None:
    outcome = frontier("remove", "--dataset", "world_bank/net_migration", "--edition", "2024-02-21")
    assert outcome.returncode == 0, outcome.stderr
    assert not (frontier.raw / "world_bank/net_migration/2024-02-21").exists()
    listed = json.loads(frontier("quarantine", "--format", "json").stdout)
    assert [(one["dataset"], one["kind"]) for one in listed] == [("world_bank/net_migration", "removed")]
