with claims as (

    select
        claims.*,
        recomputed.recomputed_value,
        recomputed.recomputed_low,
        recomputed.recomputed_high,
        -- An end that the text leaves open excludes nothing.
        coalesce(recomputed.recomputed_high >= claims.low - claims.tolerance, claims.low is null)
        and coalesce(recomputed.recomputed_low <= claims.high + claims.tolerance, claims.high is null)
            as is_in_range
    from {{ ref('stg_literature__claims') }} as claims
    left join {{ ref('int_claims__recomputed') }} as recomputed
        on
            claims.edition_id = recomputed.edition_id
            and claims.claim_id = recomputed.claim_id

)

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
    claims.recompute as computed_from,
    cast(claims.recomputed_value as double) as recomputed_value,
    cast(claims.recomputed_low as double) as recomputed_low,
    cast(claims.recomputed_high as double) as recomputed_high,
    case when claims.recomputed_value is not null then claims.is_in_range end as is_within_rounding,
    case
        when claims.recomputed_value is null then 'not computable'
        when claims.is_in_range then 'agrees'
        else 'disagrees'
    end as verdict,
    claims.explanation,
    claims.observation_id
from claims
