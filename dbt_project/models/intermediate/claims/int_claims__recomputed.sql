-- What a claim is held against: one figure, or a sum, product or quotient of figures, each of them the
-- warehouse's own or (claim.…) one that the same work states. Claims go in with the range of their rounding.
{%- set positions = range(1, 6) %}

with computed as (

    select * from {{ ref('int_claims__computed_from_migration') }}

    union all

    select * from {{ ref('int_claims__computed_from_population') }}

    union all

    select * from {{ ref('int_claims__counted') }}

),

claims as (

    select
        edition_id,
        claim_id,
        unit,
        recompute,
        split_part(recompute, ' ', 2) as formula_sign,
        (length(recompute) - length(replace(recompute, ' ', ''))) / 2 + 1 as operand_count
    from {{ ref('stg_literature__claims') }}
    where recompute is not null

),

operands as (

    {% for position in positions -%}
        select
            edition_id,
            claim_id,
            formula_sign,
            {{ position }} as operand_position,
            split_part(recompute, ' ', {{ 2 * position - 1 }}) as operand
        from claims
        where operand_count >= {{ position }}
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}

),

figures as (

    select
        cast(null as {{ dbt.type_string() }}) as edition_id,
        figure_name,
        figure_value as low,
        figure_value as high,
        1.0 as scale
    from computed

    union all

    select
        edition_id,
        'claim.' || claim_id as figure_name,
        cast(low - tolerance as double) as low,
        cast(high + tolerance as double) as high,
        case when unit = 'percent' then 0.01 else 1.0 end as scale
    from {{ ref('stg_literature__claims') }}

),

terms as (

    select
        operands.edition_id,
        operands.claim_id,
        operands.operand_position,
        figures.low * case when operands.formula_sign = '' then 1.0 else figures.scale end as low,
        figures.high * case when operands.formula_sign = '' then 1.0 else figures.scale end as high
    from operands
    inner join figures
        on
            operands.operand = figures.figure_name
            and operands.edition_id = coalesce(figures.edition_id, operands.edition_id)
    where figures.low is not null and figures.high is not null

),

aggregated as (

    select
        edition_id,
        claim_id,
        count(*) as term_count,
        sum(low) as sum_low,
        sum(high) as sum_high,
        max(case when operand_position = 1 then low end) as first_low,
        max(case when operand_position = 1 then high end) as first_high,
        max(case when operand_position = 2 then low end) as second_low,
        max(case when operand_position = 2 then high end) as second_high
    from terms
    group by edition_id, claim_id

),

results as (

    select
        claims.edition_id,
        claims.claim_id,
        case when claims.formula_sign != '' and claims.unit = 'percent' then 100.0 else 1.0 end as scale,
        case claims.formula_sign
            when '*' then aggregated.first_low * aggregated.second_low
            when '/' then aggregated.first_low / aggregated.second_high
            else aggregated.sum_low
        end as low,
        case claims.formula_sign
            when '*' then aggregated.first_high * aggregated.second_high
            when '/' then aggregated.first_high / aggregated.second_low
            else aggregated.sum_high
        end as high,
        case claims.formula_sign
            when '*'
                then
                    (aggregated.first_low + aggregated.first_high) / 2
                    * (aggregated.second_low + aggregated.second_high) / 2
            when '/'
                then
                    (aggregated.first_low + aggregated.first_high)
                    / (aggregated.second_low + aggregated.second_high)
            else (aggregated.sum_low + aggregated.sum_high) / 2
        end as middle
    from claims
    inner join aggregated
        on
            claims.edition_id = aggregated.edition_id
            and claims.claim_id = aggregated.claim_id
            and claims.operand_count = aggregated.term_count

)

select
    edition_id,
    claim_id,
    cast(scale * middle as double) as recomputed_value,
    cast(scale * low as double) as recomputed_low,
    cast(scale * high as double) as recomputed_high
from results
