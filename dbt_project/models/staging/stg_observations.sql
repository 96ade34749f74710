-- The characteristics by which a figure is broken down; a figure without any is plain.
{%- set breakdown = ['sex', 'age', 'citizenship', 'variant'] %}

with printed as (

    select
        observations.*,
        editions.agency,
        editions.released_on,
        editions.edition_key,
        cast({{ unit_factor('observations.unit_mult') }} as bigint) as factor,
        ltrim(
            {% for dimension in breakdown -%}
                coalesce(' {{ dimension }}=' || observations.{{ dimension }}, '')
                {%- if not loop.last %} || {% endif %}
            {% endfor %}
        ) as breakdown
    from {{ source('raw', 'observations') }} as observations
    inner join {{ ref('stg_editions') }} as editions
        on observations.edition_id = editions.edition_id
    where observations.record_id is null

)

select
    observation_id,
    edition_key,
    edition_id,
    dataset,
    agency,
    released_on,
    indicator,
    ref_area,
    counterpart_area,
    reporting_area,
    time_period,
    population_group,
    sex,
    age,
    citizenship,
    variant,
    breakdown,
    group_definition,
    obs_status,
    unit,
    unit_mult,
    decimals,
    raw_text,
    is_computed_by_quoting_work,
    cast(value * factor as decimal(28, 8)) as figure_value,
    -- A count is a whole number: printed to the unit it stands for itself alone.
    cast(
        case
            when unit in ('persons', 'documents') and decimals >= unit_mult then 0
            else {{ half_unit('decimals') }} * factor
        end as decimal(28, 9)
    ) as half_width,
    {{ surrogate_key([
        'agency', 'indicator', 'ref_area', 'counterpart_area', 'reporting_area', 'time_period',
        'population_group', 'breakdown'
    ]) }} as figure_id
from printed
