-- Undo of V5. Loses nothing: a rebuild brings it back from the log.
delete from overview_totals where measure in (
    'credits_adjusted_up', 'credits_adjusted_down', 'credits_captured', 'credits_held', 'credits_expired',
    'credits_voided'
);
alter table dead_letters drop column on_hold;
alter table generations drop column on_hold, drop column per_second;
alter table credit_history drop column captured, drop column hold;
alter table account_balances drop column next_lapse_at;
