-- What each of the printed figures may be off by, through rounding, adds up to what the residual may be.
with roundings as (

    select
        sources.row_key,
        sum(figures.rounding_half_width) as rounding_tolerance
    from {{ ref('observation_source') }} as sources
    inner join {{ ref('fct_observation') }} as figures
        on sources.observation_id = figures.observation_id
    where
        sources.table_name = 'fct_population_change'
        and sources.role = 'printed'
        and sources.column_name in (
            'opening_population',
            'closing_population',
            'natural_increase',
            'net_migration',
            'settlement_reclassification'
        )
    group by sources.row_key

),

balances as (

    select
        changes.*,
        editions.agency,
        changes.population_change
        - changes.natural_increase
        - changes.net_migration
        - coalesce(changes.settlement_reclassification, 0) as residual,
        roundings.rounding_tolerance
    from {{ ref('fct_population_change') }} as changes
    inner join {{ ref('dim_edition') }} as editions
        on changes.edition_key = editions.edition_key
    left join roundings
        on changes.population_change_key = roundings.row_key
    where
        changes.is_latest
        and (changes.opening_population is not null or changes.closing_population is not null)

)

select
    {{ surrogate_key(['row_id']) }} as population_balance_key,
    territory_key,
    period_key,
    population_group_key,
    edition_key,
    agency,
    territory_id,
    period_id,
    population_group_id,
    opening_population,
    natural_increase,
    net_migration,
    settlement_reclassification,
    closing_population,
    population_change,
    cast(residual as bigint) as residual,
    cast(100.0 * residual as double) / nullif(opening_population, 0) as residual_pct,
    cast(rounding_tolerance as double) as rounding_tolerance,
    abs(residual) <= rounding_tolerance as is_within_rounding,
    case
        when opening_population is null then 'the edition states no opening population'
        when closing_population is null then 'the edition states no closing population'
        when natural_increase is null and net_migration is null
            then 'the edition states neither natural increase nor net migration'
        when natural_increase is null then 'the edition states no natural increase'
        when net_migration is null then 'the edition states no net migration'
    end as missing_reason,
    obs_status
from balances
