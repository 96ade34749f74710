{#- Which cells stand behind each column: fact, relation that knows the cells, key of the fact row, and for
    every column its role and the cell. A growth rate without its two components rests on the next population. -#}
{%- set facts = [
    ('fct_migration_flow', 'fct_migration_flow', 'migration_flow_key', [
        ('persons', 'printed', 'observation_id'),
    ]),
    ('fct_population', 'fct_population', 'population_key', [
        ('population', 'printed', 'observation_id'),
    ]),
    ('fct_observation', 'fct_observation', 'observation_key', [
        ('figure_value', 'printed', 'observation_id'),
    ]),
    ('fct_published_claim', 'fct_published_claim', 'published_claim_key', [
        ('low', 'printed', 'observation_id'),
    ]),
    (
        'fct_arrivals_departures',
        'int_arrivals_departures__pivoted',
        surrogate_key(['edition_id', 'reporting_area', 'ref_area', 'counterpart_area', 'time_period']),
        [
            ('arrivals', 'printed', 'arrivals_observation_id'),
            ('departures', 'printed', 'departures_observation_id'),
            ('net_migration', 'computed from', 'arrivals_observation_id'),
            ('net_migration', 'computed from', 'departures_observation_id'),
            ('departures_per_100_arrivals', 'computed from', 'arrivals_observation_id'),
            ('departures_per_100_arrivals', 'computed from', 'departures_observation_id'),
            ('net_migration_published', 'printed', 'net_migration_observation_id'),
            (
                'departures_per_100_arrivals_published',
                'printed',
                'departures_per_100_arrivals_observation_id'
            ),
            ('share_of_arrivals_published_pct', 'printed', 'share_of_arrivals_observation_id'),
            ('share_of_departures_published_pct', 'printed', 'share_of_departures_observation_id'),
        ]
    ),
    (
        'fct_population_change',
        'int_population_change__assembled',
        surrogate_key(['edition_id', 'ref_area', 'time_period', 'population_group']),
        [
            ('opening_population', 'printed', 'opening_population_observation_id'),
            ('closing_population', 'printed', 'closing_population_observation_id'),
            ('population_change', 'computed from', 'opening_population_observation_id'),
            ('population_change', 'computed from', 'closing_population_observation_id'),
            ('population_change_published', 'printed', 'population_change_observation_id'),
            ('natural_increase', 'printed', 'natural_increase_observation_id'),
            ('net_migration', 'printed', 'net_migration_observation_id'),
            ('settlement_reclassification', 'printed', 'settlement_reclassification_observation_id'),
            ('growth_rate_pct', 'computed from', 'opening_population_observation_id'),
            ('growth_rate_pct', 'computed from', 'natural_increase_observation_id'),
            ('growth_rate_pct', 'computed from', 'net_migration_observation_id'),
            ('growth_rate_pct', 'computed from', 'settlement_reclassification_observation_id'),
            (
                'growth_rate_pct',
                'computed from',
                'case when natural_increase + net_migration is null then closing_population_observation_id end'
            ),
            ('growth_rate_published_pct', 'printed', 'population_growth_rate_observation_id'),
            ('growth_rate_published_pct', 'printed', 'population_change_rate_observation_id'),
        ]
    ),
    (
        'fct_population_projection',
        'int_projections__pivoted',
        surrogate_key(['edition_id', 'ref_area', 'time_period', 'population_group', 'variant']),
        [
            ('opening_population', 'printed', 'population_observation_id'),
            ('natural_increase', 'printed', 'natural_increase_observation_id'),
            ('net_migration', 'printed', 'net_migration_observation_id'),
            ('population_change', 'printed', 'population_change_observation_id'),
        ]
    ),
] -%}

with links as (

    {% for table, relation, key, cells in facts -%}
        {% set is_last_fact = loop.last -%}
        {% for column, role, observation_id in cells -%}
            select
                '{{ table }}' as table_name,
                {{ key }} as row_key,
                '{{ column }}' as column_name,
                '{{ role }}' as role,
                {{ observation_id }} as observation_id
            from {{ ref(relation) }}
            {% if not (is_last_fact and loop.last) %}
                union all
            {% endif %}
        {% endfor %}
    {% endfor %}

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
