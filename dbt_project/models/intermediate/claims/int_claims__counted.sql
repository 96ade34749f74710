select
    'border_regions_' || lower(group_id) as figure_name,
    cast(count(*) as double) as figure_value
from {{ ref('territory_group_member') }}
where
    group_id in ('RU-BORDER-KZ', 'KZ-BORDER-RU', 'RU-BORDER-KZ-WEST', 'KZ-BORDER-RU-WEST')
    and definition_id != 'since_2022'
group by group_id

union all

select
    'survey_respondents' as figure_name,
    cast(nullif(count(distinct responses.respondent_id), 0) as double) as figure_value
from {{ ref('stg_survey__responses') }} as responses
inner join {{ ref('stg_editions') }} as editions
    on responses.edition_id = editions.edition_id
where editions.dataset = 'survey/frontier_2009'
