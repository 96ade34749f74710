"""Reading by text and never by position: what may change on a page without changing a figure."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from orchestration.errors import FrontierError
from orchestration.extraction.names import TerritoryNames

if TYPE_CHECKING:
    from tests.conftest import RawCopy

OKRUGS = "goskomstat/arrivals_departures_by_okrug"
LONG_SERIES = "goskomstat/international_migration"
CENSUS = "goskomstat/population_census_1989_2002"
YEARBOOK = "demographic_yearbook_2006"


def figures(connection: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, tuple[Any, ...]]:
    """By observation id: everything but the place."""
    rows = connection.execute(
        "select observation_id, indicator, ref_area, counterpart_area, time_period, population_group, value, raw_text, "
        "row_label, column_label, group_definition from raw.observations where dataset = ?",
        [dataset],
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def lines_of(raw_copy: RawCopy, dataset: str, edition: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw_copy.table(dataset, edition).read_text(encoding="utf-8"))))


def write_lines(raw_copy: RawCopy, dataset: str, edition: str, lines: list[list[str]]) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows(lines)
    raw_copy.write(dataset, edition, stream.getvalue().encode())


def test_columns_in_another_order_give_the_same_figures_at_other_places(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection, landed: duckdb.DuckDBPyConnection
) -> None:
    raw_copy.add(OKRUGS)
    moved = [[row[4], row[2], row[0], row[1], row[3]] for row in lines_of(raw_copy, OKRUGS, YEARBOOK)]
    # a title stands in the first column wherever the others go
    moved[0] = ["", "", moved[0][2], "", ""]
    write_lines(raw_copy, OKRUGS, YEARBOOK, moved)
    raw_copy.land(OKRUGS, landing_zone)
    assert figures(landing_zone, OKRUGS) == figures(landed, OKRUGS)
    belgorod = landing_zone.execute("select cell from raw.observations where raw_text = '5350'").fetchall()
    assert belgorod == [("D6",)]


def test_more_lines_above_the_header_move_the_addresses_only(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection, landed: duckdb.DuckDBPyConnection
) -> None:
    raw_copy.add(LONG_SERIES)
    lines = lines_of(raw_copy, LONG_SERIES, "2020-04-28")
    write_lines(raw_copy, LONG_SERIES, "2020-04-28", [["Росстат"], [], *lines, [], []])
    raw_copy.land(LONG_SERIES, landing_zone)
    assert figures(landing_zone, LONG_SERIES) == figures(landed, LONG_SERIES)
    kazakhstan = landing_zone.execute("select cell from raw.observations where raw_text = '235903'").fetchall()
    assert kazakhstan == [("B14",)]


def test_rows_in_another_order_give_the_same_figures(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection, landed: duckdb.DuckDBPyConnection
) -> None:
    raw_copy.add(CENSUS)
    lines = lines_of(raw_copy, CENSUS, "statistical_yearbook_2004")
    write_lines(raw_copy, CENSUS, "statistical_yearbook_2004", [*lines[:4], *reversed(lines[4:22]), *lines[22:]])
    raw_copy.land(CENSUS, landing_zone)
    assert figures(landing_zone, CENSUS) == figures(landed, CENSUS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Kaluga Oblast", "  Kaluga  Oblast "),
        ("Kaluga Oblast", "Kaluga\u00a0Oblast"),
        ("Kaluga Oblast", "KALUGA OBLAST"),
        ("Departures (D)", " Departures  (D)\u00a0"),
    ],
)
def test_accidents_of_typesetting_do_not_hide_a_label(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection, old: str, new: str
) -> None:
    raw_copy.add(OKRUGS)
    raw_copy.replace(OKRUGS, YEARBOOK, old, new)
    raw_copy.land(OKRUGS, landing_zone)
    assert landing_zone.execute(
        "select value from raw.observations where ref_area = 'RU-KLU' and indicator = 'departures'"
    ).fetchall() == [(428,)]


def test_a_byte_order_mark_and_dos_line_ends_change_nothing(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection, landed: duckdb.DuckDBPyConnection
) -> None:
    raw_copy.add(OKRUGS)
    content = raw_copy.table(OKRUGS, YEARBOOK).read_bytes().replace(b"\n", b"\r\n")
    raw_copy.write(OKRUGS, YEARBOOK, b"\xef\xbb\xbf" + content)
    raw_copy.land(OKRUGS, landing_zone)
    assert figures(landing_zone, OKRUGS) == figures(landed, OKRUGS)


def test_a_changed_value_keeps_the_id_of_its_figure(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection, landed: duckdb.DuckDBPyConnection
) -> None:
    raw_copy.add(OKRUGS)
    raw_copy.replace(OKRUGS, YEARBOOK, "69798", "69788")
    raw_copy.land(OKRUGS, landing_zone)
    before, after = figures(landed, OKRUGS), figures(landing_zone, OKRUGS)
    assert before.keys() == after.keys()
    (changed,) = [key for key in before if before[key] != after[key]]
    assert (before[changed][6], after[changed][6]) == ("69798", "69788")


def test_the_same_figure_in_another_edition_is_another_observation(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection, landed: duckdb.DuckDBPyConnection
) -> None:
    folder = raw_copy.add(OKRUGS)
    (folder / YEARBOOK).rename(folder / "demographic_yearbook_2007")
    raw_copy.land(OKRUGS, landing_zone)
    assert not figures(landing_zone, OKRUGS).keys() & figures(landed, OKRUGS).keys()


def test_a_spelling_of_one_dataset_is_unknown_to_another(
    raw_copy: RawCopy, landing_zone: duckdb.DuckDBPyConnection
) -> None:
    raw_copy.names = TerritoryNames.from_rows(
        [{"name": "RF total", "territory_id": "RU", "dataset": ""}, *spelling("goskomstat/elsewhere")]
    )
    raw_copy.add(OKRUGS)
    with pytest.raises(FrontierError, match=r"cell A5: the row label 'Central' is not a known territory"):
        raw_copy.land(OKRUGS, landing_zone)
    raw_copy.names = TerritoryNames.from_rows(
        [{"name": "RF total", "territory_id": "RU", "dataset": ""}, *spelling(OKRUGS)]
    )
    with pytest.raises(FrontierError, match=r"cell A6: the row label 'Belgograd Oblast'"):
        raw_copy.land(OKRUGS, landing_zone)


def spelling(dataset: str) -> list[dict[str, str]]:
    return [{"name": "Central", "territory_id": "RU-FD-CENTRAL", "dataset": dataset}]
