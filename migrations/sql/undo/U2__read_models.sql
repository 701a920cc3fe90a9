-- Undo of V2. Loses nothing: every row here can be rebuilt from the log.
drop table overview_totals;
drop table usage_daily;
drop table dead_letters;
drop table pending_tasks;
drop table generations;
drop table credit_history;
drop table account_balances;
drop table parked_streams;
drop table projection_checkpoints;
