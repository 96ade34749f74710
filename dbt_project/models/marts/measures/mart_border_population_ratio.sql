with sections as (

    select
        'whole border' as section,
        'RU' as country_id,
        'RU-BORDER-KZ' as group_id
    union all
    select
        'whole border' as section,
        'KZ' as country_id,
        'KZ-BORDER-RU' as group_id
    union all
    select
        'west' as section,
        'RU' as country_id,
        'RU-BORDER-KZ-WEST' as group_id
    union all
    select
        'west' as section,
        'KZ' as country_id,
        'KZ-BORDER-RU-WEST' as group_id

),

members as (

    select
        sections.section,
        sections.country_id,
        sections.group_id,
        definitions.definition_id,
        definitions.valid_from as definition_from,
        definitions.valid_to as definition_to,
        memberships.member_id,
        memberships.valid_from,
        memberships.valid_to
    from sections
    inner join {{ ref('territory_group') }} as definitions
        on sections.group_id = definitions.group_id
    inner join {{ ref('bridge_territory_group') }} as memberships
        on
            definitions.group_id = memberships.group_id
            and definitions.definition_id = memberships.definition_id

),

days as (

    select distinct
        members.section,
        populations.period_id,
        populations.opens_on
    from members
    inner join {{ ref('int_population__chosen') }} as populations
        on members.member_id = populations.territory_id

),

members_on_days as (

    select
        members.section,
        members.country_id,
        members.group_id,
        members.definition_id,
        days.period_id,
        days.opens_on,
        members.member_id
    from members
    inner join days
        on
            members.section = days.section
            and (members.definition_from is null or members.definition_from <= days.opens_on)
            and (members.definition_to is null or members.definition_to > days.opens_on)
            and (members.valid_from is null or members.valid_from <= days.opens_on)
            and (members.valid_to is null or members.valid_to > days.opens_on)

),

-- A table in later boundaries prints what was split off afterwards beside the region that it was part of.
split_off as (

    select
        members_on_days.group_id,
        members_on_days.member_id,
        members_on_days.period_id,
        sum(populations.population) as population
    from members_on_days
    inner join {{ ref('bridge_territory_change') }} as changes
        on
            members_on_days.member_id = changes.predecessor_id
            and members_on_days.opens_on < changes.changed_on
            and changes.change_type = 'split'
    inner join {{ ref('int_population__chosen') }} as populations
        on
            changes.successor_id = populations.territory_id
            and members_on_days.period_id = populations.period_id
    left join members_on_days as counted_anyway
        on
            members_on_days.group_id = counted_anyway.group_id
            and members_on_days.period_id = counted_anyway.period_id
            and changes.successor_id = counted_anyway.member_id
    where counted_anyway.member_id is null
    group by members_on_days.group_id, members_on_days.member_id, members_on_days.period_id

),

sides as (

    select
        members_on_days.section,
        members_on_days.country_id,
        members_on_days.period_id,
        max(members_on_days.definition_id) as definition_id,
        count(*) as regions,
        count(populations.population) as regions_landed,
        sum(populations.population + coalesce(split_off.population, 0)) as population
    from members_on_days
    left join {{ ref('int_population__chosen') }} as populations
        on
            members_on_days.member_id = populations.territory_id
            and members_on_days.period_id = populations.period_id
    left join split_off
        on
            members_on_days.group_id = split_off.group_id
            and members_on_days.member_id = split_off.member_id
            and members_on_days.period_id = split_off.period_id
    group by members_on_days.section, members_on_days.country_id, members_on_days.period_id

),

compared as (

    select
        russian.section,
        russian.period_id,
        russian.definition_id as russian_definition,
        kazakh.definition_id as kazakh_definition,
        russian.regions as russian_regions,
        russian.regions_landed as russian_regions_landed,
        kazakh.regions as kazakh_regions,
        kazakh.regions_landed as kazakh_regions_landed,
        case when russian.regions = russian.regions_landed then russian.population end as russian_population,
        case when kazakh.regions = kazakh.regions_landed then kazakh.population end as kazakh_population
    from sides as russian
    inner join sides as kazakh
        on
            russian.section = kazakh.section
            and russian.period_id = kazakh.period_id
            and russian.country_id = 'RU'
            and kazakh.country_id = 'KZ'

)

select
    {{ surrogate_key(['section', 'period_id']) }} as border_population_ratio_key,
    {{ surrogate_key(['period_id']) }} as period_key,
    section,
    period_id,
    russian_definition,
    kazakh_definition,
    cast(russian_regions as integer) as russian_regions,
    cast(russian_regions_landed as integer) as russian_regions_landed,
    cast(kazakh_regions as integer) as kazakh_regions,
    cast(kazakh_regions_landed as integer) as kazakh_regions_landed,
    cast(russian_population as bigint) as russian_population,
    cast(kazakh_population as bigint) as kazakh_population,
    cast(russian_population as double) / nullif(kazakh_population, 0) as russian_per_kazakh,
    case
        when russian_population is null or kazakh_population is null
            then
                'populations have landed of '
                || cast(russian_regions_landed as {{ dbt.type_string() }})
                || ' of '
                || cast(russian_regions as {{ dbt.type_string() }})
                || ' Russian and '
                || cast(kazakh_regions_landed as {{ dbt.type_string() }})
                || ' of '
                || cast(kazakh_regions as {{ dbt.type_string() }})
                || ' Kazakh regions'
    end as missing_reason
from compared
