"""Survey files against the last release: editions, variables, types, labels and codes that have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.quality.findings import Finding

if TYPE_CHECKING:
    import duckdb

    from orchestration.quality.drift.rules import SurveyDrift

_LISTED = 8

# Each survey edition beside the one to compare with: itself where the last release holds it, else the newest of its
# dataset that the last release holds.
_PAIRS = """
    with pairs as (
        select
            editions.dataset, editions.edition, editions.edition_id,
            coalesce(same.edition_id, newest.edition_id) as previous_id
        from raw.editions as editions
        inner join raw.survey_files as files on editions.edition_id = files.edition_id
        left join last_release.raw.editions as same on editions.edition_id = same.edition_id
        left join (
            select dataset, arg_max(edition_id, (released_on, edition_id)) as edition_id
            from last_release.raw.editions
            group by dataset
        ) as newest on editions.dataset = newest.dataset
        where coalesce(same.edition_id, newest.edition_id) is not null
    ),
    now as (
        select pairs.edition_id as pair, variables.*
        from pairs inner join raw.survey_variables as variables on pairs.edition_id = variables.edition_id
    ),
    earlier as (
        select pairs.edition_id as pair, variables.*
        from pairs inner join last_release.raw.survey_variables as variables
            on pairs.previous_id = variables.edition_id
    ),
    now_codes as (
        select pairs.edition_id as pair, labels.*
        from pairs inner join raw.survey_value_labels as labels on pairs.edition_id = labels.edition_id
    ),
    earlier_codes as (
        select pairs.edition_id as pair, labels.*
        from pairs inner join last_release.raw.survey_value_labels as labels on pairs.previous_id = labels.edition_id
    ),
    changes as (
        select earlier.pair, 'variable_gone' as kind, earlier.variable as said
        from earlier anti join now on earlier.pair = now.pair and earlier.variable = now.variable
        union all
        select now.pair, 'variable_new', now.variable
        from now anti join earlier on earlier.pair = now.pair and earlier.variable = now.variable
        union all
        select now.pair, 'type',
            now.variable || ' was ' || concat_ws(' ', earlier.storage_type, earlier.format)
            || ', is ' || concat_ws(' ', now.storage_type, now.format)
        from now inner join earlier on earlier.pair = now.pair and earlier.variable = now.variable
        where (now.storage_type, now.format) is distinct from (earlier.storage_type, earlier.format)
        union all
        select now.pair, 'label',
            now.variable || ' was “' || coalesce(earlier.label, '') || '”, is “' || coalesce(now.label, '') || '”'
        from now inner join earlier on earlier.pair = now.pair and earlier.variable = now.variable
        where now.label is distinct from earlier.label
        union all
        select earlier_codes.pair, 'code_gone', earlier_codes.variable || ' ' || earlier_codes.code
        from earlier_codes
        semi join now on earlier_codes.pair = now.pair and earlier_codes.variable = now.variable
        anti join now_codes on earlier_codes.pair = now_codes.pair
            and earlier_codes.variable = now_codes.variable and earlier_codes.code = now_codes.code
        union all
        select now_codes.pair, 'code_new', now_codes.variable || ' ' || now_codes.code
        from now_codes
        semi join earlier on now_codes.pair = earlier.pair and now_codes.variable = earlier.variable
        anti join earlier_codes on earlier_codes.pair = now_codes.pair
            and earlier_codes.variable = now_codes.variable and earlier_codes.code = now_codes.code
        union all
        select now_codes.pair, 'code_label',
            now_codes.variable || ' ' || now_codes.code || ' was “' || coalesce(earlier_codes.label, '')
            || '”, is “' || coalesce(now_codes.label, '') || '”'
        from now_codes inner join earlier_codes on earlier_codes.pair = now_codes.pair
            and earlier_codes.variable = now_codes.variable and earlier_codes.code = now_codes.code
        where now_codes.label is distinct from earlier_codes.label
    )
"""
_SAID = {
    "variable_gone": "no longer has the variables",
    "variable_new": "has new variables",
    "type": "stores variables otherwise",
    "label": "labels variables otherwise",
    "code_gone": "no longer labels the codes",
    "code_new": "labels new codes",
    "code_label": "gives codes another meaning",
}


def survey_findings(connection: duckdb.DuckDBPyConnection, rules: SurveyDrift) -> list[Finding]:
    """One finding per survey edition and kind of change, and per edition that is gone."""
    rows = connection.execute(
        f"""
        {_PAIRS}
        select pairs.dataset, pairs.edition, pairs.edition_id, pairs.previous_id, changes.kind, count(*),
            list(changes.said order by changes.said)[:{_LISTED}]
        from changes inner join pairs on changes.pair = pairs.edition_id
        group by all
        order by all
        """
    ).fetchall()
    return [
        *_gone(connection, rules),
        *(
            Finding(
                rule="drift.survey",
                instance=f"edition_id={edition_id} change={kind}",
                severity=getattr(rules, kind),
                # Nobody has to decide on what does not block and is no doubt.
                state="explained" if getattr(rules, kind) == "info" else "open",
                decision="A change of the file that nothing depends on" if getattr(rules, kind) == "info" else None,
                dataset=dataset,
                edition=edition,
                extent=f"{count:,} {'variables' if not kind.startswith('code') else 'codes'}",
                message=(
                    f"{edition_id} {_SAID[kind]}, against {_against(edition_id, previous_id)}: {'; '.join(said)}"
                    + (f"; and {count - _LISTED:,} more." if count > _LISTED else ".")
                ),
            )
            for dataset, edition, edition_id, previous_id, kind, count, said in rows
        ),
    ]


def _against(edition_id: str, previous_id: str) -> str:
    return "the last release" if edition_id == previous_id else f"{previous_id} of the last release"


def _gone(connection: duckdb.DuckDBPyConnection, rules: SurveyDrift) -> list[Finding]:
    rows = connection.execute(
        """
        select editions.edition_id, editions.dataset, editions.edition, files.case_count
        from last_release.raw.survey_files as files
        inner join last_release.raw.editions as editions on files.edition_id = editions.edition_id
        where files.edition_id not in (select edition_id from raw.survey_files)
        order by 1
        """
    ).fetchall()
    return [
        Finding(
            rule="drift.survey",
            instance=f"edition_id={edition_id} change=edition_gone",
            severity=rules.edition_gone,
            dataset=dataset,
            edition=edition,
            extent=f"{cases:,} respondents",
            message=(
                f"The survey {edition_id} with its {cases:,} respondents, which the last release holds, is gone. Put "
                "the edition back, or accept the deletion with a waiver."
            ),
        )
        for edition_id, dataset, edition, cases in rows
    ]  # fmt: skip
