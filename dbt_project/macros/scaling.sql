{#- Factor of a power of ten as SDMX UNIT_MULT states it, exact in decimal arithmetic. -#}
{% macro unit_factor(unit_mult) -%}
    case {{ unit_mult }} when 0 then 1 when 3 then 1000 when 6 then 1000000 end
{%- endmacro %}

{#- Half a unit of the last printed digit, in printed units. -#}
{% macro half_unit(decimals) -%}
    case {{ decimals }}
        when 0 then 0.5 when 1 then 0.05 when 2 then 0.005 when 3 then 0.0005
        when 4 then 0.00005 when 5 then 0.000005 when 6 then 0.0000005
    end
{%- endmacro %}

{#- Whether the row is the last of its versions: by release, then by edition so that a tie has one answer. -#}
{% macro is_latest(partition_by) -%}
    row_number() over (
        partition by {{ partition_by | join(', ') }}
        order by released_on desc, edition_id desc
    ) = 1
{%- endmacro %}
