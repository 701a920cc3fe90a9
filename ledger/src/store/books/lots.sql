, part as (
    select id, (lot ->> 'lot')::bigint as lot, coalesce(lot ->> 'source', 'other') as source,
        (lot ->> 'amount')::numeric as available, 0 as held
    from stated
    cross join lateral json_array_elements(state -> 'lots') as lot
    union all
    select id, (lot ->> 'lot')::bigint, coalesce(lot ->> 'source', 'other'), 0, (lot ->> 'amount')::numeric
    from stated
    cross join lateral json_array_elements(state -> 'holds') as hold
    cross join lateral json_array_elements(hold -> 'from') as lot
    union all
    -- A state of before there were lots, or one that has none left.
    select id, 0, 'other', balance_after, 0
    from stated
    where state -> 'lots' is null
), aged as (
    select source, available, held,
        width_bucket(floor(extract(epoch from $4 - given.recorded_at) / 86400), $5::int[]::numeric[]) as age
    from part
    left join lateral (
        select recorded_at from events
        where account_id = part.id and stream_id = part.id and version = part.lot limit 1
    ) given on true
    where available <> 0 or held <> 0
), grouped as (
    select source, age, sum(available) as available, sum(held) as held from aged group by source, age
)
select source, age, available, held, page.accounts, page.last
from (select (select count(*) from account), (select id from account order by place desc limit 1)) as page (accounts, last)
left join grouped on true
