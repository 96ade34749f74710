select
    {{ surrogate_key([
        'breaks.agency', 'breaks.territory_id', 'breaks.indicator_id', 'breaks.first_period'
    ]) }} as series_break_key,
    {{ surrogate_key(['breaks.territory_id']) }} as territory_key,
    breaks.agency,
    breaks.territory_id,
    breaks.indicator_id,
    breaks.first_period,
    breaks.description,
    breaks.source
from {{ ref('series_break') }} as breaks
