with printed as (

    select *
    from {{ ref('stg_observations') }}
    where
        dataset = 'goskomstat/population_change'
        and population_group = 'total'
        and breakdown = ''

),

years as (

    select
        changes.edition_id,
        changes.time_period,
        periods.closes_on,
        opening.figure_value as opening_population,
        changes.figure_value as natural_increase,
        migration.figure_value as net_migration
    from printed as changes
    inner join {{ ref('dim_period') }} as periods
        on changes.time_period = periods.period_id
    inner join printed as migration
        on
            changes.edition_id = migration.edition_id
            and changes.time_period = migration.time_period
            and migration.indicator = 'net_migration'
    inner join printed as opening
        on
            changes.edition_id = opening.edition_id
            and opening.indicator = 'population'
            and opening.time_period = cast(periods.opens_on as {{ dbt.type_string() }})
    where changes.indicator = 'natural_increase'

),

recomputed as (

    select
        edition_id,
        'population_growth_rate' as indicator,
        time_period,
        cast(100.0 * (natural_increase + net_migration) as double) / opening_population as recomputed_value,
        cast(0 as decimal(28, 8)) as input_half_width,
        'natural increase and net migration over the population at 1 January' as computed_from
    from years

    union all

    -- The balance rests on three rounded figures: the last population and the two changes.
    select
        edition_id,
        'population' as indicator,
        cast(closes_on as {{ dbt.type_string() }}) as time_period,
        opening_population + natural_increase + net_migration as recomputed_value,
        cast(600 as decimal(28, 8)) as input_half_width,
        'population a year before, natural increase and net migration' as computed_from
    from years

)

{{ printed_beside_recomputed(
    dimensions=[('time_period', 'period_id'), ('indicator', 'indicator_id')],
    matched_by=['time_period'],
    input_half_width='recomputed.input_half_width',
) }}
