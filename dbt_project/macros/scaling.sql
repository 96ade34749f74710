{#- Factor of a power of ten as SDMX UNIT_MULT states it (0 to 9), exact in decimal arithmetic. -#}
{% macro unit_factor(unit_mult) -%}
    case {{ unit_mult }}
        when 0 then 1 when 1 then 10 when 2 then 100
        when 3 then 1000 when 4 then 10000 when 5 then 100000
        when 6 then 1000000 when 7 then 10000000 when 8 then 100000000
        when 9 then 1000000000
    end
{%- endmacro %}

{#- Half a unit of the last printed digit (0 to 8 decimals), in printed units, exact in decimals. -#}
{% macro half_unit(decimals) -%}
    case {{ decimals }}
        when 0 then 0.5 when 1 then 0.05 when 2 then 0.005
        when 3 then 0.0005 when 4 then 0.00005 when 5 then 0.000005
        when 6 then 0.0000005 when 7 then 0.00000005 when 8 then 0.000000005
    end
{%- endmacro %}
