with editions_of_rows as (

    select
        *,
        {{ surrogate_key(['agency', 'ref_area', 'time_period', 'population_group', 'variant']) }} as row_id
    from {{ ref('int_projections__pivoted') }}

)

select
    {{ surrogate_key(['edition_id', 'ref_area', 'time_period', 'population_group', 'variant']) }}
        as population_projection_key,
    {{ surrogate_key(['ref_area']) }} as territory_key,
    {{ surrogate_key(['time_period']) }} as period_key,
    {{ surrogate_key(['population_group']) }} as population_group_key,
    edition_key,
    ref_area as territory_id,
    time_period as period_id,
    variant,
    population_group as population_group_id,
    cast(round(population) as bigint) as opening_population,
    cast(round(natural_increase) as bigint) as natural_increase,
    cast(round(net_migration) as bigint) as net_migration,
    cast(round(population_change) as bigint) as population_change,
    {{ is_latest(['row_id']) }} as is_latest,
    obs_status,
    row_id
from editions_of_rows
