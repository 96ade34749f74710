{#- Every value of the columns stands in the dimension that they refer to: `columns` maps a column to
    table.column. One test for all columns of a model, because each test costs a query and its overhead. -#}
{% test references(model, columns) -%}
    {% for column, target in columns.items() -%}
        {%- set table, field = target.split('.') -%}
        select
            '{{ column }}' as column_name,
            cast(referring.{{ column }} as {{ dbt.type_string() }}) as missing_value
        from {{ model }} as referring
        left join {{ ref(table) }} as referred
            on referring.{{ column }} = referred.{{ field }}
        where referring.{{ column }} is not null and referred.{{ field }} is null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
{%- endtest %}
