-- Undo of V11. Providers are asked at intervals, as before.
drop table provider_signals;
