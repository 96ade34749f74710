select
    {{ surrogate_key(['indicator_id']) }} as indicator_key,
    indicator_id,
    name_en,
    name_ru,
    name_kk,
    definition,
    unit,
    method
from {{ ref('indicator') }}
