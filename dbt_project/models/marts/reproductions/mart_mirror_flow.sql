-- The same move as the two countries count it: departures of the one beside arrivals of the other.
with flows as (

    select *
    from {{ ref('fct_migration_flow') }}
    where is_latest

)

select
    {{ surrogate_key(['sent.origin_id', 'sent.destination_id', 'sent.period_id']) }} as mirror_flow_key,
    sent.origin_id,
    sent.destination_id,
    sent.period_id,
    sent.persons as counted_by_origin,
    received.persons as counted_by_destination,
    cast(received.persons as double) / nullif(sent.persons, 0) as destination_over_origin,
    case
        when sent.reporting_id = 'KZ' and received.reporting_id = 'RU'
            then cast(sent.persons as double) / nullif(received.persons, 0)
        when sent.reporting_id = 'RU' and received.reporting_id = 'KZ'
            then cast(received.persons as double) / nullif(sent.persons, 0)
    end as kazakhstan_over_russia,
    sent.observation_id as origin_observation_id,
    received.observation_id as destination_observation_id
from flows as sent
inner join flows as received
    on
        sent.origin_id = received.origin_id
        and sent.destination_id = received.destination_id
        and sent.period_id = received.period_id
        and sent.counted_as = 'departures'
        and received.counted_as = 'arrivals'
        and sent.reporting_id = sent.origin_id
        and received.reporting_id = received.destination_id
