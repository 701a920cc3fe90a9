-- Undo of V10.
drop index pending_tasks_overdue;
