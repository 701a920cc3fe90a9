-- The worker processes and when each was last heard of, so that what a dead one had claimed need not wait for its lease.
-- Not a read model: nothing of it is in the log, and nothing is lost with it.
create table workers (
    -- The name under which the process claims jobs; no other process ever has it.
    identity text        not null,
    -- Since when it has been here without having been taken for gone.
    since    timestamptz not null default statement_timestamp(),
    seen_at  timestamptz not null default statement_timestamp(),
    -- Since when it counts as gone: it said so, or was not heard of for too long. Null while it is here.
    gone_at  timestamptz,

    constraint workers_pkey primary key (identity)
);
comment on table workers is 'Worker processes, and when each was last heard of.';

-- Claims that end with their worker: what a provider is known to have is left out.
create index pending_tasks_claims on pending_tasks (worker)
    where status = 'running' and provider_task_id is null;
comment on index pending_tasks_claims is 'Reconciler: what a worker that is gone had claimed.';

grant select, insert, update, delete on workers to cooly_projector;
grant select on workers to cooly_reader;

-- A job may be cancelled while nobody knows whether a provider took its work.
alter table recalls
    -- Our name for an attempt whose submit went unanswered: its provider is asked first whether it took the work, and
    -- `provider_task_id` only tells such rows of a job apart. Null where the provider's name for the work is known.
    add column reference text;
