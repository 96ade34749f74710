with flows as (

    select
        *,
        case when indicator = 'arrivals' then counterpart_area else ref_area end as origin_id,
        case when indicator = 'arrivals' then ref_area else counterpart_area end as destination_id
    from {{ ref('int_figures__versioned') }}
    where
        indicator in ('arrivals', 'departures')
        and counterpart_area is not null
        and population_group = 'total'
        and breakdown = ''

)

select
    {{ surrogate_key([
        'edition_id', 'reporting_area', 'indicator', 'origin_id', 'destination_id', 'time_period'
    ]) }} as migration_flow_key,
    {{ surrogate_key(['origin_id']) }} as origin_territory_key,
    {{ surrogate_key(['destination_id']) }} as destination_territory_key,
    {{ surrogate_key(['reporting_area']) }} as reporting_territory_key,
    {{ surrogate_key(['time_period']) }} as period_key,
    edition_key,
    origin_id,
    destination_id,
    reporting_area as reporting_id,
    indicator as counted_as,
    time_period as period_id,
    group_definition,
    cast(round(figure_value) as bigint) as persons,
    is_latest,
    obs_status,
    figure_id,
    observation_id
from flows
