-- Undo of V8. Loses nothing.
drop index pending_tasks_lanes;
