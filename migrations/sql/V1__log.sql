-- The log: one append-only table from which everything else is derived.
-- A stream is the account itself (stream_id = account_id) or one of its jobs (stream_id = job_id).

create table events (
    -- Order of the tail. Drawn before commit, so a reader must stop at the safe mark. CACHE 1: a
    -- session that kept a reserve of numbers would commit them long after newer ones.
    position        bigint generated always as identity (cache 1),
    -- The shard key, first in every primary and unique key.
    account_id      uuid        not null,
    stream_id       uuid        not null,
    version         bigint      not null,
    event_id        uuid        not null,
    type            text        not null,
    schema_version  smallint    not null,
    -- Money columns of credit events: signed amount and the balance after it. Null on job events.
    amount          numeric,
    balance_after   numeric,
    job_id          uuid,
    -- json, not jsonb: these exact bytes are hashed.
    payload         json        not null,
    -- The account's state after this event, so that loading an account reads one row.
    state           json,
    idempotency_key text,
    request_hash    bytea,
    actor           text        not null,
    request_id      text        not null,
    causation_id    uuid,
    -- The application's clock (hashed) and the database's.
    occurred_at     timestamptz not null,
    recorded_at     timestamptz not null default statement_timestamp(),
    -- Per-stream SHA-256 chain: see event_hash below.
    prev_hash       bytea       not null,
    hash            bytea       not null,

    constraint events_pkey primary key (account_id, stream_id, version),
    constraint events_version_positive check (version >= 1),
    constraint events_balance_not_negative check (balance_after >= 0),
    constraint events_money_on_credit_events check (
        (type like 'credits.%') = (amount is not null and balance_after is not null and state is not null)
    ),
    constraint events_request_hash_with_key check (request_hash is null or idempotency_key is not null)
);

-- Two writers that answer the same request meet here, in the write itself.
create unique index events_idempotency_key on events (account_id, idempotency_key)
    where idempotency_key is not null;

-- The tail reads in this order.
create unique index events_position_key on events (position);

comment on table events is 'Append-only log of everything that happened to credits and jobs.';
comment on index events_pkey is 'Loads the head of a stream, and refuses a version written twice.';
comment on index events_idempotency_key is 'Finds the first answer to a repeated request, and refuses a second effect.';
comment on index events_position_key is 'Serves the tail: position > checkpoint and position <= mark, in order.';

-- Append-only for everyone, the owner included.
create function events_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the log is append-only: % on % is refused', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end $$;

create trigger events_append_only before update or delete on events
    for each row execute function events_refuse_change();
create trigger events_no_truncate before truncate on events
    for each statement execute function events_refuse_change();

-- One field of the hashed text: its length in bytes and the text, or '-' for null. The length makes the
-- boundaries unambiguous whatever the text holds.
create function event_hash_field(value text) returns text
    language sql immutable parallel safe
    return coalesce(octet_length(value)::text || ':' || value, '-');

-- What `hash` must be. Plain SQL, so that an auditor can read it and run it alone.
create function event_hash(e events) returns bytea
    language sql stable parallel safe
    return sha256(e.prev_hash || convert_to(
        event_hash_field(e.account_id::text)
     || event_hash_field(e.stream_id::text)
     || event_hash_field(e.version::text)
     || event_hash_field(e.event_id::text)
     || event_hash_field(e.type)
     || event_hash_field(e.schema_version::text)
     || event_hash_field(e.amount::text)
     || event_hash_field(e.balance_after::text)
     || event_hash_field(e.job_id::text)
     || event_hash_field(e.payload::text)
     || event_hash_field(e.state::text)
     || event_hash_field(e.idempotency_key)
     || event_hash_field(encode(e.request_hash, 'hex'))
     || event_hash_field(e.actor)
     || event_hash_field(e.request_id)
     || event_hash_field(e.causation_id::text)
     || event_hash_field((extract(epoch from e.occurred_at) * 1000000)::bigint::text)
    , 'UTF8'));

-- Named leases: which process runs a duty that must run once. The fencing number grows with every change
-- of hands, so that a process that slept through the end of its lease cannot write afterwards.
create table leases (
    name    text        not null constraint leases_pkey primary key,
    owner   text        not null,
    fencing bigint      not null,
    until   timestamptz not null
);
comment on table leases is 'Who runs each single duty (projector, relay, poller, …), until when, under which fencing number.';

-- How far the relay has turned the log into queue messages. Not a read model: losing it only sends again.
create table relay_checkpoints (
    relay      text        not null constraint relay_checkpoints_pkey primary key,
    position   bigint      not null,
    fencing    bigint      not null,
    updated_at timestamptz not null default statement_timestamp()
);
comment on table relay_checkpoints is 'The position up to which events have become queue messages, and the lease under which.';

-- Least privilege. The roles belong to the cluster, so another database may have made them already.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['cooly_appender', 'cooly_projector', 'cooly_reader'] loop
        begin
            execute format('create role %I nologin', wanted);
        exception when duplicate_object or unique_violation then
            null;
        end;
        -- Not 'member': since Postgres 16 whoever creates a role is a member that may not yet act as it.
        if not pg_has_role(current_user, wanted, 'usage') then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
end $$;

grant usage on schema public to cooly_appender, cooly_projector, cooly_reader;
grant select, insert on events to cooly_appender;
grant select on events to cooly_projector, cooly_reader;
grant select on sequence events_position_seq to cooly_appender, cooly_projector, cooly_reader;
grant select, insert, update on leases, relay_checkpoints to cooly_projector;
grant select on leases, relay_checkpoints to cooly_reader;
