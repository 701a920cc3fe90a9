-- Undo of V6. Loses nothing, but keys of batches are then looked for in their accounts only.
drop index events_batch_key;
