with ranked as (

    select
        *,
        row_number() over (
            partition by figure_id order by released_on asc, edition_id asc
        ) as version_number,
        {{ is_latest(['figure_id']) }} as is_latest,
        {{ is_latest(['dataset', 'figure_id']) }} as is_latest_in_dataset
    from {{ ref('stg_observations') }}

)

select
    ranked.*,
    previous.observation_id as previous_observation_id,
    previous.edition_id as previous_edition_id,
    previous.figure_value as previous_value,
    previous.half_width as previous_half_width,
    previous.group_definition as previous_group_definition
from ranked
left join ranked as previous
    on
        ranked.figure_id = previous.figure_id
        and ranked.version_number = previous.version_number + 1
