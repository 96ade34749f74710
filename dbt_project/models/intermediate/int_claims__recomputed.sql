-- One row per figure of the literature that the warehouse can compute, named as the claims name it.
with arrivals as (

    select
        territory_id,
        partner_id,
        period_id,
        arrivals,
        departures,
        departures_per_100_arrivals
    from {{ ref('fct_arrivals_departures') }}
    where is_latest

),

cis_shares as (

    select
        facts.period_id,
        100.0 * max(case when facts.partner_id = 'CIS' then facts.arrivals end)
        / max(case when facts.partner_id = 'WORLD' then facts.arrivals end) as arrivals_share,
        100.0 * max(case when facts.partner_id = 'CIS' then facts.departures end)
        / max(case when facts.partner_id = 'WORLD' then facts.departures end) as departures_share
    from {{ ref('fct_arrivals_departures') }} as facts
    inner join {{ ref('stg_editions') }} as editions
        on facts.edition_key = editions.edition_key
    where facts.territory_id = 'RU' and editions.dataset = 'goskomstat/russia_cis_migration'
    group by facts.period_id

),

departures_share_rises as (

    select
        period_id,
        departures_share > lag(departures_share) over (order by period_id) as is_rise
    from cis_shares

),

kazakh_border as (

    select
        sum(case when members.member_id is not null then population.population end) as border_population,
        max(case when population.territory_id = 'KZ' then population.population end) as total_population
    from {{ ref('fct_population') }} as population
    left join {{ ref('territory_group_member') }} as members
        on
            population.territory_id = members.member_id
            and members.group_id = 'KZ-BORDER-RU'
            and members.definition_id = 'until_2022'
    where
        population.is_latest
        and population.population_group_id = 'total'
        and population.sex = 'T'
        and population.age = '_T'
        and population.period_id = '2009-01-01'

)

select
    'cis_share_of_arrivals_1997' as recompute,
    cast(max(arrivals_share) as double) as recomputed_value
from cis_shares
where period_id = '1997'

union all

select
    'lowest_cis_share_of_arrivals_2000_2005' as recompute,
    cast(min(arrivals_share) as double) as recomputed_value
from cis_shares
where period_id between '2000' and '2005'

union all

select
    'rises_of_cis_share_of_departures_1998_2004' as recompute,
    cast(sum(case when is_rise then 1 else 0 end) as double) as recomputed_value
from departures_share_rises
where period_id between '1998' and '2004'

union all

select
    'departures_per_100_arrivals_' || case territory_id
        when 'RU-MOS' then 'moscow_oblast'
        when 'RU-FD-SIBERIA' then 'siberia'
        else 'far_east'
    end || '_2005' as recompute,
    departures_per_100_arrivals as recomputed_value
from arrivals
where
    territory_id in ('RU-MOS', 'RU-FD-SIBERIA', 'RU-FD-FAREAST')
    and partner_id = 'WORLD'
    and period_id = '2005'

union all

select
    'share_584_of_arrivals_1997' as recompute,
    cast(0.584 * arrivals as double) as recomputed_value
from arrivals
where territory_id = 'RU' and partner_id = 'WORLD' and period_id = '1997'

union all

select
    'share_512_of_arrivals_2003' as recompute,
    cast(0.512 * arrivals as double) as recomputed_value
from arrivals
where territory_id = 'RU' and partner_id = 'WORLD' and period_id = '2003'

union all

select
    'population_kz_' || substring(period_id, 1, 4) as recompute,
    cast(population as double) as recomputed_value
from {{ ref('fct_population') }}
where
    territory_id = 'KZ'
    and is_latest
    and population_group_id = 'total'
    and sex = 'T'
    and age = '_T'
    and period_id in ('2000-01-01', '2006-01-01')

union all

select
    'kz_border_population_2009' as recompute,
    cast(border_population as double) as recomputed_value
from kazakh_border

union all

select
    'kz_border_population_share_2009' as recompute,
    cast(100.0 * border_population / total_population as double) as recomputed_value
from kazakh_border

union all

select
    'border_regions_' || lower(group_id) as recompute,
    cast(count(*) as double) as recomputed_value
from {{ ref('territory_group_member') }}
where
    group_id in ('RU-BORDER-KZ', 'KZ-BORDER-RU', 'RU-BORDER-KZ-WEST', 'KZ-BORDER-RU-WEST')
    and definition_id != 'since_2022'
group by group_id

union all

select
    'survey_respondents' as recompute,
    cast(nullif(count(*), 0) as double) as recomputed_value
from {{ ref('mart_survey_respondent') }}
