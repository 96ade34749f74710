{#- A table is built in its place: the database is a candidate that is thrown away when a model fails, so nothing
    has to be kept beside it and renamed, which took a tenth of a build. -#}
{% materialization table, adapter="duckdb" -%}
    {%- set relation = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks) }}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- call statement("main") -%}
        {{ create_table_as(False, relation, compiled_code) }}
    {%- endcall -%}
    {%- do persist_docs(relation, model) -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({"relations": [relation]}) }}
{%- endmaterialization %}
