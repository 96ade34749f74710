"""What one release holds and another does not: inputs, tables, figures and findings."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from orchestration.release.store import Release

if TYPE_CHECKING:
    import duckdb

# The newest print of each figure, with the edition that prints it.
_NEWEST = """
    select observations.figure_id, observations.figure_value, observations.obs_status, editions.dataset
    from {release}.main.fct_observation as observations
    inner join {release}.main.dim_edition as editions using (edition_key)
    where observations.is_latest
"""
_FIGURES = f"""
    with old_figures as ({_NEWEST.format(release="old_release")}),
    new_figures as ({_NEWEST.format(release="new_release")})
    select
        coalesce(new_figures.dataset, old_figures.dataset) as dataset,
        count(*) filter (where old_figures.figure_id is null) as added,
        count(*) filter (where new_figures.figure_id is null) as removed,
        count(*) filter (
            where old_figures.figure_id is not null and new_figures.figure_id is not null
        ) as changed
    from old_figures
    full outer join new_figures on old_figures.figure_id = new_figures.figure_id
    where old_figures.figure_value is distinct from new_figures.figure_value
        or old_figures.obs_status is distinct from new_figures.obs_status
    group by all
    order by all
"""
_FINDINGS = """
    select findings.finding_id, findings.severity, findings.state, findings.message
    from {these}.audit.finding as findings
    where not exists (
        select 1 from {those}.audit.finding as others
        where others.finding_id = findings.finding_id and others.state = findings.state
    )
    order by all
"""


@dataclass(frozen=True)
class Differences:
    """From the older release to the newer one. Tables map to their rows before and after (None: no such table);
    figures map a dataset to how many of its newest figures were added, removed or changed."""

    older: str
    newer: str
    inputs_added: list[str] = field(default_factory=list)
    inputs_removed: list[str] = field(default_factory=list)
    inputs_changed: list[str] = field(default_factory=list)
    tables: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    findings_new: list[dict[str, str]] = field(default_factory=list)
    findings_gone: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The differences as one JSON document."""
        return asdict(self)


def compare_releases(older: Release, newer: Release) -> Differences:
    """Compare two releases; both databases are opened for reading only."""
    import duckdb

    before = {one["edition"]: one["sha256"] for one in older.manifest["inputs"]}
    after = {one["edition"]: one["sha256"] for one in newer.manifest["inputs"]}
    with duckdb.connect() as connection:
        for name, release in (("old_release", older), ("new_release", newer)):
            connection.execute(f"attach '{str(release.database).replace(chr(39), chr(39) * 2)}' as {name} (read_only)")
        figures = connection.execute(_FIGURES).fetchall()
        return Differences(
            older.id,
            newer.id,
            sorted(after.keys() - before.keys()),
            sorted(before.keys() - after.keys()),
            sorted(edition for edition in before.keys() & after.keys() if before[edition] != after[edition]),
            _changed_tables(older.manifest["tables"], newer.manifest["tables"]),
            {dataset: {"added": new, "removed": gone, "changed": other} for dataset, new, gone, other in figures},
            _findings(connection, these="new_release", those="old_release"),
            _findings(connection, these="old_release", those="new_release"),
        )


def _changed_tables(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]
) -> dict[str, tuple[int | None, int | None]]:
    def rows(tables: dict[str, dict[str, Any]], name: str) -> int | None:
        return tables[name]["rows"] if name in tables else None

    return {
        name: (rows(before, name), rows(after, name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


def _findings(connection: duckdb.DuckDBPyConnection, these: str, those: str) -> list[dict[str, str]]:
    rows = connection.execute(_FINDINGS.format(these=these, those=those)).fetchall()
    return [dict(zip(("id", "severity", "state", "message"), row, strict=True)) for row in rows]
