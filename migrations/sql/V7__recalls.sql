-- Work that a provider accepted and that nobody waits for any more, until the provider confirms that it is stopped.
-- Not a read model: what was accepted too late to be recorded is known here alone.
create table recalls (
    account_id       uuid        not null,
    job_id           uuid        not null,
    -- The provider's name for the work.
    provider_task_id text        not null,
    -- Who has it; null where the log does not say: then whoever makes the model.
    provider         text,
    model            text        not null,
    recorded_at      timestamptz not null default statement_timestamp(),
    -- When the provider is asked next, and how often it was asked in vain.
    due_at           timestamptz not null default statement_timestamp(),
    tries            integer     not null default 0,

    constraint recalls_pkey primary key (account_id, job_id, provider_task_id),
    constraint recalls_tries_not_negative check (tries >= 0)
);

create index recalls_due on recalls (due_at);
comment on table recalls is 'Work at providers that is to be stopped.';
comment on index recalls_due is 'Recaller: what a provider is asked to stop next.';

grant select, insert, update, delete on recalls to cooly_projector;
grant select on recalls to cooly_reader;
