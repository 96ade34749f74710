-- Each figure is computed from the table that the text speaks of, as its newest edition has it.
with figures as (

    select
        dataset,
        ref_area,
        counterpart_area,
        time_period,
        max(case when indicator = 'arrivals' then figure_value end) as arrivals,
        max(case when indicator = 'departures' then figure_value end) as departures
    from {{ ref('int_figures__versioned') }}
    where is_latest_in_dataset and population_group = 'total' and breakdown = ''
    group by dataset, ref_area, counterpart_area, time_period

),

russia as (

    select
        time_period,
        max(case when counterpart_area = 'WORLD' then arrivals end) as arrivals,
        cast(100.0 * max(case when counterpart_area = 'CIS' then arrivals end) as double)
        / max(case when counterpart_area = 'WORLD' then arrivals end) as cis_share_of_arrivals,
        cast(100.0 * max(case when counterpart_area = 'CIS' then departures end) as double)
        / max(case when counterpart_area = 'WORLD' then departures end) as cis_share_of_departures
    from figures
    where dataset = 'goskomstat/russia_cis_migration' and ref_area = 'RU'
    group by time_period

),

years as (

    select
        *,
        lag(cis_share_of_departures) over (order by time_period) as departures_share_before
    from russia

),

kazakhstan as (

    select
        time_period,
        cast(100.0 * sum(case when counterpart_area = 'RU' then arrivals + departures end) as double)
        / sum(case when counterpart_area = 'WORLD' then arrivals + departures end) as russia_share_of_exchange
    from figures
    where dataset = 'un_desa/migration_flows_kazakhstan' and ref_area = 'KZ'
    group by time_period

),

territories as (

    select
        figures.ref_area,
        territories.territory_type,
        figures.arrivals - figures.departures as net_migration,
        cast(100.0 * figures.departures as double) / figures.arrivals as departures_per_100_arrivals
    from figures
    inner join {{ ref('territory') }} as territories
        on figures.ref_area = territories.territory_id
    where
        figures.dataset = 'goskomstat/arrivals_departures_by_okrug'
        and figures.counterpart_area = 'WORLD'
        and figures.time_period = '2005'

),

federal_districts as (

    select
        territories.ref_area,
        row_number() over (
            order by territories.departures_per_100_arrivals asc nulls last
        ) as rank_by_departures,
        row_number() over (order by territories.net_migration desc) as rank_by_net_migration
    from territories
    inner join {{ ref('territory_group_member') }} as members
        on
            territories.ref_area = members.member_id
            and members.group_id = 'RU-FEDERAL-DISTRICTS'
            and members.definition_id = 'decree_2000'

),

computed as (

    select
        'cis_share_of_arrivals_1997' as figure_name,
        max(cis_share_of_arrivals) as figure_value
    from years
    where time_period = '1997'

    union all

    select
        'lowest_cis_share_of_arrivals_2000_2005' as figure_name,
        min(cis_share_of_arrivals) as figure_value
    from years
    where time_period between '2000' and '2005'

    union all

    select
        'years_cis_share_of_departures_not_smaller_1997_2005' as figure_name,
        sum(case when cis_share_of_departures >= cis_share_of_arrivals then 1 else 0 end) as figure_value
    from years
    where time_period between '1997' and '2005'

    union all

    select
        'rises_of_cis_share_of_departures_1998_2004' as figure_name,
        sum(case when cis_share_of_departures > departures_share_before then 1 else 0 end) as figure_value
    from years
    where time_period between '1998' and '2004'

    union all

    select
        'arrivals_ru_' || time_period as figure_name,
        arrivals as figure_value
    from years
    where time_period in ('1997', '2003')

    union all

    select
        'departures_per_100_arrivals_' || case ref_area
            when 'RU-MOS' then 'moscow_oblast'
            when 'RU-FD-SIBERIA' then 'siberia'
            else 'far_east'
        end || '_2005' as figure_name,
        departures_per_100_arrivals as figure_value
    from territories
    where ref_area in ('RU-MOS', 'RU-FD-SIBERIA', 'RU-FD-FAREAST')

    union all

    select
        'highest_departures_per_100_arrivals_of_listed_regions_2005' as figure_name,
        max(departures_per_100_arrivals) as figure_value
    from territories
    where territory_type = 'region'

    union all

    select
        'rank_of_central_by_departures_per_100_arrivals_2005' as figure_name,
        rank_by_departures as figure_value
    from federal_districts
    where ref_area = 'RU-FD-CENTRAL'

    union all

    select
        'rank_of_central_by_net_migration_2005' as figure_name,
        rank_by_net_migration as figure_value
    from federal_districts
    where ref_area = 'RU-FD-CENTRAL'

    union all

    select
        'highest_share_of_russia_in_exchange_kz_2000_2009' as figure_name,
        max(russia_share_of_exchange) as figure_value
    from kazakhstan
    where time_period between '2000' and '2009'

)

select
    figure_name,
    cast(figure_value as double) as figure_value
from computed
