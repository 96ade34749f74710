{#- What was known on a day: of every figure the newest edition released by then. Today is the last day,
    so that the flag of the facts and the table macros of the published database have one definition. -#}

{#- Whether the row is the last of its versions: by release, then by edition so that a tie has one answer. -#}
{% macro is_latest(partition_by) -%}
    row_number() over (
        partition by {{ partition_by | join(', ') }}
        order by released_on desc, edition_id desc
    ) = 1
{%- endmacro %}

{#- Rows of a fact as known on `day`, the parameter of a table macro: `row_key` is the surrogate key of the
    fact, `version_of` names what a row states whatever the edition. -#}
{% macro rows_as_of(fact, row_key, version_of) -%}
    select
        facts.* exclude (is_latest),
        editions.edition_id,
        editions.dataset,
        editions.released_on,
        editions.released_on_precision,
        facts.obs_status = 'P' as is_provisional,
        facts.{{ row_key }} in (
            select sources.row_key
            from main.observation_source as sources
            inner join main.fct_revision as revisions
                on
                    sources.observation_id = revisions.previous_observation_id
                    and revisions.revision_type = 'withdrawn'
                    -- A symbol in place of the number is a print of its own, and the newest one.
                    and revisions.observation_id is null
            inner join main.dim_edition as later_editions
                on revisions.edition_key = later_editions.edition_key
            where
                sources.table_name = '{{ fact }}'
                and later_editions.released_on <= cast(day as date)
        ) as is_withdrawn
    from main.{{ fact }} as facts
    inner join main.dim_edition as editions
        on facts.edition_key = editions.edition_key
    where editions.released_on <= cast(day as date)
    qualify {{ is_latest(['facts.' ~ version_of]) }}
{%- endmacro %}
