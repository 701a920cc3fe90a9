-- Undo of V19. All API keys are gone, and whoever uses one has to ask with a token; of what they did the log still tells their ids.
alter table incident_changes drop column key_id;
alter table bulk_actions drop column key_id;
drop function api_key_with_hash(bytea);
drop table api_keys;
drop function api_keys_refuse_change();
