{#- Whether a relation with `valid_from` and `valid_to`, the first day after, is in force on a day. -#}
{% macro is_valid_on(relation, day) -%}
    ({{ relation }}.valid_from is null or {{ relation }}.valid_from <= {{ day }})
    and ({{ relation }}.valid_to is null or {{ day }} < {{ relation }}.valid_to)
{%- endmacro %}
