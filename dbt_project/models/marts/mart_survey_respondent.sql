{%- set named_codes = [
    'country', 'settlement_type', 'settlement', 'sex', 'age_group', 'education', 'marital_status',
    'household_income', 'nationality', 'citizenship', 'trip_frequency',
] -%}
{%- set counts = ['age_years', 'trips_per_year', 'visits_total', 'visits_summer'] -%}
{%- set codes = [
    'visited_last_3_years', 'trip_change', 'decrease_reason', 'trip_reason', 'crossed_outside_posts',
    'has_cross_border_ties', 'contact_regularity', 'emigration_intention', 'emigration_destination',
    'emigration_motive', 'stay_reason', 'inconvenience_in_russia', 'delimitation_view', 'visa_attitude',
    'visa_effect', 'attitude_to_russia', 'self_identification',
] -%}

with

valid_responses as (
    select
        responses.respondent_key,
        responses.edition_key,
        responses.respondent_id,
        responses.is_synthetic,
        responses.variable,
        case when not responses.is_missing then responses.value end as answer_value,
        case when not responses.is_missing then responses.label_en end as answer_label
    from {{ ref('fct_survey_response') }} as responses
)

select
    respondent_key,
    edition_key,
    respondent_id,
    is_synthetic,
    max(case when variable = 'weight' then answer_value end) as weight,
    {%- for variable in named_codes %}
        cast(round(max(case when variable = '{{ variable }}' then answer_value end)) as integer)
            as {{ variable }}_code,
        max(case when variable = '{{ variable }}' then answer_label end) as {{ variable }}_name,
    {%- endfor %}
    {%- for variable in counts %}
        cast(round(max(case when variable = '{{ variable }}' then answer_value end)) as integer)
            as {{ variable }},
    {%- endfor %}
    {%- for variable in codes %}
        cast(round(max(case when variable = '{{ variable }}' then answer_value end)) as integer)
            as {{ variable }}_code
        {%- if not loop.last %},{% endif %}
    {%- endfor %}
from valid_responses
group by
    respondent_key,
    edition_key,
    respondent_id,
    is_synthetic
