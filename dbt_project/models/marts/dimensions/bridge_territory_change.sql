select
    {{ surrogate_key(['predecessor_id', 'successor_id', 'change_type', 'changed_on']) }}
        as territory_change_key,
    predecessor_id,
    successor_id,
    {{ surrogate_key(['predecessor_id']) }} as predecessor_territory_key,
    {{ surrogate_key(['successor_id']) }} as successor_territory_key,
    change_type,
    changed_on,
    legal_act
from {{ ref('territory_change') }}
