-- Undo of V13. The claims of dead workers end with their leases again.
delete from recalls where reference is not null;
alter table recalls drop column reference;
drop index pending_tasks_claims;
drop table workers;
