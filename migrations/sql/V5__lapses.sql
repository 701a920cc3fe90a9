-- Lots that lapse, holds, and prices that are known only once a job is done, in the read models. What an older
-- program has written stays right: it knew of none of them, so null and false are what a replay gives.

-- When the account's next lot or hold lapses.
alter table account_balances add column next_lapse_at timestamptz;

create index account_balances_next_lapse on account_balances (next_lapse_at, account_id)
    where next_lapse_at is not null;
comment on index account_balances_next_lapse is 'Sweeper: accounts of which something has lapsed, longest first.';

-- `hold` names what a hold's events have in common. `captured` is what a capture spent: its `amount` is only the
-- part that came back.
alter table credit_history
    add column hold bigint,
    add column captured numeric,
    add constraint credit_history_hold_named check (
        (type in ('credits.held', 'credits.captured', 'credits.released')) = (hold is not null)
    ),
    add constraint credit_history_captured_told check (
        (type = 'credits.captured') = (captured is not null) and captured >= 0
    );

-- `per_second` is the price of a second of output, where the price depends on that. `on_hold` says that what is
-- charged is only held so far: the most that the job can cost.
alter table generations
    add column per_second numeric,
    add column on_hold boolean not null default false,
    add constraint generations_on_hold_until_done check (
        not on_hold or (per_second is not null and status in ('queued', 'running', 'dead'))
    );
alter table dead_letters add column on_hold boolean not null default false;

-- The overview counts adjustments from now on; those of the past are in the log.
insert into overview_totals (measure, value)
select case when amount < 0 then 'credits_adjusted_down' else 'credits_adjusted_up' end, sum(abs(amount))
from events
where type = 'credits.adjusted'
    and position <= (select position from projection_checkpoints where projection = 'overview_totals')
group by 1;
