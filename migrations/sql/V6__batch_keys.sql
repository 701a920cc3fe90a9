-- The key of a batch of orders stands for it in the whole log, on the first of its events: the same key with other
-- orders is refused whatever accounts those are about. All other keys are those of their accounts, as before.
create unique index events_batch_key on events (idempotency_key) where idempotency_key like 'batch/%';
comment on index events_batch_key is 'Finds the batch that used a key, and refuses a second batch under it.';
