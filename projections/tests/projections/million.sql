-- A log of a million events with the read models that belong to it: 10,400 accounts with 25 jobs each, most
-- of them finished, some waiting, some running, some dead. Written directly, since only the planner and the
-- readers look at it: the hashes are not real.
set synchronous_commit = off;

create temp table jobs as
select n, (lpad(to_hex(n / 25), 8, '0') || '-0000-5000-8000-000000000000')::uuid as account_id,
    (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid as job_id,
    'user-' || n / 25 as user_id,
    case n % 50 when 0 then 'dead' when 1 then 'queued' when 2 then 'running' else 'succeeded' end as status,
    case when n % 7 = 0 then 'sim-video' else 'sim-image-' || n % 5 end as model,
    case when n % 7 = 0 then 'video' else 'image' end as kind,
    timestamptz '2026-01-01' + n * interval '10 seconds' as at
from generate_series(0, 259999) as n;

insert into events (account_id, stream_id, version, event_id, type, schema_version, amount, balance_after,
    job_id, payload, state, idempotency_key, request_hash, actor, request_id, occurred_at, recorded_at,
    prev_hash, hash)
select account_id, account_id, 1, gen_random_uuid(), 'credits.granted', 1, 1000, 1000, null,
    json_build_object('type', 'credits.granted', 'user', user_id, 'amount', '1000', 'reason', 'welcome'),
    '{"user":null,"balance":"1000","held":"0"}', 'grant', '\x00', 'admin:ada', 'r', at, at, '\x00', '\x00'
from jobs where n % 25 = 0;

insert into events (account_id, stream_id, version, event_id, type, schema_version, amount, balance_after,
    job_id, payload, state, idempotency_key, request_hash, actor, request_id, causation_id, occurred_at, recorded_at,
    prev_hash, hash)
select account_id, case step when 0 then account_id else job_id end,
    case step when 0 then n % 25 + 2 else step end, gen_random_uuid(), payload ->> 'type', 1,
    case step when 0 then -4 end, case step when 0 then 900 end, job_id, payload,
    case step when 0 then json '{"user":null,"balance":"900","held":"0"}' end,
    case step when 0 then 'queue-' || n end, case step when 0 then '\x00'::bytea end,
    case when step < 2 then 'user:' || user_id else 'worker:w1' end, 'r',
    case when n % 5 = 0 then uuid '000007d1-0000-7000-8000-000000000002' end, at, at, '\x00', '\x00'
from jobs
cross join lateral (values
    (0, json_build_object('type', 'credits.debited', 'amount', '4', 'job_id', job_id, 'run', 1, 'job_version', 1)),
    (1, json_build_object('type', 'job.queued', 'cost', '4', 'request', json_build_object('kind', kind,
        'model', model, 'prompt', 'a fox in the snow', 'count', 1, 'params', json '{}'))),
    (2, json_build_object('type', 'job.started', 'attempt', 1, 'worker', 'w1', 'lease_until', '2026-01-01T00:00:00Z')),
    (3, case status when 'dead' then json '{"type":"job.dead_lettered","failure":{"class":"transient","code":"provider_down","message":"no"}}'
        else json '{"type":"job.succeeded","outputs":[]}' end)
) as steps(step, payload)
where step < case status when 'queued' then 2 when 'running' then 3 else 4 end
order by n, step;

insert into account_balances
select account_id, user_id, 900, 0, 26, n * 4, at, case when n % 100 = 0 then at end from jobs where n % 25 = 0;
insert into credit_history
select account_id, n * 4 + 1, n % 25 + 2, case n % 25 when 0 then 'credits.granted' else 'credits.debited' end,
    -4, 900, job_id, null, 'user:' || user_id, at
from jobs;
insert into generations
select job_id, account_id, user_id, kind, model, 'a fox in the snow', 1, '{}', status, 4, 4, 1, 1,
    case status when 'dead' then 'transient' end, case status when 'dead' then 'provider_down' end,
    case status when 'dead' then 'no' end, '[]', at, case when status in ('dead', 'succeeded') then at end, at,
    3, n * 4 + 3
from jobs;
insert into pending_tasks
select job_id, account_id, status, kind, model, 1, 1, case status when 'running' then 'w1' end,
    case status when 'running' then 2 end, case when status = 'running' and kind = 'video' then 'task' end,
    at, at, case status when 'running' then at end, 2, n * 4 + 2
from jobs where status in ('queued', 'running');
insert into dead_letters
select job_id, account_id, user_id, kind, model, 'a fox in the snow', 1, '{}', 4, 4, 1, 2, 'transient',
    (array['provider_down', 'timeout', 'garbage'])[n % 3 + 1], 'no', at, at, 3, n * 4 + 3
from jobs where status = 'dead';
insert into usage_daily
select account_id, at::date, kind, model, count(*), count(*), 0, 0, 0, 0, 4, 0, max(n)
from jobs group by account_id, at::date, kind, model;
update dead_letters set incident = '1-0123456789abcdef0123456789abcdef', incident_of = version;
-- As many again that died, of jobs that the log above does not have and of fifty causes more: there are more than any list, search
-- or tally may look at.
insert into dead_letters
select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000001')::uuid, account_id, user_id, kind, model, 'a fox in the snow', 1,
    '{}', 4, 4 + n % 11, 1, 2, 'transient', (array['provider_down', 'timeout', 'garbage'])[n % 3 + 1], 'no', at, at, 3,
    n * 4 + 3, false, null, '1-' || lpad(to_hex(n % 50), 32, 'f'), 3
from jobs;
-- Some were revoked, some expired long ago, some will: no partial index is empty.
insert into api_keys (id, hash, hint, name, environment, scope, owner, created_by, request_id, created_at, expires_at, revoked_at,
    revoked_by)
select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000002')::uuid, sha256(int8send(n)), 'ck_live_…', 'a key', 'live',
    case when n % 1000 = 0 then 'backend' else 'user' end, case when n % 1000 > 0 then 'user-' || n / 10 end, 'admin:ops', 'r', '2026-01-01',
    case when n % 5 = 0 then timestamptz '2026-01-01' + n * interval '1 minute' end,
    case when n % 7 = 0 then timestamptz '2026-01-01' end, case when n % 7 = 0 then 'admin:ops' end
from generate_series(1::bigint, 50000) n;
-- Twenty endpoints that were told of some of it; of the last one everything waits.
insert into webhook_endpoints (id, url, events, after_position, created_by, request_id, created_at)
select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000002')::uuid, 'https://example.com/hooks', '{generation.succeeded}', 0,
    'admin:ada', 'r', '2026-01-01T00:00:00Z' from generate_series(1, 20) as n;
insert into webhook_secrets (endpoint, secret, created_at) select id, 'whsec_', created_at from webhook_endpoints;
insert into webhook_deliveries (endpoint, message_id, position, account_id, type, payload, created_at, waits_since, outcome, attempts, next_at, settled_at)
select (lpad(to_hex(n % 20 + 1), 8, '0') || '-0000-7000-8000-000000000002')::uuid, gen_random_uuid(), n, account_id,
    'generation.succeeded', '{}', at, at, case n % 20 when 19 then 'waiting' else 'delivered' end, 1, case n % 20 when 19 then at end,
    case when n % 20 < 19 then at end
from jobs where n <= 40000;
update projection_checkpoints set position = (select max(position) from events);
analyze;
