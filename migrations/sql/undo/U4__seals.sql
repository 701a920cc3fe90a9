-- Undo of V4. The events stay; the proof that they are unchanged goes, so keep a copy of the table.
drop table seals;
revoke select on sequence events_position_seq from cooly_sealer;
revoke select on events from cooly_sealer;
revoke usage on schema public from cooly_sealer;
