select
    questions.question_key,
    questions.edition_key,
    questions.variable,
    questions.position,
    questions.label_en,
    questions.label_ru,
    questions.measure,
    questions.storage_type
from {{ ref('stg_survey__variables') }} as questions
