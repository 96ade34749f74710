-- A figure that a later whole edition of the same table no longer prints is withdrawn.
with numbered as (

    select
        edition_id,
        dataset,
        is_excerpt,
        row_number() over (partition by dataset order by released_on asc, edition_id asc) as edition_number
    from {{ ref('stg_editions') }}

),

editions as (

    select
        edition_id,
        dataset,
        edition_number,
        min(case when not is_excerpt then edition_number end) over (
            partition by dataset order by edition_number rows between 1 following and unbounded following
        ) as next_whole_number
    from numbered

),

printed as (

    select
        figures.figure_id,
        editions.dataset,
        editions.edition_number
    from {{ ref('int_figures__versioned') }} as figures
    inner join editions
        on figures.edition_id = editions.edition_id

),

withdrawn as (

    select
        figures.figure_id,
        next_editions.edition_id,
        figures.edition_id as previous_edition_id,
        figures.observation_id as previous_observation_id,
        figures.indicator,
        figures.ref_area,
        figures.counterpart_area,
        figures.time_period,
        figures.population_group,
        figures.breakdown,
        figures.figure_value as previous_value
    from {{ ref('int_figures__versioned') }} as figures
    inner join editions
        on figures.edition_id = editions.edition_id
    inner join editions as next_editions
        on
            editions.dataset = next_editions.dataset
            and editions.next_whole_number = next_editions.edition_number
    left join printed as kept
        on
            figures.figure_id = kept.figure_id
            and editions.dataset = kept.dataset
            and editions.edition_number < kept.edition_number
            and editions.next_whole_number >= kept.edition_number
    where kept.figure_id is null

),

compared as (

    select
        figures.figure_id,
        figures.edition_id,
        figures.previous_edition_id,
        figures.observation_id,
        figures.previous_observation_id,
        figures.indicator,
        figures.ref_area,
        figures.counterpart_area,
        figures.time_period,
        figures.population_group,
        figures.breakdown,
        figures.figure_value,
        figures.previous_value,
        case
            when figures.previous_observation_id is null then 'new'
            when figures.previous_value is null and figures.figure_value is not null then 'new'
            when figures.previous_value is not null and figures.figure_value is null then 'withdrawn'
            when explained.is_explained then 'definition'
            when
                figures.figure_value = figures.previous_value
                or coalesce(figures.figure_value, figures.previous_value) is null
                then 'confirmed'
            when
                abs(figures.figure_value - figures.previous_value)
                <= abs(figures.half_width - figures.previous_half_width)
                then 'confirmed'
            else 'revised'
        end as revision_type
    from {{ ref('int_figures__versioned') }} as figures
    left join {{ ref('int_revisions__explained') }} as explained
        on figures.observation_id = explained.observation_id

    union all

    select
        figure_id,
        edition_id,
        previous_edition_id,
        null as observation_id,
        previous_observation_id,
        indicator,
        ref_area,
        counterpart_area,
        time_period,
        population_group,
        breakdown,
        null as figure_value,
        previous_value,
        'withdrawn' as revision_type
    from withdrawn

)

select
    {{ surrogate_key(['compared.figure_id', 'compared.edition_id']) }} as revision_key,
    compared.figure_id,
    {{ surrogate_key(['compared.edition_id']) }} as edition_key,
    case
        when compared.previous_edition_id is not null
            then {{ surrogate_key(['compared.previous_edition_id']) }}
    end as previous_edition_key,
    {{ surrogate_key(['compared.indicator']) }} as indicator_key,
    compared.indicator as indicator_id,
    compared.ref_area as territory_id,
    compared.counterpart_area as partner_id,
    compared.time_period as period_id,
    compared.population_group as population_group_id,
    compared.breakdown,
    compared.revision_type,
    cast(compared.figure_value as double) as figure_value,
    cast(compared.previous_value as double) as previous_value,
    cast(compared.figure_value - compared.previous_value as double) as difference,
    compared.observation_id,
    compared.previous_observation_id
from compared
