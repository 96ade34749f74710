select
    {{ surrogate_key([
        'value_labels.edition_id', 'value_labels.variable', 'value_labels.code'
    ]) }} as answer_key,
    {{ surrogate_key(['value_labels.edition_id', 'value_labels.variable']) }} as question_key,
    {{ surrogate_key(['value_labels.edition_id']) }} as edition_key,
    value_labels.edition_id,
    value_labels.variable,
    value_labels.code,
    coalesce(value_labels.label_en, value_labels.code) as label_en,
    value_labels.label_ru,
    value_labels.is_missing
from {{ source('raw', 'survey_value_labels') }} as value_labels
