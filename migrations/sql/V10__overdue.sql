-- Jobs that wait, by model and age: what has waited for longer than its model lets it is given up and refunded.
create index pending_tasks_overdue on pending_tasks (model, queued_at) where status = 'queued';
comment on index pending_tasks_overdue is 'Overdue: jobs of a model that nobody has begun in time, oldest first.';
