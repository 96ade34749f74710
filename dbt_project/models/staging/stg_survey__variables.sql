select
    {{ surrogate_key(['survey_variables.edition_id', 'survey_variables.variable']) }} as question_key,
    {{ surrogate_key(['survey_variables.edition_id']) }} as edition_key,
    survey_variables.edition_id,
    survey_variables.position,
    survey_variables.variable,
    coalesce(survey_variables.label_en, survey_variables.variable) as label_en,
    survey_variables.label_ru,
    survey_variables.measure,
    survey_variables.storage_type,
    survey_variables.format
from {{ source('raw', 'survey_variables') }} as survey_variables
