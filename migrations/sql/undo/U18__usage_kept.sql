-- Undo of V18.
drop index generations_may_have_kept;
