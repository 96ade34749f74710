select
    {{ surrogate_key(['claims.edition_id', 'claims.claim_id']) }} as published_claim_key,
    {{ surrogate_key(['claims.edition_id']) }} as edition_key,
    claims.claim_id,
    claims.statement,
    claims.place_in_text,
    claims.printed,
    cast(claims.low as double) as low,
    cast(claims.high as double) as high,
    cast(claims.tolerance as double) as tolerance,
    claims.unit,
    claims.time_period as period_text,
    cast(recomputed.recomputed_value as double) as recomputed_value,
    case
        when recomputed.recomputed_value is null then 'no input has landed'
        when
            recomputed.recomputed_value
            between claims.low - claims.tolerance and claims.high + claims.tolerance
            then 'confirmed'
        else 'differs'
    end as outcome,
    claims.explanation,
    claims.observation_id
from {{ ref('stg_literature__claims') }} as claims
left join {{ ref('int_claims__recomputed') }} as recomputed
    on claims.recompute = recomputed.recompute
