"""What a candidate or release changes against the last release: findings, rows of tables, revisions of figures."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.quality.findings import Finding, read_findings

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

REVISION_TYPES = ("new", "confirmed", "revised", "definition", "withdrawn")
_LAST = "last_release"


@dataclass(frozen=True)
class RowCount:
    """Rows of a table now and in the last release; None where it does not exist."""

    table: str
    rows: int | None
    before: int | None

    @property
    def difference(self) -> int | None:
        return None if self.rows is None or self.before is None else self.rows - self.before


@dataclass(frozen=True)
class Revisions:
    """Of a dataset: how many figures of its editions are new, confirmed, revised, … now, and were before."""

    dataset: str
    counts: dict[str, int]
    before: dict[str, int]

    @property
    def is_changed(self) -> bool:
        return self.counts != self.before


@dataclass(frozen=True)
class Changes:
    """Everything that changed against a release, which is named; before the first there is nothing to compare."""

    since: str | None
    new_findings: tuple[Finding, ...]
    resolved_findings: tuple[Finding, ...]
    decided_findings: tuple[Finding, ...]
    row_counts: tuple[RowCount, ...]
    tables: int
    revisions: tuple[Revisions, ...]


def read_changes(
    connection: duckdb.DuckDBPyConnection, findings: list[Finding], last: Path | None, is_complete: bool
) -> Changes:
    """Compare an open database and its findings with the database of the last release.

    `is_complete` says whether every model was built: a table that is missing because the gate stopped before it is
    not counted as gone.
    """
    if last is None:
        counts = _row_counts(connection, None)
        rows = tuple(RowCount(table, count, None) for table, count in counts.items())
        return Changes(None, (), (), (), rows, len(rows), tuple(_revisions(_revision_counts(connection, None), {})))
    known = {finding.id: finding for finding in _last_findings(last)}
    with _attached(connection, last):
        rows, tables = _changed_rows(connection, is_complete)
        revisions = _revisions(_revision_counts(connection, None), _revision_counts(connection, _LAST))
    now = {finding.id for finding in findings}
    return Changes(
        since=last.parent.name,
        new_findings=tuple(one for one in findings if one.id not in known),
        resolved_findings=tuple(one for one in known.values() if one.id not in now),
        decided_findings=tuple(one for one in findings if one.id in known and known[one.id].state != one.state),
        row_counts=tuple(rows),
        tables=tables,
        revisions=tuple(one for one in revisions if one.is_changed),
    )


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, last: Path) -> Generator[None]:
    path = str(last).replace("'", "''")
    connection.execute(f"attach '{path}' as {_LAST} (read_only)")
    try:
        yield
    finally:
        connection.execute(f"detach {_LAST}")


def _last_findings(last: Path) -> list[Finding]:
    import duckdb

    with duckdb.connect(str(last), read_only=True) as connection:
        return read_findings(connection)


def _changed_rows(connection: duckdb.DuckDBPyConnection, is_complete: bool) -> tuple[list[RowCount], int]:
    now, before = _row_counts(connection, None), _row_counts(connection, _LAST)
    names = sorted(now.keys() | before.keys()) if is_complete else sorted(now)
    changed = [RowCount(name, now.get(name), before.get(name)) for name in names if now.get(name) != before.get(name)]
    return changed, len(now)


def _row_counts(connection: duckdb.DuckDBPyConnection, database: str | None) -> dict[str, int]:
    """Rows of every table that analysts see, and of the printed cells, in a database."""
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = coalesce(?, current_database()) "
        "and (schema_name = 'main' or (schema_name = 'raw' and table_name = 'observations')) order by all",
        [database],
    ).fetchall()
    prefix = f"{database}." if database else ""
    counts = " union all ".join(
        f'select \'{schema}.{table}\', count(*) from {prefix}"{schema}"."{table}"' for schema, table in tables
    )
    return dict(connection.execute(counts).fetchall()) if counts else {}


def _revision_counts(connection: duckdb.DuckDBPyConnection, database: str | None) -> dict[str, dict[str, int]]:
    """Figures by dataset and type of revision; none where the database has no revisions."""
    has_revisions = connection.execute(
        "select count(*) = 2 from duckdb_tables() where database_name = coalesce(?, current_database()) "
        "and schema_name = 'main' and table_name in ('fct_revision', 'dim_edition')",
        [database],
    ).fetchone() or (False,)
    if not has_revisions[0]:
        return {}
    prefix = f"{database}." if database else ""
    counts: dict[str, dict[str, int]] = {}
    for dataset, kind, count in connection.execute(
        f"select editions.dataset, revisions.revision_type, count(*) from {prefix}main.fct_revision as revisions "
        f"inner join {prefix}main.dim_edition as editions on revisions.edition_key = editions.edition_key group by all"
    ).fetchall():
        counts.setdefault(dataset, {})[kind] = count
    return counts


def _revisions(now: dict[str, dict[str, int]], before: dict[str, dict[str, int]]) -> list[Revisions]:
    return [Revisions(name, now.get(name, {}), before.get(name, {})) for name in sorted(now.keys() | before.keys())]
