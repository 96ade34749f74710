"""SDMX: what sdmx1 reads back from the files equals the facts, and each file is what the standard says."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sdmx

from orchestration.errors import FrontierError
from orchestration.export.context import Context
from orchestration.export.sdmx.writing import write_sdmx
from tests.export.conftest import Export

FLOWS = {
    "migration_flow": "DF_MIGRATION_FLOW",
    "arrivals_departures": "DF_ARRIVALS_DEPARTURES",
    "population": "DF_POPULATION",
}
Read = dict[tuple[str, ...], tuple[float | None, dict[str, str]]]


# The library declares the kind of message only when it has seen the file.
read_sdmx: Any = sdmx.read_sdmx


@cache
def _structures(exported: Path) -> Any:
    return read_sdmx(exported / "sdmx/structure.xml")


@cache
def _read_exported(folder: Path, file: str, suffix: str) -> Read:
    return _read(_structures(folder), folder, file, suffix, FLOWS[file])


def read_exported(exported: Export, file: str, suffix: str) -> Read:
    """Value and attributes by key, as sdmx1 reads them from a file of the session's export."""
    return _read_exported(exported.folder, file, suffix)


def read_back(folder: Path, file: str, suffix: str, editions: str = "") -> Read:
    """The same from a file of the test's own export."""
    return _read(read_sdmx(folder / "sdmx/structure.xml"), folder, file, suffix, FLOWS[file] + editions)


def _read(structures: Any, folder: Path, file: str, suffix: str, flow: str) -> Read:
    dataflow = structures.dataflow[flow]
    structure = dataflow if suffix == "csv" else dataflow.structure
    message = read_sdmx(folder / f"sdmx/{file}.{suffix}", structure=structure)
    found: Read = {}
    for observation in message.data[0].obs:
        key = tuple(str(one.value) for one in observation.key)
        value = None if observation.value in (None, "") else float(observation.value)
        attributes = {name: str(one.value) for name, one in observation.attrib.items() if str(one.value) != ""}
        assert key not in found
        found[key] = (value, attributes)
    return found


def facts_of(exported: Export, file: str) -> Read:
    """The same, straight from the facts of the published database."""
    edition = "regexp_replace(edition_id, '[^A-Za-z0-9_@$-]', '_', 'g')"
    area = "replace({}, '.', '_')".format
    queries = {
        "migration_flow": f"select 'A', upper(agency), {area('reporting_id')}, upper(counted_as), "
        f"{area('origin_id')}, {area('destination_id')}, f.period_id, persons, obs_status, group_definition, "
        f"null, 'PERSONS', '0', {edition} from main.fct_migration_flow f",
        "population": f"select case period_type when 'census' then 'I' else 'A' end, upper(agency), "
        f"{area('territory_id')}, upper(population_group_id), replace(sex, 'T', '_T'), age, f.period_id, "
        f"population, obs_status, null, rounding_half_width, 'PERSONS', '0', {edition} from main.fct_population f",
        "arrivals_departures": f"select 'A', upper(agency), {area('territory_id')}, {area('partner_id')}, measure, "
        f"f.period_id, figure, obs_status, group_definition, null, unit, decimals, {edition} from (select *, "
        "unnest(['ARRIVALS', 'DEPARTURES', 'NET_MIGRATION', 'DEPARTURES_PER_100_ARRIVALS', 'NET_MIGRATION_PUBLISHED', "
        "'DEPARTURES_PER_100_ARRIVALS_PUBLISHED', 'SHARE_OF_ARRIVALS_PUBLISHED_PCT', "
        "'SHARE_OF_DEPARTURES_PUBLISHED_PCT']) as measure, unnest([arrivals, departures, net_migration, "
        "departures_per_100_arrivals, net_migration_published, departures_per_100_arrivals_published, "
        "share_of_arrivals_published_pct, share_of_departures_published_pct]::double[]) as figure, "
        "unnest(['PERSONS', 'PERSONS', 'PERSONS', 'PER_100_ARRIVALS', 'PERSONS', 'PER_100_ARRIVALS', 'PERCENT', "
        "'PERCENT']) as unit, unnest(['0', '0', '0', null, '0', null, null, null]) as decimals "
        "from main.fct_arrivals_departures) f",
    }
    rows = exported.query(
        f"{queries[file]} inner join main.dim_period using (period_key) inner join main.dim_edition "
        "using (edition_key) where is_latest" + (" and figure is not null" if file == "arrivals_departures" else "")
    )
    found: Read = {}
    for *key, value, status, definition, rounding, unit, decimals, edition_id in rows:
        attributes = {
            "OBS_STATUS": status,
            "GROUP_DEFINITION": definition,
            "ROUNDING_HALF_WIDTH": rounding,
            "UNIT_MEASURE": unit,
            "UNIT_MULT": "0",
            "DECIMALS": decimals,
            "EDITION": edition_id,
        }
        found[tuple(key)] = (value, {name: str(one) for name, one in attributes.items() if one is not None})
    return found


@pytest.mark.parametrize("suffix", ["xml", "csv"])
@pytest.mark.parametrize("file", FLOWS)
def test_what_is_read_back_equals_the_facts(exported: Export, file: str, suffix: str) -> None:
    expected = facts_of(exported, file)
    assert len(expected) > 500
    assert read_exported(exported, file, suffix) == expected


def test_two_golden_figures_are_where_an_analyst_looks(exported: Export) -> None:
    flows = read_exported(exported, "migration_flow", "xml")
    assert flows["A", "GOSKOMSTAT", "RU", "ARRIVALS", "AM", "RU", "2004"][0] == 3057
    people = read_exported(exported, "population", "csv")
    assert people["I", "GOSKOMSTAT", "RU-FD-URALS", "TOTAL", "_T", "_T", "2002-10-09"][0] == 12_374_000


def test_every_value_is_a_code_of_its_list(exported: Export) -> None:
    structures = _structures(exported.folder)
    for file, flow in FLOWS.items():
        structure = structures.dataflow[flow].structure
        components = [*structure.dimensions, *structure.attributes]
        lists = {one.id: one.local_representation.enumerated for one in components}
        names = [one.id for one in structure.dimensions]
        for key, (_, attributes) in read_exported(exported, file, "xml").items():
            for component, value in [*zip(names, key, strict=True), *attributes.items()]:
                codes = lists[component]
                assert codes is None or value in codes, f"{file}: {value} is no code of {codes}"


def test_the_structure_has_the_standard_code_lists_and_every_territory(exported: Export) -> None:
    structures = _structures(exported.folder)
    standard = {"CL_OBS_STATUS", "CL_FREQ", "CL_UNIT_MULT", "CL_DECIMALS", "CL_SEX"}
    assert {one.id for one in structures.codelist.values() if one.maintainer.id == "SDMX"} == standard
    areas = structures.codelist["CL_AREA"]
    territories = exported.query("select territory_id, name_ru, parent_id from main.dim_territory")
    assert len(areas) == len(territories)
    for territory, name_ru, parent in territories:
        code = areas[territory.replace(".", "_")]
        assert code.name.localizations.get("ru") == name_ru
        assert (code.parent.id if parent else None) == (parent.replace(".", "_") if parent else None)
        natural = [one.title for one in code.annotations if one.id == "NATURAL_ID"]
        assert natural == ([territory] if "." in territory else [])


def test_sdmx_csv_has_the_header_of_version_2(exported: Export) -> None:
    lines = (exported.folder / "sdmx/population.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == (
        "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,SOURCE_AGENCY,REF_AREA,POPULATION_GROUP,SEX,AGE,TIME_PERIOD,OBS_VALUE,"
        "UNIT_MEASURE,UNIT_MULT,DECIMALS,OBS_STATUS,ROUNDING_HALF_WIDTH,EDITION"
    )
    assert all(line.startswith("dataflow,FRONTIER:DF_POPULATION(1.0),I,") for line in lines[1:])


def test_sdmx_ml_is_a_generic_message_and_never_says_none(exported: Export) -> None:
    for file in FLOWS:
        text = (exported.folder / f"sdmx/{file}.xml").read_text(encoding="utf-8")
        assert "<mes:GenericData " in text
        assert re.search(r'<mes:DataSet [^>]*action="Information"', text)
        assert "None" not in text
        assert 'dimensionAtObservation="TIME_PERIOD"' in text
    missing = exported.query("select count(*) from main.fct_population where population is null and is_latest")[0][0]
    text = (exported.folder / "sdmx/population.xml").read_text(encoding="utf-8")
    assert text.count("<gen:Obs>") - text.count("<gen:ObsValue ") == missing > 0


def _write(context: Context) -> Path:
    write_sdmx(context)
    return context.folder


@pytest.mark.parametrize(
    ("period", "expected_freq", "expected_period"),
    [
        ("y", "A", "2005"),
        ("q", "Q", "2024-Q1"),
        ("m", "M", "2024-02"),
        ("d", "A", "2005-01-01"),
        ("e", "I", "2005-03-15"),
        ("c", "I", "2002-10-09"),
        ("i5", "_U", "1990-01-01/P5Y"),
        ("i9", "_U", "2019-01-01/P9M"),
        ("id", "_U", "1989-01-12/P5018D"),
    ],
)
def test_periods_are_written_as_sdmx_has_them(
    small_release: duckdb.DuckDBPyConnection,
    context_of: Callable[..., Context],
    period: str,
    expected_freq: str,
    expected_period: str,
) -> None:
    small_release.execute(
        "insert into fct_population select 'RU', period_key, period_id, 'total', 'T', '_T', 'e1', 5, 0, true, 'A' "
        "from dim_period where period_key = ?",
        [period],
    )
    found = read_back(_write(context_of("sdmx-ml")), "population", "xml")
    assert list(found) == [(expected_freq, "ROSSTAT", "RU", "TOTAL", "_T", "_T", expected_period)]


def _fill_flows(connection: duckdb.DuckDBPyConnection, *rows: tuple[Any, ...]) -> None:
    for row in rows:
        connection.execute("insert into fct_migration_flow values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


OLD = ("RU", "arrivals", "KZ", "RU-KAM.oblast", "y", "2005", "e1", None, 10, False, "A")
NEW = ("RU", "arrivals", "KZ", "RU-KAM.oblast", "y", "2005", "e2", "with, a comma", None, True, "O")


@pytest.mark.parametrize("suffix", ["xml", "csv"])
def test_the_latest_edition_alone_or_every_one(
    small_release: duckdb.DuckDBPyConnection, context_of: Callable[..., Context], suffix: str
) -> None:
    _fill_flows(small_release, OLD, NEW)
    formats = ("sdmx-csv", "sdmx-ml")
    latest = read_back(_write(context_of(*formats)), "migration_flow", suffix)
    key = ("A", "ROSSTAT", "RU", "ARRIVALS", "KZ", "RU-KAM_oblast")
    assert list(latest) == [(*key, "2005")]
    value, attributes = latest[(*key, "2005")]
    assert value is None
    assert attributes["OBS_STATUS"] == "O"
    assert attributes["GROUP_DEFINITION"] == "with, a comma"
    assert attributes["EDITION"] == "rosstat_flows@2020"
    every = read_back(_write(context_of(*formats, is_latest=False)), "migration_flow", suffix, "_EDITIONS")
    assert {one: value for one, (value, _) in every.items()} == {
        (*key, "rosstat_flows@2006", "2005"): 10,
        (*key, "rosstat_flows@2020", "2005"): None,
    }


def test_an_empty_cell_with_a_reason_is_an_observation_and_one_without_is_none(
    small_release: duckdb.DuckDBPyConnection, context_of: Callable[..., Context]
) -> None:
    insert = "insert into fct_arrivals_departures by name select 'RU' as territory_id, 'KZ' as partner_id, "
    latest = "'e2' as edition_key, true as is_latest, "
    small_release.execute(insert + latest + "'y' period_key, '2005' period_id, 'O' obs_status, 7 arrivals")
    small_release.execute(insert + latest + "'m' period_key, '2024-02' period_id, 'A' obs_status, 3.5 as "
                          "departures_per_100_arrivals_published")  # fmt: skip
    found = read_back(_write(context_of("sdmx-ml")), "arrivals_departures", "xml")
    short = {(key[4], key[5]): (value, attributes["OBS_STATUS"]) for key, (value, attributes) in found.items()}
    assert short == {
        ("ARRIVALS", "2005"): (7, "A"),
        ("DEPARTURES", "2005"): (None, "O"),
        ("DEPARTURES_PER_100_ARRIVALS_PUBLISHED", "2024-02"): (3.5, "A"),
    }


def test_two_figures_with_one_key_are_refused(
    small_release: duckdb.DuckDBPyConnection, context_of: Callable[..., Context]
) -> None:
    _fill_flows(small_release, NEW, (*OLD[:9], True, "A"))
    with pytest.raises(FrontierError, match=r"fct_migration_flow holds more than one.*DESTINATION=RU-KAM_oblast"):
        _write(context_of("sdmx-csv"))


def test_two_territories_that_become_one_code_are_refused(
    small_release: duckdb.DuckDBPyConnection, context_of: Callable[..., Context]
) -> None:
    small_release.execute("insert into dim_territory values ('RU-KAM_oblast', 'region', 'Other', null, null, 'RU')")
    with pytest.raises(FrontierError, match="'RU-KAM.oblast' and 'RU-KAM_oblast' would both be the code"):
        _write(context_of("sdmx-ml"))


def test_ids_keep_to_the_characters_of_sdmx(exported: Export) -> None:
    structures = _structures(exported.folder)
    ids = [code for codes in structures.codelist.values() for code in codes.items]
    assert len(ids) > 900
    assert all(re.fullmatch(r"[A-Za-z0-9_@$-]+", one) for one in ids)
