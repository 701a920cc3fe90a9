-- Undo of V3.
drop index dead_letters_by_code;
drop index dead_letters_newest;
drop index pending_tasks_submitted;
drop index pending_tasks_lapsed;
drop index pending_tasks_due;
drop index generations_changed;
drop index generations_by_model;
drop index generations_by_status;
drop index generations_newest;
drop index credit_history_by_type;
drop index account_balances_by_user;
drop index events_by_time;
drop index events_by_rare_type;
