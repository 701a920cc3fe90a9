-- Undo of V7. What was still to be stopped goes on at its provider.
drop table recalls;
delete from relay_checkpoints where relay = 'recaller';
