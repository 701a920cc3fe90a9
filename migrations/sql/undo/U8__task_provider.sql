-- Undo of V8. Loses nothing: a rebuild brings it back from the log.
alter table pending_tasks drop column provider, drop column provider_fencing;
