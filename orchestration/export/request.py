"""What is to be exported: the formats that there are, and which of them hold the tables that were asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from orchestration.errors import UsageError

Format = Literal["parquet", "csv", "sdmx-csv", "sdmx-ml", "sav", "dta", "ddi"]
FORMATS: tuple[Format, ...] = get_args(Format)
SURVEY_TABLE = "mart_survey_respondent"
SDMX_TABLES = ("fct_migration_flow", "fct_arrivals_departures", "fct_population")
_ONLY_TABLES: dict[Format, tuple[str, ...]] = {
    "sdmx-csv": SDMX_TABLES,
    "sdmx-ml": SDMX_TABLES,
    "sav": (SURVEY_TABLE,),
    "dta": (SURVEY_TABLE,),
    "ddi": (SURVEY_TABLE,),
}


@dataclass(frozen=True)
class Request:
    """Formats and tables to export; `is_latest` leaves superseded editions out of the SDMX files."""

    formats: tuple[Format, ...]
    tables: tuple[str, ...]
    is_latest: bool = True

    def tables_in(self, file_format: Format) -> tuple[str, ...]:
        """The chosen tables that a format can hold."""
        only = _ONLY_TABLES.get(file_format)
        return self.tables if only is None else tuple(table for table in only if table in self.tables)


def choose(
    formats: Sequence[str], tables: Sequence[str], known_tables: Collection[str], is_latest: bool = True
) -> Request:
    """The request for these formats (`all`, or none, means each) and tables (none means each).

    Formats that hold none of the chosen tables are left out of `all`. Raises `UsageError` for a table that
    the release does not have (with the nearest names), and for a named format that holds none of the tables.
    """
    unknown = [table for table in tables if table.removeprefix("main.") not in known_tables]
    if unknown:
        raise UsageError(_unknown_table(unknown[0], known_tables))
    chosen = tuple(dict.fromkeys(table.removeprefix("main.") for table in tables)) or tuple(sorted(known_tables))
    is_all = not formats or "all" in formats
    wanted = FORMATS if is_all else tuple(one for one in FORMATS if one in formats)
    request = Request(wanted, chosen, is_latest)
    empty = [one for one in wanted if not request.tables_in(one)]
    if empty and not is_all:
        raise UsageError(
            f"{empty[0]} files hold only {', '.join(_ONLY_TABLES[empty[0]])}, and none of these is among the tables "
            "asked for. Leave --table out, or ask for parquet or csv."
        )
    return Request(tuple(one for one in wanted if one not in empty), chosen, is_latest)


def _unknown_table(table: str, known: Collection[str]) -> str:
    near = get_close_matches(table, sorted(known), n=3, cutoff=0.4)
    hint = f" Did you mean {', '.join(near)}?" if near else f" Tables: {', '.join(sorted(known))}."
    return f"The release has no table {table!r}.{hint}"
