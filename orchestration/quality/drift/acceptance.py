"""Which findings are about a change since the last release, and which of those a published release has accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PASSING = "rule_id like 'drift.%' or rule_id = 'figures_deleted'"


def accepted_changes(last_release: Path | None) -> set[str]:
    """Ids of findings about a change that were waived when a release with the change was published.

    Such a finding is gone with the next release: its waiver has done its work, and is not stale.
    """
    if last_release is None:
        return set()
    import duckdb

    with duckdb.connect(str(last_release), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() "
            "where schema_name = 'audit' and table_name in ('finding', 'finding_history')"
        ).fetchall()
        found = [f"select finding_id from audit.{table} where state = 'waived' and ({_PASSING})" for (table,) in tables]
        return {one for (one,) in connection.execute(" union all ".join(found)).fetchall()} if found else set()
