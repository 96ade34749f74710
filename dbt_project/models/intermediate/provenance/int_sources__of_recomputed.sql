{#- The figures that claims are held against, by name, and the printed figures that each is computed from:
    dataset or agency, whose newest figures count, indicators, territories (by name, or the members of a group by
    definition), partners, first and last period. -#}
{%- set okrugs = 'goskomstat/arrivals_departures_by_okrug' -%}
{%- set russia_cis = 'goskomstat/russia_cis_migration' -%}
{%- set change = 'goskomstat/population_change' -%}
{%- set censuses = 'goskomstat/population_census_1989_2002' -%}
{%- set both = ['arrivals', 'departures'] -%}
{%- set groups = ['CIS', 'WORLD'] -%}
{%- set districts = 'RU-FEDERAL-DISTRICTS/decree_2000' -%}
{%- set no_text = 'cast(null as ' ~ dbt.type_string() ~ ')' -%}
{%- set inputs_of_claims = [
    ('cis_share_of_arrivals_1997', russia_cis, ['arrivals'], ['RU'], groups, '1997', '1997'),
    ('lowest_cis_share_of_arrivals_2000_2005', russia_cis, ['arrivals'], ['RU'], groups, '2000', '2005'),
    ('years_cis_share_of_departures_not_smaller_1997_2005', russia_cis, both, ['RU'], groups, '1997', '2005'),
    ('rises_of_cis_share_of_departures_1998_2004', russia_cis, ['departures'], ['RU'], groups, '1997', '2004'),
    ('arrivals_ru_1997', russia_cis, ['arrivals'], ['RU'], ['WORLD'], '1997', '1997'),
    ('arrivals_ru_2003', russia_cis, ['arrivals'], ['RU'], ['WORLD'], '2003', '2003'),
    ('departures_per_100_arrivals_moscow_oblast_2005', okrugs, both, ['RU-MOS'], ['WORLD'], '2005', '2005'),
    ('departures_per_100_arrivals_siberia_2005', okrugs, both, ['RU-FD-SIBERIA'], ['WORLD'], '2005', '2005'),
    ('departures_per_100_arrivals_far_east_2005', okrugs, both, ['RU-FD-FAREAST'], ['WORLD'], '2005', '2005'),
    ('highest_departures_per_100_arrivals_of_listed_regions_2005', okrugs, both, 'every region', ['WORLD'],
     '2005', '2005'),
    ('rank_of_central_by_departures_per_100_arrivals_2005', okrugs, both, districts, ['WORLD'], '2005', '2005'),
    ('rank_of_central_by_net_migration_2005', okrugs, both, districts, ['WORLD'], '2005', '2005'),
    ('highest_share_of_russia_in_exchange_kz_2000_2009', 'un_desa/migration_flows_kazakhstan', both, ['KZ'],
     ['RU', 'WORLD'], '2000', '2009'),
    ('years_of_growth_ru_1992_2005', change, ['natural_increase', 'net_migration'], ['RU'], [], '1992', '2005'),
    ('years_without_net_gain_ru_1992_2005', change, ['net_migration'], ['RU'], [], '1992', '2005'),
    ('net_migration_ru_1990_1999', change, ['net_migration'], ['RU'], [], '1990', '1999'),
    ('year_of_highest_net_migration_ru_1990_2005', change, ['net_migration'], ['RU'], [], '1990', '2005'),
    ('far_east_and_north_west_among_two_largest_declines_1989_2002', censuses, ['population'], districts,
     [], '1989-01-12', '2002-10-09'),
    ('population_change_central_1989_2002', censuses, ['population'], ['RU-FD-CENTRAL'], [],
     '1989-01-12', '2002-10-09'),
    ('population_kz_2000', 'kazstat', ['population'], ['KZ'], [], '2000-01-01', '2000-01-01'),
    ('population_kz_2006', 'kazstat', ['population'], ['KZ'], [], '2006-01-01', '2006-01-01'),
    ('population_change_kz_2000_2006', 'kazstat', ['population'], ['KZ'], [], '2000-01-01', '2000-01-01'),
    ('population_change_kz_2000_2006', 'kazstat', ['population'], ['KZ'], [], '2006-01-01', '2006-01-01'),
    ('population_change_kz_2000_2009', 'kazstat', ['population'], ['KZ'], [], '2000-01-01', '2000-01-01'),
    ('population_change_kz_2000_2009', 'kazstat', ['population'], ['KZ'], [], '2009-01-01', '2009-01-01'),
    ('years_of_growth_kz_2005_2006', 'kazstat', ['population'], ['KZ'], [], '2005-01-01', '2007-01-01'),
    ('years_without_net_loss_kz_2000_2003', 'kazstat', ['net_migration'], ['KZ'], [], '2000', '2003'),
    ('kz_border_population_2009', 'kazstat', ['population'], 'KZ-BORDER-RU/until_2022', [],
     '2009-01-01', '2009-01-01'),
    ('kz_border_population_share_2009', 'kazstat', ['population'], 'KZ-BORDER-RU/until_2022', [],
     '2009-01-01', '2009-01-01'),
    ('kz_border_population_share_2009', 'kazstat', ['population'], ['KZ'], [], '2009-01-01', '2009-01-01'),
] -%}

-- The figures and claims that a recomputed figure of the literature rests on: of a claim those that its
-- formula names, of a cell of Kim's tables those of another edition, or those printed beside it.
with figures as (

    select
        *,
        {{ surrogate_key(['edition_id', 'figure_id']) }} as observation_key
    from {{ ref('int_figures__versioned') }}
    where population_group = 'total' and breakdown = ''

),

cells as (

    {% for number, columns in [
        (1, ['period_id', 'partner_id']), (2, ['period_id']), (3, ['territory_id']), (4, ['territory_id'])
    ] -%}
        select
            'mart_kim_2008_table_{{ number }}' as table_name,
            observation_id,
            edition_key,
            indicator_id,
            {{ 'period_id' if 'period_id' in columns else no_text }} as period_id,
            {{ 'territory_id' if 'territory_id' in columns else no_text }} as territory_id,
            {{ 'partner_id' if 'partner_id' in columns else no_text }} as partner_id
        from {{ ref('mart_kim_2008_table_' ~ number) }}
        where recomputed_value is not null
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}

),

federal_districts as (

    select member_id
    from {{ ref('territory_group_member') }}
    where group_id = 'RU-FEDERAL-DISTRICTS' and definition_id = 'decree_2000'

),

cis_with_georgia as (

    select member_id
    from {{ ref('territory_group_member') }}
    where group_id = 'CIS' and definition_id = 'with_georgia'

),

years as (

    select
        period_id,
        cast(opens_on as {{ dbt.type_string() }}) as opening_day,
        cast(closes_on as {{ dbt.type_string() }}) as closing_day
    from {{ ref('dim_period') }}
    where period_type = 'year'

),

-- What a claim may be held against: the newest figures of one table, or of one agency.
sourced_figures as (

    select
        dataset as figure_source,
        indicator,
        ref_area,
        coalesce(counterpart_area, '') as partner_id,
        time_period,
        observation_key
    from figures
    where is_latest_in_dataset

    union all

    select
        agency as figure_source,
        indicator,
        ref_area,
        coalesce(counterpart_area, '') as partner_id,
        time_period,
        observation_key
    from figures
    where is_latest

),

inputs_of_claims as (

    {% for name, source, indicators, areas, partners, first, last in inputs_of_claims -%}
        {% set is_last_input = loop.last -%}
        {% for indicator in indicators -%}
            {% set is_last_indicator = loop.last -%}
            {% for partner in partners or [''] -%}
                select
                    '{{ name }}' as figure_name,
                    '{{ source }}' as figure_source,
                    '{{ indicator }}' as indicator,
                    '{{ areas if areas is string else areas[0] }}' as areas,
                    '{{ partner }}' as partner_id,
                    '{{ first }}' as first_period,
                    '{{ last }}' as last_period
                {% if not (is_last_input and is_last_indicator and loop.last) -%}
                    union all
                {% endif -%}
            {% endfor %}
        {% endfor %}
    {% endfor %}

),

areas as (

    select
        territory_id as areas,
        territory_id
    from {{ ref('territory') }}

    union all

    select
        'every region' as areas,
        territory_id
    from {{ ref('territory') }}
    where territory_type = 'region'

    union all

    select
        group_id || '/' || definition_id as areas,
        member_id as territory_id
    from {{ ref('territory_group_member') }}

),

claims as (

    select
        published_claim_key,
        edition_key,
        claim_id,
        ' ' || computed_from || ' ' as operands
    from {{ ref('fct_published_claim') }}
    where recomputed_value is not null

),

rests_on as (

    select
        'fct_published_claim' as table_name,
        claims.published_claim_key as row_key,
        'fct_observation' as source_table,
        sourced_figures.observation_key as source_key
    from claims
    inner join inputs_of_claims
        on claims.operands like '% ' || inputs_of_claims.figure_name || ' %'
    inner join areas
        on inputs_of_claims.areas = areas.areas
    inner join sourced_figures
        on
            inputs_of_claims.figure_source = sourced_figures.figure_source
            and inputs_of_claims.indicator = sourced_figures.indicator
            and inputs_of_claims.partner_id = sourced_figures.partner_id
            and areas.territory_id = sourced_figures.ref_area
            and inputs_of_claims.first_period <= sourced_figures.time_period
            and inputs_of_claims.last_period >= sourced_figures.time_period
            and length(sourced_figures.time_period) = length(inputs_of_claims.last_period)

    union all

    select
        'fct_published_claim' as table_name,
        claims.published_claim_key as row_key,
        'fct_published_claim' as source_table,
        stated.published_claim_key as source_key
    from claims
    inner join {{ ref('fct_published_claim') }} as stated
        on
            claims.edition_key = stated.edition_key
            and claims.operands like '% claim.' || stated.claim_id || ' %'

    union all

    select
        cells.table_name,
        cells.observation_id as row_key,
        'fct_observation' as source_table,
        figures.observation_key as source_key
    from cells
    inner join figures
        on
            cells.period_id = figures.time_period
            and cells.indicator_id = figures.indicator
            and figures.dataset = 'goskomstat/international_migration'
            and figures.is_latest_in_dataset
    where
        cells.table_name = 'mart_kim_2008_table_1'
        and (
            (cells.partner_id = 'WORLD' and figures.counterpart_area = 'WORLD')
            or (
                cells.partner_id = 'CIS'
                and figures.counterpart_area in (select members.member_id from cis_with_georgia as members)
            )
        )

    union all

    select
        cells.table_name,
        cells.observation_id as row_key,
        'fct_observation' as source_table,
        figures.observation_key as source_key
    from cells
    inner join figures
        on
            cells.edition_key = figures.edition_key
            and cells.period_id = figures.time_period
            and cells.indicator_id = 'share_of_' || figures.indicator
            and figures.counterpart_area in ('CIS', 'WORLD')
    where cells.table_name = 'mart_kim_2008_table_1'

    union all

    select
        cells.table_name,
        cells.observation_id as row_key,
        'fct_observation' as source_table,
        figures.observation_key as source_key
    from cells
    inner join years
        on
            (cells.indicator_id = 'population_growth_rate' and cells.period_id = years.period_id)
            or (cells.indicator_id = 'population' and cells.period_id = years.closing_day)
    inner join figures
        on
            cells.edition_key = figures.edition_key
            and (
                (figures.indicator = 'population' and years.opening_day = figures.time_period)
                or (
                    figures.indicator in ('natural_increase', 'net_migration')
                    and years.period_id = figures.time_period
                )
            )
    where cells.table_name = 'mart_kim_2008_table_2'

    union all

    select
        cells.table_name,
        cells.observation_id as row_key,
        'fct_observation' as source_table,
        figures.observation_key as source_key
    from cells
    inner join figures
        on
            cells.edition_key = figures.edition_key
            and cells.territory_id = figures.ref_area
            and figures.indicator = 'population'
    where cells.table_name = 'mart_kim_2008_table_3'

    union all

    select
        cells.table_name,
        cells.observation_id as row_key,
        'fct_observation' as source_table,
        figures.observation_key as source_key
    from cells
    inner join figures
        on
            cells.edition_key = figures.edition_key
            and cells.territory_id = figures.ref_area
            and figures.indicator in ('arrivals', 'departures')
    where
        cells.table_name = 'mart_kim_2008_table_4'
        and cells.indicator_id in ('net_migration', 'departures_per_100_arrivals')

    union all

    select
        cells.table_name,
        cells.observation_id as row_key,
        'fct_observation' as source_table,
        figures.observation_key as source_key
    from cells
    inner join figures
        on
            cells.edition_key = figures.edition_key
            and cells.indicator_id = figures.indicator
            and figures.ref_area in (select members.member_id from federal_districts as members)
    where
        cells.table_name = 'mart_kim_2008_table_4'
        and cells.indicator_id in ('arrivals', 'departures')

)

select distinct
    table_name,
    row_key,
    source_table,
    source_key
from rests_on
