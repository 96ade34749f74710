with editions_of_rows as (

    select
        *,
        {{ surrogate_key(['agency', 'reporting_area', 'ref_area', 'counterpart_area', 'time_period']) }}
            as row_id
    from {{ ref('int_arrivals_departures__pivoted') }}

)

select
    {{ surrogate_key(['edition_id', 'reporting_area', 'ref_area', 'counterpart_area', 'time_period']) }}
        as arrivals_departures_key,
    {{ surrogate_key(['ref_area']) }} as territory_key,
    {{ surrogate_key(['counterpart_area']) }} as partner_territory_key,
    {{ surrogate_key(['time_period']) }} as period_key,
    edition_key,
    ref_area as territory_id,
    counterpart_area as partner_id,
    time_period as period_id,
    group_definition,
    cast(round(arrivals) as bigint) as arrivals,
    cast(round(departures) as bigint) as departures,
    cast(round(arrivals - departures) as bigint) as net_migration,
    cast(100.0 * departures as double) / nullif(arrivals, 0) as departures_per_100_arrivals,
    cast(round(net_migration) as bigint) as net_migration_published,
    cast(departures_per_100_arrivals as double) as departures_per_100_arrivals_published,
    cast(share_of_arrivals as double) as share_of_arrivals_published_pct,
    cast(share_of_departures as double) as share_of_departures_published_pct,
    {{ is_latest(['row_id']) }} as is_latest,
    obs_status,
    row_id
from editions_of_rows
