-- The thirteen indexes beyond primary keys and the log's own three. Each serves a query that is named in its
-- comment. Every index on `events` costs each append, so there are only two here, and both are small.

create index events_by_rare_type on events (type, position)
    where type not in ('credits.debited', 'job.queued', 'job.started', 'job.succeeded');
comment on index events_by_rare_type is
    'GET /audit/events?type=…: events of a rare type, in order. The four frequent types, left out to spare the append, are read along events_position_key.';

create index events_by_time on events using brin (recorded_at) with (pages_per_range = 32, autosummarize = on);
comment on index events_by_time is 'GET /audit/events?since=…&until=…: the log between two moments.';

create index account_balances_by_user on account_balances (user_id);
comment on index account_balances_by_user is 'GET /admin/accounts?search=…: users by prefix, in order.';

create index credit_history_by_type on credit_history (account_id, type, position);
comment on index credit_history_by_type is 'GET /v1/credits/history?type=…: one kind of change, newest first.';

create index generations_newest on generations (account_id, created_at, job_id);
comment on index generations_newest is 'GET /v1/generations: a user''s jobs, newest first.';

create index generations_by_status on generations (account_id, status, created_at, job_id);
comment on index generations_by_status is 'GET /v1/generations?status=…: a user''s jobs of one status, newest first.';

create index generations_by_model on generations (account_id, model, created_at, job_id);
comment on index generations_by_model is 'GET /v1/generations?model=…: a user''s jobs on one model, newest first.';

create index generations_changed on generations (account_id, last_position);
comment on index generations_changed is 'GET /v1/events: a user''s jobs changed since Last-Event-ID, in order of change.';

create index pending_tasks_due on pending_tasks (due_at) where status = 'queued';
comment on index pending_tasks_due is 'Reconciler: jobs that have been due for a while and were never claimed; oldest queued of the overview.';

create index pending_tasks_lapsed on pending_tasks (lease_until) where status = 'running';
comment on index pending_tasks_lapsed is 'Reconciler: claims whose lease has lapsed.';

create index pending_tasks_submitted on pending_tasks (last_position) where provider_task_id is not null;
comment on index pending_tasks_submitted is 'Poller: the work that providers hold.';

create index dead_letters_newest on dead_letters (died_at, job_id);
comment on index dead_letters_newest is 'GET /admin/dlq/messages and cleanup by age: dead jobs, newest first.';

create index dead_letters_by_code on dead_letters (code, died_at, job_id);
comment on index dead_letters_by_code is 'GET /admin/dlq/messages?code=… and bulk actions on one kind of failure, newest first.';
