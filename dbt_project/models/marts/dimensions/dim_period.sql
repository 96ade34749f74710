with periods as (

    select distinct time_period as period_id
    from {{ ref('stg_observations') }}

),

dated as (

    select
        period_id,
        case
            when length(period_id) = 4 then 'year'
            when length(period_id) = 10 then 'date'
            else 'interval'
        end as shape,
        cast(
            case when length(period_id) = 4 then period_id || '-01-01' else substring(period_id, 1, 10) end
            as date
        ) as opens_on,
        cast(
            case
                when length(period_id) = 4
                    then cast(cast(period_id as integer) + 1 as {{ dbt.type_string() }}) || '-01-01'
                when length(period_id) = 10 then period_id
                else substring(period_id, 12, 10)
            end
            as date
        ) as closes_on
    from periods

),

census_dates as (

    select distinct census_date
    from {{ ref('census') }}

)

select
    {{ surrogate_key(['dated.period_id']) }} as period_key,
    dated.period_id,
    case when census_dates.census_date is null then dated.shape else 'census' end as period_type,
    dated.opens_on,
    dated.closes_on,
    cast(extract(year from dated.opens_on) as integer) as period_year
from dated
left join census_dates
    on dated.shape = 'date' and dated.opens_on = census_dates.census_date
