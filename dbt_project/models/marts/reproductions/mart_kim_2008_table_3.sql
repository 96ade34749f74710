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
        'total' as population_group,
        population_2002 - population_1989 as recomputed_value,
        1000.0 as input_half_width,
        'the two populations printed beside it' as computed_from
    from populations

    union all

    select
        edition_id,
        'population_change_rate' as indicator,
        ref_area,
        'total' as population_group,
        cast(100.0 * (population_2002 - population_1989) as double) / population_1989 as recomputed_value,
        cast(100.0 * (population_2002 + 500) as double) / (population_1989 - 500)
        - cast(100.0 * population_2002 as double) / population_1989 as input_half_width,
        'the two populations printed beside it' as computed_from
    from populations

)

{{ printed_beside_recomputed(
    dimensions=[
        ('ref_area', 'territory_id'), ('time_period', 'period_id'), ('population_group', 'population_group_id'),
        ('indicator', 'indicator_id'),
    ],
    matched_by=['ref_area', 'population_group'],
    input_half_width='recomputed.input_half_width',
) }}
