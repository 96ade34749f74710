select
    answers.answer_key,
    answers.question_key,
    answers.edition_key,
    answers.variable,
    answers.code,
    answers.label_en,
    answers.label_ru,
    answers.is_missing
from {{ ref('stg_survey__value_labels') }} as answers
