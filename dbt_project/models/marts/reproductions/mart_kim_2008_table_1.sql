with printed as (

    select *
    from {{ ref('stg_observations') }}
    where
        dataset = 'goskomstat/russia_cis_migration'
        and population_group = 'total'
        and breakdown = ''

),

partners as (

    select
        indicator,
        counterpart_area,
        time_period,
        figure_value
    from {{ ref('int_figures__versioned') }}
    where
        dataset = 'goskomstat/international_migration'
        and population_group = 'total'
        and breakdown = ''
        and is_latest_in_dataset

),

recomputed as (

    select
        cast(null as {{ dbt.type_string() }}) as edition_id,
        indicator,
        'WORLD' as counterpart_area,
        time_period,
        figure_value as recomputed_value,
        'total of the 1997-2019 edition' as computed_from
    from partners
    where counterpart_area = 'WORLD'

    union all

    select
        null as edition_id,
        partners.indicator,
        'CIS' as counterpart_area,
        partners.time_period,
        sum(partners.figure_value) as recomputed_value,
        'CIS countries and Georgia of the 1997-2019 edition' as computed_from
    from partners
    inner join {{ ref('territory_group_member') }} as members
        on
            partners.counterpart_area = members.member_id
            and members.group_id = 'CIS'
            and members.definition_id = 'with_georgia'
    group by partners.indicator, partners.time_period

    union all

    select
        parts.edition_id,
        'share_of_' || parts.indicator as indicator,
        'CIS' as counterpart_area,
        parts.time_period,
        cast(100.0 * parts.figure_value as double) / wholes.figure_value as recomputed_value,
        'the two counts printed beside it' as computed_from
    from printed as parts
    inner join printed as wholes
        on
            parts.edition_id = wholes.edition_id
            and parts.indicator = wholes.indicator
            and parts.time_period = wholes.time_period
            and wholes.counterpart_area = 'WORLD'
    where parts.counterpart_area = 'CIS' and parts.indicator in ('arrivals', 'departures')

)

{{ printed_beside_recomputed(
    dimensions=[('time_period', 'period_id'), ('indicator', 'indicator_id'), ('counterpart_area', 'partner_id')],
    matched_by=['counterpart_area', 'time_period'],
) }}
