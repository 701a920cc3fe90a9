-- API keys: who may reach the API beside those who have a token. A key belongs to no account's stream and must be refused at once when
-- it is revoked, so it is kept beside the log like bulk actions; a rebuild of read models leaves it alone. What a key did is in
-- the log: the key's id is the `causation_id` of every event that a request with it led to.
create table api_keys (
    -- UUIDv7: in the order in which they were made.
    id              uuid        not null,
    -- SHA-256 of the whole key. It holds 256 random bits, so nobody finds it by trying, and no slow hash is needed.
    hash            bytea       not null,
    -- Its beginning and its end, by which people tell it from others.
    hint            text        not null,
    name            text        not null,
    -- live or test: a server takes those of its own environment only.
    environment     text        not null,
    -- user, admin or auditor: as `owner`. backend: as whichever user a request names.
    scope           text        not null,
    owner           text,
    -- Who, as the log writes it, and through which request; neither is ever changed.
    created_by      text        not null,
    request_id      text        not null,
    created_at      timestamptz not null default statement_timestamp(),
    expires_at      timestamptz,
    revoked_at      timestamptz,
    revoked_by      text,
    revoke_reason   text,
    -- To about a minute: it is written beside requests, not by them.
    last_used_at    timestamptz,
    -- Makes a repeated request harmless.
    idempotency_key text,
    request_hash    bytea,

    constraint api_keys_pkey primary key (id),
    constraint api_keys_hash_fits check (octet_length(hash) = 32),
    constraint api_keys_environment_known check (environment in ('live', 'test')),
    constraint api_keys_scope_known check (scope in ('user', 'admin', 'auditor', 'backend')),
    constraint api_keys_owner_fits check ((scope = 'backend') = (owner is null)),
    constraint api_keys_revoked_fits check ((revoked_at is null) = (revoked_by is null)),
    constraint api_keys_repeat_fits check ((idempotency_key is null) = (request_hash is null))
);

create unique index api_keys_hash on api_keys (hash);
comment on index api_keys_hash is 'Every request that bears a key: whose it is, and whether it still holds.';

create index api_keys_by_owner on api_keys (coalesce(owner, ''), id);
comment on index api_keys_by_owner is 'GET /v1/keys and GET /admin/keys?owner=…, newest first; how many an owner has. No owner has an empty name.';

create index api_keys_by_scope on api_keys (scope, id);
comment on index api_keys_by_scope is 'GET /admin/keys?scope=…, newest first: the few that may do much among the many of users.';

create index api_keys_revoked on api_keys (id) where revoked_at is not null;
comment on index api_keys_revoked is 'GET /admin/keys?state=revoked, newest first.';

create index api_keys_by_end on api_keys (expires_at) where expires_at is not null;
comment on index api_keys_by_end is 'GET /admin/keys?state=expired.';

create unique index api_keys_idempotency_key on api_keys (created_by, idempotency_key) where idempotency_key is not null;
comment on index api_keys_idempotency_key is 'POST /admin/keys and /v1/keys: the first answer to a repeated request.';

comment on table api_keys is 'API keys: hashes, never the keys themselves; who made each, whom it acts for, until when.';

-- What a key may do is never changed, not even by the role that makes and revokes keys.
grant select, insert on api_keys to cooly_operator;
grant update (revoked_at, revoked_by, revoke_reason, last_used_at) on api_keys to cooly_operator;
-- Readers are many: hashes, what was asked, and what people wrote about a revocation are none of their business.
grant select (id, hint, name, environment, scope, owner, created_by, created_at, expires_at, revoked_at, revoked_by, last_used_at)
    on api_keys to cooly_reader;

-- Which key has this hash, for those that may not read hashes: whoever asks has the key already.
create function api_key_with_hash(wanted bytea) returns uuid
    language sql stable security definer
    return (select id from api_keys where hash = wanted);
revoke execute on function api_key_with_hash(bytea) from public;
grant execute on function api_key_with_hash(bytea) to cooly_reader, cooly_operator;
comment on function api_key_with_hash(bytea) is 'Every request that bears a key, as cooly_reader; cooly key revoke, as cooly_operator.';

-- Whoever got hold of a service's login must not bring back a key that somebody revoked.
create function api_keys_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'an API key that was revoked stays so: % on % is refused', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end $$;

create trigger api_keys_stay_revoked before update on api_keys for each row
    when (old.revoked_at is not null and (new.revoked_at, new.revoked_by, new.revoke_reason)
        is distinct from (old.revoked_at, old.revoked_by, old.revoke_reason))
    execute function api_keys_refuse_change();

-- Orders that are kept beside the log name the key through which they came as well.
alter table bulk_actions add column key_id uuid;
alter table incident_changes add column key_id uuid;
