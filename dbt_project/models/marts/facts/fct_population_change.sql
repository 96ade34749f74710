with editions_of_rows as (

    select
        *,
        {{ surrogate_key(['agency', 'ref_area', 'time_period', 'population_group']) }} as row_id
    from {{ ref('int_population_change__assembled') }}

)

select
    {{ surrogate_key(['edition_id', 'ref_area', 'time_period', 'population_group']) }}
        as population_change_key,
    {{ surrogate_key(['ref_area']) }} as territory_key,
    {{ surrogate_key(['time_period']) }} as period_key,
    {{ surrogate_key(['population_group']) }} as population_group_key,
    edition_key,
    ref_area as territory_id,
    time_period as period_id,
    population_group as population_group_id,
    cast(round(opening_population) as bigint) as opening_population,
    cast(round(closing_population) as bigint) as closing_population,
    cast(round(closing_population - opening_population) as bigint) as population_change,
    cast(round(population_change) as bigint) as population_change_published,
    cast(round(natural_increase) as bigint) as natural_increase,
    cast(round(net_migration) as bigint) as net_migration,
    cast(round(settlement_reclassification) as bigint) as settlement_reclassification,
    cast(
        100.0 * coalesce(
            natural_increase
            + net_migration
            + case
                when settlement_reclassification_observation_id is null then 0
                else settlement_reclassification
            end,
            closing_population - opening_population
        ) as double
    )
    / nullif(opening_population, 0) as growth_rate_pct,
    cast(coalesce(population_growth_rate, population_change_rate) as double) as growth_rate_published_pct,
    {{ is_latest(['row_id']) }} as is_latest,
    obs_status,
    row_id
from editions_of_rows
