"""Findings from the marts themselves: differences that a definition or a source explains, and lost figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.quality.findings import Finding, FindingCell

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


def definition_findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """One `info` finding per figure that differs from the edition before it by definition alone."""
    rows = connection.execute(
        """
        select
            revisions.indicator_id, revisions.territory_id, revisions.partner_id, revisions.period_id,
            concat_ws(' ', nullif(revisions.population_group_id, 'total'), nullif(revisions.breakdown, '')),
            revisions.figure_value, revisions.previous_value,
            after.dataset, after.edition, after.file, after.sheet, after.cell, after.raw_text,
            after.observation_id, after.group_definition,
            before.observation_id, before.file, before.sheet, before.cell, before.raw_text, before.group_definition
        from main.fct_revision as revisions
        inner join raw.observations as after on revisions.observation_id = after.observation_id
        inner join raw.observations as before on revisions.previous_observation_id = before.observation_id
        where revisions.revision_type = 'definition'
        order by revisions.indicator_id, revisions.partner_id, revisions.period_id
        """
    ).fetchall()
    return [
        Finding(
            rule="figure_differs_by_definition",
            instance=f"indicator={indicator} ref_area={territory} counterpart_area={partner} time_period={period}"
            + (f" of={part}" if part else ""),
            severity="info",
            state="explained",
            dataset=dataset,
            edition=edition,
            cells=(
                FindingCell(after_id, file, sheet, cell, raw_text),
                FindingCell(before_id, before_file, before_sheet, before_cell, before_text),
            ),
            message=(
                f"{indicator} of {territory}, partner {partner}, {period}: {before_text} in {before_file} "
                f"{before_cell} ({before_definition}), {raw_text} in {file} {cell} ({definition})."
            ),
            decision=f"The members that the two definitions do not share make up exactly {previous - value:,.0f}",
        )
        for (
            indicator, territory, partner, period, part, value, previous, dataset, edition, file, sheet, cell, raw_text,
            after_id, definition, before_id, before_file, before_sheet, before_cell, before_text, before_definition,
        ) in rows
    ]  # fmt: skip


def claim_findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """One `info` finding per figure of the literature that the warehouse computes otherwise."""
    rows = connection.execute(
        """
        select
            claims.claim_id, claims.statement, claims.printed, claims.recomputed_value, claims.unit,
            claims.explanation, cells.dataset, cells.edition, cells.observation_id, cells.file, cells.sheet,
            cells.cell, cells.raw_text
        from main.fct_published_claim as claims
        inner join raw.observations as cells on claims.observation_id = cells.observation_id
        where claims.verdict = 'disagrees'
        order by cells.dataset, claims.claim_id
        """
    ).fetchall()
    return [
        Finding(
            rule="claim_differs",
            instance=f"dataset={dataset} claim={claim}",
            severity="info",
            state="explained",
            dataset=dataset,
            edition=edition,
            cells=(FindingCell(observation_id, file, sheet, cell, raw_text),),
            message=f"{statement}: the text has {printed}, the figures give {value:,.2f} {unit}.",
            decision=explanation or "The figures and the text are two sources",
        )
        for (
            claim, statement, printed, value, unit, explanation, dataset, edition, observation_id, file, sheet, cell,
            raw_text,
        ) in rows
    ]  # fmt: skip


def deletion_findings(connection: duckdb.DuckDBPyConnection, last_release: Path | None) -> list[Finding]:
    """One error per edition of the last release from which figures are gone; none before the first release."""
    if last_release is None:
        return []
    path = str(last_release).replace("'", "''")
    connection.execute(f"attach '{path}' as last_release (read_only)")
    try:
        rows = connection.execute(
            """
            select before.edition_id, before.dataset, before.edition, count(*), min(before.file)
            from last_release.raw.observations as before
            anti join raw.observations as after on before.observation_id = after.observation_id
            group by before.edition_id, before.dataset, before.edition
            order by before.edition_id
            """
        ).fetchall()
    finally:
        connection.execute("detach last_release")
    return [
        Finding(
            rule="figures_deleted",
            instance=f"edition_id={edition_id} figures={count}",
            severity="error",
            dataset=dataset,
            edition=edition,
            message=(
                f"{count} figures of {edition_id} ({file}) that the last release holds are gone. Put the edition "
                "back, or accept the deletion with a waiver."
            ),
        )
        for edition_id, dataset, edition, count, file in rows
    ]
