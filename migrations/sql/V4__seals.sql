-- Sealed blocks: a Merkle root over every so many events, chained and signed. What is sealed cannot be changed,
-- removed, inserted or moved without being noticed by whoever trusts the public key.
-- docs/audit.md describes every byte.

create table seals (
    -- 1, 2, 3, … without gaps.
    number         bigint      not null,
    -- Positions of the block's first and last event. Everything after the previous block and up to
    -- last_position belongs to this one: a position that is not among its leaves never held an event.
    first_position bigint      not null,
    last_position  bigint      not null,
    events         integer     not null,
    -- For each event, in order of position: 8 bytes position, big-endian, and the 32 bytes of its hash.
    leaves         bytea       not null,
    root           bytea       not null,
    -- Hash of the previous seal; 32 zero bytes for the first.
    prev_hash      bytea       not null,
    hash           bytea       not null,
    public_key     bytea       not null,
    signature      bytea       not null,
    -- The database's clock; not signed.
    sealed_at      timestamptz not null default statement_timestamp(),

    constraint seals_pkey primary key (number),
    constraint seals_number_positive check (number >= 1),
    constraint seals_block_in_order check (first_position <= last_position),
    constraint seals_leaves_whole check (events >= 1 and octet_length(leaves) = events * 40),
    constraint seals_lengths check (
        octet_length(root) = 32 and octet_length(prev_hash) = 32 and octet_length(hash) = 32
        and octet_length(public_key) = 32 and octet_length(signature) = 64
    )
);

-- Hashes do not compress; kept apart, lists of seals do not read them.
alter table seals alter column leaves set storage external;

create unique index seals_last_position_key on seals (last_position);
create index seals_by_public_key on seals (public_key, number);

comment on table seals is 'Append-only chain of signed Merkle roots over the log.';
comment on index seals_pkey is 'GET /audit/seals: in order; refuses the same block from a second sealer.';
comment on index seals_last_position_key is 'Finds the seal of an event: the first whose last_position is not below it.';
comment on index seals_by_public_key is 'GET /audit/seals/keys: which key signed which seals.';

create trigger seals_append_only before update or delete on seals
    for each row execute function events_refuse_change();
create trigger seals_no_truncate before truncate on seals
    for each statement execute function events_refuse_change();

do $$
begin
    begin
        create role cooly_sealer nologin;
    exception when duplicate_object or unique_violation then
        null;
    end;
    if not pg_has_role(current_user, 'cooly_sealer', 'usage') then
        grant cooly_sealer to current_user;
    end if;
end $$;

grant usage on schema public to cooly_sealer;
grant select, insert on seals to cooly_sealer;
grant select on events to cooly_sealer;
grant select on sequence events_position_seq to cooly_sealer;
grant select on seals to cooly_reader;
