with populations as (

    select
        *,
        coalesce(sex, 'T') as sex_code,
        coalesce(age, '_T') as age_code
    from {{ ref('int_figures__versioned') }}
    where indicator = 'population' and citizenship is null and variant is null

)

select
    {{ surrogate_key(['edition_id', 'ref_area', 'time_period', 'population_group', 'sex_code', 'age_code']) }}
        as population_key,
    {{ surrogate_key(['ref_area']) }} as territory_key,
    {{ surrogate_key(['time_period']) }} as period_key,
    {{ surrogate_key(['population_group']) }} as population_group_key,
    edition_key,
    ref_area as territory_id,
    time_period as period_id,
    population_group as population_group_id,
    sex_code as sex,
    age_code as age,
    cast(round(figure_value) as bigint) as population,
    cast(round(half_width) as bigint) as rounding_half_width,
    is_latest,
    obs_status,
    figure_id,
    observation_id
from populations
