select
    {{ surrogate_key(['territory_id']) }} as territory_key,
    territory_id,
    territory_type,
    name_en,
    name_ru,
    name_kk,
    iso_3166_1,
    iso_3166_2,
    okato,
    kato,
    parent_id,
    valid_from,
    valid_to
from {{ ref('territory') }}
