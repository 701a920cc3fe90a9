-- What usage looks at for late cancels: only those jobs can have kept something. Few jobs are like that, so it stays small.
create index generations_may_have_kept on generations (account_id, last_position) where status = 'cancelled' or run > 1;
comment on index generations_may_have_kept is 'GET /v1/usage: jobs that were cancelled, now or before they ran again.';
