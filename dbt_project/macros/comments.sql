{#- The comments on columns, every one of them: the adapter asks the database first which columns there are,
    which the contract and the tests of the dictionary know already. -#}
{% macro duckdb__alter_column_comment(relation, column_dict) -%}
    {%- for name, column in column_dict.items() %}
        comment on column {{ relation }}.{{ adapter.quote(name) }}
        is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
{%- endmacro %}
