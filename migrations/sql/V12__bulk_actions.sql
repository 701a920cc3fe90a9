-- What an admin ordered for many dead jobs at once. Streams belong to accounts, and an order across them has none, so it
-- is not in the log; what becomes of each job is, and names the action as its cause. Not a read model.
create table bulk_actions (
    id                  uuid        not null,
    -- Who ordered it, through which request, and why; written beside each event that it leads to.
    actor               text        not null,
    request_id          text        not null,
    reason              text        not null,
    -- An Idempotency-Key of that person, and the hash of the request that it stands for.
    idempotency_key     text,
    request_hash        bytea,
    kind                text        not null,
    -- What was asked for, to be shown. The jobs themselves are in bulk_items.
    filter              jsonb       not null,
    -- Most jobs a second.
    rate                integer     not null,
    -- So many are done first, and their ends waited for.
    canary              integer     not null,
    -- It pauses by itself once more of a hundred ended badly.
    pause_above_percent integer     not null,
    state               text        not null default 'canary',
    -- Whether the canary is over; a pause in the middle of it goes on with it.
    canary_over         boolean     not null default false,
    -- Why it paused by itself; null if a person paused it.
    cause               text,
    -- What ended badly before this item, a person has seen and gone on.
    judged_from         integer     not null default 1,
    -- The duty that last worked on it.
    fencing             bigint      not null default 0,
    items               integer     not null default 0,
    charged             numeric     not null default 0,
    -- Jobs that were named and left out: no longer dead, or in another run than the one that was seen.
    left_out            integer     not null default 0,
    created_at          timestamptz not null default statement_timestamp(),
    -- When nothing was left to be begun.
    ended_at            timestamptz,
    -- The counts by outcome, once no job has an end to come.
    tally               jsonb,

    constraint bulk_actions_pkey primary key (id),
    constraint bulk_actions_kind_known check (kind in ('retry', 'discard')),
    constraint bulk_actions_state_known check (state in ('canary', 'running', 'paused', 'done', 'aborted')),
    constraint bulk_actions_ended_when_over check ((state in ('done', 'aborted')) = (ended_at is not null)),
    constraint bulk_actions_key_whole check ((idempotency_key is null) = (request_hash is null)),
    constraint bulk_actions_pace_sane check (
        rate >= 1 and canary >= 0 and pause_above_percent between 0 and 100 and judged_from >= 1
    )
);

create unique index bulk_actions_idempotency_key on bulk_actions (actor, idempotency_key)
    where idempotency_key is not null;
create index bulk_actions_newest on bulk_actions (created_at, id);
create index bulk_actions_open on bulk_actions (created_at, id) where tally is null;

-- The jobs of an action, as they were when it was ordered.
create table bulk_items (
    action     uuid        not null,
    -- The order in which they are done, from 1: what died first comes first.
    ordinal    integer     not null,
    account_id uuid        not null,
    job_id     uuid        not null,
    -- The run that was dead, and what was taken for it. Another run is left alone.
    run        integer     not null,
    charged    numeric     not null,
    -- waiting, begun, and then one of: queued (a retry, until it ends as succeeded, failed or cancelled), discarded,
    -- changed (somebody was faster; left as it is), refused (the ledger said no).
    outcome    text        not null default 'waiting',
    -- Why it was changed or refused.
    code       text,
    -- The event that this led to.
    position   bigint,
    settled_at timestamptz,

    constraint bulk_items_pkey primary key (action, ordinal),
    constraint bulk_items_action_fkey foreign key (action) references bulk_actions (id) on delete cascade,
    constraint bulk_items_outcome_known check (
        outcome in ('waiting', 'begun', 'queued', 'succeeded', 'failed', 'cancelled', 'discarded', 'changed', 'refused')
    )
);

create index bulk_items_by_outcome on bulk_items (action, outcome, ordinal);

comment on table bulk_actions is 'What admins ordered for many dead jobs at once, and how far it is.';
comment on table bulk_items is 'The jobs of bulk actions, fixed when each was ordered.';
comment on index bulk_actions_idempotency_key is 'POST /admin/dlq/bulk-actions: a repeat under the same key finds the action.';
comment on index bulk_actions_newest is 'GET /admin/dlq/bulk-actions: newest first.';
comment on index bulk_actions_open is 'Bulk duty: the actions that it works on.';
comment on index bulk_items_by_outcome is 'Bulk duty: what waits; GET /admin/dlq/bulk-actions/{id}/items?outcome=…';

-- Whoever orders may add an action and change its state; what becomes of its jobs is told by the worker alone.
do $$
begin
    begin
        create role cooly_operator nologin;
    exception when duplicate_object or unique_violation then
        null;
    end;
    if not pg_has_role(current_user, 'cooly_operator', 'usage') then
        grant cooly_operator to current_user;
    end if;
end $$;

grant usage on schema public to cooly_operator;
grant select on dead_letters to cooly_operator;
grant select, insert, update on bulk_actions to cooly_operator;
grant select, insert on bulk_items to cooly_operator;
grant select, update on bulk_actions, bulk_items to cooly_projector;
grant select on bulk_actions, bulk_items to cooly_reader;
