-- The tables of a conventional application, with the keys and indexes that it has.
create schema conventional;

create table conventional.plans (name text primary key, models text[] not null);
create table conventional.models (name text primary key, price numeric not null, enabled boolean not null);
create table conventional.users (
    id          int primary key,
    external_id text not null unique,
    created_at  timestamptz not null default now()
);
create table conventional.subscriptions (
    id         bigint generated always as identity primary key,
    user_id    int not null references conventional.users,
    plan       text not null references conventional.plans,
    status     text not null,
    created_at timestamptz not null default now()
);
create index subscriptions_by_user on conventional.subscriptions (user_id);
create table conventional.accounts (
    id         int primary key,
    user_id    int not null unique references conventional.users,
    balance    numeric not null check (balance >= 0),
    updated_at timestamptz not null default now()
);
create table conventional.lots (
    id         bigint generated always as identity primary key,
    account_id int not null references conventional.accounts,
    amount     numeric not null,
    remaining  numeric not null check (remaining >= 0),
    priority   int not null,
    expires_at timestamptz,
    updated_at timestamptz not null default now()
);
create index lots_by_account on conventional.lots (account_id);
create table conventional.idempotency_keys (
    user_id      int not null references conventional.users,
    key          text not null,
    request_hash bytea not null,
    response     jsonb,
    created_at   timestamptz not null default now(),
    answered_at  timestamptz,
    primary key (user_id, key)
);
create table conventional.jobs (
    id         uuid primary key,
    user_id    int not null references conventional.users,
    account_id int not null references conventional.accounts,
    status     text not null,
    model      text not null references conventional.models,
    prompt     text not null,
    params     jsonb not null,
    cost       numeric not null,
    created_at timestamptz not null default now()
);
create index jobs_by_user on conventional.jobs (user_id, created_at);
create index jobs_by_status on conventional.jobs (status);
create table conventional.job_events (
    id         bigint generated always as identity primary key,
    job_id     uuid not null references conventional.jobs,
    type       text not null,
    detail     jsonb not null,
    created_at timestamptz not null default now()
);
create index job_events_by_job on conventional.job_events (job_id);
create table conventional.ledger_entries (
    id         bigint generated always as identity primary key,
    account_id int not null references conventional.accounts,
    type       text not null,
    amount     numeric not null,
    job_id     uuid,
    created_at timestamptz not null default now()
);
create index ledger_entries_by_account on conventional.ledger_entries (account_id, id);
create table conventional.outbox (
    id         bigint generated always as identity primary key,
    topic      text not null,
    message    jsonb not null,
    created_at timestamptz not null default now(),
    sent_at    timestamptz
);
