-- A page of accounts after $1, at most $3 of them, and what each had last stated before each of the positions $2.
-- `stated` has the place of the position and the columns of that event; an account that had none is left out.
-- The accounts are found by leaping along the primary key, and the event by bisecting the versions of those accounts to
-- which something happened since: nothing is read from end to end.
with recursive account (id, place) as (
    (select account_id, 1::bigint from events where account_id > $1 order by account_id limit 1)
    union all
    select next.account_id, account.place + 1
    from account
    cross join lateral (
        select account_id from events where account_id > account.id order by account_id limit 1
    ) next
    where account.place < $3
), search (id, place, bound, low, high) as (
    select account.id, asked.place, asked.position,
        case when head.position < asked.position then head.version else 0 end,
        case when head.position < asked.position then head.version else head.version - 1 end
    from account
    cross join lateral (
        select version, position from events
        where account_id = account.id and stream_id = account.id
        order by version desc limit 1
    ) head
    cross join unnest($2::bigint[]) with ordinality as asked (position, place)
    union all
    select search.id, search.place, bound, case when fits then middle else low end,
        case when fits then high else middle - 1 end
    from search
    cross join lateral (select (low + high + 1) / 2 as middle) probe
    left join lateral (
        select position < bound as fits from events
        where account_id = search.id and stream_id = search.id and version = middle limit 1
    ) probed on true
    where low < high
), stated as (
    select search.place, search.id, newest.balance_after, newest.state
    from search
    cross join lateral (
        select balance_after, state from events
        where account_id = search.id and stream_id = search.id and version = low limit 1
    ) newest
    where low = high
)
