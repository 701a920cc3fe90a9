-- Undo of V1. The cluster's roles stay: another database may use them, and they own nothing here.
drop table relay_checkpoints;
drop table leases;
drop function event_hash(events);
drop table events;
drop function event_hash_field(text);
drop function events_refuse_change();
