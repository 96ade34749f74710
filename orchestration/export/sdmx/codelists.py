"""The code lists: those of SDMX, and our own of territories, editions, groups, ages and measures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.export.contents import Table, fetch_rows
from orchestration.export.errors import ExportError
from orchestration.export.sdmx.flows import AGENCY, ARRIVALS_DEPARTURES_MEASURES, VERSION, sdmx_id
from orchestration.export.sdmx.standard_codes import STANDARD_LISTS

if TYPE_CHECKING:
    import duckdb

Names = dict[str, str]


@dataclass(frozen=True)
class CodeEntry:
    """A code: its SDMX id, the id that the warehouse uses, names and description by language, and its parent."""

    id: str
    natural_id: str
    names: Names
    description: str | None = None
    parent: str | None = None


@dataclass(frozen=True)
class CodeListContent:
    """A code list; `is_partial` where a standard list has more codes than stand here."""

    id: str
    agency: str
    version: str
    name: str
    codes: tuple[CodeEntry, ...]
    is_partial: bool = False


def read_code_lists(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> dict[str, CodeListContent]:
    """Every code list that the dataflows use, by id.

    Raises `ExportError` when two ids of the warehouse become one where SDMX allows fewer characters.
    """
    own = (
        _own("CL_AREA", "Territories and groups of territories", _areas(connection)),
        _own("CL_EDITION", "Editions of the published tables", _editions(connection)),
        _own("CL_SOURCE_AGENCY", "Agencies that publish the figures", _agencies(connection)),
        _own("CL_POPULATION_GROUP", "Population groups", _population_groups(connection)),
        _own("CL_AGE", "Age groups", _ages(connection)),
        _own("CL_MEASURE", "Measures of arrivals and departures", _measures(tables)),
        _own("CL_COUNTED_AS", "As what a move is counted", _counted_as()),
        _own("CL_UNIT_MEASURE", "Units of measure", _units()),
    )
    standard = (
        CodeListContent(
            list_id, "SDMX", version, name, tuple(CodeEntry(c, c, {"en": label}) for c, label in codes.items()), True
        )
        for list_id, (version, name, codes) in STANDARD_LISTS.items()
    )
    return {one.id: one for one in (*own, *standard)}


def _own(list_id: str, name: str, codes: Iterable[CodeEntry]) -> CodeListContent:
    entries: dict[str, CodeEntry] = {}
    for code in codes:
        other = entries.setdefault(code.id, code)
        if other is not code:
            raise ExportError(
                f"{other.natural_id!r} and {code.natural_id!r} would both be the code {code.id!r} of {list_id}: SDMX "
                "allows only letters, digits and _ @ $ - in a code. Rename one of them."
            )
    # A reader that goes through the list once must know a parent before its children.
    ordered = sorted(entries.values(), key=lambda code: _depth(code, entries))
    return CodeListContent(list_id, AGENCY, VERSION, name, tuple(ordered))


def _depth(code: CodeEntry, entries: Mapping[str, CodeEntry]) -> int:
    passed = {code.id}
    while code.parent and code.parent not in passed:
        code = entries[code.parent]
        passed.add(code.id)
    return len(passed)


def _areas(connection: duckdb.DuckDBPyConnection) -> list[CodeEntry]:
    rows = fetch_rows(
        connection,
        f"select {sdmx_id('territory_id')} as code, territory_id as natural_id, {sdmx_id('parent_id')} as parent, "
        "territory_type, name_en, name_ru, name_kk from main.dim_territory order by territory_id",
    )
    known = {row["code"] for row in rows}
    return [
        CodeEntry(
            row["code"],
            row["natural_id"],
            _names(row),
            f"{row['territory_type']} {row['natural_id']}",
            row["parent"] if row["parent"] in known else None,
        )
        for row in rows
    ]


def _editions(connection: duckdb.DuckDBPyConnection) -> list[CodeEntry]:
    rows = fetch_rows(
        connection,
        f"select {sdmx_id('edition_id')} as code, edition_id as natural_id, title_en as name_en, "
        "publisher || ': ' || publication || ', released ' || released_on || '. ' || licence as description "
        "from main.dim_edition order by edition_id",
    )
    return [CodeEntry(row["code"], row["natural_id"], _names(row), row["description"]) for row in rows]


def _agencies(connection: duckdb.DuckDBPyConnection) -> list[CodeEntry]:
    rows = fetch_rows(
        connection,
        f"select {sdmx_id('upper(agency)')} as code, agency as natural_id, min(publisher) as name_en "
        "from main.dim_edition group by agency order by agency",
    )
    return [CodeEntry(row["code"], row["natural_id"], _names(row)) for row in rows]


def _population_groups(connection: duckdb.DuckDBPyConnection) -> list[CodeEntry]:
    rows = fetch_rows(
        connection,
        f"select {sdmx_id('upper(population_group_id)')} as code, population_group_id as natural_id, "
        f"{sdmx_id('upper(parent_id)')} as parent, name_en, name_ru, name_kk "
        "from main.dim_population_group order by population_group_id",
    )
    return [CodeEntry(row["code"], row["natural_id"], _names(row), None, row["parent"]) for row in rows]


def _ages(connection: duckdb.DuckDBPyConnection) -> list[CodeEntry]:
    rows = fetch_rows(
        connection,
        f"select distinct {sdmx_id('age')} as code, age as natural_id from main.fct_population order by age",
    )
    return [CodeEntry(row["code"], row["natural_id"], {"en": age_name(row["natural_id"])}) for row in rows]


def _measures(tables: Mapping[str, Table]) -> list[CodeEntry]:
    comments = {column.name: column.comment for column in tables["fct_arrivals_departures"].columns}
    return [
        CodeEntry(name.upper(), name, {"en": comments[name].rstrip(".") or name})
        for name in ARRIVALS_DEPARTURES_MEASURES
    ]


def _counted_as() -> list[CodeEntry]:
    return [
        CodeEntry("ARRIVALS", "arrivals", {"en": "Arrivals in the reporting area"}),
        CodeEntry("DEPARTURES", "departures", {"en": "Departures from the reporting area"}),
    ]


def _units() -> list[CodeEntry]:
    return [
        CodeEntry("PERSONS", "persons", {"en": "Persons"}),
        CodeEntry("PERCENT", "percent", {"en": "Per cent"}),
        CodeEntry("PER_100_ARRIVALS", "per_100_arrivals", {"en": "Persons per 100 arrivals"}),
    ]


def _names(row: Mapping[str, Any]) -> Names:
    return {language: row[f"name_{language}"] for language in ("en", "ru", "kk") if row.get(f"name_{language}")}


def age_name(age: str) -> str:
    """An age group in words: `Y0T4` is 0 to 4 years, `Y_GE70` 70 years and over."""
    patterns = (
        (r"Y(\d+)T(\d+)", "{0} to {1} years"),
        (r"Y_GE(\d+)", "{0} years and over"),
        (r"Y_LT(\d+)", "under {0} years"),
        (r"Y(\d+)", "{0} years"),
    )
    for pattern, words in patterns:
        found = re.fullmatch(pattern, age)
        if found:
            return words.format(*found.groups())
    return "All ages" if age == "_T" else age.replace("_", " ").capitalize()
