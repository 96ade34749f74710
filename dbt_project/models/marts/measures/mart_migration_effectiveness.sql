with counts as (

    select
        facts.edition_key,
        editions.agency,
        facts.territory_id,
        facts.partner_id,
        facts.period_id,
        facts.group_definition,
        facts.arrivals,
        facts.departures,
        facts.net_migration,
        facts.arrivals + facts.departures as gross_migration,
        facts.departures_per_100_arrivals,
        facts.obs_status,
        facts.row_id
    from {{ ref('fct_arrivals_departures') }} as facts
    inner join {{ ref('dim_edition') }} as editions
        on facts.edition_key = editions.edition_key
    where
        facts.is_latest
        and (facts.arrivals is not null or facts.departures is not null)

)

select
    {{ surrogate_key(['row_id']) }} as migration_effectiveness_key,
    {{ surrogate_key(['territory_id']) }} as territory_key,
    {{ surrogate_key(['partner_id']) }} as partner_territory_key,
    {{ surrogate_key(['period_id']) }} as period_key,
    edition_key,
    agency,
    territory_id,
    partner_id,
    period_id,
    group_definition,
    arrivals,
    departures,
    net_migration,
    cast(gross_migration as bigint) as gross_migration,
    cast(100.0 * net_migration as double) / nullif(gross_migration, 0) as migration_effectiveness_pct,
    departures_per_100_arrivals,
    case
        when arrivals is null then 'arrivals are not stated'
        when departures is null then 'departures are not stated'
        when gross_migration = 0 then 'nobody moved'
        when arrivals = 0 then 'nobody arrived'
    end as missing_reason,
    obs_status
from counts
