-- Undo of V15. Jobs of a model that nobody could make are sent out again, and come back as they did before.
alter table workers drop column shut;
