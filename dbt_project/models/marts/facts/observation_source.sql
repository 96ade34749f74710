with links as (

    {% for table, key, columns in [
        ('fct_migration_flow', 'migration_flow_key', ['persons']),
        ('fct_population', 'population_key', ['population']),
    ] -%}
    {% for column in columns -%}
    select
        '{{ table }}' as table_name,
        {{ key }} as row_key,
        '{{ column }}' as column_name,
        'printed' as role,
        observation_id
    from {{ ref(table) }}

    union all

    {% endfor -%}
    {% endfor -%}
    select
        'fct_published_claim' as table_name,
        published_claim_key as row_key,
        'low' as column_name,
        'printed' as role,
        observation_id
    from {{ ref('fct_published_claim') }}

    {% set arrivals_departures = surrogate_key([
        'edition_id', 'reporting_area', 'ref_area', 'counterpart_area', 'time_period'
    ]) -%}
    {% for column, role, input in [
        ('arrivals', 'printed', 'arrivals'),
        ('departures', 'printed', 'departures'),
        ('net_migration', 'computed from', 'arrivals'),
        ('net_migration', 'computed from', 'departures'),
        ('departures_per_100_arrivals', 'computed from', 'arrivals'),
        ('departures_per_100_arrivals', 'computed from', 'departures'),
        ('net_migration_published', 'printed', 'net_migration'),
        ('departures_per_100_arrivals_published', 'printed', 'departures_per_100_arrivals'),
        ('share_of_arrivals_published_pct', 'printed', 'share_of_arrivals'),
        ('share_of_departures_published_pct', 'printed', 'share_of_departures'),
    ] %}

    union all

    select
        'fct_arrivals_departures' as table_name,
        {{ arrivals_departures }} as row_key,
        '{{ column }}' as column_name,
        '{{ role }}' as role,
        {{ input }}_observation_id as observation_id
    from {{ ref('int_arrivals_departures__pivoted') }}
    where {{ input }}_observation_id is not null
    {%- endfor %}

    {% set population_change = surrogate_key(['edition_id', 'ref_area', 'time_period', 'population_group']) -%}
    {% for column, role, input in [
        ('opening_population', 'printed', 'opening_population'),
        ('closing_population', 'printed', 'closing_population'),
        ('population_change', 'computed from', 'opening_population'),
        ('population_change', 'computed from', 'closing_population'),
        ('population_change_published', 'printed', 'population_change'),
        ('natural_increase', 'printed', 'natural_increase'),
        ('net_migration', 'printed', 'net_migration'),
        ('growth_rate_pct', 'computed from', 'opening_population'),
        ('growth_rate_pct', 'computed from', 'natural_increase'),
        ('growth_rate_pct', 'computed from', 'net_migration'),
        ('growth_rate_published_pct', 'printed', 'population_growth_rate'),
        ('growth_rate_published_pct', 'printed', 'population_change_rate'),
    ] %}

    union all

    select
        'fct_population_change' as table_name,
        {{ population_change }} as row_key,
        '{{ column }}' as column_name,
        '{{ role }}' as role,
        {{ input }}_observation_id as observation_id
    from {{ ref('int_population_change__assembled') }}
    where {{ input }}_observation_id is not null
    {%- endfor %}

    union all

    select
        'fct_population_change' as table_name,
        {{ population_change }} as row_key,
        'growth_rate_pct' as column_name,
        'computed from' as role,
        closing_population_observation_id as observation_id
    from {{ ref('int_population_change__assembled') }}
    where natural_increase_observation_id is null and closing_population_observation_id is not null

)

select
    {{ surrogate_key(['links.table_name', 'links.row_key', 'links.column_name', 'links.observation_id']) }}
        as observation_source_key,
    links.table_name,
    links.row_key,
    links.column_name,
    links.role,
    links.observation_id,
    editions.edition_key,
    editions.publisher,
    editions.publication,
    editions.pages,
    editions.table_number,
    editions.quoted_in,
    editions.released_on,
    observations.file,
    observations.sheet,
    observations.cell,
    observations.row_label,
    observations.column_label,
    observations.raw_text,
    observations.footnotes,
    observations.is_computed_by_quoting_work
from links
inner join {{ source('raw', 'observations') }} as observations
    on links.observation_id = observations.observation_id
inner join {{ ref('stg_editions') }} as editions
    on observations.edition_id = editions.edition_id
