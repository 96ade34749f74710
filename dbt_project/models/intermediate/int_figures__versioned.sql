-- A figure is compared with what the same table said before, and where the table is new with what another
-- table of the agency said.
with ranked as (

    select
        *,
        row_number() over (
            partition by figure_id order by released_on asc, edition_id asc
        ) as version_number,
        lag(observation_id) over (
            partition by figure_id order by released_on asc, edition_id asc
        ) as previous_in_agency,
        lag(observation_id) over (
            partition by dataset, figure_id order by released_on asc, edition_id asc
        ) as previous_in_dataset,
        {{ is_latest(['figure_id']) }} as is_latest,
        {{ is_latest(['dataset', 'figure_id']) }} as is_latest_in_dataset
    from {{ ref('stg_observations') }}

)

select
    ranked.observation_id,
    ranked.edition_key,
    ranked.edition_id,
    ranked.dataset,
    ranked.agency,
    ranked.released_on,
    ranked.indicator,
    ranked.ref_area,
    ranked.counterpart_area,
    ranked.reporting_area,
    ranked.time_period,
    ranked.population_group,
    ranked.sex,
    ranked.age,
    ranked.citizenship,
    ranked.variant,
    ranked.breakdown,
    ranked.group_definition,
    ranked.obs_status,
    ranked.unit,
    ranked.unit_mult,
    ranked.decimals,
    ranked.raw_text,
    ranked.is_corrected,
    ranked.is_computed_by_quoting_work,
    ranked.figure_value,
    ranked.half_width,
    ranked.figure_id,
    ranked.version_number,
    ranked.is_latest,
    ranked.is_latest_in_dataset,
    previous.observation_id as previous_observation_id,
    previous.edition_id as previous_edition_id,
    previous.figure_value as previous_value,
    previous.half_width as previous_half_width,
    previous.group_definition as previous_group_definition
from ranked
left join ranked as previous
    on coalesce(ranked.previous_in_dataset, ranked.previous_in_agency) = previous.observation_id
