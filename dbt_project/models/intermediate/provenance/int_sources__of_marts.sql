-- The rows of facts that a row of a mart rests on, and as what part of it. How much of a fact each column
-- takes is declared in observation_source.
with arrivals_departures as (

    select
        facts.arrivals_departures_key,
        facts.edition_key,
        facts.territory_id,
        facts.partner_id,
        facts.period_id,
        facts.is_latest,
        editions.agency,
        {{ surrogate_key(['facts.row_id']) }} as mart_key
    from {{ ref('fct_arrivals_departures') }} as facts
    inner join {{ ref('dim_edition') }} as editions
        on facts.edition_key = editions.edition_key

),

populations as (

    select
        population_key,
        edition_key,
        territory_id,
        period_id
    from {{ ref('fct_population') }}
    where population_group_id = 'total' and sex = 'T' and age = '_T'

),

chosen_populations as (

    select
        populations.population_key,
        populations.territory_id,
        populations.period_id
    from populations
    inner join {{ ref('int_population__chosen') }} as chosen
        on
            populations.edition_key = chosen.edition_key
            and populations.territory_id = chosen.territory_id
            and populations.period_id = chosen.period_id

),

rates as (

    select
        rates.*,
        cast(periods.opens_on as {{ dbt.type_string() }}) as opening_day,
        cast(periods.closes_on as {{ dbt.type_string() }}) as closing_day
    from {{ ref('mart_migration_rate') }} as rates
    inner join {{ ref('dim_period') }} as periods
        on rates.period_id = periods.period_id

),

-- Regions of a set on the last day of a year, and those of the districts that are the set.
region_sets as (

    select
        marts.*,
        cast(periods.closes_on - interval '1' day as date) as last_day
    from {{ ref('mart_arrivals_concentration') }} as marts
    inner join {{ ref('dim_period') }} as periods
        on marts.period_id = periods.period_id

),

members as (

    select
        region_sets.arrivals_concentration_key,
        region_sets.agency,
        region_sets.period_id,
        region_sets.last_day,
        region_sets.region_level,
        region_sets.group_id,
        memberships.member_id
    from region_sets
    inner join {{ ref('bridge_territory_group') }} as memberships
        on
            region_sets.group_id = memberships.group_id
            and region_sets.definition_id = memberships.definition_id
            and {{ is_valid_on('memberships', 'region_sets.last_day') }}

),

regions as (

    select
        arrivals_concentration_key,
        agency,
        period_id,
        member_id
    from members

    union

    select
        districts.arrivals_concentration_key,
        districts.agency,
        districts.period_id,
        memberships.member_id
    from members as districts
    inner join {{ ref('territory_group') }} as extents
        on
            districts.member_id = extents.group_id
            and {{ is_valid_on('extents', 'districts.last_day') }}
    inner join {{ ref('bridge_territory_group') }} as memberships
        on
            extents.group_id = memberships.group_id
            and extents.definition_id = memberships.definition_id
            and {{ is_valid_on('memberships', 'districts.last_day') }}
    where districts.region_level = 'regions' and districts.group_id = 'RU-FEDERAL-DISTRICTS'

),

border_sides as (

    {% for side, country, group_id in [
        ('russian', 'RU', 'RU-BORDER-KZ'), ('kazakh', 'KZ', 'KZ-BORDER-RU')
    ] -%}
        select
            marts.border_population_ratio_key,
            '{{ side }}' as part,
            marts.period_id,
            periods.opens_on,
            memberships.member_id
        from {{ ref('mart_border_population_ratio') }} as marts
        inner join {{ ref('dim_period') }} as periods
            on marts.period_id = periods.period_id
        inner join {{ ref('bridge_territory_group') }} as memberships
            on
                memberships.group_id
                = case marts.section when 'west' then '{{ group_id }}-WEST' else '{{ group_id }}' end
                and marts.{{ side }}_definition = memberships.definition_id
                and {{ is_valid_on('memberships', 'periods.opens_on') }}
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}

),

-- A part that is printed beside the region from which it was split off only afterwards counts too.
border_regions as (

    select
        border_population_ratio_key,
        part,
        period_id,
        member_id
    from border_sides

    union

    select
        sides.border_population_ratio_key,
        sides.part,
        sides.period_id,
        changes.successor_id as member_id
    from border_sides as sides
    inner join {{ ref('bridge_territory_change') }} as changes
        on
            sides.member_id = changes.predecessor_id
            and sides.opens_on < changes.changed_on
            and changes.change_type = 'split'

),

printed_cells as (

    {% for number in range(1, 5) -%}
        select
            'mart_kim_2008_table_{{ number }}' as table_name,
            observation_id
        from {{ ref('mart_kim_2008_table_' ~ number) }}
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}

),

links as (

    select
        'mart_migration_effectiveness' as table_name,
        'counts' as part,
        marts.migration_effectiveness_key as row_key,
        'fct_arrivals_departures' as source_table,
        counts.arrivals_departures_key as source_key
    from {{ ref('mart_migration_effectiveness') }} as marts
    inner join arrivals_departures as counts
        on marts.migration_effectiveness_key = counts.mart_key and counts.is_latest

    union all

    select
        'mart_partner_share' as table_name,
        case counts.partner_id when 'WORLD' then 'all partners' else 'partner' end as part,
        marts.partner_share_key as row_key,
        'fct_arrivals_departures' as source_table,
        counts.arrivals_departures_key as source_key
    from {{ ref('mart_partner_share') }} as marts
    inner join arrivals_departures as counts
        on
            marts.edition_key = counts.edition_key
            and marts.territory_id = counts.territory_id
            and marts.period_id = counts.period_id
            and (marts.partner_share_key = counts.mart_key or counts.partner_id = 'WORLD')

    union all

    select
        'mart_migration_rate' as table_name,
        'counts' as part,
        rates.migration_rate_key as row_key,
        'fct_arrivals_departures' as source_table,
        counts.arrivals_departures_key as source_key
    from rates
    inner join arrivals_departures as counts
        on
            rates.edition_key = counts.edition_key
            and rates.territory_id = counts.territory_id
            and rates.period_id = counts.period_id
            and rates.basis = 'registered flows'
            and counts.partner_id = 'WORLD'
            and counts.is_latest

    union all

    select
        'mart_migration_rate' as table_name,
        'counts' as part,
        rates.migration_rate_key as row_key,
        'fct_population_change' as source_table,
        changes.population_change_key as source_key
    from rates
    inner join {{ ref('fct_population_change') }} as changes
        on
            rates.edition_key = changes.edition_key
            and rates.territory_id = changes.territory_id
            and rates.period_id = changes.period_id
            and rates.basis = 'population change'
            and changes.population_group_id = 'total'

    union all

    {% for part in ['opening', 'closing'] -%}
        select
            'mart_migration_rate' as table_name,
            '{{ part }}' as part,
            rates.migration_rate_key as row_key,
            'fct_population' as source_table,
            populations.population_key as source_key
        from rates
        inner join populations
            on
                rates.{{ part }}_population_edition_key = populations.edition_key
                and rates.territory_id = populations.territory_id
                and rates.{{ part }}_day = populations.period_id

        union all

    {% endfor -%}

    -- The mart itself asks for the sources of its rounding, so it cannot be asked here.
    select
        'mart_population_balance' as table_name,
        'change' as part,
        {{ surrogate_key(['row_id']) }} as row_key,
        'fct_population_change' as source_table,
        population_change_key as source_key
    from {{ ref('fct_population_change') }}
    where is_latest and (opening_population is not null or closing_population is not null)

    union all

    select
        'mart_arrivals_concentration' as table_name,
        'region' as part,
        regions.arrivals_concentration_key as row_key,
        'fct_arrivals_departures' as source_table,
        counts.arrivals_departures_key as source_key
    from regions
    inner join arrivals_departures as counts
        on
            regions.member_id = counts.territory_id
            and regions.agency = counts.agency
            and regions.period_id = counts.period_id
            and counts.partner_id = 'WORLD'
            and counts.is_latest

    union all

    select
        'mart_arrivals_concentration' as table_name,
        'country' as part,
        region_sets.arrivals_concentration_key as row_key,
        'fct_arrivals_departures' as source_table,
        counts.arrivals_departures_key as source_key
    from region_sets
    inner join arrivals_departures as counts
        on
            region_sets.territory_id = counts.territory_id
            and region_sets.agency = counts.agency
            and region_sets.period_id = counts.period_id
            and counts.partner_id = 'WORLD'
            and counts.is_latest

    union all

    select
        'mart_border_population_ratio' as table_name,
        regions.part,
        regions.border_population_ratio_key as row_key,
        'fct_population' as source_table,
        populations.population_key as source_key
    from border_regions as regions
    inner join chosen_populations as populations
        on
            regions.member_id = populations.territory_id
            and regions.period_id = populations.period_id

    union all

    {% for part in ['origin', 'destination'] -%}
        select
            'mart_mirror_flow' as table_name,
            '{{ part }}' as part,
            marts.mirror_flow_key as row_key,
            'fct_migration_flow' as source_table,
            flows.migration_flow_key as source_key
        from {{ ref('mart_mirror_flow') }} as marts
        inner join {{ ref('fct_migration_flow') }} as flows
            on marts.{{ part }}_observation_id = flows.observation_id

        union all

    {% endfor -%}

    select
        printed_cells.table_name,
        'cell' as part,
        printed_cells.observation_id as row_key,
        'fct_observation' as source_table,
        figures.observation_key as source_key
    from printed_cells
    inner join {{ ref('fct_observation') }} as figures
        on printed_cells.observation_id = figures.observation_id

    union all

    select
        'mart_literature_claim' as table_name,
        'claim' as part,
        published_claim_key as row_key,
        'fct_published_claim' as source_table,
        published_claim_key as source_key
    from {{ ref('fct_published_claim') }}

    union all

    select
        table_name,
        'input' as part,
        row_key,
        source_table,
        source_key
    from {{ ref('int_sources__of_recomputed') }}

    union all

    select
        'mart_literature_claim' as table_name,
        'input' as part,
        row_key,
        source_table,
        source_key
    from {{ ref('int_sources__of_recomputed') }}
    where table_name = 'fct_published_claim'

)

select
    table_name,
    part,
    row_key,
    source_table,
    source_key
from links
