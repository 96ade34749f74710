-- A part is divided by the total of its own edition: a revision must not come between the two.
with parts as (

    select *
    from {{ ref('fct_arrivals_departures') }}
    where
        is_latest
        and partner_id != 'WORLD'
        and (arrivals is not null or departures is not null)

),

totals as (

    select *
    from {{ ref('fct_arrivals_departures') }}
    where partner_id = 'WORLD'

)

select
    {{ surrogate_key(['parts.row_id']) }} as partner_share_key,
    {{ surrogate_key(['parts.territory_id']) }} as territory_key,
    {{ surrogate_key(['parts.partner_id']) }} as partner_territory_key,
    {{ surrogate_key(['parts.period_id']) }} as period_key,
    parts.edition_key,
    editions.agency,
    parts.territory_id,
    parts.partner_id,
    parts.period_id,
    parts.group_definition,
    parts.arrivals,
    parts.departures,
    totals.arrivals as total_arrivals,
    totals.departures as total_departures,
    cast(100.0 * parts.arrivals as double) / nullif(totals.arrivals, 0) as share_of_arrivals_pct,
    cast(100.0 * parts.departures as double) / nullif(totals.departures, 0) as share_of_departures_pct,
    parts.share_of_arrivals_published_pct,
    parts.share_of_departures_published_pct,
    case
        when totals.row_id is null then 'the edition states no total of all partners'
        when totals.arrivals is null and totals.departures is null
            then 'the totals of all partners are not stated'
        when totals.arrivals is null then 'the total of arrivals is not stated'
        when totals.departures is null then 'the total of departures is not stated'
        when parts.arrivals is null then 'arrivals are not stated'
        when parts.departures is null then 'departures are not stated'
        when totals.arrivals = 0 then 'nobody arrived'
        when totals.departures = 0 then 'nobody departed'
    end as missing_reason,
    parts.obs_status
from parts
inner join {{ ref('dim_edition') }} as editions
    on parts.edition_key = editions.edition_key
left join totals
    on
        parts.edition_key = totals.edition_key
        and parts.territory_id = totals.territory_id
        and parts.period_id = totals.period_id
