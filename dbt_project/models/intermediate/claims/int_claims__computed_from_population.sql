with figures as (

    select
        dataset,
        agency,
        indicator,
        ref_area,
        time_period,
        figure_value,
        is_latest,
        is_latest_in_dataset
    from {{ ref('int_figures__versioned') }}
    where counterpart_area is null and population_group = 'total' and breakdown = ''

),

-- Russia by the table that the text speaks of, not by what later tables make of the same years.
russia as (

    select
        time_period,
        max(case when indicator = 'natural_increase' then figure_value end) as natural_increase,
        max(case when indicator = 'net_migration' then figure_value end) as net_migration
    from figures
    where
        dataset = 'goskomstat/population_change'
        and ref_area = 'RU'
        and indicator in ('natural_increase', 'net_migration')
        and is_latest_in_dataset
    group by time_period

),

russian_years as (

    select
        *,
        natural_increase + net_migration as population_change,
        row_number() over (order by net_migration desc) as rank_by_net_migration
    from russia

),

censuses as (

    select
        ref_area,
        max(case when time_period = '1989-01-12' then figure_value end) as population_1989,
        max(case when time_period = '2002-10-09' then figure_value end) as population_2002
    from figures
    where
        dataset = 'goskomstat/population_census_1989_2002'
        and indicator = 'population'
        and is_latest_in_dataset
    group by ref_area

),

federal_districts as (

    select
        censuses.ref_area,
        censuses.population_2002 - censuses.population_1989 as population_change,
        row_number() over (
            order by cast(censuses.population_2002 as double) / censuses.population_1989 asc nulls last
        ) as rank_by_decline
    from censuses
    inner join {{ ref('territory_group_member') }} as members
        on
            censuses.ref_area = members.member_id
            and members.group_id = 'RU-FEDERAL-DISTRICTS'
            and members.definition_id = 'decree_2000'

),

kazakhstan as (

    select
        substring(time_period, 1, 4) as year_text,
        max(case when indicator = 'population' then figure_value end) as population,
        max(case when indicator = 'net_migration' then figure_value end) as net_migration
    from figures
    where
        agency = 'kazstat'
        and ref_area = 'KZ'
        and is_latest
        and (
            (indicator = 'population' and time_period like '____-01-01')
            or (indicator = 'net_migration' and length(time_period) = 4)
        )
    group by substring(time_period, 1, 4)

),

kazakh_years as (

    select
        *,
        lead(population) over (order by year_text) - population as population_change
    from kazakhstan

),

kazakh_stocks as (

    select
        max(case when year_text = '2000' then population end) as population_2000,
        max(case when year_text = '2006' then population end) as population_2006,
        max(case when year_text = '2009' then population end) as population_2009
    from kazakhstan

),

kazakh_border as (

    select sum(figures.figure_value) as population
    from figures
    inner join {{ ref('territory_group_member') }} as members
        on
            figures.ref_area = members.member_id
            and members.group_id = 'KZ-BORDER-RU'
            and members.definition_id = 'until_2022'
    where
        figures.agency = 'kazstat'
        and figures.indicator = 'population'
        and figures.time_period = '2009-01-01'
        and figures.is_latest

),

computed as (

    select
        'years_of_growth_ru_1992_2005' as figure_name,
        sum(case when population_change > 0 then 1 else 0 end) as figure_value
    from russian_years
    where time_period between '1992' and '2005'

    union all

    select
        'years_without_net_gain_ru_1992_2005' as figure_name,
        sum(case when net_migration > 0 then 0 else 1 end) as figure_value
    from russian_years
    where time_period between '1992' and '2005'

    union all

    select
        'net_migration_ru_1990_1999' as figure_name,
        sum(net_migration) as figure_value
    from russian_years
    where time_period between '1990' and '1999'

    union all

    select
        'year_of_highest_net_migration_ru_1990_2005' as figure_name,
        cast(time_period as integer) as figure_value
    from russian_years
    where rank_by_net_migration = 1

    union all

    select
        'far_east_and_north_west_among_two_largest_declines_1989_2002' as figure_name,
        sum(case when rank_by_decline <= 2 then 1 else 0 end) as figure_value
    from federal_districts
    where ref_area in ('RU-FD-FAREAST', 'RU-FD-NORTHWEST')

    union all

    select
        'population_change_central_1989_2002' as figure_name,
        population_change as figure_value
    from federal_districts
    where ref_area = 'RU-FD-CENTRAL'

    union all

    select
        'population_kz_' || year_text as figure_name,
        population as figure_value
    from kazakhstan
    where year_text in ('2000', '2006')

    union all

    select
        'population_change_kz_2000_2006' as figure_name,
        population_2006 - population_2000 as figure_value
    from kazakh_stocks

    union all

    select
        'population_change_kz_2000_2009' as figure_name,
        population_2009 - population_2000 as figure_value
    from kazakh_stocks

    union all

    select
        'years_of_growth_kz_2005_2006' as figure_name,
        sum(case when population_change > 0 then 1 else 0 end) as figure_value
    from kazakh_years
    where year_text between '2005' and '2006'

    union all

    select
        'years_without_net_loss_kz_2000_2003' as figure_name,
        sum(case when net_migration < 0 then 0 else 1 end) as figure_value
    from kazakh_years
    where year_text between '2000' and '2003'

    union all

    select
        'kz_border_population_2009' as figure_name,
        population as figure_value
    from kazakh_border

    union all

    select
        'kz_border_population_share_2009' as figure_name,
        cast(100.0 * kazakh_border.population as double) / kazakh_stocks.population_2009 as figure_value
    from kazakh_border
    cross join kazakh_stocks

)

select
    figure_name,
    cast(figure_value as double) as figure_value
from computed
