-- What late cancels keep, in the read model of generations. What an older program has written stays right: it kept nothing,
-- so zero is what a replay gives for `kept`. `cancel_keeps`, which it leaves as it was, counts only while a job runs.

-- `kept` is the part of what is charged that cancels have kept. `cancel_keeps` is what a cancel by its user would keep now.
-- A job that was cancelled may be charged: for what it keeps, and for a refund that waits because the account is full.
alter table generations
    add column kept numeric not null default 0,
    add column cancel_keeps numeric not null default 0,
    drop constraint generations_charged_fits_status,
    add constraint generations_charged_fits_kept check (kept >= 0 and cancel_keeps >= 0 and charged >= kept);
