-- Sets of regions that add up to their country. Russia's regions are the members of its federal districts.
with sets as (

    select
        definitions.group_id,
        definitions.definition_id,
        definitions.valid_from as definition_from,
        definitions.valid_to as definition_to,
        case definitions.group_id
            when 'RU-FEDERAL-DISTRICTS' then 'federal districts'
            when 'RU-ECONOMIC-REGIONS' then 'economic regions'
            else 'regions'
        end as region_level,
        case when definitions.group_id = 'KZ-REGIONS' then 'KZ' else 'RU' end as country_id
    from {{ ref('territory_group') }} as definitions
    where definitions.group_id in ('RU-FEDERAL-DISTRICTS', 'RU-ECONOMIC-REGIONS', 'KZ-REGIONS')

),

arrivals as (

    select
        facts.territory_id,
        facts.period_id,
        editions.agency,
        facts.arrivals,
        periods.closes_on
    from {{ ref('fct_arrivals_departures') }} as facts
    inner join {{ ref('dim_edition') }} as editions
        on facts.edition_key = editions.edition_key
    inner join {{ ref('dim_period') }} as periods
        on facts.period_id = periods.period_id and periods.period_type = 'year'
    where facts.is_latest and facts.partner_id = 'WORLD' and facts.arrivals is not null

),

years as (

    select distinct
        agency,
        period_id,
        cast(closes_on - interval '1' day as date) as last_day
    from arrivals

),

-- Members by what was in force on the last day of the year.
direct_members as (

    select
        sets.country_id,
        sets.region_level,
        sets.group_id,
        sets.definition_id,
        years.agency,
        years.period_id,
        years.last_day,
        memberships.member_id
    from years
    cross join sets
    inner join {{ ref('bridge_territory_group') }} as memberships
        on
            sets.group_id = memberships.group_id
            and sets.definition_id = memberships.definition_id
            and (memberships.valid_from is null or years.last_day >= memberships.valid_from)
            and (memberships.valid_to is null or years.last_day < memberships.valid_to)
    where
        (sets.definition_from is null or sets.definition_from <= years.last_day)
        and (sets.definition_to is null or years.last_day < sets.definition_to)

),

members as (

    select
        country_id,
        region_level,
        group_id,
        definition_id,
        agency,
        period_id,
        member_id
    from direct_members

    union

    select
        districts.country_id,
        'regions' as region_level,
        districts.group_id,
        districts.definition_id,
        districts.agency,
        districts.period_id,
        memberships.member_id
    from direct_members as districts
    inner join {{ ref('territory_group') }} as extents
        on
            districts.member_id = extents.group_id
            and (extents.valid_from is null or districts.last_day >= extents.valid_from)
            and (extents.valid_to is null or districts.last_day < extents.valid_to)
    inner join {{ ref('bridge_territory_group') }} as memberships
        on
            extents.group_id = memberships.group_id
            and extents.definition_id = memberships.definition_id
            and (memberships.valid_from is null or districts.last_day >= memberships.valid_from)
            and (memberships.valid_to is null or districts.last_day < memberships.valid_to)
    where districts.region_level = 'federal districts'

),

keyed_members as (

    select
        *,
        {{ surrogate_key(['group_id', 'definition_id', 'region_level', 'agency', 'period_id']) }} as set_key
    from members

),

landed as (

    select
        keyed_members.set_key,
        keyed_members.country_id,
        keyed_members.region_level,
        keyed_members.group_id,
        keyed_members.definition_id,
        keyed_members.agency,
        keyed_members.period_id,
        keyed_members.member_id,
        arrivals.arrivals,
        count(*) over (partition by keyed_members.set_key) as regions,
        count(arrivals.arrivals) over (partition by keyed_members.set_key) as regions_landed,
        sum(arrivals.arrivals) over (partition by keyed_members.set_key) as arrivals_of_regions,
        row_number() over (
            partition by keyed_members.set_key
            order by coalesce(arrivals.arrivals, -1) desc, keyed_members.member_id asc
        ) as rank_by_arrivals
    from keyed_members
    left join arrivals
        on
            keyed_members.member_id = arrivals.territory_id
            and keyed_members.agency = arrivals.agency
            and keyed_members.period_id = arrivals.period_id

),

summed as (

    select
        set_key,
        country_id,
        region_level,
        group_id,
        definition_id,
        agency,
        period_id,
        max(regions) as regions,
        max(regions_landed) as regions_landed,
        max(arrivals_of_regions) as arrivals_of_regions,
        max(case when rank_by_arrivals = 1 then member_id end) as top_territory_id,
        max(case when rank_by_arrivals = 1 then arrivals end) as top_arrivals,
        sum(
            cast(arrivals as double) / nullif(arrivals_of_regions, 0)
            * cast(arrivals as double) / nullif(arrivals_of_regions, 0)
        ) as sum_of_squared_shares
    from landed
    where regions_landed > 0
    group by set_key, country_id, region_level, group_id, definition_id, agency, period_id

),

judged as (

    select
        *,
        regions = regions_landed and arrivals_of_regions > 0 as is_whole
    from summed

)

select
    judged.set_key as arrivals_concentration_key,
    {{ surrogate_key(['judged.country_id']) }} as territory_key,
    {{ surrogate_key(['judged.period_id']) }} as period_key,
    judged.country_id as territory_id,
    judged.period_id,
    judged.agency,
    judged.region_level,
    judged.group_id,
    judged.definition_id,
    cast(judged.regions as integer) as regions,
    cast(judged.regions_landed as integer) as regions_landed,
    cast(judged.arrivals_of_regions as bigint) as arrivals_of_regions,
    whole.arrivals as arrivals_of_country,
    case when judged.is_whole then cast(judged.sum_of_squared_shares as double) end as herfindahl_index,
    case when judged.is_whole then cast(1 / judged.sum_of_squared_shares as double) end
        as effective_number_of_regions,
    case when judged.is_whole then judged.top_territory_id end as top_territory_id,
    case
        when judged.is_whole
            then cast(100.0 * judged.top_arrivals as double) / nullif(judged.arrivals_of_regions, 0)
    end as share_of_top_region_pct,
    case
        when judged.regions_landed < judged.regions
            then
                'arrivals have landed of '
                || cast(judged.regions_landed as {{ dbt.type_string() }})
                || ' of '
                || cast(judged.regions as {{ dbt.type_string() }})
                || ' regions'
        when judged.arrivals_of_regions = 0 then 'nobody arrived'
    end as missing_reason
from judged
left join arrivals as whole
    on
        judged.country_id = whole.territory_id
        and judged.agency = whole.agency
        and judged.period_id = whole.period_id
