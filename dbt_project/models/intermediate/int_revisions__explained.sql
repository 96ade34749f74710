-- What the members that two definitions do not share add up to, in the edition that prints them: those that
-- the later definition drops, less those that it adds.
with definition_changes as (

    select
        figures.observation_id,
        figures.figure_value,
        figures.previous_value,
        sum(
            members.figure_value
            * case when figures.group_definition = differences.wider_definition then -1 else 1 end
        ) as difference_by_definition,
        count(*) = count(members.figure_value) as has_every_member
    from {{ ref('int_figures__versioned') }} as figures
    inner join {{ ref('int_group_definitions__compared') }} as differences
        on
            figures.counterpart_area = differences.group_id
            and (
                (
                    figures.previous_group_definition = differences.wider_definition
                    and figures.group_definition = differences.narrower_definition
                )
                or (
                    figures.group_definition = differences.wider_definition
                    and figures.previous_group_definition = differences.narrower_definition
                )
            )
    left join {{ ref('int_figures__versioned') }} as members
        on
            figures.edition_id = members.edition_id
            and figures.indicator = members.indicator
            and figures.ref_area = members.ref_area
            and figures.reporting_area = members.reporting_area
            and figures.time_period = members.time_period
            and figures.population_group = members.population_group
            and figures.breakdown = members.breakdown
            and differences.member_id = members.counterpart_area
    where figures.group_definition != figures.previous_group_definition
    group by figures.observation_id, figures.figure_value, figures.previous_value

)

select
    observation_id,
    difference_by_definition,
    has_every_member
    and previous_value - figure_value = difference_by_definition as is_explained
from definition_changes
