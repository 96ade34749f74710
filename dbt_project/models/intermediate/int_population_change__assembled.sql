{%- set indicators = [
    'natural_increase', 'net_migration', 'settlement_reclassification', 'population_change',
    'population_growth_rate', 'population_change_rate',
] -%}

with changes as (

    select
        edition_key,
        edition_id,
        agency,
        released_on,
        reporting_area,
        ref_area,
        time_period,
        population_group,
        max(obs_status) as obs_status,
        {{ indicator_columns(indicators) }}
    from {{ ref('stg_observations') }}
    where
        counterpart_area is null
        and breakdown = ''
        and indicator in {{ text_list(indicators) }}
    group by
        edition_key, edition_id, agency, released_on, reporting_area, ref_area, time_period,
        population_group

)

select
    changes.*,
    opening.figure_value as opening_population,
    opening.observation_id as opening_population_observation_id,
    closing.figure_value as closing_population,
    closing.observation_id as closing_population_observation_id
from changes
inner join {{ ref('dim_period') }} as periods
    on changes.time_period = periods.period_id
left join {{ ref('stg_observations') }} as opening
    on
        changes.edition_id = opening.edition_id
        and opening.indicator = 'population'
        and opening.breakdown = ''
        and changes.ref_area = opening.ref_area
        and changes.population_group = opening.population_group
        and cast(periods.opens_on as {{ dbt.type_string() }}) = opening.time_period
left join {{ ref('stg_observations') }} as closing
    on
        changes.edition_id = closing.edition_id
        and closing.indicator = 'population'
        and closing.breakdown = ''
        and changes.ref_area = closing.ref_area
        and changes.population_group = closing.population_group
        and cast(periods.closes_on as {{ dbt.type_string() }}) = closing.time_period
