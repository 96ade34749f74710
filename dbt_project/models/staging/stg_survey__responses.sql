select
    {{ surrogate_key([
        'responses.edition_id', 'responses.respondent_id', 'responses.variable'
    ]) }} as response_key,
    {{ surrogate_key(['responses.edition_id', 'responses.respondent_id']) }} as respondent_key,
    {{ surrogate_key(['responses.edition_id', 'responses.variable']) }} as question_key,
    {{ surrogate_key(['responses.edition_id']) }} as edition_key,
    responses.edition_id,
    responses.respondent_id,
    responses.variable,
    responses.code,
    responses.value,
    responses.iso_text,
    responses.missing_reason,
    responses.missing_reason is not null as is_missing
from {{ source('raw', 'survey_responses') }} as responses
