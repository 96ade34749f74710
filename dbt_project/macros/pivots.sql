{#- From one row per printed figure to one row with a column per indicator. -#}

{#- The value and the printed cell of each indicator, as columns of a query grouped by the rest. -#}
{% macro indicator_columns(indicators) -%}
    {% for indicator in indicators -%}
        max(case when indicator = '{{ indicator }}' then figure_value end) as {{ indicator }},
        max(case when indicator = '{{ indicator }}' then observation_id end)
            as {{ indicator }}_observation_id
        {%- if not loop.last %},
    {% endif %}
    {%- endfor %}
{%- endmacro %}

{#- A list of texts as the right side of `in`. -#}
{% macro text_list(texts) -%}
    ('{{ texts | join("', '") }}')
{%- endmacro %}
