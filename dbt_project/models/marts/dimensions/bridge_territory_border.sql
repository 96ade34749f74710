-- The seed names each pair once; the bridge can be read from either side.
with pairs as (

    select
        territory_id,
        neighbour_id,
        valid_from,
        valid_to
    from {{ ref('territory_border') }}

    union

    select
        neighbour_id,
        territory_id,
        valid_from,
        valid_to
    from {{ ref('territory_border') }}

)

select
    {{ surrogate_key(['territory_id', 'neighbour_id', 'valid_from']) }} as territory_border_key,
    territory_id,
    neighbour_id,
    {{ surrogate_key(['territory_id']) }} as territory_key,
    {{ surrogate_key(['neighbour_id']) }} as neighbour_territory_key,
    valid_from,
    valid_to
from pairs
