with printed as (

    select *
    from {{ ref('stg_observations') }}
    where
        dataset = 'goskomstat/arrivals_departures_by_okrug'
        and population_group = 'total'
        and breakdown = ''

),

counts as (

    select
        edition_id,
        time_period,
        ref_area,
        max(case when indicator = 'arrivals' then figure_value end) as arrivals,
        max(case when indicator = 'departures' then figure_value end) as departures
    from printed
    group by edition_id, time_period, ref_area

),

okrugs as (

    select
        counts.edition_id,
        counts.time_period,
        sum(counts.arrivals) as arrivals,
        sum(counts.departures) as departures
    from counts
    inner join {{ ref('territory_group_member') }} as members
        on
            counts.ref_area = members.member_id
            and members.group_id = 'RU-FEDERAL-DISTRICTS'
            and members.definition_id = 'decree_2000'
    group by counts.edition_id, counts.time_period

),

recomputed as (

    select
        edition_id,
        time_period,
        'net_migration' as indicator,
        ref_area,
        arrivals - departures as recomputed_value,
        'arrivals and departures printed beside it' as computed_from
    from counts

    union all

    select
        edition_id,
        time_period,
        'departures_per_100_arrivals' as indicator,
        ref_area,
        cast(100.0 * departures as double) / arrivals as recomputed_value,
        'arrivals and departures printed beside it' as computed_from
    from counts

    union all

    select
        edition_id,
        time_period,
        'arrivals' as indicator,
        'RU' as ref_area,
        arrivals as recomputed_value,
        'sum of the federal okrugs' as computed_from
    from okrugs

    union all

    select
        edition_id,
        time_period,
        'departures' as indicator,
        'RU' as ref_area,
        departures as recomputed_value,
        'sum of the federal okrugs' as computed_from
    from okrugs

)

{{ printed_beside_recomputed(
    dimensions=[('ref_area', 'territory_id'), ('indicator', 'indicator_id')],
    matched_by=['time_period', 'ref_area'],
) }}
