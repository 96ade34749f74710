select
    edition_id,
    record_id as claim_id,
    max(case when column_label = 'statement' then raw_text end) as statement,
    max(case when column_label = 'place' then raw_text end) as place_in_text,
    max(case when column_label = 'printed' then raw_text end) as printed,
    max(case when column_label = 'unit' then raw_text end) as unit,
    max(case when column_label = 'period' then raw_text end) as time_period,
    max(case when column_label = 'recompute' then raw_text end) as recompute,
    max(case when column_label = 'explanation' then raw_text end) as explanation,
    max(case when column_label = 'low' then value end) as low,
    max(case when column_label = 'high' then value end) as high,
    max(case when column_label = 'tolerance' then value end) as tolerance,
    max(case when column_label = 'printed' then observation_id end) as observation_id
from {{ source('raw', 'observations') }}
where record_id is not null
group by edition_id, record_id
