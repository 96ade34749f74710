-- The characteristics by which a figure is broken down; a figure without any is plain.
{%- set breakdown = ['sex', 'age', 'citizenship', 'variant'] %}

with printed as (

    select
        observations.*,
        corrections.corrected_value,
        corrections.decimals as corrected_decimals,
        corrections.observation_id is not null as is_corrected,
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
    left join {{ source('raw', 'corrections') }} as corrections
        on observations.observation_id = corrections.observation_id
    where observations.record_id is null

),

-- From here on the steward's value stands for what is printed; its status is that of an imputed figure.
chosen as (

    select
        *,
        case when is_corrected then 'I' else obs_status end as chosen_status,
        case when is_corrected then corrected_value else value end as chosen_value,
        case when is_corrected then corrected_decimals else decimals end as chosen_decimals
    from printed

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
    chosen_status as obs_status,
    unit,
    unit_mult,
    chosen_decimals as decimals,
    raw_text,
    is_corrected,
    is_computed_by_quoting_work,
    cast(chosen_value * factor as decimal(28, 8)) as figure_value,
    case when is_corrected then cast(value * factor as decimal(28, 8)) end as overridden_value,
    -- A count is a whole number: printed to the unit it stands for itself alone.
    cast(
        case
            when unit in ('persons', 'documents') and chosen_decimals >= unit_mult then 0
            else {{ half_unit('chosen_decimals') }} * factor
        end as decimal(28, 9)
    ) as half_width,
    {{ surrogate_key([
        'agency', 'indicator', 'ref_area', 'counterpart_area', 'reporting_area', 'time_period',
        'population_group', 'breakdown'
    ]) }} as figure_id
from chosen
