-- Jobs that wait, by account and model: the relay lets out a few of each account and reads the next when their turn comes.
create index pending_tasks_lanes on pending_tasks (account_id, model, due_at) where status = 'queued';
comment on index pending_tasks_lanes is 'Relay: which accounts have jobs that wait on which models, and the first of them.';
