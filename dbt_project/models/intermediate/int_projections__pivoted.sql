-- A projected population is printed for a 1 January; it stands in the row of the year that this day opens.
{%- set indicators = ['population', 'natural_increase', 'net_migration', 'population_change'] %}

with projected as (

    select
        edition_key,
        edition_id,
        agency,
        released_on,
        reporting_area,
        ref_area,
        population_group,
        variant,
        obs_status,
        indicator,
        figure_value,
        observation_id,
        case
            when indicator = 'population' then substring(time_period, 1, 4)
            else time_period
        end as time_period
    from {{ ref('stg_observations') }}
    where
        breakdown = 'variant=' || variant
        and counterpart_area is null
        and indicator in {{ text_list(indicators) }}
        and (indicator != 'population' or substring(time_period, 5) = '-01-01')

)

select
    edition_key,
    edition_id,
    agency,
    released_on,
    reporting_area,
    ref_area,
    time_period,
    population_group,
    variant,
    max(obs_status) as obs_status,
    {{ indicator_columns(indicators) }}
from projected
group by
    edition_key, edition_id, agency, released_on, reporting_area, ref_area, time_period, population_group,
    variant
