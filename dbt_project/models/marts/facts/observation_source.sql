{#- Which cells stand behind each column of a fact: fact, relation that knows the cells, key of the fact row,
    and for every column its role and the cell. A growth rate without its two components rests on the next
    population. -#}
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
        ('high', 'printed', 'observation_id'),
        ('tolerance', 'computed from', 'observation_id'),
    ]),
    ('fct_revision', 'fct_revision', 'revision_key', [
        ('figure_value', 'printed', 'observation_id'),
        ('previous_value', 'printed', 'previous_observation_id'),
        ('difference', 'computed from', 'case when difference is not null then observation_id end'),
        ('difference', 'computed from', 'case when difference is not null then previous_observation_id end'),
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

{#- What a mart takes from the rows of facts that it rests on: mart, part of it, column of the fact, columns
    of the mart that hold the same figure, and columns that are computed with it. -#}
{%- set share = ['share_of_arrivals_pct', 'share_of_departures_pct'] -%}
{%- set rates = ['arrival_rate_per_1000', 'departure_rate_per_1000', 'net_migration_rate_per_1000'] -%}
{%- set residual = ['residual', 'residual_pct', 'rounding_tolerance'] -%}
{%- set recomputed = ['recomputed_value', 'recomputed_low', 'recomputed_high'] -%}
{%- set marts = [
    ('mart_migration_effectiveness', 'counts', 'arrivals', ['arrivals'],
     ['gross_migration', 'migration_effectiveness_pct']),
    ('mart_migration_effectiveness', 'counts', 'departures', ['departures'],
     ['gross_migration', 'migration_effectiveness_pct']),
    ('mart_migration_effectiveness', 'counts', 'net_migration', ['net_migration'], []),
    ('mart_migration_effectiveness', 'counts', 'departures_per_100_arrivals', ['departures_per_100_arrivals'], []),
    ('mart_partner_share', 'partner', 'arrivals', ['arrivals'], share[:1]),
    ('mart_partner_share', 'partner', 'departures', ['departures'], share[1:]),
    ('mart_partner_share', 'partner', 'share_of_arrivals_published_pct', ['share_of_arrivals_published_pct'], []),
    ('mart_partner_share', 'partner', 'share_of_departures_published_pct',
     ['share_of_departures_published_pct'], []),
    ('mart_partner_share', 'all partners', 'arrivals', ['total_arrivals'], share[:1]),
    ('mart_partner_share', 'all partners', 'departures', ['total_departures'], share[1:]),
    ('mart_migration_rate', 'counts', 'arrivals', ['arrivals'], rates[:1]),
    ('mart_migration_rate', 'counts', 'departures', ['departures'], rates[1:2]),
    ('mart_migration_rate', 'counts', 'net_migration', ['net_migration'], rates[2:]),
    ('mart_migration_rate', 'opening', 'population', ['opening_population'], ['average_population'] + rates),
    ('mart_migration_rate', 'closing', 'population', ['closing_population'], ['average_population'] + rates),
    ('mart_population_balance', 'change', 'opening_population', ['opening_population'], residual),
    ('mart_population_balance', 'change', 'closing_population', ['closing_population'], residual),
    ('mart_population_balance', 'change', 'natural_increase', ['natural_increase'], residual),
    ('mart_population_balance', 'change', 'net_migration', ['net_migration'], residual),
    ('mart_population_balance', 'change', 'settlement_reclassification', ['settlement_reclassification'],
     residual),
    ('mart_population_balance', 'change', 'population_change', ['population_change'], []),
    ('mart_arrivals_concentration', 'region', 'arrivals', [],
     ['arrivals_of_regions', 'herfindahl_index', 'effective_number_of_regions', 'share_of_top_region_pct']),
    ('mart_arrivals_concentration', 'country', 'arrivals', ['arrivals_of_country'], []),
    ('mart_border_population_ratio', 'russian', 'population', [], ['russian_population', 'russian_per_kazakh']),
    ('mart_border_population_ratio', 'kazakh', 'population', [], ['kazakh_population', 'russian_per_kazakh']),
    ('mart_mirror_flow', 'origin', 'persons', ['counted_by_origin'],
     ['destination_over_origin', 'kazakhstan_over_russia']),
    ('mart_mirror_flow', 'destination', 'persons', ['counted_by_destination'],
     ['destination_over_origin', 'kazakhstan_over_russia']),
    ('mart_kim_2008_table_1', 'cell', 'figure_value', ['printed_value'], ['difference']),
    ('mart_kim_2008_table_1', 'input', 'figure_value', [], ['recomputed_value', 'difference']),
    ('mart_kim_2008_table_2', 'cell', 'figure_value', ['printed_value'], ['difference']),
    ('mart_kim_2008_table_2', 'input', 'figure_value', [], ['recomputed_value', 'difference']),
    ('mart_kim_2008_table_3', 'cell', 'figure_value', ['printed_value'], ['difference']),
    ('mart_kim_2008_table_3', 'input', 'figure_value', [], ['recomputed_value', 'difference']),
    ('mart_kim_2008_table_4', 'cell', 'figure_value', ['printed_value'], ['difference']),
    ('mart_kim_2008_table_4', 'input', 'figure_value', [], ['recomputed_value', 'difference']),
    ('fct_published_claim', 'input', 'figure_value', [], recomputed),
    ('fct_published_claim', 'input', 'low', [], recomputed),
    ('mart_literature_claim', 'claim', 'low', ['low'], ['difference']),
    ('mart_literature_claim', 'claim', 'high', ['high'], []),
    ('mart_literature_claim', 'claim', 'tolerance', ['tolerance'], []),
    ('mart_literature_claim', 'input', 'figure_value', [], recomputed + ['difference']),
    ('mart_literature_claim', 'input', 'low', [], recomputed + ['difference']),
] -%}

with cells_of_facts as (

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

),

columns_of_marts as (

    {% for table, part, source_column, same, computed in marts -%}
        {% set is_last_mart = loop.last -%}
        {% for column in same + computed -%}
            select
                '{{ table }}' as table_name,
                '{{ part }}' as part,
                '{{ source_column }}' as source_column,
                '{{ column }}' as column_name,
                {{ column in computed }} as is_computed
            {% if not (is_last_mart and loop.last) %}
                union all
            {% endif %}
        {% endfor %}
    {% endfor %}

),

-- One cell can stand behind a value in several ways.
cells_of_marts as (

    select distinct
        rows_of_marts.table_name,
        rows_of_marts.row_key,
        columns_of_marts.column_name,
        case when columns_of_marts.is_computed then 'computed from' else cells_of_facts.role end as role,
        cells_of_facts.observation_id
    from {{ ref('int_sources__of_marts') }} as rows_of_marts
    inner join columns_of_marts
        on
            rows_of_marts.table_name = columns_of_marts.table_name
            and rows_of_marts.part = columns_of_marts.part
    inner join cells_of_facts
        on
            rows_of_marts.source_table = cells_of_facts.table_name
            and rows_of_marts.source_key = cells_of_facts.row_key
            and columns_of_marts.source_column = cells_of_facts.column_name

),

links as (

    select
        table_name,
        row_key,
        column_name,
        role,
        observation_id
    from cells_of_facts

    union all

    select
        table_name,
        row_key,
        column_name,
        role,
        observation_id
    from cells_of_marts

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
    corrections.corrected_text,
    corrections.reason as correction_reason,
    observations.footnotes,
    observations.is_computed_by_quoting_work
from links
inner join {{ source('raw', 'observations') }} as observations
    on links.observation_id = observations.observation_id
inner join {{ ref('stg_editions') }} as editions
    on observations.edition_id = editions.edition_id
left join {{ source('raw', 'corrections') }} as corrections
    on links.observation_id = corrections.observation_id
