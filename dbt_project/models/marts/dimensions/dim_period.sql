with periods as (

    select time_period as period_id
    from {{ ref('stg_observations') }}

    union

    select time_period as period_id
    from {{ ref('int_projections__pivoted') }}

),

ends as (

    select
        period_id,
        split_part(period_id, '/', 1) as first_part,
        coalesce(nullif(split_part(period_id, '/', 2), ''), period_id) as last_part
    from periods

),

shaped as (

    select
        *,
        {{ period_shape('first_part') }} as first_shape,
        {{ period_shape('last_part') }} as last_shape
    from ends

),

opened as (

    select
        period_id,
        case when first_part = period_id then first_shape else 'interval' end as shape,
        {{ first_day('first_part', 'first_shape') }} as opens_on,
        {{ first_day('last_part', 'last_shape') }} as last_part_opens_on,
        last_shape
    from shaped

),

census_dates as (

    select distinct census_date
    from {{ ref('census') }}

)

select
    {{ surrogate_key(['opened.period_id']) }} as period_key,
    opened.period_id,
    case when census_dates.census_date is null then opened.shape else 'census' end as period_type,
    opened.opens_on,
    {{ closing_day('opened.last_part_opens_on', 'opened.last_shape') }} as closes_on,
    cast(extract(year from opened.opens_on) as integer) as period_year
from opened
left join census_dates
    on opened.shape = 'date' and opened.opens_on = census_dates.census_date
