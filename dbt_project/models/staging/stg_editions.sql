select
    editions.*,
    {{ surrogate_key(['editions.edition_id']) }} as edition_key
from {{ source('raw', 'editions') }} as editions
