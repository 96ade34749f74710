-- The population to divide by: of the agencies that state one, what was published last; of several tables of
-- one day, what is printed to the most digits.
with dated as (

    select
        population.territory_id,
        population.period_id,
        periods.opens_on,
        population.population,
        population.rounding_half_width,
        population.edition_key,
        editions.edition_id,
        editions.released_on,
        rank() over (partition by population.figure_id order by editions.released_on desc) as age_in_agency
    from {{ ref('fct_population') }} as population
    inner join {{ ref('dim_edition') }} as editions
        on population.edition_key = editions.edition_key
    inner join {{ ref('dim_period') }} as periods
        on population.period_id = periods.period_id
    where
        population.population_group_id = 'total'
        and population.sex = 'T'
        and population.age = '_T'

),

ranked as (

    select
        *,
        row_number() over (
            partition by territory_id, period_id
            order by released_on desc, rounding_half_width asc nulls last, edition_id desc
        ) as rank_among_agencies
    from dated
    where age_in_agency = 1 and population is not null

)

select
    territory_id,
    period_id,
    opens_on,
    population,
    edition_key
from ranked
where rank_among_agencies = 1
