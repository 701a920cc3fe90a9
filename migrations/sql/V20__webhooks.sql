-- Where customers want to be told what happens, and what each of them was told or is still to be. What is told is worked out from the
-- log and can be again; to whom, and what became of it, is in no stream, since neither belongs to an account.

create table webhook_endpoints (
    id                uuid        not null,
    url               text        not null,
    -- The types of messages that it wants.
    events            text[]      not null,
    -- The one user that it is told about; null for all.
    user_id           text,
    account_id        uuid,
    description       text,
    -- It is told what the log says after this.
    after_position    bigint      not null,
    created_by        text        not null,
    request_id        text        not null,
    created_at        timestamptz not null,
    idempotency_key   text,
    request_hash      bytea,
    -- The first attempt of those that failed since the last one that did not.
    failing_since     timestamptz,
    -- Until when it is left alone after a failure, whatever waits for it.
    retry_at          timestamptz,
    -- Why nothing is sent: asked (an admin), gone (it answered 410), failing (for days). What happens meanwhile is not for it, but may
    -- be replayed from `disabled_position` on.
    disabled_at       timestamptz,
    disabled_reason   text,
    disabled_position bigint,
    -- What is told again: what the log says after this, up to that; with what was delivered, or without.
    replay_after      bigint,
    replay_until      bigint,
    replay_delivered  boolean,
    -- The last event of which a delivery was kept for long enough and deleted: up to there nobody knows any more what it has taken.
    swept_position    bigint      not null default 0,
    -- Nobody sees it any more; its deliveries are deleted bit by bit, and then it.
    deleted_at        timestamptz,

    constraint webhook_endpoints_pkey primary key (id),
    constraint webhook_endpoints_user_whole check (num_nonnulls(user_id, account_id) in (0, 2)),
    constraint webhook_endpoints_disabled_whole check (
        num_nonnulls(disabled_at, disabled_reason, disabled_position) in (0, 3)
    ),
    constraint webhook_endpoints_reason_known check (disabled_reason in ('asked', 'gone', 'failing')),
    constraint webhook_endpoints_replay_whole check (
        num_nonnulls(replay_after, replay_until, replay_delivered) in (0, 3)
    )
);

create unique index webhook_endpoints_by_key on webhook_endpoints (created_by, idempotency_key) where idempotency_key is not null;
comment on index webhook_endpoints_by_key is 'POST /admin/webhooks: the same key finds the same endpoint.';
comment on table webhook_endpoints is 'Where customers are told what happens. Few; read from end to end.';

-- Apart from the endpoints, so that whoever may read those cannot sign as we do. As they are: to sign, they must be known.
create table webhook_secrets (
    endpoint   uuid        not null,
    secret     text        not null,
    created_at timestamptz not null,
    -- Until when it signs beside its successor; null of the newest.
    retires_at timestamptz,

    constraint webhook_secrets_pkey primary key (endpoint, created_at),
    constraint webhook_secrets_endpoint_fkey foreign key (endpoint) references webhook_endpoints on delete cascade
);
comment on table webhook_secrets is 'What messages to an endpoint are signed with.';

create table webhook_deliveries (
    endpoint     uuid        not null,
    -- Made of the event and the type, so that whoever works it out again finds it here: the `webhook-id`.
    message_id   uuid        not null,
    -- What it tells of; 0 and nobody's of a test.
    position     bigint      not null,
    account_id   uuid        not null,
    type         text        not null,
    -- What is sent and signed, byte by byte.
    payload      text        not null,
    created_at   timestamptz not null,
    -- Since when it is to be sent: since it was written down, or was told again.
    waits_since  timestamptz not null,
    outcome      text        not null default 'waiting',
    attempts     integer     not null default 0,
    -- When it is sent. Null while an earlier one of its account is not settled, and once it is settled itself.
    next_at      timestamptz,
    -- How the last attempt ended: the status that was answered, or why there was none.
    attempted_at timestamptz,
    status       integer,
    error        text,
    settled_at   timestamptz,

    constraint webhook_deliveries_pkey primary key (endpoint, message_id),
    constraint webhook_deliveries_endpoint_fkey foreign key (endpoint) references webhook_endpoints on delete cascade,
    constraint webhook_deliveries_outcome_known check (outcome in ('waiting', 'delivered', 'given_up')),
    constraint webhook_deliveries_settled_once check ((outcome = 'waiting') = (settled_at is null)),
    constraint webhook_deliveries_due_waits check (outcome = 'waiting' or next_at is null),
    constraint webhook_deliveries_attempts_counted check (attempts >= 0)
);

create index webhook_deliveries_due on webhook_deliveries (endpoint, next_at) where next_at is not null;
comment on index webhook_deliveries_due is 'Worker: what is to be sent to an endpoint, longest due first.';

create index webhook_deliveries_lane on webhook_deliveries (endpoint, account_id, position, created_at, message_id)
    where outcome = 'waiting';
comment on index webhook_deliveries_lane is 'Worker: which message of an account is the next.';

create index webhook_deliveries_newest on webhook_deliveries (endpoint, created_at, message_id);
comment on index webhook_deliveries_newest is 'GET /admin/webhooks/{id}/deliveries: newest first.';

create index webhook_deliveries_by_outcome on webhook_deliveries (endpoint, outcome, created_at, message_id);
comment on index webhook_deliveries_by_outcome is 'GET /admin/webhooks/{id}/deliveries?outcome=…: newest first.';

create index webhook_deliveries_settled on webhook_deliveries (settled_at) where settled_at is not null;
comment on index webhook_deliveries_settled is 'Worker: what was kept for long enough.';
comment on table webhook_deliveries is 'What was or is to be sent to each endpoint, and what became of it.';

grant select, insert, update on webhook_endpoints to cooly_operator;
grant select, update, delete on webhook_endpoints to cooly_projector;
grant select on webhook_endpoints to cooly_reader;
grant select, insert, update, delete on webhook_secrets to cooly_operator;
grant select on webhook_secrets to cooly_projector;
grant select, insert, update on webhook_deliveries to cooly_operator;
grant select, insert, update, delete on webhook_deliveries to cooly_projector;
grant select on webhook_deliveries to cooly_reader;
-- Up to where endpoints were told, when one is disabled.
grant select on relay_checkpoints to cooly_operator;
