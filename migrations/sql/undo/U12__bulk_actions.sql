-- Undo of V12. What was not begun stays dead; which action a retry belonged to is told by its reason in the log.
drop table bulk_items;
drop table bulk_actions;
revoke select on dead_letters from cooly_operator;
revoke usage on schema public from cooly_operator;
