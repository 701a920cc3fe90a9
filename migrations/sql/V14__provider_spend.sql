-- What is spent at providers that have a daily cap, a row for each and each day in UTC. Bought is counted when it is sent,
-- at what the catalogue says that it costs; what the provider refuses before any work is taken off again.
-- Not a read model: the log does not tell what a provider took.
create table provider_spend (
    provider    text    not null,
    day         date    not null,
    -- US dollars.
    usd         numeric not null default 0,
    -- The caps of which it was told today that most of them, or all, is spent.
    warned_cap  numeric,
    reached_cap numeric,

    constraint provider_spend_pkey primary key (provider, day),
    constraint provider_spend_not_negative check (usd >= 0)
);
comment on table provider_spend is 'What is spent at providers with a daily cap.';

grant select, insert, update on provider_spend to cooly_projector;
grant select on provider_spend to cooly_reader;
