{#- The end of every reproduction of a printed table: each printed cell beside what `recomputed` has for it.
    They are matched by indicator and by `matched_by`, within an edition unless the recomputed figure has none. -#}
{% macro printed_beside_recomputed(dimensions, matched_by, input_half_width='0') -%}
    {#- What the print says, where a steward has corrected it. -#}
    {%- set print_says -%}
        case when printed.is_corrected then printed.overridden_value else printed.figure_value end
    {%- endset -%}
    {%- set named = [] -%}
    {%- for column, name in dimensions -%}
        {%- do named.append("printed." ~ column ~ " as " ~ name) -%}
    {%- endfor -%}
    {%- set matched = [] -%}
    {%- for column in ["indicator"] + matched_by -%}
        {%- do matched.append("printed." ~ column ~ " = recomputed." ~ column) -%}
    {%- endfor -%}
    select
        printed.observation_id,
        printed.edition_key,
        {{ named | join(", ") }},
        cast({{ print_says }} as double) as printed_value,
        cast(recomputed.recomputed_value as double) as recomputed_value,
        cast({{ print_says }} - recomputed.recomputed_value as double) as difference,
        abs({{ print_says }} - recomputed.recomputed_value)
        <= printed.half_width + {{ input_half_width }} as is_within_rounding,
        recomputed.computed_from
    from printed
    left join recomputed
        on
            printed.edition_id = coalesce(recomputed.edition_id, printed.edition_id)
            and {{ matched | join(" and ") }}
{%- endmacro %}
