select
    responses.response_key,
    responses.respondent_key,
    responses.edition_key,
    responses.question_key,
    answers.answer_key,
    responses.respondent_id,
    responses.variable,
    responses.code,
    responses.value,
    answers.label_en,
    answers.label_ru,
    responses.missing_reason,
    responses.is_missing,
    editions.is_synthetic
from {{ ref('stg_survey__responses') }} as responses
inner join {{ ref('dim_edition') }} as editions
    on responses.edition_key = editions.edition_key
left join {{ ref('dim_survey_answer') }} as answers
    on
        responses.question_key = answers.question_key
        and responses.code = answers.code
