-- What the registers count, beside what the tables of population change say after censuses corrected it.
with counts as (

    select
        'registered flows' as basis,
        edition_key,
        territory_id,
        period_id,
        arrivals,
        departures,
        net_migration,
        obs_status
    from {{ ref('fct_arrivals_departures') }}
    where is_latest and partner_id = 'WORLD'

    union all

    select
        'population change' as basis,
        edition_key,
        territory_id,
        period_id,
        null as arrivals,
        null as departures,
        net_migration,
        obs_status
    from {{ ref('fct_population_change') }}
    where
        is_latest
        and population_group_id = 'total'
        and net_migration is not null
        and territory_id in (
            select chosen.territory_id
            from {{ ref('int_population__chosen') }} as chosen
            where substring(chosen.period_id, 5) = '-01-01'
        )

),

extents as (

    select
        predecessor_id as territory_id,
        changed_on
    from {{ ref('bridge_territory_change') }}
    where change_type in ('boundary_change', 'merger', 'split', 'transfer')

    union

    select
        successor_id as territory_id,
        changed_on
    from {{ ref('bridge_territory_change') }}
    where change_type in ('boundary_change', 'merger', 'split', 'transfer')

),

-- Tables in later boundaries print them from the 1 January before the change.
changed_extents as (

    select distinct
        extents.territory_id,
        periods.period_id
    from extents
    inner join {{ ref('dim_period') }} as periods
        on
            periods.period_type = 'year'
            and extents.changed_on > periods.opens_on
            and extents.changed_on < cast(periods.closes_on + interval '12' month as date)

),

measured as (

    select
        counts.basis,
        counts.territory_id,
        counts.period_id,
        editions.agency,
        counts.edition_key,
        opening.edition_key as opening_population_edition_key,
        closing.edition_key as closing_population_edition_key,
        counts.arrivals,
        counts.departures,
        counts.net_migration,
        opening.population as opening_population,
        closing.population as closing_population,
        cast(opening.population + closing.population as double) / 2 as average_population,
        changed_extents.territory_id is not null as has_boundary_change,
        counts.obs_status
    from counts
    inner join {{ ref('dim_edition') }} as editions
        on counts.edition_key = editions.edition_key
    inner join {{ ref('dim_period') }} as periods
        on counts.period_id = periods.period_id and periods.period_type = 'year'
    left join {{ ref('int_population__chosen') }} as opening
        on
            counts.territory_id = opening.territory_id
            and cast(periods.opens_on as {{ dbt.type_string() }}) = opening.period_id
    left join {{ ref('int_population__chosen') }} as closing
        on
            counts.territory_id = closing.territory_id
            and cast(periods.closes_on as {{ dbt.type_string() }}) = closing.period_id
    left join changed_extents
        on
            counts.territory_id = changed_extents.territory_id
            and counts.period_id = changed_extents.period_id

)

select
    {{ surrogate_key(['basis', 'agency', 'territory_id', 'period_id']) }} as migration_rate_key,
    {{ surrogate_key(['territory_id']) }} as territory_key,
    {{ surrogate_key(['period_id']) }} as period_key,
    edition_key,
    opening_population_edition_key,
    closing_population_edition_key,
    basis,
    agency,
    territory_id,
    period_id,
    cast(arrivals as bigint) as arrivals,
    cast(departures as bigint) as departures,
    cast(net_migration as bigint) as net_migration,
    cast(opening_population as bigint) as opening_population,
    cast(closing_population as bigint) as closing_population,
    average_population,
    has_boundary_change,
    cast(1000.0 * arrivals / nullif(average_population, 0) as double) as arrival_rate_per_1000,
    cast(1000.0 * departures / nullif(average_population, 0) as double) as departure_rate_per_1000,
    cast(1000.0 * net_migration / nullif(average_population, 0) as double) as net_migration_rate_per_1000,
    case
        when opening_population is null and closing_population is null
            then 'the populations of both 1 Januaries have not landed'
        when opening_population is null then 'the population of the opening 1 January has not landed'
        when closing_population is null then 'the population of the closing 1 January has not landed'
        when average_population = 0 then 'nobody lived there'
        when basis = 'population change' then 'tables of population change state net migration alone'
        when arrivals is null and departures is null then 'neither arrivals nor departures are stated'
        when arrivals is null then 'arrivals are not stated'
        when departures is null then 'departures are not stated'
    end as missing_reason,
    obs_status
from measured
