select
    editions.edition_key,
    editions.edition_id,
    editions.dataset,
    editions.edition,
    editions.agency,
    datasets.title_en,
    datasets.title_ru,
    datasets.title_kk,
    editions.publication,
    editions.table_number,
    editions.pages,
    editions.publisher,
    editions.released_on,
    editions.released_on_precision,
    editions.retrieved_on,
    editions.url,
    editions.file,
    editions.file_sha256,
    editions.licence,
    editions.language,
    editions.quoted_in,
    editions.is_keyed_by_hand,
    editions.is_excerpt,
    editions.is_synthetic,
    editions.note
from {{ ref('stg_editions') }} as editions
inner join {{ source('raw', 'datasets') }} as datasets
    on editions.dataset = datasets.dataset
