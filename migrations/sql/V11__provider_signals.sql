-- What providers reported unasked. A row is a hint for the poller, which asks the provider; it moves no credits and is no
-- read model. Whoever takes a report may add it and not even read it, so that what comes from outside can change nothing.
create table provider_signals (
    provider    text        not null,
    -- The provider's name for the report: what is sent twice is there once.
    event_id    text        not null,
    account_id  uuid        not null,
    job_id      uuid        not null,
    -- The attempt that the provider was given the address of.
    run         integer     not null,
    fencing     bigint      not null,
    -- The provider's name for the task.
    task_id     text        not null,
    received_at timestamptz not null default statement_timestamp(),
    -- When the poller took notice; null until then.
    taken_at    timestamptz,

    constraint provider_signals_pkey primary key (provider, event_id),
    constraint provider_signals_names_short check (
        length(provider) <= 200 and length(event_id) between 1 and 200 and length(task_id) between 1 and 200
    )
);

create index provider_signals_waiting on provider_signals (received_at) where taken_at is null;
create index provider_signals_attempts on provider_signals (job_id, run, fencing);
create index provider_signals_tasks on provider_signals (provider, task_id);
create index provider_signals_ages on provider_signals (received_at);
comment on table provider_signals is 'Reports of providers about tasks, as webhooks brought them.';
comment on index provider_signals_waiting is 'Poller: reports that it has not taken notice of, oldest first.';
comment on index provider_signals_attempts is 'Runner: the task that was reported for an attempt whose submit was not answered.';
comment on index provider_signals_tasks is 'Runner: whether a task is reported for another job too.';
comment on index provider_signals_ages is 'Poller: reports that are old enough to be forgotten.';

grant insert on provider_signals to cooly_appender;
grant select, update, delete on provider_signals to cooly_projector;
grant select on provider_signals to cooly_reader;
