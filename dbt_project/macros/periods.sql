{#- The periods in use, by the shape of their text: 2005, 2024-Q1, 2016-12, 2002-10-09. -#}

{#- Kind of a period that is no interval. -#}
{% macro period_shape(period) -%}
    case
        when length({{ period }}) = 4 then 'year'
        when length({{ period }}) = 10 then 'date'
        when substring({{ period }}, 6, 1) = 'Q' then 'quarter'
        when length({{ period }}) = 7 then 'month'
    end
{%- endmacro %}

{#- First day of a period of a known shape. -#}
{% macro first_day(period, shape) -%}
    cast(
        case {{ shape }}
            when 'year' then {{ period }} || '-01-01'
            when 'date' then {{ period }}
            when 'month' then {{ period }} || '-01'
            when 'quarter'
                then substring({{ period }}, 1, 4)
                    || case substring({{ period }}, 7, 1)
                        when '1' then '-01-01' when '2' then '-04-01' when '3' then '-07-01' when '4' then '-10-01'
                    end
        end
        as date
    )
{%- endmacro %}

{#- Day after a period that begins on a day; a date has no length and closes on itself. -#}
{% macro closing_day(first_day, shape) -%}
    cast(
        {{ first_day }}
        + case {{ shape }} when 'year' then 12 when 'quarter' then 3 when 'month' then 1 else 0 end
        * interval '1' month
        as date
    )
{%- endmacro %}
