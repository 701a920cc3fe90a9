-- Undo of V9. Loses nothing.
drop index pending_tasks_lanes;
