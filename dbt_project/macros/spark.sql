{#- What Apache Spark needs otherwise than DuckDB. dbt's dispatch finds it: no model names an engine. -#}

{#- The columns of a contract by Spark's names of the types: a text without a length is no varchar there. -#}
{% macro spark__get_empty_schema_sql(columns) -%}
    {%- set translated = {} -%}
    {%- for name, column in columns.items() -%}
        {%- set data_type = dbt.type_string() if column.data_type == "varchar" else column.data_type -%}
        {%- do translated.update({name: dict(column, data_type=data_type)}) -%}
    {%- endfor -%}
    {{ default__get_empty_schema_sql(translated) }}
{%- endmacro %}

{#- A table of Parquet files cannot refuse nulls: what the contract demands is checked when it is built. -#}
{% macro spark__persist_constraints(relation, model) -%}
    {%- set required = [] -%}
    {%- for column in model.columns.values() -%}
        {%- if column.constraints | selectattr("type", "equalto", "not_null") | list -%}
            {%- do required.append(column.name ~ " is null") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if required -%}
        {%- set sought = "select count(*) from " ~ relation ~ " where " ~ required | join(" or ") -%}
        {%- set broken = run_query(sought).columns[0].values()[0] -%}
        {%- if broken -%}
            {%- do exceptions.raise_database_error(
                broken ~ " rows of " ~ relation ~ " break its contract: " ~ required | join(" or ")
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
