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
        100.0 * departures / arrivals as recomputed_value,
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

select
    printed.observation_id,
    printed.edition_key,
    printed.ref_area as territory_id,
    printed.indicator as indicator_id,
    cast(printed.figure_value as double) as printed_value,
    cast(recomputed.recomputed_value as double) as recomputed_value,
    cast(printed.figure_value - recomputed.recomputed_value as double) as difference,
    abs(printed.figure_value - recomputed.recomputed_value) <= printed.half_width as is_within_rounding,
    recomputed.computed_from
from printed
left join recomputed
    on
        printed.edition_id = recomputed.edition_id
        and printed.time_period = recomputed.time_period
        and printed.indicator = recomputed.indicator
        and printed.ref_area = recomputed.ref_area
