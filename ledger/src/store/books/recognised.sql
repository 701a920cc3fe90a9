select (recorded_at at time zone 'UTC')::date as day, part.source, sum(part.burned), sum(part.refunded),
    sum(part.expired)
from events event
cross join lateral (
    -- Before there were lots, events named none.
    select 'other' as source, case event.type when 'credits.debited' then -event.amount else 0 end as burned,
        case event.type when 'credits.refunded' then event.amount else 0 end as refunded, 0 as expired
    where event.schema_version = 1 and event.type in ('credits.debited', 'credits.refunded')
    union all
    select coalesce(lot ->> 'source', 'other'), (lot ->> 'amount')::numeric, 0, 0
    from json_array_elements(event.payload -> 'from') as lot
    where event.type in ('credits.debited', 'credits.captured')
    union all
    select coalesce(lot ->> 'source', 'other'), 0, (lot ->> 'amount')::numeric, 0
    from json_array_elements(event.payload -> 'to') as lot
    where event.type = 'credits.refunded'
    union all
    -- An expiry names its lot alone: the event that gave it knows where it came from.
    select coalesce((
            select case type when 'credits.adjusted' then 'adjustment' else payload ->> 'source' end from events
            where account_id = event.account_id and stream_id = event.stream_id
                and version = (event.payload ->> 'lot')::bigint
            limit 1
        ), 'other'), 0, 0, -event.amount
    where event.type = 'credits.expired'
) part
where position >= $1 and position < $2
    and type in ('credits.debited', 'credits.captured', 'credits.refunded', 'credits.expired')
group by 1, 2
