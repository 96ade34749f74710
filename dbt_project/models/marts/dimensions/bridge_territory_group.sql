select
    {{ surrogate_key([
        'members.group_id', 'members.definition_id', 'members.member_id', 'members.valid_from'
    ]) }} as territory_group_member_key,
    members.group_id,
    members.definition_id,
    members.member_id,
    {{ surrogate_key(['members.member_id']) }} as member_territory_key,
    definitions.name_en as definition_name_en,
    definitions.description as definition_description,
    definitions.valid_from as definition_valid_from,
    definitions.valid_to as definition_valid_to,
    members.valid_from,
    members.valid_to
from {{ ref('territory_group_member') }} as members
inner join {{ ref('territory_group') }} as definitions
    on members.group_id = definitions.group_id and members.definition_id = definitions.definition_id
