-- Read models: tables that answer questions and can be dropped and rebuilt from the log at any time.
-- Each row is a pure function of events, so that a replay gives the very same row: no column holds the
-- time at which it was projected. `version` is the stream version that the row last applied, so a missed
-- event shows as a gap; `last_position` is the position of the event that last changed the row.

-- How far each projection has read the log. Moved in the transaction that writes its rows. `fencing` is the
-- highest fencing number of the projector's lease that claimed it: an older one cannot write any more.
create table projection_checkpoints (
    projection text        not null constraint projection_checkpoints_pkey primary key,
    position   bigint      not null default 0,
    fencing    bigint      not null default 0,
    updated_at timestamptz not null default now(),
    constraint projection_checkpoints_position_not_negative check (position >= 0)
);

-- Streams that a projection stopped applying because an event of theirs did not fit, until it is rebuilt.
create table parked_streams (
    projection       text        not null,
    account_id       uuid        not null,
    stream_id        uuid        not null,
    position         bigint      not null,
    version          bigint      not null,
    expected_version bigint,
    reason           text        not null,
    parked_at        timestamptz not null default now(),
    constraint parked_streams_pkey primary key (projection, account_id, stream_id)
);

-- One row an account. Users are compared byte by byte ("C"), so that one plain index serves prefix search,
-- order and cursor whatever the cluster's locale.
create table account_balances (
    account_id    uuid        not null,
    user_id       text collate "C",
    balance       numeric     not null,
    held          numeric     not null,
    version       bigint      not null,
    last_position bigint      not null,
    updated_at    timestamptz not null,
    constraint account_balances_pkey primary key (account_id),
    constraint account_balances_not_negative check (balance >= 0 and held >= 0),
    constraint account_balances_version_positive check (version >= 1)
);

-- One row a credit event.
create table credit_history (
    account_id    uuid        not null,
    position      bigint      not null,
    version       bigint      not null,
    type          text        not null,
    amount        numeric     not null,
    balance_after numeric     not null,
    job_id        uuid,
    reason        text,
    actor         text        not null,
    occurred_at   timestamptz not null,
    constraint credit_history_pkey primary key (account_id, position),
    constraint credit_history_is_credit check (type like 'credits.%'),
    constraint credit_history_balance_not_negative check (balance_after >= 0),
    constraint credit_history_version_positive check (version >= 1)
);

-- One row a job, whatever became of it. Keys of job tables begin with the job id: it is ordered by time, so
-- the key grows at its right end, and a job can be found without knowing its account.
create table generations (
    job_id          uuid        not null,
    account_id      uuid        not null,
    user_id         text,
    kind            text        not null,
    model           text        not null,
    prompt          text        not null,
    count           integer     not null,
    params          jsonb       not null,
    status          text        not null,
    cost            numeric     not null,
    charged         numeric     not null,
    run             integer     not null,
    attempts        integer     not null,
    failure_class   text,
    failure_code    text,
    failure_message text,
    outputs         jsonb       not null,
    created_at      timestamptz not null,
    finished_at     timestamptz,
    updated_at      timestamptz not null,
    version         bigint      not null,
    last_position   bigint      not null,
    constraint generations_pkey primary key (job_id, account_id),
    constraint generations_kind_known check (kind in ('image', 'video')),
    constraint generations_status_known check (
        status in ('queued', 'running', 'succeeded', 'failed', 'dead', 'cancelled', 'discarded')
    ),
    constraint generations_finished_when_final check (
        (status not in ('queued', 'running')) = (finished_at is not null)
    ),
    -- Refunded jobs hold no credits.
    constraint generations_charged_fits_status check (
        charged >= 0 and (status not in ('failed', 'cancelled', 'discarded') or charged = 0)
    ),
    constraint generations_failure_whole check (
        (failure_class is null) = (failure_code is null) and (failure_code is null) = (failure_message is null)
    ),
    constraint generations_failure_explains check (
        status not in ('failed', 'dead') or failure_code is not null
    ),
    constraint generations_counts_sane check (count >= 1 and cost >= 0 and run >= 1 and attempts >= 0),
    constraint generations_outputs_listed check (jsonb_typeof(outputs) = 'array'),
    constraint generations_version_positive check (version >= 1)
);

-- One row a job that is queued or running: what the worker's poller and reconciler look after.
create table pending_tasks (
    job_id           uuid        not null,
    account_id       uuid        not null,
    status           text        not null,
    kind             text        not null,
    model            text        not null,
    run              integer     not null,
    attempts         integer     not null,
    worker           text,
    fencing          bigint,
    provider_task_id text,
    queued_at        timestamptz not null,
    due_at           timestamptz not null,
    lease_until      timestamptz,
    version          bigint      not null,
    last_position    bigint      not null,
    constraint pending_tasks_pkey primary key (job_id, account_id),
    constraint pending_tasks_status_known check (status in ('queued', 'running')),
    constraint pending_tasks_claimed_when_running check (
        (status = 'running') = (fencing is not null)
        and (fencing is null) = (lease_until is null)
        and (fencing is null) = (worker is null)
    ),
    constraint pending_tasks_submitted_by_a_claim check (provider_task_id is null or status = 'running'),
    constraint pending_tasks_version_positive check (version >= 1)
);

-- One row a job that used up its attempts, until it is retried or discarded.
create table dead_letters (
    job_id          uuid        not null,
    account_id      uuid        not null,
    user_id         text,
    kind            text        not null,
    model           text        not null,
    prompt          text        not null,
    count           integer     not null,
    params          jsonb       not null,
    cost            numeric     not null,
    charged         numeric     not null,
    run             integer     not null,
    attempts        integer     not null,
    class           text        not null,
    code            text        not null,
    message         text        not null,
    created_at      timestamptz not null,
    died_at         timestamptz not null,
    version         bigint      not null,
    last_position   bigint      not null,
    constraint dead_letters_pkey primary key (job_id, account_id),
    constraint dead_letters_kind_known check (kind in ('image', 'video')),
    constraint dead_letters_class_known check (class in ('permanent', 'transient', 'throttled')),
    constraint dead_letters_charged_not_negative check (charged >= 0),
    constraint dead_letters_version_positive check (version >= 1)
);

-- One row an account, UTC day, kind and model. Each event counts on the day on which it happened, so a day
-- that has passed never changes. It sums over many streams, so it carries no stream version.
create table usage_daily (
    account_id       uuid    not null,
    day              date    not null,
    kind             text    not null,
    model            text    not null,
    generations      bigint  not null,
    succeeded        bigint  not null,
    failed           bigint  not null,
    dead_lettered    bigint  not null,
    cancelled        bigint  not null,
    discarded        bigint  not null,
    credits_spent    numeric not null,
    credits_refunded numeric not null,
    last_position    bigint  not null,
    constraint usage_daily_pkey primary key (account_id, day, kind, model),
    constraint usage_daily_not_negative check (
        generations >= 0 and succeeded >= 0 and failed >= 0 and dead_lettered >= 0 and cancelled >= 0
        and discarded >= 0 and credits_spent >= 0 and credits_refunded >= 0
    )
);

-- One row a measure of the whole system, so that the overview counts nothing when it is asked.
create table overview_totals (
    measure text    not null,
    value   numeric not null,
    constraint overview_totals_pkey primary key (measure),
    constraint overview_totals_not_negative check (value >= 0)
);

comment on table projection_checkpoints is 'How far each projection has read the log.';
comment on table parked_streams is 'Streams that a projection stopped applying; each is an alarm. Cleared by a rebuild.';
comment on table account_balances is 'Read model: what each account holds, for lists of accounts.';
comment on table credit_history is 'Read model: every change of every balance, for the user''s history.';
comment on table generations is 'Read model: every job with its status and outputs.';
comment on table pending_tasks is 'Read model: jobs that are queued or running.';
comment on table dead_letters is 'Read model: jobs that used up their attempts, for the operator.';
comment on table usage_daily is 'Read model: what each account did and spent, by day and model.';
comment on table overview_totals is 'Read model: counts and sums of the whole system.';

insert into projection_checkpoints (projection)
values ('account_balances'), ('credit_history'), ('generations'), ('pending_tasks'), ('dead_letters'),
       ('usage_daily'), ('overview_totals');

grant select, insert, update, delete on
    projection_checkpoints, parked_streams, account_balances, credit_history, generations, pending_tasks,
    dead_letters, usage_daily, overview_totals
    to cooly_projector;
grant select on
    projection_checkpoints, parked_streams, account_balances, credit_history, generations, pending_tasks,
    dead_letters, usage_daily, overview_totals
    to cooly_reader;
