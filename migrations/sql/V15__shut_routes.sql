-- What each worker process cannot ask of providers now, so that the relay holds back the jobs of a model that none of them
-- could make. Null for processes of releases that do not tell.
alter table workers add column shut jsonb;
comment on column workers.shut is 'What this worker leaves alone: providers and models, for how many seconds from seen_at on, and what did not fit under a daily cap.';
