with printed as (

    select *
    from {{ ref('stg_observations') }}
    where dataset = 'goskomstat/population_census_1989_2002' and breakdown = ''

),

populations as (

    select
        edition_id,
        ref_area,
        max(case when time_period = '1989-01-12' then figure_value end) as population_1989,
        max(case when time_period = '2002-10-09' then figure_value end) as population_2002
    from printed
    where indicator = 'population' and population_group = 'total'
    group by edition_id, ref_area

),

-- Two populations rounded to the thousand: the change is known to a thousand, the rate to what that
-- does to the quotient.
recomputed as (

    select
        edition_id,
        'population_change' as indicator,
        ref_area,
        population_2002 - population_1989 as recomputed_value,
        1000.0 as input_half_width,
        'the two populations printed beside it' as computed_from
    from populations

    union all

    select
        edition_id,
        'population_change_rate' as indicator,
        ref_area,
        100.0 * (population_2002 - population_1989) / population_1989 as recomputed_value,
        100.0 * (population_2002 + 500) / (population_1989 - 500)
        - 100.0 * population_2002 / population_1989 as input_half_width,
        'the two populations printed beside it' as computed_from
    from populations

)

select
    printed.observation_id,
    printed.edition_key,
    printed.ref_area as territory_id,
    printed.time_period as period_id,
    printed.population_group as population_group_id,
    printed.indicator as indicator_id,
    cast(printed.figure_value as double) as printed_value,
    cast(recomputed.recomputed_value as double) as recomputed_value,
    cast(printed.figure_value - recomputed.recomputed_value as double) as difference,
    abs(printed.figure_value - recomputed.recomputed_value)
    <= printed.half_width + recomputed.input_half_width as is_within_rounding,
    recomputed.computed_from
from printed
left join recomputed
    on
        printed.edition_id = recomputed.edition_id
        and printed.indicator = recomputed.indicator
        and printed.ref_area = recomputed.ref_area
        and printed.population_group = 'total'
