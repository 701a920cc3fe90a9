-- Which provider has a task, and the attempt of which that is true: the poller asks that one, whatever the catalogue says
-- by now. An older program leaves both as they are when the attempt changes, so a provider counts only while its attempt
-- is the row's. Null where the log does not tell.
alter table pending_tasks add column provider text, add column provider_fencing bigint;
