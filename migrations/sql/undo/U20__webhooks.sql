-- Undo of V20. Loses the endpoints with their secrets, and what they were told; of the log nothing.
revoke select on relay_checkpoints from cooly_operator;
drop table webhook_deliveries;
drop table webhook_secrets;
drop table webhook_endpoints;
-- Whoever applies V20 anew begins without it.
delete from relay_checkpoints where relay = 'hooks';
