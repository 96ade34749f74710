select
    {{ surrogate_key(['population_group_id']) }} as population_group_key,
    population_group_id,
    name_en,
    name_ru,
    name_kk,
    dimension,
    parent_id
from {{ ref('population_group') }}
