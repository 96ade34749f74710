with tested as (

    select
        models.model_name,
        models.subset,
        effects.effect,
        effects.chi2,
        effects.df,
        effects.p_value,
        effects.is_significant,
        models.is_synthetic
    from {{ source('glm', 'glm_effect_test') }} as effects
    inner join {{ source('glm', 'glm_model') }} as models
        on effects.model_id = models.model_id
    -- Settlement type and country together leave too few respondents to judge a statement by.
    where models.subset not like '%,%'

)

select
    {{ surrogate_key(['tested.model_name', 'tested.effect']) }} as glm_significance_key,
    tested.model_name,
    tested.effect as predictor,
    cast(count(*) as integer) as models_fitted,
    cast(sum(case when tested.is_significant then 1 else 0 end) as integer) as models_significant,
    {% for subset, column in [
        ('pooled', 'pooled'), ('country=1', 'kazakhstan'), ('country=2', 'russia'),
        ('settlement_type=1', 'regional_centre'), ('settlement_type=2', 'district_centre'),
        ('settlement_type=3', 'village')
    ] -%}
        max(case when tested.subset = '{{ subset }}' then tested.p_value end) as p_value_{{ column }},
    {% endfor -%}
    max(stated.expectation) as stated_significance,
    max(stated.statement) as statement,
    case max(stated.expectation)
        when 'all' then min(case when tested.is_significant then 1 else 0 end) = 1
        when 'some'
            then
                max(case when tested.is_significant then 1 else 0 end) = 1
                and min(case when tested.is_significant then 1 else 0 end) = 0
        when 'none' then max(case when tested.is_significant then 1 else 0 end) = 0
    end as agrees_with_statement,
    bool_or(tested.is_synthetic) as is_synthetic
from tested
inner join {{ ref('dissertation_predictor') }} as stated
    on tested.effect = stated.predictor
group by tested.model_name, tested.effect
