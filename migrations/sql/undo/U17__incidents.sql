-- Undo of V17. Loses what was decided about incidents; of the dead jobs nothing, since a rebuild brings their columns back.
drop table incident_changes;
drop index dead_letters_unnamed;
drop index dead_letters_by_credits;
drop index dead_letters_by_account;
drop index dead_letters_by_incident;
alter table dead_letters
    drop column incident_of,
    drop column incident,
    drop column provider;
