"""Coverage and missing values: what a new edition prints less of than the newest that the last release holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.quality.findings import Finding

if TYPE_CHECKING:
    import duckdb

    from orchestration.quality.drift.rules import Coverage, Missing

_LISTED = 12

# Of each dataset with a new edition: the newest of them, and the newest edition that the last release holds.
_PAIRS = """
    with before as (
        select dataset, arg_max(edition_id, (released_on, edition_id)) as edition_id
        from last_release.raw.editions
        group by dataset
    ),
    after as (
        select dataset, arg_max(edition_id, (released_on, edition_id)) as edition_id
        from raw.editions
        where edition_id not in (select edition_id from last_release.raw.editions)
        group by dataset
    ),
    pairs as (
        select after.dataset, editions.edition, after.edition_id, before.edition_id as previous_id
        from after
        inner join before on after.dataset = before.dataset
        inner join raw.editions as editions on after.edition_id = editions.edition_id
        inner join last_release.raw.editions as earlier on before.edition_id = earlier.edition_id
        where editions.released_on >= earlier.released_on
    ),
    now as (
        select pairs.*, observations.*
        from pairs
        inner join raw.observations as observations on pairs.edition_id = observations.edition_id
        where observations.record_id is null
    ),
    earlier as (
        select pairs.*, observations.*
        from pairs
        inner join last_release.raw.observations as observations on pairs.previous_id = observations.edition_id
        where observations.record_id is null
    )
"""
# A territory is one with its partner: a country that is gone from the partners is gone.
_ASPECTS = {
    "indicators": "indicator",
    "territories": "ref_area || coalesce(' with ' || counterpart_area, '')",
    "periods": "time_period",
}
# A yearbook moves its window of years, and a bulletin prints one month: only a hole in the window, or a window that
# is shorter than it was, is a loss.
_LOST = {
    "periods": """
        printed.member between spans.low and spans.high or spans.members < (
            select count(*) from printed as others
            where others.edition_id = printed.edition_id and others.indicator_id = printed.indicator_id
        )
    """
}


def coverage_findings(connection: duckdb.DuckDBPyConnection, rules: Coverage) -> list[Finding]:
    """One finding per new edition, indicator and aspect of which it prints less than the edition before."""
    findings = []
    for aspect, member in _ASPECTS.items():
        # An indicator that is lost is named once, not with its territories and periods too.
        by, join = ("null", "left") if aspect == "indicators" else ("indicator", "inner")
        rows = connection.execute(
            f"""
            {_PAIRS},
            kept as (select distinct edition_id, {by} as indicator_id, {member} as member from now),
            printed as (
                select distinct dataset, edition, edition_id, previous_id, {by} as indicator_id, {member} as member
                from earlier
            ),
            spans as (
                select edition_id, indicator_id, count(*) as members, min(member) as low, max(member) as high
                from kept
                group by all
            )
            select printed.dataset, printed.edition, printed.edition_id, printed.previous_id, printed.indicator_id,
                count(*), list(printed.member order by printed.member)[:{_LISTED}]
            from printed
            anti join kept
                on printed.edition_id = kept.edition_id and printed.member = kept.member
                and printed.indicator_id is not distinct from kept.indicator_id
            {join} join spans
                on printed.edition_id = spans.edition_id
                and printed.indicator_id is not distinct from spans.indicator_id
            where {_LOST.get(aspect, "true")}
            group by all
            order by all
            """
        ).fetchall()
        for dataset, edition, edition_id, previous_id, indicator, count, members in rows:
            of_indicator = "" if indicator is None else f" indicator={indicator}"
            listed = ", ".join(members) + (f" and {count - _LISTED:,} more" if count > _LISTED else "")
            what = aspect if indicator is None else f"{aspect} of {indicator}"
            findings.append(
                Finding(
                    rule="drift.coverage",
                    instance=f"edition_id={edition_id} aspect={aspect}{of_indicator}",
                    severity=getattr(rules, aspect),
                    dataset=dataset,
                    edition=edition,
                    extent=f"{count:,} {aspect}",
                    message=(
                        f"{edition_id} no longer prints {count:,} {what} that {previous_id}, the newest edition of the "
                        f"last release, prints: {listed}. See whether the agency dropped them or the layout misses "
                        "them; if they are really gone, accept it with a waiver."
                    ),
                )
            )  # fmt: skip
    return findings


def missing_findings(connection: duckdb.DuckDBPyConnection, rule: Missing) -> list[Finding]:
    """One finding per new edition and indicator whose share of missing values rises by more than is allowed."""
    rows = connection.execute(
        f"""
        {_PAIRS},
        now_shares as (
            select dataset, edition, edition_id, previous_id, indicator, count(*) as cells,
                count(*) filter (where value is null) as missing
            from now group by all
        ),
        earlier_shares as (
            select edition_id, indicator, count(*) as cells, count(*) filter (where value is null) as missing
            from earlier group by all
        )
        select now_shares.dataset, now_shares.edition, now_shares.edition_id, previous_id, now_shares.indicator,
            now_shares.missing, now_shares.cells, earlier_shares.missing, earlier_shares.cells
        from now_shares
        inner join earlier_shares
            on now_shares.edition_id = earlier_shares.edition_id and now_shares.indicator = earlier_shares.indicator
        where now_shares.missing / now_shares.cells > earlier_shares.missing / earlier_shares.cells + ?
        order by all
        """,
        [rule.rises_by],
    ).fetchall()
    return [
        Finding(
            rule="drift.missing",
            instance=f"edition_id={edition_id} indicator={indicator}",
            severity=rule.severity,
            dataset=dataset,
            edition=edition,
            extent=f"{missing:,} missing values",
            message=(
                f"Of {indicator} in {edition_id}, {missing:,} of {cells:,} values are missing "
                f"({missing / cells:.0%}); in {previous_id} it was {missing_before:,} of {cells_before:,} "
                f"({missing_before / cells_before:.0%}). See whether the agency prints a symbol that the layout does "
                "not know."
            ),
        )
        for (
            dataset, edition, edition_id, previous_id, indicator, missing, cells, missing_before, cells_before,
        ) in rows
    ]  # fmt: skip
