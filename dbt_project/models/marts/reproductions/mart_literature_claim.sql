select
    claims.published_claim_key,
    claims.edition_key,
    editions.publication as literature_work,
    claims.claim_id,
    claims.statement,
    claims.place_in_text,
    claims.period_text,
    claims.printed,
    claims.low,
    claims.high,
    claims.tolerance,
    claims.unit,
    claims.computed_from,
    claims.recomputed_value,
    claims.recomputed_low,
    claims.recomputed_high,
    case
        when claims.recomputed_value < claims.low then claims.recomputed_value - claims.low
        when claims.recomputed_value > claims.high then claims.recomputed_value - claims.high
        when claims.recomputed_value is not null then 0.0
    end as difference,
    claims.is_within_rounding,
    claims.verdict,
    claims.explanation as why
from {{ ref('fct_published_claim') }} as claims
inner join {{ ref('stg_editions') }} as editions
    on claims.edition_key = editions.edition_key
