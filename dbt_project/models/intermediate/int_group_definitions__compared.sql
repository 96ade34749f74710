-- Members that one definition of a group has and another has not, seen from the partner's side.
with definitions as (

    select distinct
        group_id,
        definition_id
    from {{ ref('territory_group_member') }}

)

select
    wider.group_id,
    wider.definition_id as wider_definition,
    narrower.definition_id as narrower_definition,
    wider.member_id
from {{ ref('territory_group_member') }} as wider
inner join definitions as narrower
    on
        wider.group_id = narrower.group_id
        and wider.definition_id != narrower.definition_id
left join {{ ref('territory_group_member') }} as shared
    on
        narrower.group_id = shared.group_id
        and narrower.definition_id = shared.definition_id
        and wider.member_id = shared.member_id
where shared.member_id is null
