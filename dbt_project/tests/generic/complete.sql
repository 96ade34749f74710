{#- No row lacks a value in any of the columns: one test for all of them, because each test costs a query and its
    overhead. Tables under a contract say so by a constraint. -#}
{% test complete(model, columns) -%}
    select *
    from {{ model }}
    where
    {%- for column in columns %}
        {{ column }} is null {% if not loop.last %}or{% endif %}
    {%- endfor %}
{%- endtest %}
