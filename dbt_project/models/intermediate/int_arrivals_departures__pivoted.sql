{%- set indicators = [
    'arrivals', 'departures', 'net_migration', 'departures_per_100_arrivals', 'share_of_arrivals',
    'share_of_departures',
] -%}

select
    edition_key,
    edition_id,
    agency,
    released_on,
    reporting_area,
    ref_area,
    counterpart_area,
    time_period,
    max(group_definition) as group_definition,
    max(obs_status) as obs_status,
    {{ indicator_columns(indicators) }}
from {{ ref('stg_observations') }}
where counterpart_area is not null and population_group = 'total' and breakdown = ''
group by
    edition_key, edition_id, agency, released_on, reporting_area, ref_area, counterpart_area, time_period
